//! Neuropixels: what imec's part numbers stand for, by the table of probe features that SpikeGLX keeps
//! (github.com/billkarsh/ProbeTable).
//!
//! A probe has more sites than it reads out; these are the sites nearest the tip, bank 0.

use super::{
    super::ReadProbe,
    layout::{Places, build},
};
use crate::data::{ContactShape, Probe};

const MAKER: &str = "imec";

/// How the sites nearest the tip reach the channels.
#[derive(Clone, Copy, PartialEq)]
enum Bank {
    /// Channel `c` is site `c`.
    Straight,
    /// Blocks of 48 channels, which take turns on the shanks.
    Blocks,
    /// Not known well enough to be told here.
    Open,
}

/// How the channels take turns at the converters.
#[derive(Clone, Copy)]
enum Converters {
    /// Converters' channels and steps of a cycle.
    Turns(usize, usize),
    Open,
}

struct Part {
    /// The numbers of the parts that are alike.
    numbers: &'static str,
    about: &'static str,
    shanks: usize,
    columns: usize,
    /// Sites of a shank that are taken.
    sites: usize,
    /// Between columns, between rows, between shanks.
    pitch: [f64; 3],
    /// How far even and odd rows begin to the right.
    begins: [f64; 2],
    site: f64,
    bank: Bank,
    converters: Converters,
}

const NP1: Part = Part {
    numbers: "NP1000 NP1001 PRB_1_4_0480_1 PRB_1_4_0480_1_C PRB_1_2_0480_2",
    about: "Neuropixels 1.0",
    shanks: 1,
    columns: 2,
    sites: 384,
    pitch: [32.0, 20.0, 0.0],
    begins: [16.0, 0.0],
    site: 12.0,
    bank: Bank::Straight,
    converters: Converters::Turns(12, 13),
};

const NP2: Part = Part {
    numbers: "NP2000 NP2003 NP2004 PRB2_1_2_0640_0",
    about: "Neuropixels 2.0, one shank",
    shanks: 1,
    columns: 2,
    sites: 384,
    pitch: [32.0, 15.0, 250.0],
    begins: [0.0, 0.0],
    site: 12.0,
    bank: Bank::Straight,
    converters: Converters::Turns(16, 16),
};

const NP2_4: Part = Part {
    numbers: "NP2010 NP2013 NP2014 PRB2_4_2_0640_0",
    about: "Neuropixels 2.0, four shanks",
    shanks: 4,
    sites: 96,
    bank: Bank::Blocks,
    ..NP2
};

