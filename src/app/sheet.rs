//! One open pipeline: its document, what is known of it, what is seen of it, and the runs it started.

use super::{
    canvas::{Canvas, Known},
    cluster::Cluster,
    editor::Editor,
    groups,
    previews::Previews,
    results::Given,
    runs::Runs,
    views::Viewer,
};
use crate::pipeline::{NodeReport, NodeState, Offered, Problem};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

/// An open pipeline; the window shows one, the others lie behind their tabs.
#[derive(Default)]
pub struct Sheet {
    /// Differs for every sheet of the session; tabs stand in this order.
    pub number: u64,
    /// The document.
    pub editor: Editor,
    /// Differs for every state of every pipeline, places of nodes aside.
    pub meaning: u64,
    /// The state that was asked about last.
    pub checked: Option<u64>,
    /// The last run warned: what can be mended is shown once it is known.
    pub has_warned: bool,
    /// What is wrong with the pipeline.
    pub problems: Vec<Problem>,
    /// What the text of its file says that the pipeline does not hold; told until the file is written without it.
    pub left_out: Vec<Problem>,
    /// Parameters that nodes offer beyond those they declare.
    pub offers: BTreeMap<String, Offered>,
    /// States of nodes as the store knows them.
    pub stored: BTreeMap<String, NodeState>,
    /// States of nodes as they are shown.
    pub states: BTreeMap<String, NodeState>,
    /// What runs say is not joined to them yet.
    pub unjoined: bool,
    /// What the store says besides: warnings, and how many items flow.
    pub known: Known,
    /// The run this pipeline started last.
    pub runs: Runs,
    /// Nodes that a run which waits for its turn will bring up to date.
    pub waiting: BTreeSet<String>,
    /// What is known of it on Slurm.
    pub cluster: Option<Cluster>,
    /// What flows at nodes, drawn small.
    pub previews: Previews,
    /// Where the canvas looks.
    pub canvas: Canvas,
    /// Where the canvas looked at each group last, and at the whole.
    pub places: BTreeMap<String, ([f32; 2], f32)>,
    /// What lies in the folder of results that was opened, as long as nothing is changed.
    pub given: Arc<Given>,
    /// What is looked at; there once the store is open.
    pub viewer: Option<Viewer>,
    /// What is looked at was not chosen by hand: it may change to spikes that arrive.
    pub follows: bool,
    /// What flows at ends of the selected node.
    pub flows: BTreeMap<String, String>,
    /// What that was asked for: a state and a node.
    pub flows_of: Option<(u64, String)>,
    /// Nothing was begun yet: while it is empty the start screen is shown.
    pub welcome: bool,
    /// The revision a copy was asked for last, where it is not saved.
    pub kept: Option<u64>,
    /// A copy of an earlier session that this one was recovered from.
    pub recovered_from: Option<std::path::PathBuf>,
}

impl Sheet {
    /// A sheet with nothing on it that offers what could be opened.
    pub fn start(number: u64) -> Self {
        Self { number, welcome: true, follows: true, ..Self::default() }
    }

    /// True where it holds nothing, and never did: what is opened next takes its place.
    pub fn is_fresh(&self) -> bool {
        let (undo, redo) = self.editor.undo_labels();
        let untouched = undo.is_none() && redo.is_none() && !self.editor.is_dirty();
        untouched && self.is_empty() && self.editor.path.is_none() && !self.runs.is_busy()
    }

    /// True where there is nothing on the canvas.
    pub fn is_empty(&self) -> bool {
        let pipeline = self.editor.pipeline();
        pipeline.nodes().next().is_none() && pipeline.marks().next().is_none()
    }

