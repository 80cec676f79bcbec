//! How each node is as the store has it, without running anything.

use super::{
    Executor, NodeState, Pipeline, Severity, Store, Value,
    evaluate::EvalState,
    executor::document_of,
    join::{Item, ItemState},
    memo::Memo,
    store::lock,
    validate::validate,
};
use crate::data::Notice;
use std::{collections::BTreeMap, path::Path};

/// What is known of a node without running it.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeReport {
    /// How it is.
    pub state: NodeState,
    /// What its stored results warned of when they were made.
    pub warnings: Vec<Notice>,
    /// Items that leave by each output, as far as they are known.
    pub items: BTreeMap<String, usize>,
    /// Why it does not run though nothing is wrong with it: a node before it is muted, or passes nothing on.
    pub off: Option<String>,
}

impl NodeReport {
    fn of(state: NodeState) -> Self {
        Self { state, warnings: Vec::new(), items: BTreeMap::new(), off: None }
    }
}

/// How many items are there, and the first of them.
pub(super) fn made(items: &[Item], memo: &Memo, store: &Store) -> Option<(usize, Value)> {
    let is_ready = |item: &&Item| matches!(item.state, ItemState::Ready { .. });
    Some((items.iter().filter(is_ready).count(), all_made(items, memo, store).next()?))
}

/// Items whose results are opened to be summed up.
const MAX_OPENED: usize = 500;

/// What items are together; of very many how many they are.
pub(super) fn words(count: usize, items: &[Item], memo: &Memo, store: &Store) -> String {
    if count > MAX_OPENED {
        return format!("×{count}");
    }
    let values: Vec<Value> = all_made(items, memo, store).collect();
    Value::summary_of(&values.iter().collect::<Vec<_>>())
}

/// The values of all items that are there and can be read.
fn all_made(items: &[Item], memo: &Memo, store: &Store) -> impl Iterator<Item = Value> {
    items.iter().filter_map(|item| match &item.state {
        ItemState::Ready { payload, .. } => memo.value(store, payload).ok(),
        _ => None,
    })
}

impl Executor {
    /// What left by each end (`"sort.sorting"`), all items together, in words; runs nothing.
    pub fn made(&self, pipeline: &Pipeline, base_folder: &Path) -> BTreeMap<String, String> {
        let mut walk = self.evaluator(pipeline, base_folder, None);
        walk.evaluate();
        let mut made = BTreeMap::new();
        for (instance, eval) in walk.iter() {
            for (port, items) in &eval.outputs {
                let found = self::made(items, &self.memo, self.store());
                let said = found.map(|(count, _)| words(count, items, &self.memo, self.store()));
                made.extend(said.map(|said| (format!("{}.{port}", instance.name), said)));
            }
        }
        made
    }

    /// The state of each node as the store has it; what runs right now is told by events.
    pub fn states(&self, pipeline: &Pipeline, base_folder: &Path) -> BTreeMap<String, NodeState> {
        self.survey(pipeline, base_folder, None, 0)
            .into_iter()
            .map(|(name, node)| (name, node.state))
            .collect()
    }

    /// What is known of each node; with the path of the document, results of earlier sessions make nodes
    /// stale rather than ready. Without one it is that of `owner`, as in [`super::RunOptions`].
    pub fn survey(
        &self,
        pipeline: &Pipeline,
        base_folder: &Path,
        pipeline_path: Option<&Path>,
        owner: u64,
    ) -> BTreeMap<String, NodeReport> {
        let mut walk = self.evaluator(pipeline, base_folder, None);
        walk.evaluate();
        let document = document_of(base_folder, pipeline_path, owner);
        let results = pipeline_path.map(|path| self.store().results_folder(path));
        let mut reports = BTreeMap::new();
        for (instance, eval) in walk.iter() {
            let name = &instance.name;
            let ran = || {
                lock(&self.ran).contains(&(document.clone(), name.clone()))
                    || results.as_ref().is_some_and(|results| self.store().has_results(results, name))
            };
            let failed = eval.items.iter().find_map(|item| match &item.state {
                EvalState::Failed(message) => Some(message.clone()),
                _ => None,
            });
            let tasks = || eval.items.iter().filter(|item| item.is_task);
            // What is broken before it leaves nothing to run.
            let is_over = |state: &EvalState| matches!(state, EvalState::Done(_) | EvalState::Cancelled(_));
            let done = tasks().any(|item| matches!(item.state, EvalState::Done(_)))
                && tasks().all(|item| is_over(&item.state));
            let is_task = self.registry().get(&instance.kind).is_some_and(|n| n.info().work.is_task());
            let state = match (&eval.invalid, failed) {
                (Some(message), _) => NodeState::Invalid(message.clone()),
                (None, Some(message)) => NodeState::Failed(message),
                (None, None) if done => NodeState::Cached,
                (None, None) if is_task && !eval.off && ran() => NodeState::Stale,
                (None, None) => NodeState::Ready,
            };
            let mut warnings = eval.warnings.clone();
            for item in &eval.items {
                if let EvalState::Done(stored) = &item.state {
                    warnings.extend(stored.warnings());
                }
            }
            warnings.sort();
            warnings.dedup();
            let items = eval.outputs.iter().map(|(port, items)| (port.clone(), items.len())).collect();
            let off = walk.why_off(name);
            reports.insert(name.clone(), NodeReport { state, warnings, items, off });
        }
        // A pipeline with a loop has no order; its nodes are told of as well.
        for problem in validate(pipeline, self.registry()) {
            if let Some(node) = problem.node
                && problem.severity == Severity::Error
            {
                reports.entry(node).or_insert_with(|| NodeReport::of(NodeState::Invalid(problem.message)));
            }
        }
        reports
    }
}
