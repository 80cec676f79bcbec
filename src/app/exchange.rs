//! Another recording for the pipeline in front: read in place of the one that is there.

use super::{
    App,
    command::Command,
    text, texts,
    wizard::{READER, STUDY},
};
use crate::pipeline::{Edit, NodeInstance, Params};
use std::path::Path;

/// Where a reader finds its file, and where it finds several.
const PATHS: [&str; 2] = ["path", "files"];
/// How the paths of a study tell keys: of a folder, not of files.
const PATTERN: &str = "pattern";
/// Set for files of samples that say nothing of themselves.
const RAW: &str = "dtype";
/// What a file may not say itself, so that it is true of the next one as well.
const PROBE: &str = "probe";
/// What leaves by a reader, whether of one recording or of many.
const OUTPUT: &str = "recording";

impl App {
    /// The node of these kinds that reads what the pipeline in front works on, where it is the only reader.
    pub(super) fn only_reader(&self, kinds: &[&str]) -> Option<String> {
        let is_reader = |node: &&NodeInstance| {
            [READER, STUDY].contains(&node.kind.as_str())
                && !node.muted
                && PATHS.iter().any(|field| node.params.contains_key(*field))
        };
        let mut readers = self.pipeline().nodes().filter(is_reader);
        let first = readers.next().filter(|node| kinds.contains(&node.kind.as_str()))?;
        readers.next().is_none().then(|| first.name.clone())
    }

    /// Says that a recording was added beside another one, with a button that puts it in its place, where all that
    /// leaves the other leaves it as well.
    pub(super) fn offer_exchange(&mut self, reader: String, added: String, path: &Path) {
        let is_told = |wire: &(&str, &str, &str, &str)| wire.0 == reader && wire.1 != OUTPUT;
        let kind = |name: &str| self.pipeline().node(name).map(|node| node.kind.clone());
        if kind(&reader) != kind(&added) && self.pipeline().wires().iter().any(is_told) {
            return;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let words = texts::files::added_beside(&name, &reader);
        let exchange = |runs| Command::Exchange { reader: reader.clone(), added: added.clone(), runs };
        let buttons = vec![
            (texts::files::read_in_place_and_run(&reader), exchange(true)),
            (texts::files::read_in_place(&reader), exchange(false)),
        ];
        self.toasts.offer(self.sheet.number, words, buttons);
    }

    /// Lets a reader read what another one does, which goes; one step to undo. False where one of them is gone.
    pub(super) fn exchange(&mut self, reader: &str, added: &str) -> bool {
        let pipeline = self.pipeline();
        let (Some(old), Some(new)) = (pipeline.node(reader), pipeline.node(added)) else {
            self.toasts.info(texts::files::reader_is_gone());
            return false;
        };
        let edit = if old.kind == READER && new.kind == READER {
            Edit::SetParams(reader.to_owned(), exchanged(&old.params, &new.params))
        } else {
            let specs = self.registry.get(&new.kind).map(|node| node.specs()).unwrap_or_default();
            let names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
            let params = carried_over(&old.params, &new.params, &names);
            Edit::SetKind(reader.to_owned(), new.kind.clone(), params, None)
        };
        let edit = Edit::Batch(vec![Edit::RemoveNode(added.to_owned()), edit]);
        self.edit(edit, &texts::files::read_another_file_in(&text::sentence(reader)), None);
        self.sheet.editor.select([reader.to_owned()]);
        self.look(format!("{reader}.{OUTPUT}"));
        true
    }
}

/// The parameters of a reader, now one whose parameters have these names: what was said besides of the old one stays.
fn carried_over(old: &Params, new: &Params, names: &[&str]) -> Params {
    let holds = |name: &str| {
        names.contains(&name)
            && !PATHS.contains(&name)
            && (name != PATTERN || new.get("path").is_some_and(|path| path.as_str().is_some_and(is_folder)))
    };
    let mut params: Params =
        old.iter().filter(|(name, _)| holds(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
    params.extend(new.clone());
    params
}

/// Told by the name alone, as nothing here waits for a disk: tables have endings.
fn is_folder(path: &str) -> bool {
    Path::new(path).extension().is_none()
}

/// The parameters of a reader that was to read a file, for another file: its layout where it is raw, else what was
/// said besides.
pub fn exchanged(old: &Params, new: &Params) -> Params {
    if new.contains_key(RAW) || old.contains_key(RAW) {
        let mut params = new.clone();
        // A format that tells of itself may tell of its contacts: those of another file are not put over them unseen.
        if let (Some(probe), true, false) = (old.get(PROBE), new.contains_key(RAW), new.contains_key(PROBE)) {
            params.insert(PROBE.to_owned(), probe.clone());
        }
        return params;
    }
    let mut params = old.clone();
    params.extend(new.clone());
    params
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn params(of: &[(&str, serde_json::Value)]) -> Params {
        of.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn what_a_file_does_not_say_itself_holds_for_the_next() {
        let raw = params(&[("path", json!("a")), ("dtype", json!("int16")), ("probe", json!("tetrode"))]);
        let other = params(&[("path", json!("b")), ("dtype", json!("float32"))]);
        assert_eq!(exchanged(&raw, &other)["probe"], json!("tetrode"));
        assert_eq!(exchanged(&raw, &other)["dtype"], json!("float32"));
        // A format that says all of itself takes no layout from a raw file, but the stream of one like it.
        let folder = params(&[("path", json!("c"))]);
        assert_eq!(exchanged(&raw, &folder), folder);
        let stream = params(&[("path", json!("d")), ("stream", json!("ap"))]);
        let expected = params(&[("path", json!("c")), ("stream", json!("ap"))]);
        assert_eq!(exchanged(&stream, &folder), expected);
    }

    #[test]
    fn a_study_takes_the_place_of_another_study_or_of_a_recording() {
        let names = ["path", "files", "pattern", "dtype", "num_channels"];
        let one = params(&[("path", json!("a.bin")), ("dtype", json!("int16")), ("stream", json!("ap"))]);
        let many = params(&[("files", json!(["b.bin", "c.bin"]))]);
        let expected = params(&[("files", json!(["b.bin", "c.bin"])), ("dtype", json!("int16"))]);
        assert_eq!(carried_over(&one, &many, &names), expected);
        let mice = params(&[("path", json!("mice")), ("pattern", json!("{mouse}.bin"))]);
        assert_eq!(carried_over(&mice, &many, &names), many);
        let rats = params(&[("path", json!("rats"))]);
        assert_eq!(carried_over(&mice, &rats, &names)["pattern"], json!("{mouse}.bin"));
        let table = params(&[("path", json!("rats.csv"))]);
        assert_eq!(carried_over(&mice, &table, &names), table);
    }
}
