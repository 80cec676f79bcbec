//! A pipeline as a Python script that does the same with SpikeInterface.
//!
//! Every node says itself what it is there ([`Node::in_python`](super::Node::in_python)); here the parts are named, put in
//! order, set into loops where there are several items, and written down, and what has no equivalent is said.

mod arrive;
mod block;
mod names;
mod parts;
mod step;
mod swept;
mod writer;

pub use names::PythonNames;
pub use step::{PythonStep, called, literal, named_channels};

use super::{Pipeline, Registry};
use crate::io;
use std::{fs, path::Path};
use writer::Writer;

/// Writes a script, and beside it what it imports that is ours.
///
/// # Errors
/// Where a file cannot be written, or another one has the name of what is imported.
pub fn write_script(path: &Path, text: &str) -> Result<(), io::Error> {
    if let Some((name, module)) = parts::beside(text) {
        let place = path.with_file_name(name);
        let there = fs::read_to_string(&place).unwrap_or_default();
        // One of another version has the same heading.
        if place.exists() && there.lines().next() != module.lines().next() {
            return Err(io::Error::format(
                &place,
                "the script imports ours of that name: move this one away",
            ));
        }
        io::atomic::write_file(&place, module.as_bytes())?;
    }
    io::atomic::write_file(path, text.as_bytes())
}

/// The script of a pipeline. Relative paths start at `base`; `title` names the pipeline.
pub fn script(pipeline: &Pipeline, registry: &Registry, base: &Path, title: &str) -> String {
    let body = Writer::new(pipeline, registry, base, title).written();
    let functions = parts::functions(&body);
    let all: Vec<String> = body
        .iter()
        .cloned()
        .chain(functions.iter().flat_map(|text| text.lines().map(str::to_owned)))
        .collect();
    let title = literal(title);
    let absolute = io::absolute(base);
    let mut lines = vec![
        format!(
            "\"\"\"The pipeline {} with SpikeInterface, as Spikeloom {} wrote it.",
            // Escaped as in a text of one line.
            title.get(1..title.len() - 1).unwrap_or_default(),
            env!("CARGO_PKG_VERSION")
        ),
        String::new(),
        "Filters and references give the same traces to rounding; what is estimated from random chunks of data (whitening,".into(),
        "noise, bad channels) is estimated from other chunks. Steps that SpikeInterface does not have are named where they are.".into(),
    ];
    if body.iter().any(|line| parts::names(line, "keys", "")) {
        lines.push(String::new());
        lines.push("Several items are a list of pairs: their keys, such as {\"session\": \"a\"}, and the recording, sorting or table.".into());
    }
    if parts::beside(&parts::imports(&all)[1].join("\n")).is_some() {
        lines.extend([
            String::new(),
            "It calls the program `spikeloom`, which has to be on the path, or named:".into(),
            "    SPIKELOOM_PROGRAM=/path/to/spikeloom python script.py".into(),
        ]);
    }
    lines.extend(["\"\"\"".into(), String::new()]);
    let [of_python, others] = parts::imports(&all);
    lines.extend(of_python.into_iter().map(str::to_owned));
    lines.push(String::new());
    lines.extend(others.into_iter().map(str::to_owned));
    lines.extend([
        String::new(),
        "# Where relative paths of the pipeline start.".into(),
        format!("BASE = Path({})", literal(absolute.to_string_lossy().replace('\\', "/"))),
    ]);
    let leaves_out = functions.iter().any(|text| text.contains("LEFT_OUT"));
    if leaves_out {
        lines.extend(["".into(), "# What could not be had.".into(), "LEFT_OUT = []".into()]);
    }
    if functions.iter().any(|text| text.contains("LOST.")) {
        lines.extend(["".into(), "# The same by the lists that lack it.".into(), "LOST = {}".into()]);
    }
    for function in functions {
        lines.extend([String::new(), String::new()]);
        lines.extend(function.lines().map(str::to_owned));
    }
    lines.extend([
        String::new(),
        String::new(),
        "def main():".into(),
        "    si.set_global_job_kwargs(n_jobs=1, chunk_duration=\"1s\", progress_bar=False)".into(),
    ]);
    lines.extend(body);
    lines.extend([String::new(), String::new(), "if __name__ == \"__main__\":".into(), "    main()".into()]);
    if leaves_out {
        lines.push("    if LEFT_OUT:".into());
        lines.push("        raise SystemExit(f\"left out: {'; '.join(map(str, LEFT_OUT))}\")".into());
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::toys;
    use super::*;
    use serde_json::{Value as Json, json};

    #[test]
    fn values_are_written_as_python_has_them() {
        assert_eq!(literal(json!({"a": [1, 2.5, true, null]})), "{\"a\": [1, 2.5, True, None]}");
        let call = PythonStep::call("x", "spre.f", &["y"], &[("a", json!(1)), ("b", Json::Null)]);
        assert_eq!(call.lines, ["x = spre.f(y, a=1)"]);
    }

    #[test]
    fn what_has_no_equivalent_is_said_and_what_needs_it_left_out() {
        let pipeline = toys::chain();
        let text = script(&pipeline, &toys::registry(), Path::new("/data"), "chain.ron");
        assert!(
            text.contains("    # n: Toy. SpikeInterface has no equivalent: in Spikeloom it does little."),
            "{text}"
        );
        assert!(text.contains("BASE = Path(\"/data\")") && text.contains("def main():"), "{text}");
    }
}
