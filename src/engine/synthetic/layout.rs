//! The probes a recording can be generated on.

use crate::data::{ContactShape, Probe};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the contacts of a generated recording are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProbeLayout {
    /// One contact.
    SingleWire,
    /// Two wires, 25 µm apart.
    Stereotrode,
    /// Four wires, 21 µm apart.
    Tetrode,
    /// 16 tetrodes of a drive, 1 mm from each other, each a group of its own.
    Tetrodes16,
    /// 16 contacts in a row, 25 µm apart.
    Linear16,
    /// 32 contacts in a row, 25 µm apart.
    #[default]
    Linear32,
    /// 32 contacts in three staggered columns.
    Polytrode32,
    /// The lowest 64 contacts of a Neuropixels 1.0 probe.
    Neuropixels64,
    /// The lowest 128 contacts of a Neuropixels 1.0 probe.
    Neuropixels128,
    /// 384 contacts of a Neuropixels 1.0 probe.
    Neuropixels384,
    /// The lowest 96 contacts of each shank of a Neuropixels 2.0 probe.
    Neuropixels2FourShanks,
    /// A Utah array: 10 × 10 electrodes without the corners, 400 µm apart.
    Utah96,
    /// 32 × 32 contacts of a high-density array, 17.5 µm apart.
    HdMea1024,
}

/// Contacts further apart than this do not see the same neuron.
const FARTHEST_SHARED_UM: f64 = 120.0;

impl ProbeLayout {
    /// The probe, wired in order; depths count from the tip.
    pub fn probe(self) -> Probe {
        let square = |side: f64| ContactShape::Square { width_um: side };
        let disc = |radius: f64| ContactShape::Circle { radius_um: radius };
        let (name, shape, shanks): (&str, _, Vec<Vec<[f64; 2]>>) = match self {
            ProbeLayout::SingleWire => ("single wire", disc(6.25), vec![vec![[0.0, 0.0]]]),
            ProbeLayout::Stereotrode => ("stereotrode", disc(6.25), vec![vec![[-12.5, 0.0], [12.5, 0.0]]]),
            ProbeLayout::Tetrode => ("tetrode", disc(6.25), vec![tetrode([0.0, 0.0])]),
            ProbeLayout::Tetrodes16 => {
                let places = (0..16).map(|i| [1000.0 * f64::from(i % 4), 1000.0 * f64::from(i / 4)]);
                ("16 tetrodes", disc(6.25), places.map(tetrode).collect())
            }
            ProbeLayout::Linear16 => ("linear 16", disc(6.0), vec![column(16, 25.0)]),
            ProbeLayout::Linear32 => ("linear 32", disc(6.0), vec![column(32, 25.0)]),
            ProbeLayout::Polytrode32 => {
                // Middle column of 12, flanked by two of 10, half a pitch higher.
                let mut positions: Vec<[f64; 2]> = (0..12).map(|i| [0.0, 25.0 * f64::from(i)]).collect();
                for x in [-18.0, 18.0] {
                    positions.extend((0..10).map(|i| [x, 12.5 + 25.0 * f64::from(i)]));
                }
                positions.sort_by(|a, b| a[1].total_cmp(&b[1]).then(a[0].total_cmp(&b[0])));
                ("polytrode 32", disc(7.5), vec![positions])
            }
            ProbeLayout::Neuropixels64 => ("Neuropixels 1.0, 64 contacts", square(12.0), vec![staggered(64)]),
            ProbeLayout::Neuropixels128 => {
                ("Neuropixels 1.0, 128 contacts", square(12.0), vec![staggered(128)])
            }
            ProbeLayout::Neuropixels384 => ("Neuropixels 1.0", square(12.0), vec![staggered(384)]),
            ProbeLayout::Neuropixels2FourShanks => {
                let place = |x: f64, i: usize| [x + 32.0 * (i % 2) as f64, 15.0 * (i / 2) as f64];
                let shank = |shank: usize| (0..96).map(|i| place(250.0 * shank as f64, i)).collect();
                ("Neuropixels 2.0 four shanks", square(12.0), (0..4).map(shank).collect())
            }
            ProbeLayout::Utah96 => {
                let corner = |i: usize| matches!(i, 0 | 9 | 90 | 99);
                let places = (0..100).filter(|&i| !corner(i)).map(|i| grid(10, 400.0, i)).collect();
                ("Utah array", disc(20.0), vec![places])
            }
            ProbeLayout::HdMea1024 => {
                ("HD-MEA", square(9.0), vec![(0..1024).map(|i| grid(32, 17.5, i)).collect()])
            }
        };
        let mut probe = Probe::from_positions(&shanks.concat());
        name.clone_into(&mut probe.name);
        for contact in &mut probe.contacts {
            contact.shape = shape;
        }
        if shanks.len() > 1 {
            probe.shank_ids = (0..shanks.len()).map(|s| s.to_string()).collect();
        }
        let shank_of =
            shanks.iter().enumerate().flat_map(|(shank, places)| places.iter().map(move |_| shank));
        for (contact, shank) in probe.contacts.iter_mut().zip(shank_of) {
            contact.shank_index = shank;
        }
        if !matches!(self, ProbeLayout::Utah96 | ProbeLayout::HdMea1024) {
            probe.contours_um = shanks.iter().map(|places| outline(places)).collect();
        }
        probe
    }
}

