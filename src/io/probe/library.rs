//! Bundled probes, made from the dimensions their makers publish.
//!
//! Contacts are numbered from the tip, shank by shank, left to right within a row. Only Neuropixels have a
//! wiring that is the same for everyone; the others are wired by head-stage and adaptor, so they have none.

use super::ReadProbe;
use crate::data::{Contact, ContactShape, Probe};

/// A probe that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bundled {
    /// The name it is asked for by.
    pub name: &'static str,
    /// Contacts.
    pub num_contacts: usize,
    /// What it is.
    pub description: &'static str,
}

const fn entry(name: &'static str, num_contacts: usize, description: &'static str) -> Bundled {
    Bundled { name, num_contacts, description }
}

const BUNDLED: &[Bundled] = &[
    entry("tetrode", 4, "Twisted-wire tetrode, contacts 15 µm from the axis"),
    entry("linear16", 16, "One column of 16 contacts, 25 µm apart (linearN gives N contacts)"),
    entry("linear32", 32, "One column of 32 contacts, 25 µm apart"),
    entry("linear64", 64, "One column of 64 contacts, 25 µm apart"),
    entry("neuropixels1", 384, "Neuropixels 1.0, the 384 sites nearest the tip (bank 0)"),
    entry("neuropixels1_128", 128, "Neuropixels 1.0, the 128 sites nearest the tip"),
    entry("neuropixels2", 384, "Neuropixels 2.0, one shank, the 384 sites nearest the tip (bank 0)"),
    entry("neuropixels2_4shank", 384, "Neuropixels 2.0, the 96 sites nearest the tip of each of four shanks"),
    entry("A1x32-Poly2", 32, "NeuroNexus A1x32-Poly2-10mm-50s-177: two staggered columns"),
    entry("A1x32-Poly3", 32, "NeuroNexus A1x32-Poly3-10mm-50-177: three columns"),
    entry("A4x8-100-200", 32, "NeuroNexus A4x8-5mm-100-200-177: four shanks of eight contacts"),
    entry("H2", 64, "Cambridge NeuroTech H2: two shanks of 32 contacts, 25 µm apart"),
    entry("H3", 64, "Cambridge NeuroTech H3: one shank of 64 contacts, 20 µm apart"),
    entry("H5", 64, "Cambridge NeuroTech H5: one shank, two staggered columns of 32"),
    entry("H9", 64, "Cambridge NeuroTech H9: one shank, two staggered columns of 32, 45 µm apart"),
];

/// All bundled probes.
pub fn bundled() -> &'static [Bundled] {
    BUNDLED
}

const NEURONEXUS: &str = "NeuroNexus";
const CAMBRIDGE: &str = "Cambridge NeuroTech";
const IMEC: &str = "imec";
const DISC_177: ContactShape = ContactShape::Circle { radius_um: 7.5 };
const CAMBRIDGE_SITE: ContactShape = ContactShape::Rect { width_um: 11.0, height_um: 15.0 };
const NEUROPIXELS_SITE: ContactShape = ContactShape::Square { width_um: 12.0 };

