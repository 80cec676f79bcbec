//! Keys given, computed or taken away.

use super::carry::{Carries, dicts, named};
use crate::pipeline::{
    Category, Coordinate, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Passed, Port, PortType,
    PythonNames, PythonStep, RunContext, ValueAt, Work, literal,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which keys the items get.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SetKeysParams {
    /// Keys as expressions: sorter = "ours", day = floor(hour / 24).
    pub set: Vec<String>,
    /// Keys to take away.
    pub remove: Vec<String>,
    /// What the items are.
    #[schemars(extend("label" = "Items are"))]
    pub carries: Carries,
}

/// Gives items keys, so that those of several branches can be told apart and brought together.
pub struct SetKeys;

impl Node for SetKeys {
    type Params = SetKeysParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "set_keys",
        label: "Set keys",
        summary: "Gives the items of one or several wires keys, such as sorter = \"ours\", or takes keys away.",
        source: "",
        category: Category::Shape,
        search: &["label", "tag", "rename key", "union", "merge branches", "study"],
        version: 1,
        work: Work::Arrange,
        inputs: &[Port::new("item", PortType::Recording).many()],
        outputs: &[Port::new("item", PortType::Recording)],
    };

    fn inputs(&self, params: &Self::Params) -> Vec<Port> {
        vec![Port::new("item", params.carries.port_type()).many()]
    }

    fn outputs(&self, params: &Self::Params) -> Vec<Port> {
        vec![Port::new("item", params.carries.port_type())]
    }

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        let wrong = params.set.iter().filter_map(|text| named(text).err());
        wrong.map(|message| ParamProblem { field: "set".into(), message }).collect()
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let to = names.output("item");
        let sets = dicts(&params.set);
        if let (Some(value), [set], false) = (names.single("item"), sets.as_slice(), params.set.is_empty()) {
            // Nothing before it has keys.
            if !set.contains("keys[") {
                return Some(
                    PythonStep::default().and(format!("{to} = [({{{set}}}, {value})]")).over_items(),
                );
            }
        }
        let mut step = PythonStep::default();
        let mut from = names.items("item");
        for set in sets {
            step = step.and(format!("{to} = [({{**keys, {set}}}, item) for keys, item in {from}]"));
            from = to.to_owned();
        }
        if !params.remove.is_empty() {
            let removed = literal(&params.remove);
            let kept = format!("{{name: value for name, value in keys.items() if name not in {removed}}}");
            step = step.and(format!("{to} = [({kept}, item) for keys, item in {from}]"));
            from = to.to_owned();
        }
        let step = if from == to { step } else { step.and(format!("{to} = {from}")) };
        Some(step.over_items())
    }

    fn arrange(
        &self,
        params: &Self::Params,
        item: &Coordinate,
        _: &ValueAt,
    ) -> Result<Vec<Passed>, NodeError> {
        let mut coordinate = item.clone();
        for text in &params.set {
            let (name, expression) = named(text).map_err(NodeError::Input)?;
            let value = expression.key_of(&coordinate).map_err(|e| NodeError::Input(format!("set: {e}")))?;
            coordinate.keys_mut().insert(name, value);
        }
        coordinate.keys_mut().retain(|key, _| !params.remove.contains(key));
        Ok(vec![Passed { from: "item", to: "item", coordinate }])
    }

    fn run(&self, _: &Self::Params, _: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        Ok(Outputs::default())
    }
}
