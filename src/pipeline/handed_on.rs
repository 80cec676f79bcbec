//! What a pipeline computed, written for others.

use super::{Document, Executor, Made, Pipeline, methods, prov, ro_crate, write_crate};
use crate::io::{self, atomic};
use std::path::Path;

impl Executor {
    /// Writes what `made` lists as an RO-Crate into a new folder, called `name`; with the files of results where wanted.
    ///
    /// # Errors
    /// Where the folder holds something already, or cannot be written; nothing is left of it then.
    pub fn archive(
        &self,
        pipeline: &Pipeline,
        made: &[Made],
        name: &str,
        out: &Path,
        with_files: bool,
    ) -> Result<(), io::Error> {
        let registry = self.registry();
        let document = Document::to_text(pipeline, registry);
        atomic::folder(out, |folder| {
            let texts =
                (ro_crate(name, made, registry, with_files), prov(made), methods(pipeline, registry, made));
            write_crate(folder, name, &document, texts, if with_files { made } else { &[] })
        })
    }
}
