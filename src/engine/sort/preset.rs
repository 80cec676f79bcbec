//! Kinds of probes: which one a recording is of, and what a sort does about it.

use super::SortParams;
use crate::engine::geometry::Geometry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A kind of probe that the settings of a sort are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortPreset {
    /// Wires too far apart to see the same neuron, as of a Utah array: each channel is sorted by itself.
    SingleWire,
    /// Stereotrodes and tetrodes: all channels of a group are sorted together, wherever they are said to lie.
    Tetrode,
    /// One or several shanks with a few columns of contacts: what lies near each other is sorted together.
    Linear,
    /// Neuropixels 1.0: rows of contacts every 20 µm.
    #[serde(rename = "neuropixels1")]
    Neuropixels1,
    /// Neuropixels 2.0: rows of contacts every 15 µm, on one shank or four.
    #[serde(rename = "neuropixels2")]
    Neuropixels2,
    /// High-density arrays: contacts in a plane, whitened with the nearest of them only.
    HdMea,
}

/// Channels of a group that are a tetrode and not a small shank.
const MOST_IN_TETRODE: usize = 8;
/// Contacts of a plane reach further than this both ways, in µm.
const LEAST_PLANE_UM: f64 = 150.0;
/// Fewest contacts of a shank of a Neuropixels probe.
const LEAST_NEUROPIXELS: usize = 48;
/// Radius that leaves a channel alone, in µm.
const ALONE_UM: f64 = 1.0;

impl SortPreset {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::SingleWire, Self::Tetrode, Self::Linear, Self::Neuropixels1, Self::Neuropixels2, Self::HdMea];

    /// Its name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::SingleWire => "single_wire",
            Self::Tetrode => "tetrode",
            Self::Linear => "linear",
            Self::Neuropixels1 => "neuropixels1",
            Self::Neuropixels2 => "neuropixels2",
            Self::HdMea => "hd_mea",
        }
    }

    /// The kind of probe the contacts are of.
    pub fn fitting(geometry: &Geometry) -> Self {
        let groups = geometry.members();
        let largest = groups.iter().max_by_key(|group| group.len()).map_or(&[][..], Vec::as_slice);
        let reach = geometry.fitting_radius_um(super::super::detect::DetectParams::default().radius_um);
        let alone = geometry.neighbors(reach, usize::MAX).iter().all(|near| near.len() < 2);
        if alone {
            return Self::SingleWire;
        }
        let Some(positions) = &geometry.positions_um else { return Self::Tetrode };
        let [width, height] = geometry.extent_um(largest);
        if largest.len() <= MOST_IN_TETRODE
            && groups.iter().all(|group| {
                let [width, height] = geometry.extent_um(group);
                width.hypot(height) <= reach
            })
        {
            return Self::Tetrode;
        }
        if width > LEAST_PLANE_UM && height > LEAST_PLANE_UM {
            return Self::HdMea;
        }
        let mut rows: Vec<f64> = largest.iter().map(|&c| positions[c][1]).collect();
        rows.sort_by(f64::total_cmp);
        rows.dedup();
        let mut pitches: Vec<f64> = rows.windows(2).map(|pair| pair[1] - pair[0]).collect();
        pitches.sort_by(f64::total_cmp);
        let pitch = pitches.get(pitches.len() / 2).copied().unwrap_or(0.0);
        let several_columns = width > 0.0 && largest.len() >= LEAST_NEUROPIXELS;
        match pitch {
            19.5..=20.5 if several_columns => Self::Neuropixels1,
            14.5..=15.5 if several_columns => Self::Neuropixels2,
            _ => Self::Linear,
        }
    }

    /// The radius all steps of a sort take for their neighbourhoods where the kind of probe says it, in µm; elsewhere the
    /// distances of the contacts do.
    pub fn radius_um(self) -> Option<f64> {
        match self {
            Self::SingleWire => Some(ALONE_UM),
            // Further than anything within a group; groups are apart in any case.
            Self::Tetrode => Some(1000.0),
            _ => None,
        }
    }
}

/// Evidence a spike of a tetrode needs, and by how many noise levels a unit must stand out there: the fewer channels are
/// looked at together, the fewer shapes noise can take that look like a spike.
///
/// Mean accuracy and units at 0.8 or better of twelve tetrodes of 8 units (two seeds each): 0.862 and 6.6 with 4.3 and
/// 3.3 as elsewhere, 0.870 and 6.8 with 4 and 3.3. Four recordings of 32 channels with 4.3 and 4: 0.885 and 0.886.
const TETRODE_THRESHOLD: f64 = 4.0;
const TETRODE_MIN_SNR: f64 = 3.0;
/// Spikes of a tetrode are clustered a third time: it costs a second of processor time for five minutes, and took the mean
/// accuracy of those twelve (filtered from 150 Hz, four seeds each) from 0.883 to 0.895 and false or merged units from 0.21 to
/// 0.06 a recording. Of 384 channels it would take a quarter of the time of the sort.
const TETRODE_ROUNDS: usize = 2;