const PARTS: &[Part] = &[
    NP1,
    Part {
        numbers: "NP1010 NP1011 NP1012 NP1013 NP1014",
        about: "Neuropixels 1.0 NHP short, staggered",
        ..NP1
    },
    Part {
        numbers: "NP1015 NP1016 NP1017",
        about: "Neuropixels 1.0 NHP short, linear",
        begins: [0.0, 0.0],
        ..NP1
    },
    Part {
        numbers: "NP1020 NP1021 NP1030 NP1031",
        about: "Neuropixels 1.0 NHP medium and long, staggered",
        pitch: [87.0, 20.0, 0.0],
        ..NP1
    },
    Part {
        numbers: "NP1022 NP1032 NP1033 NP1040 NP1041 NP1042 NP1050 NP1051",
        about: "Neuropixels 1.0 NHP medium and long, linear",
        pitch: [103.0, 20.0, 0.0],
        begins: [0.0, 0.0],
        ..NP1
    },
    Part {
        numbers: "NP1100",
        about: "Neuropixels Ultra, 8 columns 6 µm apart",
        columns: 8,
        pitch: [6.0, 6.0, 0.0],
        begins: [0.0, 0.0],
        site: 5.0,
        ..NP1
    },
    Part {
        numbers: "NP1110",
        about: "Neuropixels Ultra, switchable, 8 columns 6 µm apart",
        columns: 8,
        pitch: [6.0, 6.0, 0.0],
        begins: [0.0, 0.0],
        site: 5.0,
        bank: Bank::Open,
        converters: Converters::Open,
        ..NP1
    },
    Part {
        numbers: "NP1120",
        about: "Neuropixels Ultra, 2 columns 4.5 µm apart",
        pitch: [4.5, 4.5, 0.0],
        begins: [0.0, 0.0],
        site: 3.5,
        ..NP1
    },
    Part {
        numbers: "NP1121",
        about: "Neuropixels Ultra, one column, 3 µm apart",
        columns: 1,
        pitch: [0.0, 3.0, 0.0],
        begins: [0.0, 0.0],
        site: 2.5,
        ..NP1
    },
    Part {
        numbers: "NP1122",
        about: "Neuropixels Ultra, 16 columns 3 µm apart",
        columns: 16,
        pitch: [3.0, 3.0, 0.0],
        begins: [0.0, 0.0],
        site: 2.5,
        ..NP1
    },
    Part {
        numbers: "NP1123",
        about: "Neuropixels Ultra, 12 columns 4.5 µm apart",
        columns: 12,
        pitch: [4.5, 4.5, 0.0],
        begins: [0.0, 0.0],
        site: 3.5,
        ..NP1
    },
    Part {
        numbers: "NP1200 NP1210",
        about: "Neuropixels NHP passive, 128 sites",
        sites: 128,
        pitch: [32.0, 31.0, 0.0],
        begins: [20.0, 0.0],
        converters: Converters::Open,
        ..NP1
    },
    Part {
        numbers: "NP1300",
        about: "Neuropixels Opto",
        pitch: [48.0, 20.0, 0.0],
        begins: [0.0, 0.0],
        ..NP1
    },
    NP2,
    Part { numbers: "NP2005", about: "Neuropixels 2.0 NHP short, linear", ..NP2 },
    Part { numbers: "NP2006", about: "Neuropixels 2.0 NHP short, staggered", begins: [16.0, 0.0], ..NP2 },
    NP2_4,
    Part {
        numbers: "NP2020 NP2021",
        about: "Neuropixels 2.0 quad base, four shanks",
        sites: 384,
        bank: Bank::Open,
        converters: Converters::Open,
        ..NP2_4
    },
    Part {
        numbers: "NP3000",
        about: "Neuropixels NXT passive, one column of 128",
        columns: 1,
        sites: 128,
        pitch: [0.0, 15.0, 0.0],
        converters: Converters::Open,
        ..NP2
    },
    Part {
        numbers: "NP3010 NP3011",
        about: "Neuropixels NXT, one shank, all 1280 sites",
        sites: 1280,
        bank: Bank::Open,
        converters: Converters::Open,
        ..NP2
    },
    Part {
        numbers: "NP3020 NP3021 NP3022 NP3023 NP3024",
        about: "Neuropixels NXT, four shanks",
        sites: 384,
        bank: Bank::Open,
        converters: Converters::Open,
        ..NP2_4
    },
];

impl Part {
    fn place(&self, site: usize) -> [f64; 2] {
        let row = site / self.columns;
        let column = (site % self.columns) as f64;
        [self.begins[row % 2] + self.pitch[0] * column, self.pitch[1] * row as f64]
    }

    fn make(&self, name: &str) -> ReadProbe {
        let shanks: Vec<Places> = (0..self.shanks)
            .map(|shank| {
                let x = self.pitch[2] * shank as f64;
                (0..self.sites).map(|site| self.place(site)).map(|[a, y]| [a + x, y]).collect()
            })
            .collect();
        let mut probe = build(name, MAKER, ContactShape::Square { width_um: self.site }, &shanks);
        for (index, contact) in probe.contacts.iter_mut().enumerate() {
            let site = index % self.sites;
            contact.contact_id = match self.shanks {
                1 => format!("e{site}"),
                _ => format!("s{}e{site}", contact.shank_index),
            };
        }
        match self.bank {
            Bank::Straight => wired(probe, (0..self.sites).collect(), self.converters),
            Bank::Blocks => wired(probe, blocks(), self.converters),
            Bank::Open => probe.into(),
        }
    }
}

/// Which channels read out the two lowest blocks of 48 sites of each shank (Neuropixels 2.0 manual, bank 0).
fn blocks() -> Vec<usize> {
    const BLOCKS: [[usize; 2]; 4] = [[0, 2], [1, 3], [4, 6], [5, 7]];
    BLOCKS.iter().flatten().flat_map(|block| block * 48..(block + 1) * 48).collect()
}

