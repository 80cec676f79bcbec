//! Items of two collections that have the same keys.

use super::carry::Carries;
use crate::pipeline::{
    Category, Coordinate, Inputs, Node, NodeError, NodeInfo, Outputs, Passed, Port, PortType, PythonNames,
    PythonStep, RunContext, ValueAt, Work,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is joined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct JoinItemsParams {
    /// What the items of the first collection are.
    #[schemars(extend("label" = "First are"))]
    pub carries: Carries,
    /// What the items of the second collection are.
    #[schemars(extend("label" = "Second are"))]
    pub other_carries: Carries,
}

impl Default for JoinItemsParams {
    fn default() -> Self {
        Self { carries: Carries::Recording, other_carries: Carries::Sorting }
    }
}

/// Pairs items on the keys that both collections have, and gives both the keys of the pair.
pub struct JoinItems;

impl Node for JoinItems {
    type Params = JoinItemsParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "join_items",
        label: "Join",
        summary: "Pairs the items of two collections on the keys they share; those without a partner are named and left out.",
        source: "",
        category: Category::Shape,
        search: &["inner join", "merge", "pair", "match", "study"],
        version: 1,
        work: Work::Arrange,
        inputs: &[Port::new("item", PortType::Recording), Port::new("other", PortType::Sorting)],
        outputs: &[Port::new("item", PortType::Recording), Port::new("other", PortType::Sorting)],
    };

    fn inputs(&self, params: &Self::Params) -> Vec<Port> {
        vec![
            Port::new("item", params.carries.port_type()),
            Port::new("other", params.other_carries.port_type()),
        ]
    }

    fn outputs(&self, params: &Self::Params) -> Vec<Port> {
        self.inputs(params)
    }

    fn in_python(&self, _: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let pairs = format!("matched({}, {})", names.items("item"), names.items("other"));
        Some(
            PythonStep::default()
                .and(format!("{} = [(keys, item) for keys, item, _ in {pairs}]", names.output("item")))
                .and(format!("{} = [(keys, item) for keys, _, item in {pairs}]", names.output("other")))
                .over_items(),
        )
    }

    fn arrange(&self, _: &Self::Params, item: &Coordinate, _: &ValueAt) -> Result<Vec<Passed>, NodeError> {
        let passed = |port| Passed { from: port, to: port, coordinate: item.clone() };
        Ok(vec![passed("item"), passed("other")])
    }

    fn run(&self, _: &Self::Params, _: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        Ok(Outputs::default())
    }
}