/// The bundled probe of a name; upper and lower case are the same.
pub(super) fn make(name: &str) -> Option<ReadProbe> {
    let name = name.trim().to_lowercase();
    if let Some(count) = counted(&name, "linear", 1024) {
        let places = columns(&[(0.0, 0.0, 25.0, count)]);
        return Some(build("linear", "", ContactShape::Circle { radius_um: 6.0 }, &[places]).into());
    }
    if let Some(count) = counted(&name, "neuropixels1_", 384).or_else(|| counted(&name, "np", 384)) {
        return Some(neuropixels_1(count));
    }
    Some(match name.as_str() {
        "tetrode" => {
            let r = 15.0;
            let places = vec![[0.0, -r], [-r, 0.0], [r, 0.0], [0.0, r]];
            build("tetrode", "", ContactShape::Circle { radius_um: 6.0 }, &[places]).into()
        }
        "neuropixels1" | "np1000" | "np1" => neuropixels_1(384),
        "neuropixels2" | "np2000" | "np2" => neuropixels_2_one_shank(),
        "neuropixels2_4shank" | "np2010" | "np2013" => neuropixels_2_four_shanks(),
        "a1x32-poly2" | "a1x32-poly2-10mm-50s-177" => {
            let places = columns(&[(0.0, 0.0, 50.0, 16), (43.3, 25.0, 50.0, 16)]);
            build("A1x32-Poly2-10mm-50s-177", NEURONEXUS, DISC_177, &[places]).into()
        }
        "a1x32-poly3" | "a1x32-poly3-10mm-50-177" => {
            let places = columns(&[(0.0, 50.0, 50.0, 10), (50.0, 0.0, 50.0, 12), (100.0, 50.0, 50.0, 10)]);
            build("A1x32-Poly3-10mm-50-177", NEURONEXUS, DISC_177, &[places]).into()
        }
        "a4x8-100-200" | "a4x8-5mm-100-200-177" => {
            let shanks: Vec<_> = (0..4).map(|s| columns(&[(200.0 * f64::from(s), 0.0, 100.0, 8)])).collect();
            build("A4x8-5mm-100-200-177", NEURONEXUS, DISC_177, &shanks).into()
        }
        "h2" => {
            let shanks = [columns(&[(0.0, 0.0, 25.0, 32)]), columns(&[(250.0, 0.0, 25.0, 32)])];
            build("H2", CAMBRIDGE, CAMBRIDGE_SITE, &shanks).into()
        }
        "h3" => build("H3", CAMBRIDGE, CAMBRIDGE_SITE, &[columns(&[(0.0, 0.0, 20.0, 64)])]).into(),
        "h5" => {
            let places = columns(&[(0.0, 0.0, 25.0, 32), (22.5, 12.5, 25.0, 32)]);
            build("H5", CAMBRIDGE, CAMBRIDGE_SITE, &[places]).into()
        }
        "h9" => {
            let places = columns(&[(0.0, 0.0, 45.0, 32), (22.5, 22.5, 45.0, 32)]);
            build("H9", CAMBRIDGE, CAMBRIDGE_SITE, &[places]).into()
        }
        _ => return None,
    })
}

/// The number after a prefix, such as 32 in `linear32`.
fn counted(name: &str, prefix: &str, largest: usize) -> Option<usize> {
    let count = name.strip_prefix(prefix)?.parse().ok()?;
    // np1 and np2 name kinds of probes.
    ((1..=largest).contains(&count) && !(prefix == "np" && count < 3)).then_some(count)
}

/// Columns `(x, first y, pitch, contacts)` of one shank in µm, sorted from the tip.
fn columns(columns: &[(f64, f64, f64, usize)]) -> Vec<[f64; 2]> {
    let mut places: Vec<[f64; 2]> = columns
        .iter()
        .flat_map(|&(x, y, pitch, count)| (0..count).map(move |i| [x, y + pitch * i as f64]))
        .collect();
    places.sort_by(|a, b| a[1].total_cmp(&b[1]).then(a[0].total_cmp(&b[0])));
    places
}

fn build(name: &str, manufacturer: &str, shape: ContactShape, shanks: &[Vec<[f64; 2]>]) -> Probe {
    let mut contacts = Vec::new();
    for (shank_index, places) in shanks.iter().enumerate() {
        for &position_um in places {
            contacts.push(Contact {
                contact_id: contacts.len().to_string(),
                position_um,
                z_um: None,
                shape,
                shank_index,
                device_channel_index: None,
            });
        }
    }
    Probe {
        name: name.to_owned(),
        manufacturer: manufacturer.to_owned(),
        contacts,
        shank_ids: (0..shanks.len()).map(|s| s.to_string()).collect(),
        contours_um: Vec::new(),
    }
}

/// A shank's outline: straight sides, a tip in the middle.
fn outline(left: f64, width: f64, bottom: f64, tip: f64, top: f64) -> [[f64; 2]; 5] {
    let right = left + width;
    [[left, top], [left, bottom], [left + width / 2.0, tip], [right, bottom], [right, top]]
}

/// Bank 0: channel `c` is site `c`, rows 20 µm apart, every other row shifted by 16 µm.
fn neuropixels_1(count: usize) -> ReadProbe {
    let places = (0..count)
        .map(|site| {
            let row = site / 2;
            let left = if row % 2 == 0 { 16.0 } else { 0.0 };
            [left + 32.0 * (site % 2) as f64, 20.0 * row as f64]
        })
        .collect();
    let mut probe = build("Neuropixels 1.0", IMEC, NEUROPIXELS_SITE, &[places]);
    probe.contours_um = vec![outline(-11.0, 70.0, -11.0, -220.0, 9989.0).to_vec()];
    wired(probe, (0..count).collect(), 12, 13)
}