/// Puts contact `i` on `channels[i]` and adds the delay of its converter.
///
/// Two converters take turns through twice as many neighbouring channels, the even and the odd ones.
fn wired(mut probe: Probe, channels: Vec<usize>, converters: Converters) -> ReadProbe {
    let inter_sample_shift = match converters {
        Converters::Turns(each, cycles) => {
            channels.iter().map(|c| (c % (2 * each) / 2) as f64 / cycles as f64).collect()
        }
        Converters::Open => Vec::new(),
    };
    for (contact, channel) in probe.contacts.iter_mut().zip(channels) {
        contact.device_channel_index = Some(channel);
    }
    ReadProbe { probe, inter_sample_shift }
}

/// A shank's outline: straight sides, a tip in the middle.
fn outline(left: f64, tip: f64) -> Vec<[f64; 2]> {
    let (right, bottom, top) = (left + 70.0, -11.0, 9989.0);
    vec![[left, top], [left, bottom], [left + 35.0, tip], [right, bottom], [right, top]]
}

/// The names and what they are.
pub(super) fn names() -> impl Iterator<Item = (String, String)> {
    PARTS.iter().flat_map(|part| {
        let each = if part.shanks > 1 { " of each shank" } else { "" };
        let about = match part.sites {
            1280 | 128 => part.about.to_owned(),
            sites => format!("{}, the {sites} sites nearest the tip{each}", part.about),
        };
        part.numbers.split_whitespace().map(move |number| (number.to_owned(), about.clone()))
    })
}

/// The probe of a part number, or of one of the short names.
pub(super) fn make(name: &str) -> Option<ReadProbe> {
    let short = |part: &Part, title: &str, shanks: &[f64], tip: f64| {
        let mut read = part.make(title);
        for (index, contact) in read.probe.contacts.iter_mut().enumerate() {
            contact.contact_id = index.to_string();
        }
        read.probe.contours_um = shanks.iter().map(|&left| outline(left, tip)).collect();
        read
    };
    if let Some(sites) = super::counted(name, "neuropixels1_", 384) {
        return Some(short(&Part { sites, ..NP1 }, "Neuropixels 1.0", &[-11.0], -220.0));
    }
    match name {
        "neuropixels1" | "np1" => return Some(short(&NP1, "Neuropixels 1.0", &[-11.0], -220.0)),
        "neuropixels2" | "np2" => return Some(short(&NP2, "Neuropixels 2.0", &[-27.0], -217.0)),
        "neuropixels2_4shank" => {
            let shanks = [-27.0, 223.0, 473.0, 723.0];
            return Some(short(&NP2_4, "Neuropixels 2.0 four shanks", &shanks, -217.0));
        }
        _ => {}
    }
    PARTS.iter().find_map(|part| {
        let number = part.numbers.split_whitespace().find(|number| number.eq_ignore_ascii_case(name))?;
        Some(part.make(number))
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn sites_and_delays_are_those_of_the_manual() {
        let read = make("np1000").unwrap();
        let places: Vec<_> = read.probe.contacts[..4].iter().map(|c| c.position_um).collect();
        assert_eq!(places, [[16.0, 0.0], [48.0, 0.0], [0.0, 20.0], [32.0, 20.0]]);
        assert_eq!(read.probe.contacts[3].contact_id, "e3");
        // The first slot holds channels 0, 1, 24, 25 …, the second 2, 3, 26, 27 ….
        for (channel, slot) in [(0, 0), (1, 0), (24, 0), (2, 1), (27, 1), (23, 11)] {
            assert_eq!(read.inter_sample_shift[channel], f64::from(slot) / 13.0);
        }
        let read = make("neuropixels2").unwrap();
        assert_eq!(read.inter_sample_shift[34], 1.0 / 16.0);
        let read = make("np2013").unwrap();
        assert_eq!(read.probe.contacts[96].contact_id, "s1e0");
        assert_eq!(read.probe.contacts[96].device_channel_index, Some(48));
    }
}
