//! Where units are.

use crate::{
    engine::locations::{UnitLocationParams, unit_locations_table},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, TaskClass, Work,
    },
};

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

    fn in_python(&self, _: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (from, to) = (names.input("templates"), names.output("table"));
        Some(
            PythonStep::default()
                .and(format!("{from}.compute(\"unit_locations\")"))
                .and(format!("{to} = {from}.get_extension(\"unit_locations\").get_data()[:, :2]"))
                .and(format!("{to} = pd.DataFrame({to}, columns=[\"x\", \"y\"])"))
                .and(format!("{to}.insert(0, \"unit_id\", {from}.unit_ids)")),
        )
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        Ok(Outputs::one("table", unit_locations_table(inputs.templates("templates")?, params)?))
    }
}
