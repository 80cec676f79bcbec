//! Some items of a collection.

use super::carry::{Carries, condition_in_python, problem_of};
use crate::pipeline::{
    Category, Coordinate, Expression, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Passed, Port,
    PortType, PythonNames, PythonStep, RunContext, ValueAt, Work,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which items go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FilterItemsParams {
    /// Condition over the keys, such as session == "a" && index % 2 == 0.
    #[schemars(extend("label" = "Keep where"))]
    pub condition: String,
    /// What the items are.
    #[schemars(extend("label" = "Items are"))]
    pub carries: Carries,
}

impl Default for FilterItemsParams {
    fn default() -> Self {
        Self { condition: "true".into(), carries: Carries::Recording }
    }
}

/// Keeps the items for which a condition holds.
pub struct FilterItems;

impl Node for FilterItems {
    type Params = FilterItemsParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "filter_items",
        label: "Filter items",
        summary: "Keeps the items whose keys meet a condition, such as session == \"a\".",
        source: "",
        category: Category::Shape,
        search: &["select", "where", "subset", "choose recordings", "expression", "study"],
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
        problem_of("condition", &params.condition).into_iter().collect()
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let condition = condition_in_python(&Expression::parse(&params.condition).ok()?);
        let (from, to) = (names.items("item"), names.output("item"));
        let kept = format!("{to} = [(keys, item) for keys, item in {from} if {condition}]");
        let lost = format!("lost_of({to}).extend(keys for keys in lost_of({from}) if {condition})");
        Some(PythonStep::default().and(kept).and(lost).over_items())
    }

    fn arrange(
        &self,
        params: &Self::Params,
        item: &Coordinate,
        _: &ValueAt,
    ) -> Result<Vec<Passed>, NodeError> {
        let wrong = |e: crate::pipeline::ExpressionError| NodeError::Input(format!("condition: {e}"));
        let holds = Expression::parse(&params.condition).and_then(|e| e.holds(item)).map_err(wrong)?;
        let passed = holds.then(|| Passed { from: "item", to: "item", coordinate: item.clone() });
        Ok(passed.into_iter().collect())
    }

    fn run(&self, _: &Self::Params, _: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        Ok(Outputs::default())
    }
}
