//! A command as a Python script calls it.

use super::{
    command::CommandParams,
    command_files::file_name,
    command_ports::{Format, Ported, ports},
    command_settings::settings,
};
use crate::pipeline::{PortType, PythonNames, PythonStep, literal};

/// The call, and what becomes of what was written; `None` where a value would have to lie in a way that SpikeInterface does
/// not write or read, and where there are conditions.
pub fn in_python(params: &CommandParams, names: &PythonNames) -> Option<PythonStep> {
    if !(params.before.is_empty() && params.after.is_empty() && params.working_folder.is_empty()) {
        return None;
    }
    let (ins, outs) = (ports(&params.inputs, true).ok()?, ports(&params.outputs, false).ok()?);
    let settings = settings(&params.parameters, &params.values).ok()?;
    let given = ins.iter().map(|port| {
        let format = handed_over(port)?;
        Some(format!("{}: ({}, {})", literal(port.name), literal(format), names.input(port.name)))
    });
    let expected = outs.iter().map(|port| format!("{}: {}", literal(port.name), literal(file_name(port))));
    let keys = names.has_keys().then(|| "**keys".to_owned());
    let own =
        settings.iter().map(|setting| format!("{}: {}", literal(&setting.name), literal(setting.text())));
    let dict = |items: Vec<String>| format!("{{{}}}", items.join(", "));
    let places = format!("{}_places", names.output(outs.first()?.name));
    let folder = names.written(format!("{}_files", names.output(outs.first()?.name)).as_ref());
    let mut arguments = vec![
        folder,
        literal(params.program.trim()),
        literal(&params.arguments),
        dict(given.collect::<Option<_>>()?),
        dict(expected.collect()),
        dict(keys.into_iter().chain(own).collect()),
    ];
    let others = [
        ("environment", (!params.environment.is_empty()).then(|| literal(&params.environment))),
        ("exit_codes", (params.exit_codes != [0]).then(|| literal(&params.exit_codes))),
        ("timeout", params.timeout_s.map(literal)),
    ];
    arguments.extend(others.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))));
    let mut step = PythonStep::default().and(format!("{places} = run_command({})", arguments.join(", ")));
    for port in &outs {
        let read = read(port, &ins, &format!("{places}[{}]", literal(port.name)), names)?;
        step = step.and(format!("{} = {read}", names.output(port.name)));
    }
    Some(step)
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
        (PortType::Files, _) => place.to_owned(),
        _ => return None,
    })
}
