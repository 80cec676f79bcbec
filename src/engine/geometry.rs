//! Which channels lie near each other, for everything that works on neighbourhoods.

use super::EngineError;
use crate::data::RecordingInfo;

/// Without a probe this many channels are taken as one group without geometry; more need a probe.
pub const MAX_CHANNELS_WITHOUT_PROBE: usize = 8;

/// Contacts further apart than this do not see the same spike.
const FARTHEST_SHARED_UM: f64 = 120.0;

/// Positions and groups of the channels of a recording.
///
/// Channels of different groups (shanks) are never neighbours. Without a probe all channels of a group are
/// neighbours of each other, at distance zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Geometry {
    /// Positions `[x, y]` in µm; `None` without a probe.
    pub positions_um: Option<Vec<[f64; 2]>>,
    /// Group of each channel.
    pub groups: Vec<i64>,
}

impl Geometry {
    /// The geometry of a recording.
    ///
    /// # Errors
    /// Where there is no probe and a group has more channels than can be neighbours of each other.
    pub fn of(info: &RecordingInfo) -> Result<Self, EngineError> {
        let geometry = Self::known_of(info);
        if geometry.positions_um.is_none() {
            let most = geometry.group_sizes().into_iter().max().unwrap_or(0);
            if most > MAX_CHANNELS_WITHOUT_PROBE {
                return Err(EngineError::Data(format!(
                    "the recording has {most} channels and no probe: up to {MAX_CHANNELS_WITHOUT_PROBE} channels can \
                     be sorted as one group without geometry. Give the probe (`--probe FILE|NAME`, or the field \
                     `probe` of the reader)."
                )));
            }
        }
        Ok(geometry)
    }

    /// What is known of the geometry of a recording, be it enough for a sort or not.
    pub fn known_of(info: &RecordingInfo) -> Self {
        Self { positions_um: info.locations_um(), groups: info.groups.clone() }
    }

    /// How many channels there are.
    pub fn num_channels(&self) -> usize {
        self.groups.len()
    }

    fn group_sizes(&self) -> Vec<usize> {
        let mut groups = self.groups.clone();
        groups.sort_unstable();
        groups.chunk_by(|a, b| a == b).map(<[i64]>::len).collect()
    }

    /// Distance of two channels in µm: zero without a probe, `None` across groups.
    pub fn distance_um(&self, a: usize, b: usize) -> Option<f64> {
        if self.groups.get(a)? != self.groups.get(b)? {
            return None;
        }
        match &self.positions_um {
            None => Some(0.0),
            Some(positions) => {
                let (p, q) = (positions.get(a)?, positions.get(b)?);
                Some((p[0] - q[0]).hypot(p[1] - q[1]))
            }
        }
    }

    /// For each channel those of its group within `radius_um`, nearest first (itself first), `max` at most.
    pub fn neighbors(&self, radius_um: f64, max: usize) -> Vec<Vec<u32>> {
        let n = self.num_channels();
        (0..n)
            .map(|channel| {
                let mut near: Vec<(f64, bool, u32)> = (0..n)
                    .filter_map(|other| {
                        let distance = self.distance_um(channel, other)?;
                        (distance <= radius_um).then_some((distance, other != channel, other as u32))
                    })
                    .collect();
                near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
                near.truncate(max.max(1));
                near.into_iter().map(|(_, _, other)| other).collect()
            })
            .collect()
    }

    /// A radius in µm that fits the probe: the usual one, or, where contacts lie further apart than that and still see
    /// the same spikes, one that reaches the nearest of them.
    pub fn fitting_radius_um(&self, usual_um: f64) -> f64 {
        let pitch = self.pitch_um();
        if pitch > usual_um && pitch <= FARTHEST_SHARED_UM { 1.25 * pitch } else { usual_um }
    }

    /// Depth used in previews: y in µm, or the channel's index without a probe.
    pub fn depth(&self, channel: usize) -> f32 {
        match &self.positions_um {
            Some(positions) => positions.get(channel).map_or(0.0, |p| p[1] as f32),
            None => channel as f32,
        }
    }

    /// Typical distance between a channel and its nearest neighbour in µm (median); zero where there is none.
    pub fn pitch_um(&self) -> f64 {
        let mut nearest: Vec<f64> = (0..self.num_channels())
            .filter_map(|a| {
                (0..self.num_channels())
                    .filter(|&b| b != a)
                    .filter_map(|b| self.distance_um(a, b))
                    .min_by(f64::total_cmp)
            })
            .collect();
        nearest.sort_by(f64::total_cmp);
        nearest.get(nearest.len() / 2).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::data::{DType, Probe};
    use std::sync::Arc;

    #[test]
    fn neighbors_come_nearest_first_and_stay_in_their_group() {
        let mut info = RecordingInfo::new(30_000.0, 4, 10, DType::Int16);
        info.probe =
            Some(Arc::new(Probe::from_positions(&[[0.0, 0.0], [0.0, 20.0], [0.0, 50.0], [5.0, 0.0]])));
        info.groups = vec![0, 0, 0, 1];
        let geometry = Geometry::of(&info).unwrap();
        assert_eq!(geometry.neighbors(30.0, 8), vec![vec![0, 1], vec![1, 0, 2], vec![2, 1], vec![3]]);
        assert_eq!(geometry.neighbors(1e9, 2)[0], vec![0, 1]);
    }

    #[test]
    fn radii_grow_with_the_pitch_as_long_as_contacts_share_spikes() {
        let with_pitch = |pitch: f64| {
            let positions: Vec<[f64; 2]> = (0..8).map(|i| [0.0, pitch * f64::from(i)]).collect();
            Geometry { positions_um: Some(positions), groups: vec![0; 8] }
        };
        assert_eq!(with_pitch(20.0).fitting_radius_um(50.0), 50.0);
        assert_eq!(with_pitch(80.0).fitting_radius_um(50.0), 100.0);
        assert_eq!(with_pitch(400.0).fitting_radius_um(50.0), 50.0);
        let wires = Geometry { positions_um: None, groups: vec![0; 4] };
        assert_eq!(wires.fitting_radius_um(50.0), 50.0);
    }

    #[test]
    fn without_a_probe_a_few_channels_are_one_group_and_many_are_refused() {
        let info = RecordingInfo::new(30_000.0, 4, 10, DType::Int16);
        assert_eq!(Geometry::of(&info).unwrap().neighbors(50.0, 8)[2], vec![2, 0, 1, 3]);
        let info = RecordingInfo::new(30_000.0, 9, 10, DType::Int16);
        let message = Geometry::of(&info).unwrap_err().to_string();
        assert!(message.contains("--probe"), "{message}");
    }
}
