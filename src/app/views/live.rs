//! What a node shows while it runs: counts, the drift map so far, templates as they arrive.

use crate::{
    data::Templates,
    engine::Preview,
    pipeline::{Event, EventKind},
};
use std::{collections::BTreeMap, sync::Arc};

/// Points of a drift map that are kept; older ones are thinned.
const POINTS: usize = 600_000;

/// What is known of the nodes that run.
#[derive(Default)]
pub struct Live {
    nodes: BTreeMap<String, LiveNode>,
}

/// One node that runs.
#[derive(Clone, Default)]
pub struct LiveNode {
    /// Spikes and units so far.
    pub counts: Option<(u64, u64)>,
    /// Time (s), depth, amplitude of peaks.
    pub points: Arc<Vec<[f32; 3]>>,
    /// Templates so far.
    pub templates: Option<Arc<Templates>>,
    /// The stages it went through, last the one it is in.
    pub stages: Vec<String>,
    /// Share of the stage.
    pub share: Option<f32>,
    /// Seconds to the end of the task.
    pub remaining_s: Option<f64>,
    /// True while it runs.
    pub running: bool,
    /// What it failed with.
    pub failure: Option<String>,
    /// Counts changes, so that pictures know when they are old.
    pub version: u64,
}

impl Live {
    /// Hears an event; the name of the node it is about, where that node's result may have changed.
    pub fn hear(&mut self, event: &Event) -> Option<String> {
        match &event.kind {
            EventKind::RunStarted { .. } => self.nodes.clear(),
            EventKind::Started { task } => {
                let node = LiveNode { running: true, ..LiveNode::default() };
                self.nodes.insert(task.node.clone(), node);
                return Some(task.node.clone());
            }
            EventKind::Progress { task, stage, done, total, remaining_s, .. } => {
                let node = self.nodes.entry(task.node.clone()).or_default();
                node.running = true;
                if node.stages.last() != Some(stage) {
                    // Stages may take turns, each on its part of the data.
                    node.stages.retain(|known| known != stage);
                    node.stages.push(stage.clone());
                }
                node.share = (*total > 0).then(|| *done as f32 / *total as f32);
                node.remaining_s = *remaining_s;
            }
            EventKind::Preview { task, preview } => {
                let node = self.nodes.entry(task.node.clone()).or_default();
                node.version += 1;
                match preview {
                    Preview::Peaks(peaks) => add(&mut node.points, peaks),
                    Preview::Counts { num_spikes, num_units } => {
                        node.counts = Some((*num_spikes, *num_units))
                    }
                    Preview::Templates(templates) => node.templates = Some(templates.clone()),
                }
            }
            EventKind::Finished { task, .. } | EventKind::Cached { task, .. } => {
                self.end(&task.node, None);
                return Some(task.node.clone());
            }
            EventKind::Cancelled { task, .. } => {
                self.nodes.remove(&task.node);
                return Some(task.node.clone());
            }
            EventKind::Failed { task, message } => {
                self.end(&task.node, Some(message.to_string()));
                return Some(task.node.clone());
            }
            _ => {}
        }
        None
    }

    fn end(&mut self, node: &str, failure: Option<String>) {
        let node = self.nodes.entry(node.to_owned()).or_default();
        node.running = false;
        node.failure = failure;
    }

    /// What is known of a node.
    pub fn node(&self, name: &str) -> Option<&LiveNode> {
        self.nodes.get(name)
    }
}

/// Adds points; where there are too many, every second one of all is dropped.
fn add(points: &mut Arc<Vec<[f32; 3]>>, more: &[[f32; 3]]) {
    let points = Arc::make_mut(points);
    points.extend_from_slice(more);
    if points.len() > POINTS {
        let mut keep = false;
        points.retain(|_| {
            keep = !keep;
            keep
        });
    }
}
