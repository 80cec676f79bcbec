//! A study as a Python list of its recordings with their keys.

use super::{
    reader::ReadRecordingParams,
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
    let alike = formats.len() <= 1 && study.files.is_empty();
    if alike && !study.pattern.is_empty() {
        return writer.of_pattern();
    }
    if alike && is_table && format == SPIKEFOREST {
        return writer.of_spikeforest();
    }
    let keys = |entry: &Entry| entry.keys.keys().cloned().collect::<Vec<_>>();
    let same_keys = entries.windows(2).all(|pair| keys(&pair[0]) == keys(&pair[1]));
    if alike && is_table && same_keys && !entries.iter().any(|entry| entry.keys.contains_key("row")) {
        return writer.of_table();
    }
    let plain = |entry: &Entry| entry.settings.is_empty() && matches!(entry.place, Place::Path(_));
    if formats.len() <= 1 && entries.iter().all(plain) { writer.of_paths() } else { writer.as_they_lie() }
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

    /// The lists in the order of their keys.
    fn ended(&self, step: PythonStep) -> PythonStep {
        let lists = std::iter::once(self.to()).chain(self.truths());
        lists.fold(step, |step, list| step.and(format!("{list}.sort(key=order)"))).over_items()
    }

    /// Lines that open one recording and put it into the list.
    fn kept(&self, path: &str, told: &[(&str, String)]) -> Option<Vec<String>> {
        let (of_probe, told): (Vec<_>, Vec<_>) = told.iter().cloned().partition(|(name, _)| *name == "probe");
        let open = opened(self.format, path, self.reader, &told)?;
        let (_, mut probe) = with_probe("opened", self.reader, self.names)?;
        if let Some((_, file)) = of_probe.first() {
            probe = vec![format!("opened = opened.set_probegroup(pi.read_probeinterface({file})) or opened")];
        }
        if probe.is_empty() {
            return Some(vec![format!("{}.append((keys, {open}))", self.to())]);
        }
        let kept = format!("{}.append((keys, opened))", self.to());
        Some(std::iter::once(format!("opened = {open}")).chain(probe).chain([kept]).collect())
    }

    /// How a word becomes the value of a key.
    fn typed(&self, key: &str, word: &str) -> String {
        let all =
            |is: fn(&Json) -> bool| self.entries.iter().all(|entry| entry.keys.get(key).is_some_and(is));
        match (self.entries.is_empty(), all(Json::is_i64), all(Json::is_number)) {
            (true, ..) | (_, false, false) => word.to_owned(),
            (_, true, _) => format!("int({word})"),
            (_, false, true) => format!("float({word})"),
        }
    }

    fn of_pattern(&self) -> Option<PythonStep> {
        let pattern = study::Pattern::parse(&self.study.pattern).ok()?;
        let folder = format!("{}_folder", self.to());
        let typed =
            |key: &str| format!("{}: {}", literal(key), self.typed(key, &format!("found[{}]", literal(key))));
        let keys: Vec<String> = pattern.keys().into_iter().map(typed).collect();
        let inner = [
            format!("found = re.fullmatch(r\"{}\", path.relative_to({folder}).as_posix())", pattern.regex()),
            "if found is None:".to_owned(),
            "    continue".to_owned(),
            format!("keys = {{{}}}", keys.join(", ")),
        ];
        let step = PythonStep::default().and(format!("{folder} = {}", self.names.path(&self.study.path)));
        let step = self.begun(step)?;
        let step = step.and(format!("for path in {folder}.glob({}):", literal(pattern.glob())));
        let truth =
            self.truths().map(|list| format!("{list}.append((keys, path / {}))", literal(FIRINGS_TRUTH)));
        let lines = inner.into_iter().chain(self.kept("path", &[])?).chain(truth);
        Some(self.ended(lines.fold(step, |step, line| step.and(format!("    {line}")))))
    }

    fn of_table(&self) -> Option<PythonStep> {
        let path = &self.study.path;
        let ending =
            path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        let table = self.names.path(path);
        let column = if self.study.path_column.is_empty() { "path" } else { &self.study.path_column };
        let mut step = self.begun(PythonStep::default())?;
        let rows = if ending == "json" {
            let value = crate::io::json::read(&self.names.place(path)).ok()?;
            let of_recordings = if value.is_array() { "" } else { "[\"recordings\"]" };
            // Columns are lists of their own where there is no list of recordings.
            if !value.is_array() && value.get("recordings").is_none() {
                return self.as_they_lie();
            }
            format!("json.loads(({table}).read_text()){of_recordings}")
        } else {
            let delimiter = if ending == "tsv" { ", delimiter=\"\\t\"" } else { "" };
            format!("csv.DictReader(({table}).read_text().splitlines(){delimiter})")
        };
        step = step.and(format!("for row in {rows}:"));
        let is_text = ending != "json";
        let mut lines = Vec::new();
        let is_missing = |entry: &Entry| matches!(entry.place, Place::Nowhere(..));
        if self.entries.iter().any(is_missing) {
            lines.extend([format!("if not row.get({}):", literal(column)), "    continue".to_owned()]);
        }
        let of_row = |name: &str| format!("row[{}]", literal(name));
        let keys = self.entries.first()?.keys.keys().map(|key| {
            let word = of_row(key);
            format!("{}: {}", literal(key), if is_text { self.typed(key, &word) } else { word })
        });
        lines.push(format!("keys = {{{}}}", keys.collect::<Vec<_>>().join(", ")));
        let base = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let base = base.map_or("BASE".to_owned(), |parent| format!("({})", self.names.path(parent)));
        let file = format!("{base} / {}", of_row(column));
        let told: Vec<(&str, String)> = SETTINGS
            .iter()
            .filter(|name| self.entries.iter().any(|entry| entry.settings.contains_key(**name)))
            .map(|name| {
                let word = of_row(name);
                let (name, number) = match *name {
                    "gain_to_uv" => ("gain_to_uV", "float"),
                    "offset_to_uv" => ("offset_to_uV", "float"),
                    "num_channels" => ("num_channels", "int"),
                    "sampling_frequency" => ("sampling_frequency", "float"),
                    "probe" => return ("probe", format!("{base} / {word}")),
                    other => (other, ""),
                };
                (name, if is_text && !number.is_empty() { format!("{number}({word})") } else { word })
            })
            .collect();
        // A row that leaves a setting to the others has to be asked for it.
        let partly = |name: &&str| {
            let has = |entry: &Entry| entry.settings.contains_key(*name) || is_missing(entry);
            self.entries.iter().any(|entry| entry.settings.contains_key(*name))
                && !self.entries.iter().all(has)
        };
        if SETTINGS.iter().any(partly) {
            return self.as_they_lie();
        }
        lines.extend(self.kept(&file, &told)?);
        if let Some(list) = self.truths() {
            let named = self.has_column_of_truth();
            lines.push(match named {
                true => format!("{list}.append((keys, {base} / row[\"truth\"]))"),
                false => format!("{list}.append((keys, {file} / {}))", literal(FIRINGS_TRUTH)),
            });
        }
        Some(self.ended(lines.into_iter().fold(step, |step, line| step.and(format!("    {line}")))))
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
            "    try:".to_owned(),
            format!("        opened = {opened}"),
            "    except FileNotFoundError as error:".to_owned(),
            "        print(f\"{entry['name']} is left out: {error}\")".to_owned(),
            "        continue".to_owned(),
        ];
        let (_, probe) = with_probe("opened", self.reader, self.names)?;
        lines.extend(probe.into_iter().map(|line| format!("    {line}")));
        lines.push(format!("    {}.append((keys, opened))", self.to()));
        if let Some(list) = self.truths() {
            lines.extend([
                "    if \"sortingTrueUri\" in entry:".to_owned(),
                format!("        truth_file = pointed(entry[\"sortingTrueUri\"], {file})"),
                "        firings = json.loads(truth_file.read_text())[\"firings\"]".to_owned(),
                format!("        {list}.append((keys, pointed(firings, truth_file)))"),
            ]);
        }
        let step = self.begun(PythonStep::default().and(format!("{file} = {}", self.names.path(path))))?;
        Some(self.ended(lines.into_iter().fold(step, PythonStep::and)))
    }

    /// A line a recording, all opened alike.
    fn of_paths(&self) -> Option<PythonStep> {
        let line = |entry: &Entry, path: &Path| {
            let path = self.names.path_of_place(path).replacen("BASE / ", "", 1);
            format!("    ({}, {path}),", literal(&entry.keys))
        };
        let mut step = self.begun(PythonStep::default())?.and("for keys, path in [");
        for entry in self.entries {
            match &entry.place {
                Place::Path(path) => step = step.and(line(entry, path)),
                _ => return None,
            }
        }
        step = step.and("]:");
        let truth = self.truths().map(|list| {
            let file = format!("BASE / path / {}", literal(FIRINGS_TRUTH));
            vec![format!("if ({file}).is_file():"), format!("    {list}.append((keys, {file}))")]
        });
        let lines = self.kept("BASE / path", &[])?.into_iter().chain(truth.into_iter().flatten());
        Some(lines.fold(step, |step, line| step.and(format!("    {line}"))).over_items())
    }

    /// A line a recording, each opened by itself.
    fn as_they_lie(&self) -> Option<PythonStep> {
        let mut step = PythonStep::default();
        let (mut recordings, mut truths) = (Vec::new(), Vec::new());
        for entry in self.entries {
            let own = serde_json::to_value(self.reader).ok().and_then(|mut value| {
                value.as_object_mut()?.extend(entry.settings.clone());
                serde_json::from_value(value).ok()
            });
            let reader: ReadRecordingParams = own.unwrap_or_else(|| self.reader.clone());
            let open = match &entry.place {
                Place::Path(path) => {
                    let format = format_of(path, &reader);
                    opened(format, &self.names.path_of_place(path), &reader, &[])?
                }
                Place::Pointed(pointer) => {
                    format!("read_spikeforest({})", self.names.path_of_place(&pointer.described_by))
                }
                Place::Nowhere(name, reason) => {
                    step = step.and(format!("# {name} is left out: {}", reason.replace('\n', " ")));
                    continue;
                }
            };
            let keys = literal(&entry.keys);
            recordings.push(format!("    ({keys}, {open}),"));
            if let Some(Ok(truth)) = &entry.truth {
                truths.push(format!("    ({keys}, {}),", self.names.path_of_place(truth)));
            }
        }
        let lists = [(Some(self.to()), recordings), (self.truths(), truths)];
        for (to, lines) in lists.into_iter().filter_map(|(to, lines)| Some((to?, lines))) {
            step = step.and(format!("{to} = ["));
            step = lines.into_iter().fold(step, PythonStep::and).and("]");
        }
        let (made, probe) = with_probe("opened", self.reader, self.names)?;
        if !probe.is_empty() {
            step = made.into_iter().fold(step, PythonStep::and);
            step = step.and(format!("for index, (keys, opened) in enumerate({}):", self.to()));
            step = probe.into_iter().fold(step, |step, line| step.and(format!("    {line}")));
            step = step.and(format!("    {}[index] = (keys, opened)", self.to()));
        }
        Some(step.over_items())
    }
}
