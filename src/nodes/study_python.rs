//! A study as a Python list of its recordings with their keys.

use super::{
    reader::{ReadRecordingParams, probe_file},
    reader_python::{format_of, opened, with_probe},
};
use crate::{
    io::{
        mda::FIRINGS_TRUTH,
        study::{self, Entry, Place, SETTINGS, Study},
    },
    pipeline::{PythonNames, PythonStep, literal},
};
use serde_json::Value as Json;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// The list: found anew by the script where a pattern or a table says how, else as the recordings lie now.
/// Relative paths of the study start at the folder of the pipeline.
pub fn in_python(study: &Study, reader: &ReadRecordingParams, names: &PythonNames) -> Option<PythonStep> {
    let place = |path: &PathBuf| if path.as_os_str().is_empty() { path.clone() } else { names.place(path) };
    let files = study.files.iter().map(place).collect();
    let entries =
        study::entries(&Study { path: place(&study.path), files, ..study.clone() }).unwrap_or_default();
    let formats: BTreeSet<&str> = entries
        .iter()
        .filter(|entry| is_there(entry))
        .filter_map(|entry| match &entry.place {
            Place::Path(path) => Some(match entry.settings.contains_key("dtype") {
                true => "binary",
                false => format_of(path, reader),
            }),
            Place::Pointed(_) => Some(SPIKEFOREST),
            Place::Nowhere(..) => None,
        })
        .collect();
    let usual = if reader.dtype.is_some() { "binary" } else { "" };
    let format = formats.first().copied().unwrap_or(usual);
    let writer = Writer { study, reader, names, entries: &entries, format };
    let is_table =
        !study.path.as_os_str().is_empty() && !place(&study.path).is_dir() && study.pattern.is_empty();
    // What lies beside the recordings is not read anew.
    let has_points = entries.iter().any(|entry| entry.state_point.is_some());
    let alike = formats.len() <= 1 && study.files.is_empty() && !has_points;
    if alike && !study.pattern.is_empty() {
        return writer.of_pattern();
    }
    if alike && is_table && format == SPIKEFOREST {
        return writer.of_spikeforest();
    }
    if alike && is_table && writer.rows_tell_all() {
        return writer.of_table();
    }
    let plain = |entry: &Entry| entry.settings.is_empty() && matches!(entry.place, Place::Path(_));
    if formats.len() <= 1 && entries.iter().all(plain) { writer.of_paths() } else { writer.as_they_lie() }
}

/// True where there is something to open.
fn is_there(entry: &Entry) -> bool {
    match &entry.place {
        Place::Path(path) => path.exists(),
        Place::Pointed(_) => true,
        Place::Nowhere(..) => false,
    }
}

/// Samples that a JSON points at.
const SPIKEFOREST: &str = "spikeforest";

struct Writer<'s> {
    study: &'s Study,
    reader: &'s ReadRecordingParams,
    names: &'s PythonNames,
    entries: &'s [Entry],
    format: &'s str,
}

