//! A command as a Python script calls it.

use super::{
    command_files::file_name,
    command_ports::{Format, Ported},
    command_settings::Setting,
};
use crate::pipeline::{Expression, PortType, PythonNames, PythonStep, literal};

/// What is called, on what, for what.
pub struct Call<'c> {
    pub program: &'c str,
    pub arguments: &'c [String],
    pub environment: &'c [String],
    pub exit_codes: &'c [i32],
    pub timeout_s: Option<f64>,
    pub working_folder: &'c str,
    pub before: &'c [String],
    pub after: &'c [String],
    pub inputs: &'c [Ported],
    pub outputs: &'c [Ported],
    pub settings: &'c [Setting],
}

impl Call<'_> {
    /// The call, and what becomes of what was written; `None` where a value would have to lie in a way that SpikeInterface
    /// does not write or read.
    pub fn in_python(&self, names: &PythonNames) -> Option<PythonStep> {
        let given = self.inputs.iter().map(|port| {
            let format = handed_over(port)?;
            Some(format!("{}: ({}, {})", literal(port.name), literal(format), names.input(port.name)))
        });
        let expected =
            self.outputs.iter().map(|port| format!("{}: {}", literal(port.name), literal(file_name(port))));
        let keys = names.has_keys().then(|| "**keys".to_owned());
        let own = self.settings.iter();
        let own = own.map(|setting| format!("{}: {}", literal(&setting.name), literal(setting.text())));
        let dict = |items: Vec<String>| format!("{{{}}}", items.join(", "));
        let first = names.output(self.outputs.first()?.name);
        let places = format!("{first}_places");
        let mut arguments = vec![
            names.work_folder(first),
            literal(self.program.trim()),
            literal(self.arguments),
            dict(given.collect::<Option<_>>()?),
            dict(expected.collect()),
            dict(keys.into_iter().chain(own).collect()),
        ];
        let others = [
            ("environment", (!self.environment.is_empty()).then(|| literal(self.environment))),
            ("exit_codes", (self.exit_codes != [0]).then(|| literal(self.exit_codes))),
            ("timeout", self.timeout_s.map(literal)),
            ("working_folder", (!self.working_folder.is_empty()).then(|| literal(self.working_folder))),
            ("before", self.conditions(self.before, names)?),
            ("after", self.conditions(self.after, names)?),
        ];
        arguments.extend(others.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))));
        let mut step = PythonStep::default().and(format!("{places} = run_command({})", arguments.join(", ")));
        for port in self.outputs {
            let place = format!("{places}[{}]", literal(port.name));
            let read = read(port, self.inputs, &place, names)?;
            step = step.and(format!("{} = {read}", names.output(port.name)));
        }
        Some(step)
    }

    /// Conditions as pairs of their text and what has to hold, which is given the exit code; of a file its path alone.
    fn conditions(&self, conditions: &[String], names: &PythonNames) -> Option<Option<String>> {
        let value = |name: &str| match self.settings.iter().find(|setting| setting.name == name) {
            Some(setting) => literal(setting.value()),
            None if name == "exit_code" => "code".to_owned(),
            None => format!("keys[{}]", literal(name)),
        };
        let one = |condition: &String| {
            if let Some(path) = condition.strip_prefix("file ") {
                return Some(format!("({}, None)", literal(path.trim())));
            }
            let expression = Expression::parse(condition).ok()?;
            let needs_keys = |name: &&str| {
                *name != "exit_code" && !self.settings.iter().any(|setting| setting.name == **name)
            };
            if !names.has_keys() && expression.names().iter().any(needs_keys) {
                return None;
            }
            let text = literal(condition);
            Some(format!("({text}, lambda code: {})", expression.condition_in_python(&value)))
        };
        let all = conditions.iter().map(one).collect::<Option<Vec<String>>>()?;
        Some((!all.is_empty()).then(|| format!("[{}]", all.join(", "))))
    }
}

/// How an input is handed over, by its name.
fn handed_over(port: &Ported) -> Option<&'static str> {
    Some(match (port.port_type, port.format) {
        (PortType::Recording, Format::Raw) => "raw",
        (PortType::Recording, Format::BinaryFolder) => "binary_folder",
        (PortType::Sorting, Format::NumpyFolder) => "numpy_folder",
        (PortType::Table | PortType::Events, Format::Csv) => "csv",
        _ => return None,
    })
}

/// What opens an output at a place.
fn read(port: &Ported, ins: &[Ported], place: &str, names: &PythonNames) -> Option<String> {
    Some(match (port.port_type, port.format) {
        (PortType::Recording, Format::Raw) => {
            let like = ins.iter().find(|port| port.port_type == PortType::Recording)?;
            format!("read_like({place}, {})", names.input(like.name))
        }
        (PortType::Recording, Format::BinaryFolder) | (PortType::Sorting, Format::NumpyFolder) => {
            format!("si.load({place})")
        }
        (PortType::Table, Format::Csv) => format!("pd.read_csv({place})"),
        (PortType::Events, Format::Csv) => {
            let timed = |port: &&Ported| matches!(port.port_type, PortType::Recording | PortType::Sorting);
            match ins.iter().find(timed) {
                Some(port) => format!("events_in({place}, {}.sampling_frequency)", names.input(port.name)),
                None => format!("events_in({place})"),
            }
        }
        (PortType::Files, _) => place.to_owned(),
        _ => return None,
    })
}
