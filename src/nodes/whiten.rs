//! Make the noise of channels uncorrelated and of unit variance.

use crate::{
    data::{Fit, Stage},
    engine::{
        chain,
        geometry::Geometry,
        noise::Chunks,
        sort::{stages_for_sort, whitening_of_varying},
        whiten::{WhitenMode, WhitenParams as Settings, Whitening, whitening},
    },
    pipeline::{
        Act, Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, TaskClass, Value, Work, literal,
    },
};
use ndarray::{Array1, Array2, Ix2};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Which channels are whitened with which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// All channels with all.
    #[default]
    Global,
    /// Each channel with those within a radius.
    Local,
    /// Local with a probe, else global.
    Fitting,
}

/// Settings of the whitening.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WhitenParams {
    /// Which channels are whitened with which. Local needs a probe.
    pub mode: Mode,
    /// Local: how far away channels are whitened together. Auto: 100 µm, more where contacts lie further apart, less where they lie very densely.
    #[schemars(range(min = 1.0, max = 10_000.0), extend("auto" = true, "unit" = "µm", "soft" = [20.0, 300.0]))]
    pub radius_um: Option<f64>,
    /// As a sort needs it: leave spikes out of the estimate, shrink it a little, pass constant channels over, and round
    /// samples to a 128th of the noise.
    pub robust: bool,
    /// Subtract the mean of each channel first.
    #[schemars(extend("advanced" = true))]
    pub apply_mean: bool,
    /// Scale the result by this factor, to fit the range of an integer type.
    #[schemars(range(min = 0.001, max = 100_000.0), extend("advanced" = true))]
    pub int_scale: Option<f64>,
    /// Added to the variances before they are inverted. Auto follows the size of the data.
    #[schemars(range(min = 0.0, max = 1.0), extend("auto" = true, "advanced" = true))]
    pub eps: Option<f64>,
    /// Chunks of data drawn at random from each segment for the estimate.
    #[schemars(range(min = 1, max = 10_000), extend("soft" = [5, 100], "advanced" = true))]
    pub num_chunks_per_segment: usize,
    /// Length of a chunk.
    #[schemars(range(min = 1.0, max = 60_000.0), extend("unit" = "ms", "soft" = [100.0, 2000.0], "advanced" = true))]
    pub chunk_duration_ms: f64,
}

impl Default for WhitenParams {
    fn default() -> Self {
        Self {
            mode: Mode::Global,
            radius_um: None,
            robust: false,
            apply_mean: false,
            int_scale: None,
            eps: None,
            num_chunks_per_segment: 20,
            chunk_duration_ms: 500.0,
        }
    }
}

/// Radius of local whitening on usual probes.
const USUAL_RADIUS_UM: f64 = 100.0;

fn radius_um(params: &WhitenParams, inputs: &Inputs) -> Result<f64, NodeError> {
    Ok(match params.radius_um {
        Some(radius_um) => radius_um,
        None => Geometry::known_of(inputs.recording("recording")?.info()).whiten_radius_um(USUAL_RADIUS_UM),
    })
}

/// Estimates a ZCA matrix once, then multiplies whatever is read by it.
pub struct Whiten;

