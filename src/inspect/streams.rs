//! Folders of acquisition programs whose samples lie in raw files: which files those are, and what is written of them.

use crate::io::spikeglx::Meta;
use std::path::{Path, PathBuf};

/// The description of an Open Ephys recording, two folders above its `continuous.dat`.
pub(super) const OEBIN: &str = "structure.oebin";
/// Folders are looked through so deep, so many entries of each, and so many in all.
const DEPTH: usize = 5;
const ENTRIES: usize = 200;
const ALL_ENTRIES: usize = 2000;
/// Streams that are found at most.
const STREAMS: usize = 64;

/// What is written of a raw file by the program that recorded it.
#[derive(Clone, Debug, PartialEq)]
pub struct Described {
    /// Samples per second.
    pub rate: f64,
    /// Columns.
    pub num_channels: usize,
    /// µV per unit, where it is the same for all channels.
    pub gain_to_uv: Option<f64>,
    /// The file that says it.
    pub place: String,
}

/// What is written of a file, as Open Ephys or SpikeGLX do.
pub fn described(path: &Path) -> Option<Described> {
    open_ephys(path).or_else(|| spikeglx(path))
}

/// The raw files of an Open Ephys or SpikeGLX folder, the one with spikes first.
pub fn streams_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    look_into(folder, DEPTH, &mut found, &mut { ALL_ENTRIES });
    // The fastest first, of those the widest; each described once.
    let mut ranked: Vec<_> = found
        .into_iter()
        .filter_map(|path: PathBuf| {
            let is_nidq = path.to_string_lossy().contains(".nidq.");
            let known = described(&path)?;
            let rate = if is_nidq { 0 } else { known.rate as i64 };
            Some(((-rate, -(known.num_channels as i64)), path))
        })
        .collect();
    ranked.sort();
    ranked.into_iter().map(|(_, path)| path).collect()
}

fn look_into(folder: &Path, depth: usize, found: &mut Vec<PathBuf>, left: &mut usize) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> =
        entries.take(ENTRIES).filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        if found.len() >= STREAMS || *left == 0 {
            return;
        }
        *left -= 1;
        let is_raw = path.file_name().is_some_and(|name| name == "continuous.dat")
            || (path.extension().is_some_and(|ending| ending == "bin")
                && path.with_extension("meta").is_file());
        if is_raw {
            found.push(path);
        } else if depth > 1 && path.is_dir() {
            look_into(&path, depth - 1, found, left);
        }
    }
}

fn open_ephys(path: &Path) -> Option<Described> {
    let folder = path.parent()?;
    let text = std::fs::read(folder.parent()?.parent()?.join(OEBIN)).ok()?;
    let described: serde_json::Value = serde_json::from_slice(&text).ok()?;
    let name = folder.file_name()?.to_string_lossy().into_owned();
    let is_it = |stream: &&serde_json::Value| {
        stream["folder_name"].as_str().is_some_and(|own| own.trim_end_matches('/') == name)
    };
    let stream = described["continuous"].as_array()?.iter().find(is_it)?;
    let channels = stream["channels"].as_array().map(Vec::as_slice).unwrap_or_default();
    let gain = |channel: &serde_json::Value| {
        channel["bit_volts"].as_f64().filter(|_| channel["units"].as_str() != Some("V"))
    };
    let first = channels.first().and_then(gain);
    Some(Described {
        rate: plausible(stream["sample_rate"].as_f64()?)?,
        num_channels: stream["num_channels"].as_u64()? as usize,
        gain_to_uv: first.filter(|_| channels.iter().all(|channel| gain(channel) == first)),
        place: OEBIN.to_owned(),
    })
}

fn spikeglx(path: &Path) -> Option<Described> {
    let file = path.with_extension("meta");
    let text = std::fs::read(&file).ok()?;
    let text = String::from_utf8_lossy(&text);
    let meta = Meta::new(&text, &file);
    let rate = ["imSampRate", "niSampRate", "obSampRate"].into_iter().find_map(|key| meta.number(key))?;
    Some(Described {
        rate: plausible(rate)?,
        num_channels: meta.number("nSavedChans").filter(|count| *count >= 1.0)? as usize,
        gain_to_uv: meta.gain_to_uv(),
        place: file.file_name()?.to_string_lossy().into_owned(),
    })
}

/// A sampling frequency that can be one.
pub(super) fn plausible(rate: f64) -> Option<f64> {
    (100.0..=1e6).contains(&rate).then_some(rate)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn spikeglx_tells_its_channels_rate_and_gain_and_the_stream_with_spikes_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let imec = folder.path().join("run_g0/run_g0_imec0");
        std::fs::create_dir_all(&imec).unwrap();
        let write = |folder: &Path, name: &str, meta: &str| {
            std::fs::write(folder.join(format!("{name}.bin")), [0; 64]).unwrap();
            std::fs::write(folder.join(format!("{name}.meta")), meta).unwrap();
        };
        let probe = "nSavedChans=385\nimAiRangeMax=0.6\nimMaxInt=512\nimChan0apGain=500\nimChan0lfGain=250\n";
        write(&imec, "run_g0_t0.imec0.lf", &format!("{probe}imSampRate=2500\n"));
        write(&imec, "run_g0_t0.imec0.ap", &format!("{probe}imSampRate=30000\n"));
        write(folder.path(), "run_g0_t0.nidq", "nSavedChans=9\nniSampRate=30003.0003\n");
        let found = streams_in(folder.path());
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["run_g0_t0.imec0.ap.bin", "run_g0_t0.imec0.lf.bin", "run_g0_t0.nidq.bin"]);
        let known = described(&found[0]).unwrap();
        assert_eq!((known.num_channels, known.rate), (385, 30_000.0));
        assert_eq!(known.gain_to_uv, Some(0.6e6 / 512.0 / 500.0));
        assert_eq!(described(&found[2]).unwrap().gain_to_uv, None);
    }
}
