//! Values as files for a program, and back.

use super::command_ports::{Format, Ported};
use crate::{
    data::{Events, Recording, Table, TableColumn},
    engine::{Monitor, chain},
    io,
    pipeline::{Inputs, NodeError, Outputs, PortType, RunContext, Value, WrittenRecording},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Folders within that of the task.
pub const WORK: &str = "work";
/// Of what it is given.
pub const INPUTS: &str = "inputs";
/// Of what it writes.
pub const OUTPUTS: &str = "outputs";

/// The folders a command works with.
pub struct Places {
    folder: PathBuf,
}

impl Places {
    /// Empty folders: what an earlier try left is of no use.
    pub fn begin(folder: &Path) -> Result<Self, NodeError> {
        for name in [WORK, INPUTS, OUTPUTS] {
            let path = folder.join(name);
            if path.exists() {
                fs::remove_dir_all(&path).map_err(|e| io::Error::io("remove", &path, e))?;
            }
            fs::create_dir_all(&path).map_err(|e| io::Error::io("create", &path, e))?;
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// Where it runs.
    pub fn work(&self) -> PathBuf {
        self.folder.join(WORK)
    }

    /// Where an output is expected.
    pub fn of_output(&self, port: &Ported) -> PathBuf {
        self.folder.join(OUTPUTS).join(file_name(port))
    }

    /// Writes an input and gives the values its names stand for.
    pub fn hand_over(
        &self,
        port: &Ported,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<BTreeMap<String, String>, NodeError> {
        let folder = self.folder.join(INPUTS);
        let at = |ending: &str| folder.join(format!("{}{ending}", port.name));
        let name = port.name;
        let mut values = BTreeMap::new();
        let path = match (port.port_type, port.format) {
            (PortType::Recording, format) => {
                let chain = chain::compile(inputs.recording(name)?)?;
                let info = chain.info().clone();
                let frames = info.total_frames();
                for (what, value) in [
                    ("sampling_frequency", info.sampling_frequency.to_string()),
                    ("num_channels", info.num_channels().to_string()),
                    ("num_frames", frames.to_string()),
                    ("dtype", info.dtype.to_string()),
                ] {
                    values.insert(format!("{name}.{what}"), value);
                }
                context.stage("hand over");
                let source = chain::ChainSource::new(chain);
                let progress = |done: u64, total: u64| {
                    context.progress(done, total);
                    !context.cancelled()
                };
                let path = at("");
                if format == Format::Mda {
                    io::mda::write_recording(&source, &info, &path, info.dtype, &progress)?;
                    path
                } else if format == Format::Raw && info.segments.len() != 1 {
                    return Err(NodeError::Input(format!(
                        "{name}: a raw file holds one segment, the recording has {}: concatenate them first, or hand it \
                         over as binary_folder",
                        info.segments.len()
                    )));
                } else {
                    io::binary_folder::write(&source, &info, &path, info.dtype, &progress)?;
                    if format == Format::Raw { path.join("traces_cached_seg0.raw") } else { path }
                }
            }
            (PortType::Sorting, Format::Firings) => {
                let path = at(".mda");
                io::mda::write_firings(inputs.sorting(name)?, &path)?;
                path
            }
            (PortType::Sorting, _) => {
                io::numpy_folder::write(inputs.sorting(name)?, &at(""))?;
                at("")
            }
            (PortType::Table, _) => {
                io::csv::write_table(&at(".csv"), inputs.table(name)?)?;
                at(".csv")
            }
            (PortType::Events, _) => {
                io::csv::write_table(&at(".csv"), &table_of(inputs.events(name)?))?;
                at(".csv")
            }
            _ => match inputs.many(name).first() {
                Some((_, Value::Files(files))) if !files.is_empty() => files[0].clone(),
                _ => return Err(NodeError::Input(format!("input \"{name}\" names no file"))),
            },
        };
        values.insert(name.to_owned(), path.display().to_string());
        Ok(values)
    }

    /// Reads an output and adds it to others. A recording is opened to see that it can be, and stays where it is.
    pub fn take(
        &self,
        port: &Ported,
        ins: &[Ported],
        inputs: &Inputs,
        outputs: Outputs,
    ) -> Result<Outputs, NodeError> {
        let path = self.of_output(port);
        if !path.exists() {
            return Err(NodeError::Input(format!(
                "it did not write {}, where this output is expected ({{{}}})",
                path.display(),
                port.name
            )));
        }
        let value = match port.port_type {
            PortType::Recording => {
                let recording = self.written(port, path, recording_in(ins, inputs))?;
                return Ok(outputs.and_written(port.name, recording));
            }
            PortType::Table => {
                let table = io::csv::read_table(&path)?;
                // A heading alone is a table without rows; what has not even that was never written.
                if table.columns.is_empty() {
                    return Err(NodeError::Input(format!(
                        "{} is empty: a table has at least a heading",
                        path.display()
                    )));
                }
                table.into()
            }
            PortType::Events => io::events::read(&path, rate(ins, inputs))?.into(),
            PortType::Sorting => io::open_sorting(&path, rate(ins, inputs))?.into(),
            _ => Value::Files(Arc::new(vec![path])),
        };
        Ok(outputs.and(port.name, value))
    }

    /// How a recording that was written is opened: what its file does not say is taken from the one that went in.
    fn written(
        &self,
        port: &Ported,
        path: PathBuf,
        given: Option<&Recording>,
    ) -> Result<WrittenRecording, NodeError> {
        let given = given.map(Recording::info);
        let options = match (port.format, given) {
            (Format::Raw, None) => {
                return Err(NodeError::Input(format!(
                    "a raw file does not say how its samples lie, and there is no recording as input that would: write \
                     {} as binary_folder",
                    port.name
                )));
            }
            (Format::Raw, Some(info)) => io::OpenOptions {
                dtype: Some(info.dtype),
                num_channels: Some(info.num_channels()),
                sampling_frequency: Some(info.sampling_frequency),
                gain_to_uv: of_all(info.gain_to_uv.as_ref()),
                offset_to_uv: of_all(info.offset_to_uv.as_ref()),
                ..io::OpenOptions::default()
            },
            // Where the file says it, it has to be that.
            (Format::Mda | Format::Known(".npy"), Some(info)) => io::OpenOptions {
                sampling_frequency: Some(info.sampling_frequency),
                ..io::OpenOptions::default()
            },
            _ => io::OpenOptions::default(),
        };
        let recording =
            io::open_recording(&path, &options).map_err(|error| NodeError::Input(error.to_string()))?;
        let own = recording.info();
        let probe = given
            .and_then(|info| info.probe.as_ref())
            .filter(|probe| own.probe.is_none() && probe.contacts.len() == own.num_channels());
        let probe = match probe {
            None => None,
            Some(probe) => {
                let file = self.folder.join(OUTPUTS).join(format!("{}.probe.json", port.name));
                let text = io::probe::to_json(probe).to_string();
                fs::write(&file, text).map_err(|e| io::Error::io("write", &file, e))?;
                Some(file)
            }
        };
        Ok(WrittenRecording { path, options, probe })
    }
}

/// The name of the file an output is expected in.
pub fn file_name(port: &Ported) -> String {
    match (port.format, port.file.contains('.')) {
        (Format::Csv, false) => format!("{}.csv", port.file),
        (Format::Firings, false) => format!("{}.mda", port.file),
        (Format::Raw, false) => format!("{}.raw", port.file),
        (Format::Known(ending), false) => format!("{}{ending}", port.file),
        _ => port.file.clone(),
    }
}

/// What all channels have in common.
fn of_all(values: Option<&Vec<f64>>) -> Option<f64> {
    let first = *values?.first()?;
    values?.iter().all(|value| *value == first).then_some(first)
}

/// The first recording that is handed over.
fn recording_in<'a>(ins: &[Ported], inputs: &'a Inputs) -> Option<&'a Recording> {
    ins.iter().find_map(|port| match inputs.many(port.name).first() {
        Some((_, Value::Recording(recording))) => Some(recording),
        _ => None,
    })
}

/// Samples per second of the recording, or of the sorting, that is handed over.
fn rate(ins: &[Ported], inputs: &Inputs) -> Option<f64> {
    ins.iter().find_map(|port| match inputs.many(port.name).first() {
        Some((_, Value::Recording(recording))) => Some(recording.info().sampling_frequency),
        Some((_, Value::Sorting(sorting))) => Some(sorting.sampling_frequency),
        _ => None,
    })
}

fn table_of(events: &Events) -> Table {
    let rows = &events.events;
    Table::new(vec![
        ("time_s".into(), TableColumn::Float(rows.iter().map(|e| e.time_s).collect())),
        ("duration_s".into(), TableColumn::Float(rows.iter().map(|e| e.duration_s).collect())),
        ("segment_index".into(), TableColumn::Int(rows.iter().map(|e| e.segment_index as i64).collect())),
        ("label".into(), TableColumn::Text(rows.iter().map(|e| e.label.clone()).collect())),
    ])
}
