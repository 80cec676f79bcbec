//! Which channels lie near each other, for everything that works on neighbourhoods.

use super::EngineError;
use crate::data::{Notice, RecordingInfo, Remedy};

/// Without a probe this many channels are taken as one group without geometry; more need a probe.
pub const MAX_CHANNELS_WITHOUT_PROBE: usize = 8;

/// Contacts further apart than this do not see the same spike.
const FARTHEST_SHARED_UM: f64 = 120.0;

/// Channels that are whitened together, more or less: further ones share no noise that nearer ones do not share too.
const WHITENED_TOGETHER: usize = 32;

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
    /// Where there is no probe and a group has more channels than can be neighbours of each other, or the probe puts
    /// so many contacts at one place.
    pub fn of(info: &RecordingInfo) -> Result<Self, EngineError> {
        let geometry = Self::known_of(info);
        if geometry.positions_um.is_none() {
            let most = geometry.members().iter().map(Vec::len).max().unwrap_or(0);
            if most > MAX_CHANNELS_WITHOUT_PROBE {
                let words = format!(
                    "the recording has {most} channels and no probe: up to {MAX_CHANNELS_WITHOUT_PROBE} channels can \
                     be sorted as one group without geometry. Give the probe (`--probe FILE|NAME`, or the field \
                     `probe` of the reader)."
                );
                return Err(EngineError::Mendable(Notice::from(words).mended_by(Remedy::GiveProbe)));
            }
        } else if let Some((most, [x, y])) =
            geometry.most_at_one_place().filter(|(n, _)| *n > MAX_CHANNELS_WITHOUT_PROBE)
        {
            return Err(EngineError::Data(format!(
                "{most} contacts of a group lie at the same place of the probe, ({x}, {y}) µm, so nobody knows which of \
                 them are near each other: correct the positions in the probe's file, or give each tetrode a shank or \
                 group of its own"
            )));
        }
        Ok(geometry)
    }

    /// The largest number of channels of one group at one place, and the place.
    fn most_at_one_place(&self) -> Option<(usize, [f64; 2])> {
        let positions = self.positions_um.as_ref()?;
        let mut places: Vec<(i64, [f64; 2])> =
            self.groups.iter().copied().zip(positions.iter().copied()).collect();
        places.sort_by(|a, b| a.0.cmp(&b.0).then(a.1[0].total_cmp(&b.1[0])).then(a.1[1].total_cmp(&b.1[1])));
        places.chunk_by(|a, b| a == b).map(|same| (same.len(), same[0].1)).max_by_key(|(n, _)| *n)
    }

    /// What is known of the geometry of a recording, be it enough for a sort or not.
    pub fn known_of(info: &RecordingInfo) -> Self {
        Self { positions_um: info.locations_um(), groups: info.groups.clone() }
    }

    /// How many channels there are.
    pub fn num_channels(&self) -> usize {
        self.groups.len()
    }

    /// The channels of each group, groups in ascending order.
    pub fn members(&self) -> Vec<Vec<usize>> {
        let mut members: std::collections::BTreeMap<i64, Vec<usize>> = std::collections::BTreeMap::new();
        for (channel, &group) in self.groups.iter().enumerate() {
            members.entry(group).or_default().push(channel);
        }
        members.into_values().collect()
    }

    /// Width and height of the area all channels take up, in µm; zero without a probe.
    pub fn whole_extent_um(&self) -> [f64; 2] {
        self.extent_um(&(0..self.num_channels()).collect::<Vec<_>>())
    }

    /// Width and height of the area some channels take up, in µm; zero without a probe.
    pub fn extent_um(&self, channels: &[usize]) -> [f64; 2] {
        let Some(positions) = &self.positions_um else { return [0.0; 2] };
        [0, 1].map(|axis| {
            let along = channels.iter().filter_map(|&c| positions.get(c)).map(|p| p[axis]);
            let (low, high) =
                along.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
            (high - low).max(0.0)
        })
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

    /// A radius in µm within which channels are whitened together: the fitting one, less where contacts lie so densely
    /// that a small part of them tells all there is to tell.
    pub fn whiten_radius_um(&self, usual_um: f64) -> f64 {
        let fitting = self.fitting_radius_um(usual_um);
        let mut reach: Vec<f64> = (0..self.num_channels())
            .filter_map(|a| {
                let mut distances: Vec<f64> =
                    (0..self.num_channels()).filter_map(|b| self.distance_um(a, b)).collect();
                let enough = distances.len() > WHITENED_TOGETHER;
                enough.then(|| *distances.select_nth_unstable_by(WHITENED_TOGETHER, f64::total_cmp).1)
            })
            .collect();
        // Channels at the rim have fewer neighbours: those in the middle tell how dense the contacts are.
        reach.sort_by(f64::total_cmp);
        let dense = reach.get(reach.len() / 4).copied().unwrap_or(f64::INFINITY);
        if dense > 0.0 { fitting.min(dense) } else { fitting }
    }

    /// The longest stretch along an axis (0: x, 1: y) of contacts of one group without a gap that neurons fall into, in
    /// µm; zero without a probe.
    pub fn longest_row_um(&self, axis: usize) -> f64 {
        let Some(positions) = &self.positions_um else { return 0.0 };
        let mut along: Vec<(i64, f64)> =
            self.groups.iter().copied().zip(positions.iter().map(|p| p[axis])).collect();
        along.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        along
            .chunk_by(|a, b| a.0 == b.0 && b.1 - a.1 <= FARTHEST_SHARED_UM)
            .map(|row| row[row.len() - 1].1 - row[0].1)
            .fold(0.0, f64::max)
    }

    /// Two groups that take up the same area: not shanks of one probe but probes, each in coordinates of its own.
    pub fn overlapping_groups(&self) -> Option<(i64, i64)> {
        let positions = self.positions_um.as_ref()?;
        let areas: Vec<(i64, [[f64; 2]; 2])> = (self.members().iter())
            .map(|members| {
                let side = |axis: usize| {
                    let along = members.iter().map(|&c| positions[c][axis]);
                    along.fold([f64::INFINITY, f64::NEG_INFINITY], |[l, h], x| [l.min(x), h.max(x)])
                };
                (self.groups[members[0]], [side(0), side(1)])
            })
            .collect();
        let meet = |a: [f64; 2], b: [f64; 2]| a[0] <= b[1] && b[0] <= a[1];
        areas.iter().enumerate().find_map(|(i, (group, area))| {
            let other = areas[i + 1..].iter().find(|(_, b)| meet(area[0], b[0]) && meet(area[1], b[1]));
            other.map(|(other, _)| (*group, *other))
        })
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

    fn placed(positions: Vec<[f64; 2]>) -> Geometry {
        let groups = vec![0; positions.len()];
        Geometry { positions_um: Some(positions), groups }
    }

    #[test]
    fn dense_contacts_are_whitened_with_the_nearest_only() {
        let column = placed((0..64).map(|i| [0.0, 20.0 * f64::from(i)]).collect());
        assert_eq!(column.whiten_radius_um(100.0), 100.0);
        let plane = placed((0..900).map(|i| [17.5 * f64::from(i % 30), 17.5 * f64::from(i / 30)]).collect());
        let radius = plane.whiten_radius_um(100.0);
        let middle = plane.neighbors(radius, usize::MAX)[465].len();
        assert!((30..50).contains(&middle), "{middle} channels within {radius} µm");
        assert_eq!(placed(vec![[0.0, 0.0]; 4]).whiten_radius_um(100.0), 100.0);
    }

    #[test]
    fn a_row_of_contacts_ends_at_a_gap_and_at_its_group() {
        let mut two =
            placed((0..20).map(|i| [0.0, 25.0 * f64::from(i) + if i < 12 { 0.0 } else { 400.0 }]).collect());
        assert_eq!(two.longest_row_um(1), 275.0);
        two.groups = (0..20).map(|i| i / 4).collect();
        assert_eq!(two.longest_row_um(1), 75.0);
        assert_eq!(two.extent_um(&[0, 3]), [0.0, 75.0]);
        assert_eq!(two.members()[1], [4, 5, 6, 7]);
    }

    #[test]
    fn groups_at_the_same_places_are_probes() {
        let shanks = |apart: f64| {
            let mut both =
                placed((0..20).map(|i| [apart * f64::from(i / 10), 25.0 * f64::from(i % 10)]).collect());
            both.groups = (0..20).map(|i| i / 10).collect();
            both.overlapping_groups()
        };
        assert_eq!((shanks(250.0), shanks(0.0)), (None, Some((0, 1))));
    }

    #[test]
    fn many_contacts_at_one_place_are_refused() {
        let mut info = RecordingInfo::new(30_000.0, 12, 10, DType::Int16);
        info.probe = Some(Arc::new(Probe::from_positions(&[[0.0, 0.0]; 12])));
        let error = Geometry::of(&info).unwrap_err().to_string();
        assert!(error.contains("12 contacts") && error.contains("group"), "{error}");
        info.groups = (0..12).map(|c| c / 4).collect();
        assert!(Geometry::of(&info).is_ok());
    }
}
