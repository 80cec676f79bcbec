//! A node that gives a value of every type, and one that takes long.

use ndarray::{Array2, Array3, arr2};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spikeloom::{
    data::{
        Axis, Event, Events, Features, Figure, Fit, Id, Motion, MotionSegment, NoiseLevels, Peaks, Sorting,
        SpikeTrains, Table, TableColumn, Templates, Waveforms,
    },
    engine::Monitor,
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, TaskClass, Value,
        Work,
    },
};
use std::{sync::Arc, time::Duration};

/// How much of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SizeParams {
    /// How much.
    pub size: usize,
}

impl Default for SizeParams {
    fn default() -> Self {
        Self { size: 3 }
    }
}

const fn info(kind: &'static str, outputs: &'static [Port]) -> NodeInfo {
    NodeInfo {
        kind,
        label: "Toy",
        summary: "Does little.",
        source: "",
        category: Category::Look,
        search: &[],
        version: 1,
        work: Work::Task(TaskClass::Other),
        inputs: &[],
        outputs,
    }
}

/// One value of each type.
pub struct Everything;

fn spikes(size: usize) -> Sorting {
    let trains = SpikeTrains {
        sample_index: (0..size as i64).map(|i| 30 * i).collect(),
        unit_index: (0..size as u32).map(|i| i % 3).collect(),
        amplitude: Some((0..size).map(|i| i as f32 * -0.5).collect()),
        location_um: Some((0..size).map(|i| [i as f32, 2.0]).collect()),
        num_frames: Some(30 * size),
    };
    let mut properties = Table::default();
    properties.set("label", TableColumn::Text(vec!["good".into(), "mua".into(), "".into()]));
    properties.set("snr", TableColumn::Float(vec![0.1, f64::NAN, 1e-300]));
    Sorting {
        sampling_frequency: 30_000.5,
        unit_ids: vec![Id::Int(7), Id::Text("a/b".into()), Id::Int(-1)],
        segments: vec![trains, SpikeTrains::default()],
        properties,
        amplitudes_in_uv: true,
    }
}

fn peaks(size: usize) -> Peaks {
    Peaks {
        sampling_frequency: 15_000.0,
        num_channels: 4,
        segment_index: vec![0; size].into(),
        sample_index: (0..size as i64).collect(),
        channel_index: (0..size as u32).map(|i| i % 4).collect(),
        amplitude: vec![-3.5; size].into(),
        location_um: (size > 3).then(|| vec![[1.0, 2.0]; size].into()),
    }
}

fn templates() -> Templates {
    Templates {
        sampling_frequency: 30_000.0,
        unit_ids: vec![Id::Int(0), Id::Int(1)],
        channel_ids: Id::range(4),
        locations_um: vec![[0.0, 0.0], [0.0, 20.0], [0.0, 40.0], [0.0, 60.0]],
        num_before: 1,
        num_samples: 3,
        channel_indices: vec![vec![0, 2], vec![]],
        waveforms: vec![arr2(&[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), Array2::zeros((3, 0))],
        deviations: Vec::new(),
        in_uv: false,
    }
}

pub fn everything(size: usize) -> Vec<(&'static str, Value)> {
    let waveforms = Waveforms {
        templates: templates(),
        spikes: vec![vec![(0, 5), (1, 6)], Vec::new()],
        values: vec![
            Array3::from_shape_fn((2, 3, 2), |(a, b, c)| (a * 6 + b * 2 + c) as f32),
            Array3::zeros((0, 3, 0)),
        ],
    };
    let features = Features {
        peaks: peaks(size),
        basis: arr2(&[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
        num_before: 1,
        neighbors: vec![vec![0, 1], vec![1, 0], vec![2], vec![3]],
        max_channels: 2,
        values: (0..size * 4).map(|i| i as f32).collect(),
        units: Some((0..size as u32).collect()),
    };
    let mut table = Table::default();
    table.set("unit_id", TableColumn::Int(vec![1, 2]));
    table.set("name, quoted", TableColumn::Text(vec!["a \"b\"".into(), "ü\n".into()]));
    table.set("rate", TableColumn::Float(vec![0.1 + 0.2, f64::NAN]));
    table.set("ok", TableColumn::Bool(vec![true, false]));
    let fit = Fit {
        arrays: [("W/1".to_owned(), arr2(&[[1.0, -2.5]]).into_dyn())].into(),
        facts: [("channels".to_owned(), serde_json::json!([1, 2]))].into_iter().collect(),
    };
    vec![
        ("sorting", spikes(size).into()),
        ("peaks", peaks(size).into()),
        ("features", features.into()),
        ("waveforms", waveforms.into()),
        ("templates", templates().into()),
        ("noise", NoiseLevels { levels: vec![1.5, f64::NAN], levels_uv: Vec::new() }.into()),
        (
            "motion",
            Motion {
                axis: Axis::X,
                spatial_bins_um: vec![10.0],
                segments: vec![MotionSegment {
                    temporal_bins_s: vec![0.5, 1.5],
                    displacement_um: arr2(&[[0.0], [3.25]]),
                    confidence: Some(arr2(&[[1.0], [0.5]])),
                }],
            }
            .into(),
        ),
        ("table", table.into()),
        (
            "events",
            Events {
                events: vec![Event { segment_index: 0, time_s: 1.25, duration_s: 0.0, label: "on".into() }],
            }
            .into(),
        ),
        ("figure", Figure { title: "t".into(), svg: "<svg/>".into(), width: 3, height: 4 }.into()),
        ("files", Value::Files(Arc::new(vec!["/a/b.txt".into()]))),
        ("fit", fit.into()),
    ]
}

const ALL: &[Port] = &[
    Port::new("sorting", PortType::Sorting),
    Port::new("peaks", PortType::Peaks),
    Port::new("features", PortType::Features),
    Port::new("waveforms", PortType::Waveforms),
    Port::new("templates", PortType::Templates),
    Port::new("noise", PortType::Noise),
    Port::new("motion", PortType::Motion),
    Port::new("table", PortType::Table),
    Port::new("events", PortType::Events),
    Port::new("figure", PortType::Figure),
    Port::new("files", PortType::Files),
    Port::new("fit", PortType::Fit),
];

impl Node for Everything {
    type Params = SizeParams;
    const INFO: NodeInfo = info("everything", ALL);

    fn run(&self, params: &SizeParams, _: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        Ok(everything(params.size)
            .into_iter()
            .fold(Outputs::default(), |o, (port, value)| o.and(port, value)))
    }
}

/// A long task that goes on where it stopped.
pub struct Steps;

impl Node for Steps {
    type Params = SizeParams;
    const INFO: NodeInfo = info("steps", &[Port::new("table", PortType::Table)]);

    fn run(&self, params: &SizeParams, _: &Inputs, context: &RunContext) -> Result<Outputs, NodeError> {
        let done = |i: usize| context.scratch_folder.as_ref().unwrap().join(format!("step_{i}"));
        let first = (0..params.size).find(|&i| !done(i).exists()).unwrap_or(params.size);
        context.log(&format!("goes on at {first}"));
        for i in first..params.size {
            if context.cancelled() {
                return Err(NodeError::Cancelled);
            }
            context.progress(i as u64, params.size as u64);
            std::thread::sleep(Duration::from_millis(20));
            std::fs::write(done(i), "done").unwrap();
        }
        let mut table = Table::default();
        table.set("step", TableColumn::Int((0..params.size as i64).collect()));
        Ok(Outputs::one("table", table))
    }
}
