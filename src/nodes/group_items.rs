//! Items that belong together.

use super::carry::{Carries, dicts, named};
use crate::pipeline::{
    Category, Coordinate, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Passed, Port, PortType,
    PythonNames, PythonStep, RunContext, ValueAt, Work,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// By what items are grouped.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GroupItemsParams {
    /// Keys, and new keys as expressions: session, parity = index % 2. Items that are equal in all of them are one group.
    /// Without any, all items are one.
    pub by: Vec<String>,
    /// What the items are.
    #[schemars(extend("label" = "Items are"))]
    pub carries: Carries,
}

/// Gathers items at the next node that takes several; nodes between still work on each by itself.
pub struct GroupItems;

impl Node for GroupItems {
    type Params = GroupItemsParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "group_items",
        label: "Group",
        summary: "Groups items by keys or expressions; Concatenate, Collect and others then take each group as one.",
        source: "signac groupby",
        category: Category::Shape,
        search: &["groupby", "aggregate", "gather", "session", "parity", "study"],
        version: 1,
        work: Work::Arrange,
        inputs: &[Port::new("item", PortType::Recording)],
        outputs: &[Port::new("item", PortType::Recording)],
    };

    fn inputs(&self, params: &Self::Params) -> Vec<Port> {
        vec![Port::new("item", params.carries.port_type())]
    }

    fn outputs(&self, params: &Self::Params) -> Vec<Port> {
        vec![Port::new("item", params.carries.port_type())]
    }

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        let wrong = params.by.iter().filter_map(|text| named(text).err());
        wrong.map(|message| ParamProblem { field: "by".into(), message }).collect()
    }

    fn groups(&self, params: &Self::Params) -> Option<Vec<String>> {
        Some(params.by.iter().filter_map(|text| Some(named(text).ok()?.0)).collect())
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (from, to) = (names.items("item"), names.output("item"));
        // What belongs together is said by the keys, and taken together by what follows.
        Some(match dicts(&params.by).join(", ") {
            set if set.is_empty() => PythonStep::default().and(format!("{to} = {from}")).over_items(),
            set => PythonStep::default()
                .and(format!("{to} = [({{**keys, {set}}}, item) for keys, item in {from}]"))
                .and(format!("lost_of({to}).extend({{**keys, {set}}} for keys in lost_of({from}))"))
                .over_items(),
        })
    }

    fn arrange(
        &self,
        params: &Self::Params,
        item: &Coordinate,
        _: &ValueAt,
    ) -> Result<Vec<Passed>, NodeError> {
        let mut coordinate = item.clone();
        for text in &params.by {
            let (name, expression) = named(text).map_err(NodeError::Input)?;
            let value = expression.key_of(item).map_err(|e| NodeError::Input(format!("by: {e}")))?;
            coordinate.keys_mut().insert(name, value);
        }
        Ok(vec![Passed { from: "item", to: "item", coordinate }])
    }

    fn run(&self, _: &Self::Params, _: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        Ok(Outputs::default())
    }
}