impl Writer<'_> {
    fn to(&self) -> &str {
        self.names.output("recording")
    }

    /// The list of true spikes, where they are asked for.
    fn truths(&self) -> Option<&str> {
        self.names.is_used("truth").then(|| self.names.output("truth"))
    }

    /// The probe of all, where one is named, and empty lists to begin with.
    fn begun(&self, step: PythonStep) -> Option<PythonStep> {
        let (probe, _) = with_probe("opened", self.reader, self.names)?;
        let lists = std::iter::once(self.to()).chain(self.truths()).map(|list| format!("{list} = []"));
        Some(probe.into_iter().chain(lists).fold(step, PythonStep::and))
    }

    /// Lines that open one recording of a loop and put it into the list, with what else is kept of it then.
    fn kept(&self, path: &str, told: &[(&str, String)], others: Vec<String>) -> Option<Vec<String>> {
        let (of_probe, told): (Vec<_>, Vec<_>) = told.iter().cloned().partition(|(name, _)| *name == "probe");
        let open = opened(self.format, path, self.reader, &told)?;
        let (_, mut probe) = with_probe("opened", self.reader, self.names)?;
        if let Some((_, file)) = of_probe.first() {
            probe = vec![format!("opened = with_probe(opened, pi.read_probeinterface({file}))")];
        }
        Some(self.appended("keys", &open, probe, others))
    }

    /// Lines that put a recording into the list, with its probe; one that cannot be opened does not stop the others.
    fn appended(&self, keys: &str, open: &str, probe: Vec<String>, others: Vec<String>) -> Vec<String> {
        let open = match self.reader.allow_partial_frame {
            true => format!("opened = with_samples({open}, True)"),
            false => format!("opened = with_samples({open})"),
        };
        let opens = std::iter::once(open).chain(probe).collect();
        let kept = std::iter::once(format!("{}.append(({keys}, opened))", self.to())).chain(others).collect();
        tried(&format!("{keys}, error, {}", self.to()), opens, kept)
    }

    /// How a word becomes the value of a key.
    fn typed(&self, key: &str, word: &str) -> String {
        let all = |is: &dyn Fn(&Json) -> bool| {
            !self.entries.is_empty() && self.entries.iter().all(|entry| entry.keys.get(key).is_some_and(is))
        };
        let is_truth = |value: &Json| value.is_boolean() || value == "true" || value == "false";
        let is_cell = self.study.pattern.is_empty() && !self.is_json();
        if all(&Json::is_i64) {
            // A cell may be 1.0.
            if is_cell { format!("int(float({word}))") } else { format!("int({word})") }
        } else if all(&Json::is_number) {
            format!("float({word})")
        } else if all(&is_truth) {
            format!("word({word}).lower() == \"true\"")
        } else {
            word.to_owned()
        }
    }

    fn of_pattern(&self) -> Option<PythonStep> {
        let pattern = study::Pattern::parse(&self.study.pattern).ok()?;
        let folder = format!("{}_folder", self.to());
        let typed =
            |key: &str| format!("{}: {}", literal(key), self.typed(key, &format!("found[{}]", literal(key))));
        let keys: Vec<String> = pattern.keys().into_iter().map(typed).collect();
        let inner = [
            format!(
                "found = re.fullmatch({}, path.relative_to({folder}).as_posix())",
                literal(pattern.regex())
            ),
            "if found is None:".to_owned(),
            "    continue".to_owned(),
            format!("keys = {{{}}}", keys.join(", ")),
        ];
        let step = PythonStep::default().and(format!("{folder} = {}", self.names.path(&self.study.path)));
        let step = self.begun(step)?;
        let step = step.and(format!("for path in {folder}.glob({}):", literal(pattern.glob())));
        let truth =
            self.truths().map(|list| format!("{list}.append((keys, path / {}))", literal(FIRINGS_TRUTH)));
        let lines = inner.into_iter().chain(self.kept("path", &[], truth.into_iter().collect())?);
        // Files come in any order.
        let order = literal(pattern.keys());
        let lists = std::iter::once(self.to()).chain(self.truths());
        let sorted = lists.map(|list| format!("{list}.sort(key=lambda item: order(item[0], {order}))"));
        let step = lines.fold(step, |step, line| step.and(format!("    {line}")));
        Some(sorted.fold(step, PythonStep::and).over_items())
    }

    /// True where every row of a table says the same things, in a way that the script can read.
    fn rows_tell_all(&self) -> bool {
        let keys = |entry: &Entry| entry.keys.keys().cloned().collect::<Vec<_>>();
        let told = |entry: &Entry| entry.settings.keys().cloned().collect::<BTreeSet<_>>();
        let there: Vec<&Entry> = self.entries.iter().filter(|entry| is_there(entry)).collect();
        let is_probe_json = |entry: &&Entry| {
            let probe = entry.settings.get("probe").and_then(Json::as_str).map(Path::new);
            probe.is_none_or(|file| file.extension().is_some_and(|ending| ending == "json") && file.is_file())
        };
        !self.entries.iter().any(|entry| entry.keys.contains_key("row"))
            && self.entries.windows(2).all(|pair| keys(&pair[0]) == keys(&pair[1]))
            && there.windows(2).all(|pair| told(pair[0]) == told(pair[1]))
            && there.iter().all(is_probe_json)
    }

    /// True where the table is JSON.
    fn is_json(&self) -> bool {
        self.study.path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"))
    }

    /// The rows of the table; `None` where its columns are lists of their own.
    fn rows(&self) -> Option<String> {
        let table = self.names.path(&self.study.path);
        if !self.is_json() {
            return Some(format!("table_rows({table})"));
        }
        let value = crate::io::json::read(&self.names.place(&self.study.path)).ok()?;
        let of_recordings = match value.is_array() {
            true => "",
            false => value.get("recordings").map(|_| "[\"recordings\"]")?,
        };
        Some(format!("json.loads(({table}).read_text()){of_recordings}"))
    }

    /// Where paths in the table start.
    fn folder_of_table(&self) -> String {
        let parent = self.study.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent.map_or("BASE".to_owned(), |parent| self.names.path(parent))
    }

    fn of_table(&self) -> Option<PythonStep> {
        let Some(rows) = self.rows() else { return self.as_they_lie() };
        let column = if self.study.path_column.is_empty() { "path" } else { &self.study.path_column };
        let keys = self.entries.first()?.keys.keys();
        let keys = keys.map(|key| format!("{}: {}", literal(key), self.typed(key, &of_row(key))));
        let base = self.folder_of_table();
        let mut lines = Vec::new();
        if self.entries.iter().any(|entry| matches!(entry.place, Place::Nowhere(..))) {
            lines.extend([format!("if not row.get({}):", literal(column)), "    continue".to_owned()]);
        }
        lines.push(format!("keys = {{{}}}", keys.collect::<Vec<_>>().join(", ")));
        let strip = if self.is_json() { ".strip()" } else { "" };
        lines.push(format!("path = {base} / {}{strip}", of_row(column)));
        if self.entries.iter().any(|entry| matches!(entry.place, Place::Path(_)) && !is_there(entry)) {
            lines.extend([
                "if not path.exists():".to_owned(),
                format!("    left_out(keys, f\"{{path}} is not there\", {})", self.to()),
                "    continue".to_owned(),
            ]);
        }
        let mut truth = Vec::new();
        if let Some(list) = self.truths() {
            truth.extend(match self.has_column_of_truth() {
                true => [
                    "if row[\"truth\"]:".to_owned(),
                    format!("    {list}.append((keys, {base} / row[\"truth\"]))"),
                ],
                false => [
                    format!("if (path / {}).is_file():", literal(FIRINGS_TRUTH)),
                    format!("    {list}.append((keys, path / {}))", literal(FIRINGS_TRUTH)),
                ],
            });
        }
        lines.extend(self.kept("path", &self.told_by_row(), truth)?);
        let step = self.begun(PythonStep::default())?.and(format!("for row in {rows}:"));
        Some(lines.into_iter().fold(step, |step, line| step.and(format!("    {line}"))).over_items())
    }

    /// Settings of the reader that each row says.
    fn told_by_row(&self) -> Vec<(&'static str, String)> {
        let told = SETTINGS.iter().filter(|name| {
            self.entries.iter().any(|entry| is_there(entry) && entry.settings.contains_key(**name))
        });
        let argument = |name: &&'static str| {
            let word = of_row(name);
            let number = |kind: &str| if self.is_json() { word.clone() } else { format!("{kind}({word})") };
            match *name {
                "gain_to_uv" => ("gain_to_uV", number("float")),
                "offset_to_uv" => ("offset_to_uV", number("float")),
                "num_channels" => ("num_channels", number("int")),
                "sampling_frequency" => ("sampling_frequency", number("float")),
                "probe" => ("probe", format!("{} / {word}", self.folder_of_table())),
                other => (other, word),
            }
        };
        told.map(argument).collect()
    }

    fn has_column_of_truth(&self) -> bool {
        self.entries.iter().any(|entry| match (&entry.place, &entry.truth) {
            (Place::Path(path), Some(Ok(truth))) => *truth != path.join(FIRINGS_TRUTH),
            _ => false,
        })
    }

    /// A study set, a study or a recording of SpikeForest: JSON that points at JSON that points at samples.
    fn of_spikeforest(&self) -> Option<PythonStep> {
        let path = &self.study.path;
        let value = crate::io::json::read(&self.names.place(path)).ok()?;
        let file = format!("{}_file", self.to());
        let read = format!("json.loads({file}.read_text())");
        let all = if value.get("studies").is_some() {
            format!("[entry for study in {read}[\"studies\"] for entry in study[\"recordings\"]]")
        } else if value.get("recordings").is_some() {
            format!("{read}[\"recordings\"]")
        } else {
            // A recording by itself.
            return self.as_they_lie();
        };
        let keys: BTreeSet<&String> = self.entries.iter().flat_map(|entry| entry.keys.keys()).collect();
        let pairs = keys.into_iter().map(|key| {
            let word = format!("entry[{}]", literal(study::spikeforest_field(key)));
            format!("{}: {}", literal(key), self.typed(key, &word))
        });
        let opened = format!("read_spikeforest(pointed(entry[\"recordingUri\"], {file}))");
        let mut lines = vec![
            format!("for entry in {all}:"),
            format!("    keys = {{{}}}", pairs.collect::<Vec<_>>().join(", ")),
        ];
        let (_, probe) = with_probe("opened", self.reader, self.names)?;
        let opens = std::iter::once(format!("opened = with_samples({opened})")).chain(probe).collect();
        let mut kept = vec![format!("{}.append((keys, opened))", self.to())];
        if let Some(list) = self.truths() {
            kept.extend([
                "if \"sortingTrueUri\" in entry:".to_owned(),
                format!("    truth_file = pointed(entry[\"sortingTrueUri\"], {file})"),
                "    firings = json.loads(truth_file.read_text())[\"firings\"]".to_owned(),
                format!("    {list}.append((keys, pointed(firings, truth_file)))"),
            ]);
        }
        lines.extend(
            tried(&format!("keys, error, {}", self.to()), opens, kept)
                .into_iter()
                .map(|line| format!("    {line}")),
        );
        let step = self.begun(PythonStep::default().and(format!("{file} = {}", self.names.path(path))))?;
        Some(lines.into_iter().fold(step, PythonStep::and).over_items())
    }

    /// A remark on a recording that is not opened, and why.
    fn left_out(&self, entry: &Entry) -> Option<String> {
        let reason = match &entry.place {
            Place::Nowhere(_, reason) => reason,
            _ if is_there(entry) => return None,
            _ => "it is not there",
        };
        Some(remark(&format!("{} is left out: {reason}", entry.name())))
    }

    /// A line a recording, all opened alike.
    fn of_paths(&self) -> Option<PythonStep> {
        let mut step = self.begun(PythonStep::default())?.and("for keys, path in [");
        for entry in self.entries {
            step = step.and(match (&entry.place, self.left_out(entry)) {
                (Place::Path(path), None) => {
                    let path = self.names.path_of_place(path).replacen("BASE / ", "", 1);
                    format!("    ({}, {path}),", literal(&entry.keys))
                }
                (_, said) => format!("    {}", said?),
            });
        }
        step = step.and("]:");
        let truth = self.truths().map(|list| {
            let file = format!("BASE / path / {}", literal(FIRINGS_TRUTH));
            vec![format!("if ({file}).is_file():"), format!("    {list}.append((keys, {file}))")]
        });
        let lines = self.kept("BASE / path", &[], truth.into_iter().flatten().collect())?;
        Some(lines.into_iter().fold(step, |step, line| step.and(format!("    {line}"))).over_items())
    }

    /// Each recording opened by itself.
    fn as_they_lie(&self) -> Option<PythonStep> {
        let lists = std::iter::once(self.to()).chain(self.truths()).map(|list| format!("{list} = []"));
        let mut step = lists.fold(PythonStep::default(), PythonStep::and);
        // Those after each other may have the same probe.
        let mut probe = None;
        for entry in self.entries {
            let mut reader = match (self.left_out(entry), entry.told(self.reader)) {
                (None, Ok(reader)) => reader,
                (Some(said), _) => {
                    step = step.and(said);
                    continue;
                }
                (None, Err(error)) => {
                    step = step.and(remark(&format!("left out: {error}")));
                    continue;
                }
            };
            // Paths of the table are found already.
            if let Some(file) = probe_file(&reader).filter(|_| entry.settings.contains_key("probe")) {
                reader.probe = std::path::absolute(file).ok().map(|file| file.display().to_string());
            }
            let open = match &entry.place {
                Place::Path(path) => {
                    opened(format_of(path, &reader), &self.names.path_of_place(path), &reader, &[])?
                }
                Place::Pointed(pointer) => {
                    format!("read_spikeforest({})", self.names.path_of_place(&pointer.described_by))
                }
                Place::Nowhere(..) => return None,
            };
            let (made, given) = with_probe("opened", &reader, self.names)?;
            if made.is_some() && made != probe {
                step = made.iter().fold(step, PythonStep::and);
                probe = made;
            }
            let keys = literal(&entry.keys);
            let truth = match (self.truths(), &entry.truth) {
                (Some(list), Some(Ok(truth))) => {
                    vec![format!("{list}.append(({keys}, {}))", self.names.path_of_place(truth))]
                }
                _ => Vec::new(),
            };
            step = self.appended(&keys, &open, given, truth).into_iter().fold(step, PythonStep::and);
        }
        Some(step.over_items())
    }
}

/// Lines that are tried, and those that follow where they went well.
fn tried(told: &str, lines: Vec<String>, then: Vec<String>) -> Vec<String> {
    let within = |line: String| format!("    {line}");
    let tried = std::iter::once("try:".to_owned()).chain(lines.into_iter().map(within));
    let caught =
        ["except Exception as error:".to_owned(), format!("    left_out({told})"), "else:".to_owned()];
    tried.chain(caught).chain(then.into_iter().map(within)).collect()
}

/// The cell of a row.
fn of_row(column: &str) -> String {
    format!("row[{}]", literal(column))
}

/// A remark, which ends with its line.
fn remark(text: &str) -> String {
    format!("# {}", text.replace(char::is_control, " "))
}
