//! What a long task has come to so far, in a folder that outlives a kill.

use super::{
    node::RunContext,
    port::{PortType, Value},
    store::{StoreError, load_value, make_folder, remove_folder, save_value},
};
use crate::{
    data::{Motion, Templates},
    engine::{Monitor, Scratch},
};
use std::{fs, sync::Arc};

impl RunContext {
    /// Written beside and renamed: what has its name is whole.
    fn keep(&self, name: &str, value: &Value) {
        let Some(folder) = &self.scratch_folder else { return };
        let (part, whole) = (folder.join(format!("{name}.part")), folder.join(name));
        let written = || -> Result<(), StoreError> {
            remove_folder(&part)?;
            remove_folder(&whole)?;
            make_folder(&part)?;
            save_value(&part, value)?;
            fs::rename(&part, &whole).map_err(|e| crate::io::Error::io("rename", &part, e))?;
            Ok(())
        };
        if let Err(error) = written() {
            self.log(&format!("the {name} cannot be kept for a later try: {error}"));
        }
    }

    fn kept(&self, name: &str, port_type: PortType) -> Option<Value> {
        let folder = self.scratch_folder.as_ref()?.join(name);
        let value = folder.is_dir().then(|| load_value(&folder, port_type))?;
        match value {
            Ok(value) => {
                self.log(&format!("goes on from the {name} of an earlier try"));
                Some(value)
            }
            Err(error) => {
                self.log(&format!("the {name} of an earlier try cannot be read: {error}"));
                None
            }
        }
    }
}

impl Scratch for RunContext {
    fn templates(&self, name: &str) -> Option<Templates> {
        match self.kept(name, PortType::Templates)? {
            Value::Templates(templates) => Some(Arc::unwrap_or_clone(templates)),
            _ => None,
        }
    }

    fn keep_templates(&self, name: &str, templates: &Templates) {
        self.keep(name, &templates.clone().into());
    }

    fn motion(&self) -> Option<Motion> {
        match self.kept("motion", PortType::Motion)? {
            Value::Motion(motion) => Some(Arc::unwrap_or_clone(motion)),
            _ => None,
        }
    }

    fn keep_motion(&self, motion: &Motion) {
        self.keep("motion", &motion.clone().into());
    }
}
