//! Another recording for the pipeline in front: read in place of the one that is there.

use super::{App, command::Command, text, texts, wizard::READER};
use crate::pipeline::{Edit, Params};
use std::path::Path;

/// Where a reader finds its file.
const PATH: &str = "path";
/// Set for files of samples that say nothing of themselves.
const RAW: &str = "dtype";
/// What a file may not say itself, so that it is true of the next one as well.
const PROBE: &str = "probe";

impl App {
    /// The node that reads the recording of the pipeline in front, where it is the only one.
    pub(super) fn only_reader(&self) -> Option<String> {
        let is_reader = |node: &&crate::pipeline::NodeInstance| {
            node.kind == READER && !node.muted && node.params.contains_key(PATH)
        };
        let mut readers = self.pipeline().nodes().filter(is_reader);
        let first = readers.next()?;
        readers.next().is_none().then(|| first.name.clone())
    }

    /// Says that a recording was added beside another one, with a button that puts it in its place.
    pub(super) fn offer_exchange(&mut self, reader: String, added: String, path: &Path) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let words = texts::files::added_beside(&name, &reader);
        let label = texts::files::read_in_place(&reader);
        self.toasts.offer(words, label, Command::Exchange { reader, added });
    }

    /// Lets a reader read what another one does, which goes; one step to undo.
    pub(super) fn exchange(&mut self, reader: &str, added: &str) {
        let pipeline = self.pipeline();
        let (Some(old), Some(new)) = (pipeline.node(reader), pipeline.node(added)) else {
            return self.toasts.info(texts::files::reader_is_gone());
        };
        let params = exchanged(&old.params, &new.params);
        let edit = Edit::SetParams(reader.to_owned(), params);
        let edit = Edit::Batch(vec![Edit::RemoveNode(added.to_owned()), edit]);
        self.edit(edit, &texts::files::read_another_file_in(&text::sentence(reader)), None);
        self.sheet.editor.select([reader.to_owned()]);
        self.look(format!("{reader}.recording"));
    }
}

/// The parameters of a reader that was to read a file, for another file: its layout where it is raw, else what was
/// said besides.
pub fn exchanged(old: &Params, new: &Params) -> Params {
    if new.contains_key(RAW) || old.contains_key(RAW) {
        let mut params = new.clone();
        if let (Some(probe), false) = (old.get(PROBE), new.contains_key(PROBE)) {
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
        assert!(!exchanged(&raw, &folder).contains_key("dtype"));
        let stream = params(&[("path", json!("d")), ("stream", json!("ap"))]);
        let expected = params(&[("path", json!("c")), ("stream", json!("ap"))]);
        assert_eq!(exchanged(&stream, &folder), expected);
    }
}
