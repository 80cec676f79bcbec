//! What a raw file may be: its likely layouts, and what lies beside it that tells the sampling frequency.

use super::{
    beside::{ProbeBeside, prefer, probes_beside},
    streams::{described, plausible},
};
use crate::{
    data::DType,
    engine::layout::{Bytes, RawLayout, Suggestion, suggest},
};
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
    sync::{Mutex, PoisonError},
};

/// Text files beside a recording that are read, up to this size.
const TEXT_BYTES: u64 = 1 << 16;
/// Entries of a folder that are looked at.
const ENTRIES: usize = 500;
/// What sampling frequencies are called.
const RATE_WORDS: [&str; 8] = [
    "sampling_frequency",
    "sample_rate",
    "sampling_rate",
    "samplingrate",
    "samplerate",
    "sampling rate",
    "sample rate",
    "fs",
];

/// What was found out about a raw file.
#[derive(Clone, Debug, Default)]
pub struct RawFile {
    /// Bytes.
    pub size: u64,
    /// Layouts it may have, the likeliest first.
    pub suggestions: Vec<Suggestion>,
    /// Its sampling frequency in Hz and where that stands.
    pub rate: Option<(f64, String)>,
    /// µV per unit, where the program that recorded it says so.
    pub gain_to_uv: Option<f64>,
    /// The file that the program which recorded it wrote about it.
    pub described_in: Option<String>,
    /// Probes that lie beside it, its own first.
    pub probes: Vec<ProbeBeside>,
}

/// Looks at a raw file; reads a few megabytes of it.
///
/// # Errors
/// Where it cannot be read, in words.
pub fn raw_file(path: &Path) -> Result<RawFile, String> {
    let failed = |error: std::io::Error| format!("{} cannot be read: {error}.", path.display());
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    if size == 0 {
        return Err(format!("{} is empty: record or copy it again.", path.display()));
    }
    let file = Mutex::new(file);
    let read = |at: u64, count: usize| {
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = vec![0; count];
        file.seek(SeekFrom::Start(at)).ok()?;
        file.read_exact(&mut bytes).ok().map(|()| bytes)
    };
    let bytes = Bytes { size, read: &read };
    let mut suggestions = suggest(&bytes);
    let mut probes = probes_beside(path);
    let Some(stream) = described(path) else {
        if let Some(probe) = probes.first_mut().filter(|probe| probe.is_its_own) {
            probe.is_its_own = prefer(&mut suggestions, size, probe, &bytes);
        }
        return Ok(RawFile { size, suggestions, rate: rate(path), probes, ..RawFile::default() });
    };
    // What is written wins over what the bytes look like.
    let layout = RawLayout {
        dtype: DType::Int16,
        big_endian: false,
        num_channels: stream.num_channels,
        file_offset: 0,
        time_axis: 0,
    };
    suggestions.retain(|found| found.layout != layout);
    suggestions.insert(0, Suggestion { layout, reason: format!("as {} says", stream.place), bits: 0.0 });
    let described_in = Some(stream.place.clone());
    let rate = Some((stream.rate, stream.place));
    Ok(RawFile { size, suggestions, rate, gain_to_uv: stream.gain_to_uv, described_in, probes })
}

/// The sampling frequency that the name of a file or a small text beside it tells.
fn rate(path: &Path) -> Option<(f64, String)> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    if let Some(rate) = rate_in_name(&name) {
        return Some((rate, "the name of the file".to_owned()));
    }
    let mut beside: Vec<_> = std::fs::read_dir(path.parent()?)
        .ok()?
        .take(ENTRIES)
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
            ["json", "txt", "ini", "cfg", "prm", "py", "meta", "xml", "yaml", "yml", "toml"]
                .contains(&ending.as_str())
        })
        .collect();
    // The file that shares its name tells more.
    beside.sort_by_key(|other| (other.file_stem() != path.file_stem(), other.clone()));
    beside.iter().find_map(|other| {
        let small = other.metadata().ok().filter(|data| data.is_file() && data.len() <= TEXT_BYTES)?;
        let text = std::fs::read(other).ok().filter(|bytes| bytes.len() as u64 == small.len())?;
        let rate = rate_in_text(&String::from_utf8(text).ok()?)?;
        Some((rate, other.file_name()?.to_string_lossy().into_owned()))
    })
}

/// `recording_20kHz.dat`, `rec_30000Hz.bin`.
fn rate_in_name(name: &str) -> Option<f64> {
    let lower = name.to_lowercase();
    let at = lower.find("hz")?;
    let (before, factor) = match lower[..at].strip_suffix('k') {
        Some(before) => (before, 1e3),
        None => (&lower[..at], 1.0),
    };
    let digits = before.trim_end_matches(['_', '-', ' ']);
    let start = digits.rfind(|c: char| !c.is_ascii_digit() && c != '.').map_or(0, |i| i + 1);
    plausible(digits[start..].trim_matches('.').parse::<f64>().ok()? * factor)
}

/// The first number after a word for it.
fn rate_in_text(text: &str) -> Option<f64> {
    let lower = text.to_lowercase();
    RATE_WORDS.iter().find_map(|word| {
        lower.match_indices(word).find_map(|(at, _)| {
            let before = lower[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric()) {
                return None;
            }
            let rest =
                lower[at + word.len()..].trim_start_matches(['"', '\'', ' ', '\t', ':', '=', '>', '_']);
            let number: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            plausible(number.trim_end_matches('.').parse().ok()?)
        })
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{super::streams::OEBIN, *};

    #[test]
    fn names_and_texts_tell_the_rate() {
        assert_eq!(rate_in_name("rec_20kHz.dat"), Some(20_000.0));
        assert_eq!(rate_in_name("mouse-30000 Hz.bin"), Some(30_000.0));
        assert_eq!(rate_in_name("rec.dat"), None);
        assert_eq!(rate_in_text("{\"sample_rate\": 15000.0, \"dtype\": \"int16\"}"), Some(15_000.0));
        assert_eq!(rate_in_text("offset = 0\nfs = 24414.0625\n"), Some(24_414.062_5));
        assert_eq!(rate_in_text("refs 20000"), None);
    }

    #[test]
    fn open_ephys_tells_its_channels_rate_and_gain() {
        let folder = tempfile::tempdir().unwrap();
        let stream = folder.path().join("continuous/Rhythm-100.0");
        std::fs::create_dir_all(&stream).unwrap();
        let channel = r#"{"bit_volts": 0.195, "units": "uV"}"#;
        let text = format!(
            r#"{{"continuous": [{{"folder_name": "Rhythm-100.0/", "sample_rate": 25000, "num_channels": 3,
                "channels": [{channel}, {channel}, {channel}]}}]}}"#
        );
        std::fs::write(folder.path().join(OEBIN), text).unwrap();
        let path = stream.join("continuous.dat");
        let samples: Vec<u8> = (0..6000u32).flat_map(|i| ((i * 37 % 201) as i16).to_le_bytes()).collect();
        std::fs::write(&path, samples).unwrap();
        let found = raw_file(&path).unwrap();
        assert_eq!(found.rate, Some((25_000.0, OEBIN.to_owned())));
        assert_eq!(found.gain_to_uv, Some(0.195));
        assert_eq!(found.suggestions[0].layout.num_channels, 3);
    }

    #[test]
    fn an_empty_file_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nothing.dat");
        std::fs::write(&path, []).unwrap();
        assert!(raw_file(&path).unwrap_err().contains("nothing.dat is empty"));
    }
}
