//! What SpikeGLX writes beside its samples: rate, channels, gain, and where the contacts lie.
//!
//! # Source
//! `Metadata_30.md` to `Metadata_34.md` of SpikeGLX; the dimensions of probes are those of the table of features that
//! probeinterface keeps (`neuropixels_probe_features.json`).

use super::{Error, probe::ReadProbe};
use crate::data::{Contact, ContactShape, Probe};
use std::path::Path;

/// A `.meta` file: lines of `key=value`.
pub struct Meta<'a> {
    text: &'a str,
    is_lf: bool,
}

/// The dimensions of a kind of probe, in µm.
struct Kind {
    column_um: f64,
    row_um: f64,
    /// From the left edge of a shank to its first column, in even and in odd rows.
    edges_um: [f64; 2],
    shank_um: f64,
    contact_um: f64,
    /// The amplification of all its channels, where it cannot be chosen.
    gain: Option<f64>,
    /// Steps of its converter above zero.
    max_int: f64,
    name: &'static str,
}

const fn kind(name: &'static str, pitch_um: [f64; 2], edges_um: [f64; 2], contact_um: f64) -> Kind {
    let [column_um, row_um] = pitch_um;
    Kind { column_um, row_um, edges_um, shank_um: 0.0, contact_um, gain: None, max_int: 512.0, name }
}

impl Kind {
    const fn second(self, gain: f64, max_int: f64) -> Self {
        Self { gain: Some(gain), max_int, ..self }
    }

    const fn shanks(self, shank_um: f64) -> Self {
        Self { shank_um, ..self }
    }
}

/// The kind of a type and part number; older files have neither and are of the first one.
fn kind_of(number: u32, part: &str) -> Option<Kind> {
    const SECOND: [f64; 2] = [32.0, 15.0];
    const THERE: [f64; 2] = [27.0, 27.0];
    const FIRST: &str = "Neuropixels 1.0";
    Some(match (number, part) {
        (0, "NP1015" | "NP1016" | "NP1017") => kind(FIRST, [32.0, 20.0], THERE, 12.0),
        (0, _) => kind(FIRST, [32.0, 20.0], [27.0, 11.0], 12.0),
        (_, "NP1022" | "NP1032" | "NP1033") => kind("Neuropixels NHP", [103.0, 20.0], [11.0, 11.0], 12.0),
        (1020 | 1030, _) => kind("Neuropixels NHP", [87.0, 20.0], [27.0, 11.0], 12.0),
        (1100, _) => kind("Neuropixels Ultra", [6.0, 6.0], [14.0, 14.0], 5.0),
        (1110, _) => kind("Neuropixels Ultra", [6.0, 6.0], [15.5, 15.5], 5.0),
        (1120, _) => kind("Neuropixels Ultra", [4.5, 4.5], [6.75, 6.75], 3.5),
        (1121, _) => kind("Neuropixels Ultra", [0.0, 3.0], [6.25, 6.25], 2.5),
        (1122, _) => kind("Neuropixels Ultra", [3.0, 3.0], [12.5, 12.5], 2.5),
        (1123, _) => kind("Neuropixels Ultra", [4.5, 4.5], [10.25, 10.25], 3.5),
        (1200, _) => kind("Neuropixels NHP passive", [32.0, 31.0], [56.5, 36.5], 12.0),
        (1300, _) => kind("Neuropixels Opto", [48.0, 20.0], [11.0, 11.0], 12.0),
        (21, _) => kind("Neuropixels 2.0", SECOND, THERE, 12.0).second(80.0, 8192.0),
        (2003, _) => kind("Neuropixels 2.0", SECOND, THERE, 12.0).second(100.0, 2048.0),
        (24, _) => {
            kind("Neuropixels 2.0 four shanks", SECOND, THERE, 12.0).second(80.0, 8192.0).shanks(250.0)
        }
        (2013, _) => {
            kind("Neuropixels 2.0 four shanks", SECOND, THERE, 12.0).second(100.0, 2048.0).shanks(250.0)
        }
        (2020, _) => {
            kind("Neuropixels 2.0 quad base", SECOND, THERE, 12.0).second(100.0, 2048.0).shanks(250.0)
        }
        _ => return None,
    })
}

