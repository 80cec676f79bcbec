//! Names that stand in the templates and conditions of a command.

use super::{
    command_files as files, command_ports::ports, command_process as process, command_settings::Setting,
    command_template::Template,
};
use crate::{
    io::absolute,
    pipeline::{Expression, NodeError, RunContext},
};
use std::{collections::BTreeMap, path::Path};

/// A field and the texts in it.
pub type Field<'p> = (&'static str, &'p [String]);

/// Names in templates and conditions, with the field they stand in.
pub fn names_in(templates: &[Field], conditions: &[Field]) -> Vec<(&'static str, String)> {
    let in_template = |field: &'static str, text: &str| {
        let names = Template::parse(text).map(|template| template.names()).unwrap_or_default();
        names.into_iter().map(|name| (field, name)).collect::<Vec<_>>()
    };
    let in_condition = |field: &'static str, text: &str| match text.strip_prefix("file ") {
        Some(path) => in_template(field, path),
        // One that cannot be read is said to be none elsewhere.
        None => Expression::parse(text).map_or_else(
            |_| Vec::new(),
            |expression| {
                let names = expression.names().into_iter().filter(|name| *name != "exit_code");
                names.map(|name| (field, name.to_owned())).collect()
            },
        ),
    };
    let of_templates =
        templates.iter().flat_map(|(field, texts)| texts.iter().map(move |text| (*field, text)));
    let of_conditions =
        conditions.iter().flat_map(|(field, texts)| texts.iter().map(move |text| (*field, text)));
    let found = of_templates.flat_map(|(field, text)| in_template(field, text));
    found.chain(of_conditions.flat_map(|(field, text)| in_condition(field, text))).collect()
}

/// Names that templates know whatever the item is.
pub fn known_names(inputs: &[String], outputs: &[String], settings: &[Setting]) -> Vec<String> {
    let inputs = ports(inputs, true).unwrap_or_default();
    let outputs = ports(outputs, false).unwrap_or_default();
    let own = ["work", "base", "inputs", "outputs", "user"].map(str::to_owned);
    let ports = inputs.iter().chain(&outputs).map(|port| port.name.to_owned());
    own.into_iter().chain(ports).chain(settings.iter().map(|setting| setting.name.clone())).collect()
}

/// What templates are filled with, but for the files.
pub fn names(
    program: &str,
    settings: &[Setting],
    context: &RunContext,
    folder: &Path,
) -> Result<BTreeMap<String, String>, NodeError> {
    let keys = context.coordinate.keys().iter().map(|(key, value)| (key.clone(), value.to_string()));
    let mut values: BTreeMap<String, String> = keys.collect();
    for setting in settings {
        if values.insert(setting.name.clone(), setting.text()).is_some() {
            let name = &setting.name;
            return Err(NodeError::Input(format!(
                "parameters: \"{name}\" is a key of the item as well: give the parameter of {program} another name"
            )));
        }
    }
    // The folder of a pipeline that was named without one is the current one.
    let base = Path::new(".").join(&context.base_folder);
    let base = absolute(&base);
    values.insert("base".into(), base.display().to_string());
    for (name, inner) in [("work", files::WORK), ("inputs", files::INPUTS), ("outputs", files::OUTPUTS)] {
        values.insert(name.into(), folder.join(inner).display().to_string());
    }
    values.insert("user".into(), process::user(folder));
    Ok(values)
}
