//! What lies beside a raw file that tells its channels: files of probes, and the layouts that fit them.

use crate::{
    engine::layout::{Bytes, RawLayout, Suggestion, bits_of},
    io::probe::read_probe,
};
use std::path::{Path, PathBuf};

/// Files larger than this are no probes.
const PROBE_BYTES: u64 = 4 << 20;
/// Entries of a folder that are looked at, and files of them that are read.
const ENTRIES: usize = 500;
const FILES: usize = 50;
/// Columns that a recording may have besides those of its contacts: synchronisation, auxiliary inputs.
const EXTRA: usize = 8;

/// A probe beside a raw file.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeBeside {
    /// Its file.
    pub path: PathBuf,
    /// Its contacts.
    pub num_contacts: usize,
    /// Columns that a recording of it has at least.
    pub num_columns: usize,
    /// It is that of this file: the one that is called alike, or the only one, where the bytes can be of it.
    pub is_its_own: bool,
    /// It is called as the file is.
    pub is_called_alike: bool,
}

impl ProbeBeside {
    /// The name of its file.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// True where a recording of so many channels can be of it.
    pub fn fits(&self, num_channels: usize) -> bool {
        (self.num_columns..=self.num_columns + EXTRA).contains(&num_channels)
    }
}

/// The probes beside a file, its own first.
pub fn probes_beside(path: &Path) -> Vec<ProbeBeside> {
    let Some(entries) = path.parent().and_then(|folder| std::fs::read_dir(folder).ok()) else {
        return Vec::new();
    };
    // What SpikeGLX wrote of this file tells its probe, that of another file does not.
    let own_meta = path.with_extension("meta");
    let is_meta = |path: &PathBuf| *path == own_meta;
    let may_be = |path: &PathBuf| {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let is_small = || path.metadata().is_ok_and(|data| data.is_file() && data.len() <= PROBE_BYTES);
        matches!(ending.as_deref(), Some("prb" | "json")) && is_small() || is_meta(path)
    };
    let mut files: Vec<PathBuf> =
        entries.take(ENTRIES).filter_map(|entry| Some(entry.ok()?.path())).filter(may_be).collect();
    files.sort();
    files.truncate(FILES);
    let probe_of = |file: PathBuf| {
        let probe = read_probe(&file.to_string_lossy()).ok()?;
        let last = probe.contacts.iter().filter_map(|contact| contact.device_channel_index).max();
        let num_contacts = probe.contacts.len();
        let num_columns = last.map_or(num_contacts, |last| last + 1);
        (num_contacts > 0).then_some(ProbeBeside {
            path: file,
            num_contacts,
            num_columns,
            is_its_own: false,
            is_called_alike: false,
        })
    };
    let mut found: Vec<ProbeBeside> = files.into_iter().filter_map(probe_of).collect();
    let is_alone = found.len() == 1;
    let own_name = path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default();
    for probe in &mut found {
        let name = probe.path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase());
        probe.is_called_alike = name.is_some_and(|name| name.starts_with(&own_name));
        probe.is_its_own = is_alone || probe.is_called_alike;
    }
    found.sort_by_key(|probe| !probe.is_its_own);
    found
}

/// Bits a value by which the bytes may speak against the only probe of a folder.
const AGAINST: f64 = 0.3;

/// Brings the layout that fits a probe to the front, and adds it where the bytes did not propose it. False where the
/// bytes are not of this probe: the only one that lies there may be that of other files.
pub fn prefer(suggestions: &mut Vec<Suggestion>, size: u64, probe: &ProbeBeside, bytes: &Bytes) -> bool {
    let Some(first) = suggestions.first().cloned() else { return true };
    if probe.fits(first.layout.num_channels) {
        return true;
    }
    let reason = || format!("as many as {} has contacts", probe.name());
    let exact = |s: &Suggestion| s.layout.num_channels == probe.num_columns;
    let near = |s: &Suggestion| probe.fits(s.layout.num_channels);
    if let Some(index) = suggestions.iter().position(exact).or_else(|| suggestions.iter().position(near)) {
        let mut found = suggestions.remove(index);
        if !probe.is_called_alike && found.bits - first.bits > AGAINST {
            suggestions.insert(index, found);
            return false;
        }
        found.reason = format!("{}; {}", reason(), found.reason);
        suggestions.insert(0, found);
        return true;
    }
    let bytes_of_samples = size.saturating_sub(first.layout.file_offset);
    let divides = |channels: &usize| {
        bytes_of_samples.is_multiple_of(*channels as u64 * first.layout.dtype.size() as u64)
    };
    // A file that was cut off divides by none.
    let counts = probe.num_columns..=probe.num_columns + EXTRA;
    let num_channels = counts.into_iter().find(divides).unwrap_or(probe.num_columns);
    let layout = RawLayout { num_channels, time_axis: 0, ..first.layout };
    let worse = bits_of(bytes, &layout).zip(bits_of(bytes, &first.layout)).map(|(this, best)| this - best);
    if !probe.is_called_alike && worse.is_some_and(|worse| worse > AGAINST) {
        return false;
    }
    suggestions.insert(0, Suggestion { layout, reason: reason(), bits: first.bits });
    true
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::data::DType;

    fn suggestion(num_channels: usize) -> Suggestion {
        let layout =
            RawLayout { dtype: DType::Int16, big_endian: false, num_channels, file_offset: 0, time_axis: 0 };
        Suggestion { layout, reason: "bytes".into(), bits: 4.0 }
    }

    fn beside(num_columns: usize) -> ProbeBeside {
        ProbeBeside {
            path: "a.prb".into(),
            num_contacts: num_columns,
            num_columns,
            is_its_own: true,
            is_called_alike: false,
        }
    }

    #[test]
    fn the_number_of_contacts_wins_over_what_the_bytes_look_like() {
        let nothing = Bytes { size: 0, read: &|_, _| None };
        let mut found = vec![suggestion(2), suggestion(4)];
        assert!(prefer(&mut found, 128 * 2 * 1000, &beside(128), &nothing));
        assert_eq!(found[0].layout.num_channels, 128);
        assert_eq!(found[0].reason, "as many as a.prb has contacts");
        // A synchronisation channel more is what the size says.
        let mut found = vec![suggestion(2)];
        prefer(&mut found, 129 * 2 * 1001, &beside(128), &nothing);
        assert_eq!(found[0].layout.num_channels, 129);
        // What fits already stays.
        let mut found = vec![suggestion(385), suggestion(384)];
        prefer(&mut found, 385 * 2 * 1000, &beside(384), &nothing);
        assert_eq!((found[0].layout.num_channels, found.len()), (385, 2));
    }

    #[test]
    fn the_only_probe_or_the_one_of_the_same_name_is_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let raw = folder.path().join("mouse.dat");
        let write = |name: &str| {
            let text = "channel_groups = {0: {'channels': [0, 1, 3], 'geometry': {0: [0, 0], 1: [0, 20], 3: [0, 40]}}}";
            std::fs::write(folder.path().join(name), text).unwrap();
        };
        std::fs::write(folder.path().join("info.json"), "{\"fs\": 30000}").unwrap();
        write("some.prb");
        let found = probes_beside(&raw);
        assert_eq!((found.len(), found[0].num_contacts, found[0].num_columns), (1, 3, 4));
        assert!(found[0].is_its_own);
        write("mouse.prb");
        let found = probes_beside(&raw);
        assert_eq!((found[0].name().as_str(), found[0].is_its_own), ("mouse.prb", true));
        assert!(!found[1].is_its_own);
    }
}
