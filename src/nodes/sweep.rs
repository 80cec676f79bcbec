//! Several values of parameters.

use super::carry::Carries;
use crate::pipeline::{
    Category, Coordinate, CoordinateValue, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Passed,
    Port, PortType, PythonNames, PythonStep, RunContext, Swept, ValueAt, Work, literal,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// How values of several parameters go together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Combine {
    /// Every value of each with every value of the others.
    #[default]
    Grid,
    /// The first values together, then the second ones, and so on.
    Together,
}

/// What is tried.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SweepParams {
    /// A parameter of a node that follows, and its values: sort.detect_threshold = 4, 5, 6. What follows runs once for each.
    /// Parameters of a source are set as well where nothing is connected here: demo.seed = 1, 2, 3.
    pub parameters: Vec<String>,
    /// How values of several parameters go together.
    pub combine: Combine,
    /// What the items are.
    #[schemars(extend("label" = "Items are"))]
    pub carries: Carries,
}

/// Makes an item of each value of a parameter; the node it belongs to takes it from the key.
pub struct Sweep;

impl Node for Sweep {
    type Params = SweepParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "sweep",
        label: "Sweep",
        summary: "Tries several values of parameters: what follows runs once for each, with the value as a key.",
        source: "",
        category: Category::Shape,
        search: &["parameter scan", "grid search", "values", "try", "vary", "study"],
        version: 1,
        work: Work::Arrange,
        inputs: &[Port::new("item", PortType::Recording).optional()],
        outputs: &[Port::new("item", PortType::Recording)],
    };

    fn inputs(&self, params: &Self::Params) -> Vec<Port> {
        vec![Port::new("item", params.carries.port_type()).optional()]
    }

    fn outputs(&self, params: &Self::Params) -> Vec<Port> {
        vec![Port::new("item", params.carries.port_type())]
    }

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        let problem = |message: String| ParamProblem { field: "parameters".into(), message };
        let found: Result<Vec<Swept>, String> = params.parameters.iter().map(|text| swept(text)).collect();
        let found = match found {
            Ok(found) => found,
            Err(message) => return vec![problem(message)],
        };
        let mut problems = Vec::new();
        let mut names = BTreeSet::new();
        if let Some(twin) = found.iter().find(|swept| !names.insert(&swept.key)) {
            problems.push(problem(format!(
                "two are called \"{}\": name one, as in other = {}.{} = …",
                twin.key, twin.node, twin.field
            )));
        }
        let mut lengths = found.iter().map(|swept| swept.values.len());
        if params.combine == Combine::Together
            && lengths.next().is_some_and(|first| lengths.any(|l| l != first))
        {
            problems.push(problem("values that go together must be as many for each parameter".into()));
        }
        problems
    }

    fn sweeps(&self, params: &Self::Params) -> Vec<Swept> {
        params.parameters.iter().filter_map(|text| swept(text).ok()).collect()
    }

    fn renamed(&self, params: &SweepParams, called: &dyn Fn(&str) -> Option<String>) -> Option<SweepParams> {
        let mut new = params.clone();
        for text in &mut new.parameters {
            let Ok(swept) = swept(text) else { continue };
            let Some(name) = called(&swept.node) else { continue };
            // `key = node.field = values`: what comes before the name, and what comes after it.
            let Some(at) = text.find(&format!("{}.", swept.node)) else { continue };
            text.replace_range(at..at + swept.node.len(), &name);
        }
        (new != *params).then_some(new)
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let to = names.output("item");
        let from = if names.has_input("item") { names.items("item") } else { "[({}, None)]".into() };
        let swept = self.sweeps(params);
        let values = |swept: &Swept| {
            let all: Vec<String> = (0..swept.values.len()).map(|index| swept.in_python(index)).collect();
            format!("[{}]", all.join(", "))
        };
        let variable = |(index, swept): (usize, &Swept)| match swept.key.is_ascii() {
            true => names.variable(&swept.key),
            false => names.variable(&format!("value_{index}")),
        };
        let variables: Vec<String> = swept.iter().enumerate().map(variable).collect();
        let set = swept.iter().zip(&variables).map(|(swept, own)| format!("{}: {own}", literal(&swept.key)));
        let set: Vec<String> = set.collect();
        let mut step = PythonStep::default()
            .and(format!("{to} = ["))
            .and(format!("    ({{**keys, {}}}, item)", set.join(", ")))
            .and(format!("    for keys, item in {from}"));
        match (params.combine, swept.as_slice()) {
            (_, []) => return Some(PythonStep::default().and(format!("{to} = {from}")).over_items()),
            (Combine::Together, [_, _, ..]) => {
                let lists: Vec<String> = swept.iter().map(values).collect();
                step = step.and(format!("    for {} in zip({})", variables.join(", "), lists.join(", ")));
            }
            _ => {
                for (swept, variable) in swept.iter().zip(&variables) {
                    step = step.and(format!("    for {variable} in {}", values(swept)));
                }
            }
        }
        Some(step.and("]").over_items())
    }

    fn arrange(
        &self,
        params: &Self::Params,
        item: &Coordinate,
        _: &ValueAt,
    ) -> Result<Vec<Passed>, NodeError> {
        let all = self.sweeps(params);
        let with = |base: &Coordinate, swept: &Swept, index: usize| {
            let mut own = base.clone();
            own.keys_mut()
                .extend(swept.values.get(index).map(|(value, _)| (swept.key.clone(), value.clone())));
            own
        };
        let mut coordinates = vec![item.clone()];
        match params.combine {
            Combine::Grid => {
                for swept in &all {
                    coordinates = coordinates
                        .iter()
                        .flat_map(|base| (0..swept.values.len()).map(|index| with(base, swept, index)))
                        .collect();
                }
            }
            Combine::Together => {
                let count = all.iter().map(|swept| swept.values.len()).min().unwrap_or(0);
                let one = |index| all.iter().fold(item.clone(), |base, swept| with(&base, swept, index));
                if count > 0 {
                    coordinates = (0..count).map(one).collect();
                }
            }
        }
        Ok(coordinates
            .into_iter()
            .map(|coordinate| Passed { from: "item", to: "item", coordinate })
            .collect())
    }

    fn run(&self, _: &Self::Params, _: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        Ok(Outputs::default())
    }
}

