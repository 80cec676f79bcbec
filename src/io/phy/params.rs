//! `params.py`: assignments of literals, parsed and never executed.

use crate::{
    data::DType,
    io::{
        Error,
        python_literal::{Assignments, Literal, assignments, find},
    },
};
use std::path::{Path, PathBuf};

/// What `params.py` says.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// Samples per second, in Hz.
    pub sample_rate: f64,
    /// Raw files, as full paths; empty where the folder has none.
    pub dat_path: Vec<PathBuf>,
    /// Columns of the raw files.
    pub n_channels_dat: Option<usize>,
    /// Number type of the raw files.
    pub dtype: Option<DType>,
    /// True where their most significant byte comes first.
    pub big_endian: bool,
    /// Bytes before the first sample.
    pub offset: u64,
    /// True where the samples are filtered already.
    pub hp_filtered: bool,
}

impl Params {
    /// Reads the file of a phy folder.
    ///
    /// # Errors
    /// Where it is missing or `sample_rate` is no number.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("params.py");
        let bytes = std::fs::read(&path).map_err(|source| Error::io("read", &path, source))?;
        let all = assignments(&String::from_utf8_lossy(&bytes));
        let sample_rate = match find(&all, "sample_rate") {
            Some(Ok(value)) => value.number().filter(|rate| *rate > 0.0),
            Some(Err(e)) => return Err(Error::format(&path, format!("sample_rate: {e}"))),
            None => None,
        };
        let sample_rate = sample_rate.ok_or_else(|| {
            Error::format(
                &path,
                "sample_rate is missing or no number: write a line such as sample_rate = 30000.0",
            )
        })?;
        let dtype = value(&all, "dtype").and_then(Literal::text);
        Ok(Self {
            sample_rate,
            dat_path: raw_files(value(&all, "dat_path"), folder),
            n_channels_dat: value(&all, "n_channels_dat").and_then(Literal::whole).map(|n| n.max(0) as usize),
            dtype: dtype.and_then(DType::parse),
            big_endian: dtype.is_some_and(|d| d.starts_with('>')),
            offset: value(&all, "offset").and_then(Literal::whole).unwrap_or(0).max(0) as u64,
            hp_filtered: value(&all, "hp_filtered") == Some(&Literal::Bool(true)),
        })
    }

    /// The raw files that are really there.
    pub fn existing(&self) -> Vec<PathBuf> {
        self.dat_path.iter().filter(|path| path.is_file()).cloned().collect()
    }
}

fn value<'a>(all: &'a Assignments, name: &str) -> Option<&'a Literal> {
    find(all, name)?.as_ref().ok()
}

/// The paths of `dat_path`; the text `None` is what SpikeInterface writes where there is no file.
fn raw_files(value: Option<&Literal>, folder: &Path) -> Vec<PathBuf> {
    let one = |literal: &Literal| {
        let text = literal.text().map(unescaped).filter(|t| !t.trim().is_empty() && t != "None")?;
        let given = folder.join(&text);
        if given.is_file() {
            return Some(given);
        }
        // A path of another machine: the file may have been moved here together with the folder.
        let name = text.rsplit(['/', '\\']).next().unwrap_or(&text);
        let beside = folder.join(name);
        Some(if beside.is_file() { beside } else { given })
    };
    match value {
        Some(Literal::List(list)) => list.iter().filter_map(one).collect(),
        Some(literal) => one(literal).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Windows paths in plain quotes lose `\n`, `\t` … to escapes: no path holds such characters, so they are put back.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            '\r' => out += "\\r",
            '\u{7}' => out += "\\a",
            '\u{8}' => out += "\\b",
            '\u{b}' => out += "\\v",
            '\u{c}' => out += "\\f",
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn reads_what_phy_spikeinterface_and_kilosort_write() {
        let folder = tempfile::tempdir().unwrap();
        let read = |text: &str| {
            std::fs::write(folder.path().join("params.py"), text).unwrap();
            Params::read(folder.path())
        };
        let p = read(
            "dat_path = r'None'\nn_channels_dat = 16\ndtype = 'int16'\noffset = 0\nsample_rate = 20000.0\n",
        );
        assert!(p.unwrap().dat_path.is_empty());
        let p = read("dat_path = 'C:\\new\\data.bin'\nsample_rate = 25000.\nhp_filtered=True").unwrap();
        assert!(p.dat_path[0].ends_with("C:\\new\\data.bin") && p.hp_filtered);
        std::fs::write(folder.path().join("data.bin"), b"1234").unwrap();
        let p = read("dat_path = ['C:\\new\\data.bin']\nsample_rate = 25000.").unwrap();
        assert_eq!(p.existing(), [folder.path().join("data.bin")]);
        let message = read("import os\nsample_rate = os.system('x')").unwrap_err().to_string();
        assert!(message.contains("sample_rate") && message.contains("nothing is executed"), "{message}");
    }
}
