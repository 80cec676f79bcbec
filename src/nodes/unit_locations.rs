//! Where units are.

use crate::{
    engine::locations::{LocationMethod, UnitLocationParams, unit_locations_table},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, TaskClass, Work, literal,
    },
};
use serde_json::json;

/// Estimates the position of each unit from its template.
pub struct UnitLocations;

impl Node for UnitLocations {
    type Params = UnitLocationParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "unit_locations",
        label: "Unit locations",
        summary: "Estimates where each unit is from the size of its template on the channels.",
        source: "SpikeInterface compute_unit_locations; Boussard et al. 2021",
        category: Category::Look,
        search: &["position", "depth", "center_of_mass", "monopolar_triangulation", "compute_unit_locations"],
        version: 1,
        work: Work::Task(TaskClass::Metrics),
        inputs: &[Port::new("templates", PortType::Templates)],
        outputs: &[Port::new("table", PortType::Table)],
    };

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (from, to) = (names.input("templates"), names.output("table"));
        let named = [("method", json!(params.method)), ("radius_um", json!(params.radius_um))];
        let axes: &[&str] = match params.method {
            LocationMethod::CenterOfMass => &["x", "y"],
            LocationMethod::MonopolarTriangulation => &["x", "y", "z"],
        };
        let (axes, count) = (literal(axes), axes.len());
        Some(
            PythonStep::call("", &format!("{from}.compute"), &["\"unit_locations\""], &named)
                .and(format!("{to} = {from}.get_extension(\"unit_locations\").get_data()[:, :{count}]"))
                .and(format!("{to} = pd.DataFrame({to}, columns={axes})"))
                .and(format!("{to}.insert(0, \"unit_id\", {from}.unit_ids)")),
        )
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        Ok(Outputs::one("table", unit_locations_table(inputs.templates("templates")?, params)?))
    }
}
