//! The probes a recording can be generated on.

use crate::data::{ContactShape, Probe};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the contacts of a generated recording are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProbeLayout {
    /// Four wires, 21 µm apart.
    Tetrode,
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
}

impl ProbeLayout {
    /// The probe, wired in order; depths count from the tip.
    pub fn probe(self) -> Probe {
        let square = |side: f64| ContactShape::Square { width_um: side };
        let disc = |radius: f64| ContactShape::Circle { radius_um: radius };
        let (name, shape, positions): (&str, _, Vec<[f64; 2]>) = match self {
            ProbeLayout::Tetrode => {
                let r = 15.0;
                ("tetrode", disc(6.25), vec![[r, 0.0], [0.0, r], [-r, 0.0], [0.0, -r]])
            }
            ProbeLayout::Linear16 => ("linear 16", disc(6.0), column(16, 25.0)),
            ProbeLayout::Linear32 => ("linear 32", disc(6.0), column(32, 25.0)),
            ProbeLayout::Polytrode32 => {
                // Middle column of 12, flanked by two of 10, half a pitch higher.
                let mut positions: Vec<[f64; 2]> = (0..12).map(|i| [0.0, 25.0 * f64::from(i)]).collect();
                for x in [-18.0, 18.0] {
                    positions.extend((0..10).map(|i| [x, 12.5 + 25.0 * f64::from(i)]));
                }
                positions.sort_by(|a, b| a[1].total_cmp(&b[1]).then(a[0].total_cmp(&b[0])));
                ("polytrode 32", disc(7.5), positions)
            }
            ProbeLayout::Neuropixels64 => ("Neuropixels 1.0, 64 contacts", square(12.0), staggered(64)),
            ProbeLayout::Neuropixels128 => ("Neuropixels 1.0, 128 contacts", square(12.0), staggered(128)),
            ProbeLayout::Neuropixels384 => ("Neuropixels 1.0", square(12.0), staggered(384)),
        };
        let mut probe = Probe::from_positions(&positions);
        name.clone_into(&mut probe.name);
        for contact in &mut probe.contacts {
            contact.shape = shape;
        }
        probe.contours_um = vec![outline(&positions)];
        probe
    }
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