/// The contacts by the stretches of tissue they see: `[left, right, bottom, top]` around those that lie near each other.
pub(super) fn areas(contacts_um: &[[f64; 2]]) -> Vec<[f64; 4]> {
    let near = |a: &[f64; 2], b: &[f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]) <= FARTHEST_SHARED_UM;
    let mut left: Vec<[f64; 2]> = contacts_um.to_vec();
    let mut areas = Vec::new();
    while let Some(first) = left.pop() {
        let (mut area, mut reached) = ([first[0], first[0], first[1], first[1]], vec![first]);
        while let Some(contact) = reached.pop() {
            let [l, r, b, t] = area;
            area = [l.min(contact[0]), r.max(contact[0]), b.min(contact[1]), t.max(contact[1])];
            reached.extend(left.extract_if(.., |other| near(other, &contact)));
        }
        areas.push(area);
    }
    areas.reverse();
    areas
}

fn tetrode([x, y]: [f64; 2]) -> Vec<[f64; 2]> {
    let r = 15.0;
    vec![[x + r, y], [x, y + r], [x - r, y], [x, y - r]]
}

/// Place `i` of a square grid, row after row.
fn grid(side: usize, pitch: f64, i: usize) -> [f64; 2] {
    [pitch * (i % side) as f64, pitch * (i / side) as f64]
}

fn column(count: usize, pitch: f64) -> Vec<[f64; 2]> {
    (0..count).map(|i| [0.0, pitch * i as f64]).collect()
}

/// Two contacts a row of 20 µm, four columns in turn.
fn staggered(count: usize) -> Vec<[f64; 2]> {
    (0..count).map(|i| [[43.0, 11.0, 59.0, 27.0][i % 4], 20.0 * (i / 2) as f64]).collect()
}

/// A shank around the contacts, pointed below.
fn outline(positions: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let fold =
        |axis: usize, pick: fn(f64, f64) -> f64, start| positions.iter().map(|p| p[axis]).fold(start, pick);
    let (left, right) =
        (fold(0, f64::min, f64::INFINITY) - 18.0, fold(0, f64::max, f64::NEG_INFINITY) + 18.0);
    let (bottom, top) =
        (fold(1, f64::min, f64::INFINITY) - 20.0, fold(1, f64::max, f64::NEG_INFINITY) + 20.0);
    let tip = bottom - 1.2 * (right - left);
    vec![[left, top], [left, bottom], [0.5 * (left + right), tip], [right, bottom], [right, top]]
}