impl<'a> Meta<'a> {
    /// The text of the `.meta` at a path.
    pub fn new(text: &'a str, path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        Self { text, is_lf: name.ends_with(".lf.meta") }
    }

    /// What stands after a key.
    pub fn word(&self, key: &str) -> Option<&'a str> {
        self.text.lines().find_map(|line| {
            let line = line.trim();
            let (name, value) = line.strip_prefix('~').unwrap_or(line).split_once('=')?;
            (name == key).then(|| value.trim())
        })
    }

    /// The number after a key.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.word(key)?.parse().ok()
    }

    /// The samples of a probe, not those of another device.
    fn is_of_probe(&self) -> bool {
        self.word("typeThis").is_none_or(|name| name == "imec") && self.word("imSampRate").is_some()
    }

    /// The groups in brackets after a key: the first describes the others.
    fn groups(&self, key: &str) -> Option<(&'a str, Vec<&'a str>)> {
        let mut groups =
            self.word(key)?.split('(').skip(1).map(|part| part.split(')').next().unwrap_or(part));
        Some((groups.next()?, groups.collect()))
    }

    /// The number of the kind of probe.
    fn number_of_kind(&self) -> u32 {
        self.word("imDatPrb_type").and_then(|word| word.parse().ok()).unwrap_or(0)
    }

    fn kind(&self) -> Option<Kind> {
        kind_of(self.number_of_kind(), self.word("imDatPrb_pn").unwrap_or_default())
    }

    /// Columns of voltages, which come first in the file.
    fn voltages(&self) -> Option<usize> {
        let counts: Vec<usize> =
            self.word("snsApLfSy")?.split(',').map_while(|part| part.trim().parse().ok()).collect();
        Some(counts.iter().take(2).sum())
    }

    /// The channel of the probe that each column of voltages is, in the order of the file.
    fn channels(&self) -> Option<Vec<usize>> {
        let voltages = self.voltages()?;
        // Those of the slow band come after those of the fast one.
        let acquired = || self.word("acqApLfSy")?.split(',').next()?.trim().parse::<usize>().ok();
        let first = if self.is_lf { acquired().unwrap_or(384) } else { 0 };
        let chosen = self.word("snsSaveChanSubset").unwrap_or("all");
        if chosen == "all" {
            return Some((0..voltages).collect());
        }
        let mut channels = Vec::new();
        for part in chosen.split(',') {
            let (from, to) = part.split_once(':').unwrap_or((part, part));
            let (from, to): (usize, usize) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
            channels.extend((from..=to).take(voltages + 1 - channels.len().min(voltages)));
        }
        channels.truncate(voltages);
        channels.into_iter().map(|channel| channel.checked_sub(first)).collect()
    }

    /// µV per unit, where it is the same for all channels of the probe.
    pub fn gain_to_uv(&self) -> Option<f64> {
        if !self.is_of_probe() {
            return None;
        }
        let kind = self.kind();
        let key = if self.is_lf { "imChan0lfGain" } else { "imChan0apGain" };
        let said = self.number(key).or_else(|| self.gain_of_table()).or_else(|| kind.as_ref()?.gain)?;
        let steps = self.number("imMaxInt").or(kind.map(|kind| kind.max_int))?;
        let gain = self.number("imAiRangeMax")? * 1e6 / steps / said;
        Some(gain).filter(|gain| gain.is_finite() && *gain > 0.0)
    }

    /// The amplification that the table of channels says, where all saved ones have the same.
    fn gain_of_table(&self) -> Option<f64> {
        let (head, rows) = self.groups("imroTbl")?;
        let place = if self.is_lf { 4 } else { 3 };
        match self.number_of_kind() {
            0 | 1020 | 1030 | 1100 | 1120..=1123 | 1200 | 1300 => {
                let gain_of = |channel: usize| -> Option<f64> {
                    rows.get(channel)?.split_whitespace().nth(place)?.parse().ok()
                };
                let channels = self.channels()?;
                let first = gain_of(*channels.first()?)?;
                channels.iter().all(|&channel| gain_of(channel) == Some(first)).then_some(first)
            }
            1110 => head.split(',').nth(place)?.trim().parse().ok(),
            _ => None,
        }
    }

    /// Where the contacts of the saved channels lie, wired to their columns; `None` where the file does not tell.
    fn contacts(&self) -> Option<(Vec<Contact>, usize)> {
        let (head, rows, kind) = match self.groups("snsGeomMap") {
            Some((head, rows)) => (head, rows, None),
            None => {
                let (head, rows) = self.groups("snsShankMap")?;
                (head, rows, Some(self.kind()?))
            }
        };
        let head: Vec<f64> = head.split(',').map(|part| part.trim().parse().unwrap_or(0.0)).collect();
        let shank_um =
            kind.as_ref().map_or_else(|| head.get(2).copied().unwrap_or(0.0), |kind| kind.shank_um);
        let num_shanks =
            head.get(usize::from(kind.is_none())).map_or(1, |count| (*count as usize).clamp(1, 64));
        let width_um = self.kind().map_or(12.0, |kind| kind.contact_um);
        let place = |row: &str| -> Option<(usize, [f64; 2])> {
            let mut parts = row.split(':').map(|part| part.trim().parse::<f64>());
            let (shank, x, y) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
            let left = shank * shank_um;
            let position_um = match &kind {
                None => [left + x, y],
                Some(kind) => {
                    let edge = kind.edges_um[y as usize % 2];
                    [left + edge + x * kind.column_um, y * kind.row_um]
                }
            };
            Some((shank as usize, position_um))
        };
        let voltages = self.voltages()?;
        let contacts: Option<Vec<Contact>> = rows
            .iter()
            .enumerate()
            .map(|(column, row)| {
                let (shank_index, position_um) = place(row)?;
                (shank_index < num_shanks).then(|| Contact {
                    contact_id: column.to_string(),
                    position_um,
                    z_um: None,
                    shape: ContactShape::Square { width_um },
                    shank_index,
                    device_channel_index: Some(column),
                })
            })
            .collect();
        contacts.filter(|contacts| contacts.len() == voltages).map(|contacts| (contacts, num_shanks))
    }

    /// When each saved channel is sampled within a sample, in samples; empty where the file does not tell.
    fn shifts(&self) -> Vec<f64> {
        let Some((_, slots)) = self.groups("muxTbl") else { return Vec::new() };
        // Where there are two bands, the slow one takes the last turn of the converter.
        let turns = slots.len() + usize::from(slots.len() == 12 && !self.is_lf);
        let slot_of = |channel: usize| {
            let has = |slot: &&str| slot.split_whitespace().any(|word| word.parse() == Ok(channel));
            slots.iter().position(has).map(|slot| slot as f64 / turns as f64)
        };
        let channels = self.channels().unwrap_or_default();
        channels.into_iter().map(slot_of).collect::<Option<_>>().unwrap_or_default()
    }

    /// The probe of the saved channels; `None` where the file does not tell it.
    pub fn probe(&self) -> Option<ReadProbe> {
        if !self.is_of_probe() {
            return None;
        }
        let (contacts, num_shanks) = self.contacts()?;
        let probe = Probe {
            name: self.kind().map_or_else(String::new, |kind| kind.name.to_owned()),
            manufacturer: "imec".to_owned(),
            contacts,
            shank_ids: (0..num_shanks).map(|shank| shank.to_string()).collect(),
            contours_um: Vec::new(),
        };
        let inter_sample_shift = Some(self.shifts()).filter(|shifts| shifts.len() == probe.contacts.len());
        Some(ReadProbe { probe, inter_sample_shift: inter_sample_shift.unwrap_or_default() })
    }
}

/// The probe of a `.meta`.
///
/// # Errors
/// Where it says nothing of contacts.
pub(super) fn read_probe(text: &str, path: &Path) -> Result<ReadProbe, Error> {
    Meta::new(text, path).probe().ok_or_else(|| {
        Error::format(
            path,
            "does not tell where the contacts lie (neither snsGeomMap nor the snsShankMap of a known probe): choose the \
             probe by its name or file",
        )
    })
}