impl Node for Whiten {
    type Params = WhitenParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "whiten",
        label: "Whiten",
        summary: "Makes the noise of channels uncorrelated and of unit variance; the sorter does this itself.",
        source: "ZCA; SpikeInterface whiten",
        category: Category::Preprocess,
        search: &["zca", "decorrelate", "covariance", "sphering"],
        version: 4,
        work: Work::FitThenLazy(TaskClass::Traces),
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("recording", PortType::Recording)],
    };

    fn acts(&self, params: &Self::Params) -> Vec<Act> {
        match params.mode {
            Mode::Local => vec![Act::Whitens, Act::NeedsProbe { above: 1 }],
            Mode::Global | Mode::Fitting => vec![Act::Whitens],
        }
    }

    fn resolve(&self, params: &Self::Params, inputs: &Inputs) -> Result<Self::Params, NodeError> {
        Ok(Self::Params { radius_um: Some(radius_um(params, inputs)?), ..params.clone() })
    }

    fn fit(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        let radius_um = radius_um(params, inputs)?;
        let mode = match params.mode {
            Mode::Global => WhitenMode::Global,
            Mode::Local => WhitenMode::Radius(radius_um),
            Mode::Fitting => WhitenMode::fitting(recording.info(), radius_um),
        };
        let chunks = Chunks {
            num_chunks_per_segment: params.num_chunks_per_segment,
            chunk_size: (params.chunk_duration_ms * 1e-3 * recording.info().sampling_frequency) as usize,
            seed: context.seed,
        };
        let base = if params.robust { Settings::robust(mode, chunks) } else { Settings::plain(mode, chunks) };
        let settings = Settings { apply_mean: params.apply_mean, eps: params.eps.or(base.eps), ..base };
        let fitted = if params.robust {
            whitening_of_varying(recording, &settings, context)?
        } else {
            whitening(&chain::compile(recording)?, &settings, context)?
        };
        let mut fit = Fit::default();
        fit.arrays.insert("matrix".into(), fitted.matrix.into_dyn());
        fit.arrays.insert("covariance".into(), fitted.covariance.into_dyn());
        if let Some(mean) = fitted.mean {
            fit.arrays.insert("mean".into(), Array1::from(mean).into_dyn());
        }
        Ok(Outputs::one("fit", fit))
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (from, to) = (names.input("recording"), names.output("recording"));
        let mode = match params.mode {
            Mode::Global => literal("global"),
            Mode::Local => literal("local"),
            Mode::Fitting => format!("\"local\" if {from}.has_probe() else \"global\""),
        };
        let radius = match params.radius_um {
            Some(radius_um) => literal(radius_um),
            None => format!("whitening_radius({from}, {})", literal(USUAL_RADIUS_UM)),
        };
        let mut arguments = vec![from.to_owned(), format!("mode={mode}")];
        arguments.extend((params.mode != Mode::Global).then(|| format!("radius_um={radius}")));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let named = [
            ("apply_mean", json!(params.apply_mean)),
            ("int_scale", json!(params.int_scale)),
            ("eps", json!(params.eps)),
            ("num_chunks_per_segment", json!(params.num_chunks_per_segment)),
            ("chunk_duration", json!(format!("{}ms", params.chunk_duration_ms))),
            ("dtype", json!("float32")),
            ("seed", json!(names.seed())),
        ];
        let step = PythonStep::call(to, "spre.whiten", &arguments, &named);
        Some(if params.robust {
            step.noted("Spikes stay in SpikeInterface's estimate (robust).")
        } else {
            step
        })
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let mut recording = inputs.recording("recording")?.clone();
        let Value::Fit(fit) = inputs.fit("fit")? else {
            return Err(NodeError::Failed("the estimate is no fit".into()));
        };
        let square = |name: &str| -> Result<Array2<f64>, NodeError> {
            let array = fit.arrays.get(name).cloned();
            array
                .and_then(|values| values.into_dimensionality::<Ix2>().ok())
                .ok_or_else(|| NodeError::Failed(format!("the estimate has no {name}")))
        };
        let fitted = Whitening {
            matrix: square("matrix")? * params.int_scale.unwrap_or(1.0),
            mean: fit.arrays.get("mean").map(|values| values.iter().copied().collect()),
            covariance: square("covariance")?,
        };
        let stages: Vec<Stage> = if params.robust {
            stages_for_sort(&fitted, params.int_scale.unwrap_or(1.0))
        } else {
            fitted.stages()
        };
        for stage in stages {
            recording = recording.with_stage(stage)?;
        }
        Ok(Outputs::one("recording", recording))
    }
}