    /// True where it is the pipeline of this file.
    pub fn is_of(&self, path: &Path) -> bool {
        let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_unknown| path.to_owned());
        self.editor.path.as_deref().is_some_and(|own| whole(own) == whole(path))
    }

    /// What is stored, with what runs say on top.
    pub fn join_states(&mut self) {
        self.unjoined = false;
        self.runs.fold();
        self.states.clone_from(&self.stored);
        let pipeline = self.editor.pipeline();
        self.states.retain(|name, _| pipeline.index(name).is_some());
        for (name, live) in self.runs.live() {
            let done = matches!(live, NodeState::Done { .. } | NodeState::Cached);
            let stored = self.states.get(name);
            // The store knows better whether what was done still holds.
            let outdated = done
                && !self.runs.is_running()
                && stored.is_some_and(|s| !matches!(s, NodeState::Cached | NodeState::Done { .. }));
            // Where what is left of a node is broken before it, it is done as far as it can be.
            let over = *live == NodeState::Cancelled
                && !self.runs.is_running()
                && stored.is_some_and(|s| matches!(s, NodeState::Cached | NodeState::Done { .. }));
            if !outdated && !over && pipeline.index(name).is_some() {
                self.states.insert(name.clone(), live.clone());
            }
        }
        self.join_waiting();
        self.join_cluster();
        self.join_groups();
    }

    /// What a run that waits will do has its turn before it.
    fn join_waiting(&mut self) {
        for name in &self.waiting {
            let Some(node) = self.editor.pipeline().node(name) else { continue };
            let known = self.editor.kinds().and_then(|kinds| kinds.get(&node.kind));
            let is_task = known.is_some_and(|node| node.info().work.is_task());
            let is_settled = |state: &NodeState| {
                let done = matches!(state, NodeState::Done { .. } | NodeState::Cached);
                done || matches!(state, NodeState::Running { .. } | NodeState::Invalid(_))
            };
            let waits = !self.states.get(name).is_some_and(is_settled);
            if is_task && waits && !node.muted && !node.bypassed {
                self.states.insert(name.clone(), NodeState::Queued);
            }
        }
    }

    /// Groups are as what lies in them is.
    fn join_groups(&mut self) {
        let pipeline = self.editor.pipeline();
        self.known.inner.clear();
        for (group, _) in pipeline.groups() {
            let nodes = pipeline.nodes_of(group);
            // A recipe is ready for ever: what has to run says how far the group is.
            let is_task = |name: &str| {
                let kind = pipeline.node(name).map(|node| node.kind.as_str());
                let known = kind.and_then(|kind| self.editor.kinds()?.get(kind));
                known.is_some_and(|node| node.info().work.is_task())
            };
            let any = nodes.iter().any(|name| is_task(name));
            let states = nodes.iter().filter_map(|name| Some((*name, self.states.get(*name)?)));
            let states =
                states.filter(|(name, state)| !any || is_task(name) || !matches!(state, NodeState::Ready));
            if let Some(state) = groups::joined(states) {
                self.states.insert(group.to_owned(), state);
            }
            if let Some(reason) = nodes.first().and_then(|first| self.known.off.get(*first)).cloned()
                && nodes.iter().all(|name| self.known.off.contains_key(*name))
            {
                self.known.off.insert(group.to_owned(), reason);
            }
            for port in pipeline.group_ports(group, false) {
                let end = format!("{group}.{}", port.name);
                let inner = pipeline.flat_ends(&end, false);
                if let Some(count) = inner.first().and_then(|inner| self.known.counts.get(inner)).copied() {
                    self.known.counts.insert(end, count);
                }
            }
            let told: Vec<String> = nodes.iter().flat_map(|name| self.known.told(name)).collect();
            if !told.is_empty() {
                self.known.inner.insert(group.to_owned(), told);
            }
        }
    }

    /// Takes in what was wrong with the text that it was read from. What lies in the pipeline is found again by every
    /// check, what could not be taken into it is not.
    pub fn take_problems_of_text(&mut self, problems: Vec<Problem>) {
        self.left_out = problems.iter().filter(|p| p.line.is_some() && p.node.is_none()).cloned().collect();
        self.problems = problems;
    }

    /// Takes in what was found out about the state of the pipeline.
    pub fn take_report(&mut self, problems: Vec<Problem>, nodes: Option<BTreeMap<String, NodeReport>>) {
        self.problems = self.left_out.iter().cloned().chain(problems).collect();
        let Some(nodes) = nodes else { return };
        self.stored.clear();
        self.known = Known::default();
        self.problems.iter().for_each(|problem| self.known.advise(problem));
        for (name, node) in nodes {
            self.known.add(&name, &node);
            self.stored.insert(name, node.state);
        }
        self.join_states();
        self.refresh_viewer();
    }

    /// What is stored now is other than what was asked for last; until it is asked for again, what the run says
    /// holds.
    pub fn run_finished(&mut self) {
        self.runs.fold();
        for (name, live) in self.runs.live() {
            if matches!(live, NodeState::Done { .. } | NodeState::Cached) {
                self.stored.insert(name.clone(), NodeState::Cached);
            }
        }
        self.join_states();
        self.checked = None;
        self.flows_of = None;
    }

    /// Lets the viewer look at the pipeline as it is now.
    pub fn refresh_viewer(&mut self) {
        if let (Some(viewer), Some(end)) = (&mut self.viewer, &self.editor.looked_at) {
            viewer.set_given(&self.given);
            viewer.show_end(self.editor.pipeline(), &self.editor.base_folder(), end);
        }
    }

    /// Shows what flows at an end.
    pub fn look(&mut self, end: String) {
        self.editor.looked_at = Some(end);
        self.refresh_viewer();
    }
}