impl SortParams {
    /// The defaults for a kind of probe with these contacts.
    pub fn made_for(preset: SortPreset, geometry: &Geometry) -> Self {
        let mut params = Self::fitting(geometry);
        params.take_limits_of(preset);
        let reach = geometry
            .members()
            .iter()
            .map(|g| geometry.extent_um(g))
            .fold(0.0f64, |most, [w, h]| most.max(w.hypot(h)));
        for radius_um in params.radii_um() {
            match preset {
                SortPreset::SingleWire => *radius_um = ALONE_UM,
                SortPreset::Tetrode => *radius_um = radius_um.max(reach.ceil()),
                _ => {}
            }
        }
        params
    }

    /// Sets how much evidence spikes and units need on a kind of probe, and how often they are looked at.
    pub fn take_limits_of(&mut self, preset: SortPreset) {
        if preset == SortPreset::Tetrode {
            self.matching.threshold = TETRODE_THRESHOLD;
            self.finish.min_snr = TETRODE_MIN_SNR;
            self.survey_rounds = TETRODE_ROUNDS;
        }
    }

    /// The radii of all steps.
    fn radii_um(&mut self) -> [&mut f64; 5] {
        [
            &mut self.whiten_radius_um,
            &mut self.detect.radius_um,
            &mut self.features.radius_um,
            &mut self.cluster.radius_um,
            &mut self.matching.features_radius_um,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::synthetic::ProbeLayout;

    fn of(layout: ProbeLayout) -> Geometry {
        let probe = layout.probe();
        Geometry {
            positions_um: Some(probe.contacts.iter().map(|c| c.position_um).collect()),
            groups: probe.contacts.iter().map(|c| c.shank_index as i64).collect(),
        }
    }

    #[test]
    fn many_channels_share_the_memory_for_peaks() {
        let most = |layout| SortParams::fitting(&of(layout)).features.max_peaks_per_channel;
        assert_eq!(most(ProbeLayout::Tetrode), SortParams::default().features.max_peaks_per_channel);
        let share = most(ProbeLayout::Neuropixels384);
        assert!((3_000..4_000).contains(&share), "{share}");
    }

    #[test]
    fn each_probe_has_its_preset() {
        for (layout, preset) in [
            (ProbeLayout::SingleWire, SortPreset::SingleWire),
            (ProbeLayout::Stereotrode, SortPreset::Tetrode),
            (ProbeLayout::Tetrode, SortPreset::Tetrode),
            (ProbeLayout::Tetrodes16, SortPreset::Tetrode),
            (ProbeLayout::Linear16, SortPreset::Linear),
            (ProbeLayout::Linear32, SortPreset::Linear),
            (ProbeLayout::Polytrode32, SortPreset::Linear),
            (ProbeLayout::Neuropixels128, SortPreset::Neuropixels1),
            (ProbeLayout::Neuropixels384, SortPreset::Neuropixels1),
            (ProbeLayout::Neuropixels2FourShanks, SortPreset::Neuropixels2),
            (ProbeLayout::Utah96, SortPreset::SingleWire),
            (ProbeLayout::HdMea1024, SortPreset::HdMea),
        ] {
            assert_eq!(SortPreset::fitting(&of(layout)), preset, "{layout:?}");
        }
        let unplaced = |channels| Geometry { positions_um: None, groups: vec![0; channels] };
        assert_eq!(SortPreset::fitting(&unplaced(1)), SortPreset::SingleWire);
        assert_eq!(SortPreset::fitting(&unplaced(4)), SortPreset::Tetrode);
    }

    #[test]
    fn what_is_chosen_changes_nothing_that_the_contacts_say() {
        let sets = |geometry: &Geometry, params: &mut SortParams| -> Vec<Vec<Vec<u32>>> {
            params.radii_um().map(|radius| geometry.neighbors(*radius, usize::MAX)).to_vec()
        };
        for layout in
            [ProbeLayout::Stereotrode, ProbeLayout::Tetrodes16, ProbeLayout::Utah96, ProbeLayout::Linear32]
        {
            let geometry = of(layout);
            let mut chosen = SortParams::made_for(SortPreset::fitting(&geometry), &geometry);
            let mut fitting = SortParams::fitting(&geometry);
            assert_eq!(sets(&geometry, &mut chosen), sets(&geometry, &mut fitting), "{layout:?}");
        }
        // Wires whose places are made up are a tetrode where the user says so.
        let apart = Geometry {
            positions_um: Some((0..4).map(|i| [0.0, 200.0 * f64::from(i)]).collect()),
            groups: vec![0; 4],
        };
        let mut tetrode = SortParams::made_for(SortPreset::Tetrode, &apart);
        assert!(sets(&apart, &mut tetrode).iter().flatten().all(|near| near.len() == 4));
    }
}