/// `[key =] node.field = value, value, …`.
fn swept(text: &str) -> Result<Swept, String> {
    let form = "a parameter and its values expected, such as sort.detect_threshold = 4, 5, 6";
    let wrong = |what: &str| format!("{text}: {what}");
    let parts: Vec<&str> = text.split('=').map(str::trim).collect();
    let (key, target, values) = match parts.as_slice() {
        [target, values] => (None, *target, *values),
        [key, target, values] => (Some(*key), *target, *values),
        _ => return Err(wrong(form)),
    };
    let (node, field) = target.split_once('.').ok_or_else(|| wrong(form))?;
    // sort.parameters.detection.threshold is called threshold.
    let key = key.unwrap_or_else(|| field.rsplit('.').next().unwrap_or(field));
    if key.is_empty() || field.is_empty() || !key.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return Err(wrong(form));
    }
    // A list of JSON, or words without quotes.
    let listed: Vec<Json> = match serde_json::from_str(&format!("[{values}]")) {
        Ok(listed) => listed,
        Err(_not_json) => {
            let word = |word: &str| serde_json::from_str(word.trim()).unwrap_or_else(|_| word.trim().into());
            values.split(',').map(word).collect()
        }
    };
    // A list is named by its text.
    let value_of = |json: &Json| {
        CoordinateValue::of_json(json).unwrap_or_else(|| CoordinateValue::Text(json.to_string()))
    };
    let values: Vec<(CoordinateValue, Json)> =
        listed.into_iter().map(|json| (value_of(&json), json)).collect();
    let mut seen = BTreeSet::new();
    if values.is_empty() || values.iter().any(|(_, json)| json.as_str() == Some("")) {
        return Err(wrong(form));
    }
    if let Some((twin, _)) = values.iter().find(|(value, _)| !seen.insert(value)) {
        return Err(wrong(&format!("{twin} is there twice")));
    }
    Ok(Swept { key: key.into(), node: node.trim().into(), field: field.trim().into(), values })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use crate::pipeline::{Document, Edit, Pipeline};

    fn parameters(pipeline: &Pipeline) -> Vec<&str> {
        let swept = &pipeline.node("sweep").unwrap().params["parameters"];
        swept.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
    }

    #[test]
    fn what_is_swept_follows_the_names_of_nodes_there_and_back() {
        let registry = super::super::registry();
        let text = r#"(version: 1, nodes: {
            "demo": (kind: "generate_recording"), "sweep": (kind: "sweep", params: (parameters: [
                "low = band.freq_min = 300, 400", "band.freq_max=5000, 6000", "demo.seed = 1, 2"])),
            "band": (kind: "bandpass_filter"),
        }, wires: [("demo.recording", "sweep.item"), ("sweep.item", "band.recording")])"#;
        let mut pipeline = Document::parse_within(text, &registry).unwrap().pipeline;
        let before = pipeline.clone();
        let edit = pipeline.following(&registry, Edit::Rename("band".into(), "filter".into()));
        let undo = pipeline.apply(edit).unwrap();
        let renamed = ["low = filter.freq_min = 300, 400", "filter.freq_max=5000, 6000", "demo.seed = 1, 2"];
        assert_eq!(parameters(&pipeline), renamed);
        pipeline.apply(undo).unwrap();
        assert_eq!(parameters(&pipeline), parameters(&before));
        let (edit, group) = pipeline.group_edit(&registry, &["band".to_owned()].into(), &[].into()).unwrap();
        pipeline.apply(pipeline.following(&registry, edit)).unwrap();
        assert_eq!(parameters(&pipeline)[0], format!("low = {group}/band.freq_min = 300, 400"));
        let edit = pipeline.following(&registry, Edit::Rename(group, "clean".into()));
        pipeline.apply(edit).unwrap();
        assert_eq!(parameters(&pipeline)[1], "clean/band.freq_max=5000, 6000");
    }
}