/// Bank 0 of the single shank, where channel `c` is site `c` as well; rows 15 µm apart, not shifted.
fn neuropixels_2_one_shank() -> ReadProbe {
    let places = (0..384).map(neuropixels_2_place).collect();
    let mut probe = build("Neuropixels 2.0", IMEC, NEUROPIXELS_SITE, &[places]);
    probe.contours_um = vec![outline(-27.0, 70.0, -11.0, -217.0, 9989.0).to_vec()];
    wired(probe, (0..384).collect(), 16, 16)
}

/// Two blocks of 48 sites on each shank, which between them use every channel once.
fn neuropixels_2_four_shanks() -> ReadProbe {
    // Which block of 48 channels reads out block 0 and block 1 of each shank (Neuropixels 2.0 manual, bank 0).
    const BLOCKS: [[usize; 2]; 4] = [[0, 2], [1, 3], [4, 6], [5, 7]];
    let shanks: Vec<Vec<[f64; 2]>> = (0..4)
        .map(|shank| {
            (0..96).map(neuropixels_2_place).map(|[x, y]| [x + 250.0 * f64::from(shank), y]).collect()
        })
        .collect();
    let mut probe = build("Neuropixels 2.0 four shanks", IMEC, NEUROPIXELS_SITE, &shanks);
    probe.contours_um = (0..4)
        .map(|shank| outline(250.0 * f64::from(shank) - 27.0, 70.0, -11.0, -217.0, 9989.0).to_vec())
        .collect();
    let channels = BLOCKS.iter().flatten().flat_map(|block| block * 48..(block + 1) * 48).collect();
    wired(probe, channels, 16, 16)
}

fn neuropixels_2_place(site: usize) -> [f64; 2] {
    [32.0 * (site % 2) as f64, 15.0 * (site / 2) as f64]
}

/// Puts contact `i` on `channels[i]` and adds the delay of its converter.
///
/// Two converters take turns through `2 * per_converter` neighbouring channels, the even and the odd ones.
fn wired(mut probe: Probe, channels: Vec<usize>, per_converter: usize, cycles: usize) -> ReadProbe {
    let inter_sample_shift =
        channels.iter().map(|c| (c % (2 * per_converter) / 2) as f64 / cycles as f64).collect();
    for (contact, channel) in probe.contacts.iter_mut().zip(channels) {
        contact.device_channel_index = Some(channel);
    }
    ReadProbe { probe, inter_sample_shift }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_probe_is_made_with_distinct_places_and_columns() {
        for bundled in bundled() {
            let read = make(bundled.name).unwrap();
            let contacts = &read.probe.contacts;
            assert_eq!(contacts.len(), bundled.num_contacts, "{}", bundled.name);
            for (i, a) in contacts.iter().enumerate() {
                assert!(contacts[..i].iter().all(|b| a.position_um != b.position_um), "{}", bundled.name);
            }
            let wiring = read.probe.wiring();
            assert!(wiring.iter().enumerate().all(|(i, &(column, _))| i == column), "{}", bundled.name);
            assert!(wiring.is_empty() || wiring.len() == contacts.len());
        }
        assert!(make("no such probe").is_none());
    }

    #[test]
    fn neuropixels_sites_and_delays_are_those_of_the_manual() {
        let read = make("NP1000").unwrap();
        let places: Vec<_> = read.probe.contacts[..4].iter().map(|c| c.position_um).collect();
        assert_eq!(places, [[16.0, 0.0], [48.0, 0.0], [0.0, 20.0], [32.0, 20.0]]);
        // The first slot holds channels 0, 1, 24, 25 …, the second 2, 3, 26, 27 ….
        for (channel, slot) in [(0, 0), (1, 0), (24, 0), (2, 1), (27, 1), (23, 11)] {
            assert_eq!(read.inter_sample_shift[channel], f64::from(slot) / 13.0);
        }
        let read = make("neuropixels2").unwrap();
        assert_eq!(read.inter_sample_shift[34], 1.0 / 16.0);
    }
}
