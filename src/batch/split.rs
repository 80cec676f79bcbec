//! Which tasks of a plan become which jobs.

use crate::pipeline::{Plan, PlannedTask, TaskId, TaskNeeds, Wanted};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The tasks of one node as an array of jobs.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The node.
    pub node: String,
    /// What each of its tasks fits into.
    pub needs: TaskNeeds,
    /// The tasks of each job.
    pub elements: Vec<Vec<TaskId>>,
    /// Which batches before it must end, by their place in the list.
    pub waits: Vec<(usize, Wait)>,
    /// Tasks that were submitted before and that it waits for.
    pub waits_for_earlier: BTreeSet<TaskId>,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The end of all jobs, however they end: what failed is missing, and says so.
    All,
    /// The success of the job at the same place of the array.
    SamePlace,
}

/// Arrays of at most `max_elements` jobs for the tasks that have no result, or for those of `only` alone. Those in `submitted`
/// are at work already.
pub fn split(
    plan: &Plan,
    max_elements: usize,
    submitted: &BTreeSet<TaskId>,
    only: Option<&BTreeSet<TaskId>>,
) -> Vec<Batch> {
    let mut by_node: Vec<(&str, Vec<&PlannedTask>)> = Vec::new();
    let (submitted, only) = (Wanted::of(Some(submitted)), Wanted::of(only));
    let is_wanted = |task: &TaskId| !submitted.holds(task) && (only.holds(task) || only.has_part_of(task));
    for task in plan.stale().filter(|task| is_wanted(&task.task)) {
        match by_node.iter_mut().find(|(node, _)| *node == task.task.node) {
            Some((_, tasks)) => tasks.push(task),
            None => by_node.push((&task.task.node, vec![task])),
        }
    }
    let mut batches: Vec<Batch> = Vec::new();
    // Batch and element of each task.
    let mut places: HashMap<&TaskId, (usize, usize)> = HashMap::new();
    for (node, tasks) in by_node {
        let index = batches.len();
        let mut batch = Batch {
            node: node.to_owned(),
            needs: tasks.iter().map(|task| task.needs).reduce(TaskNeeds::max).unwrap_or(TaskNeeds::new(1, 0)),
            elements: tasks
                .chunks(tasks.len().div_ceil(max_elements.max(1)))
                .map(|chunk| chunk.iter().map(|t| t.task.clone()).collect())
                .collect(),
            waits: Vec::new(),
            waits_for_earlier: BTreeSet::new(),
        };
        let size = batch.elements.first().map_or(1, Vec::len);
        let mut before: BTreeMap<usize, Wait> = BTreeMap::new();
        let mut partners: BTreeMap<usize, usize> = BTreeMap::new();
        for (i, task) in tasks.iter().enumerate() {
            for after in &task.after {
                batch.waits_for_earlier.extend(submitted.holder(after));
                let Some(&(other, element)) = places.get(after) else { continue };
                let wait = before.entry(other).or_insert(Wait::SamePlace);
                *partners.entry(other).or_default() += 1;
                if element != i / size {
                    *wait = Wait::All;
                }
            }
        }
        for (other, wait) in before {
            // One partner for each task and as many jobs: the arrays go side by side.
            let pairs = partners.get(&other) == Some(&tasks.len());
            let alike = batches[other].elements.len() == batch.elements.len();
            batch.waits.push((other, if pairs && alike { wait } else { Wait::All }));
        }
        for (i, task) in tasks.iter().enumerate() {
            places.insert(&task.task, (index, i / size));
        }
        batches.push(batch);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::CoordinateValue;

    fn id(node: &str, item: Option<i64>) -> TaskId {
        let keys = item.map(|i| ("i".to_owned(), CoordinateValue::Int(i)));
        TaskId { node: node.into(), coordinate: keys.into_iter().collect() }
    }

    fn task(id: TaskId, after: Vec<TaskId>) -> PlannedTask {
        PlannedTask {
            task: id,
            kind: "k".into(),
            fit: false,
            cached: false,
            folder: None,
            provisional: false,
            after,
            estimate_s: None,
            needs: TaskNeeds::new(1, 250),
        }
    }

    fn plan() -> Plan {
        let a = (0..4).map(|i| task(id("a", Some(i)), Vec::new()));
        let b = (0..4).map(|i| task(id("b", Some(i)), vec![id("a", Some(i))]));
        let all = task(id("all", None), (0..4).map(|i| id("b", Some(i))).collect());
        Plan { tasks: a.chain(b).chain([all]).collect(), problems: Vec::new() }
    }

    #[test]
    fn items_go_side_by_side_and_gatherers_wait_for_all() {
        for (max, count) in [(100, 4), (2, 2), (3, 2)] {
            let batches = split(&plan(), max, &BTreeSet::new(), None);
            let nodes: Vec<&str> = batches.iter().map(|b| b.node.as_str()).collect();
            assert_eq!(nodes, ["a", "b", "all"]);
            assert_eq!(batches[0].elements.len(), count);
            assert_eq!(batches[0].waits, []);
            assert_eq!(batches[1].waits, [(0, Wait::SamePlace)]);
            assert_eq!(batches[2].waits, [(1, Wait::All)]);
        }
    }

    #[test]
    fn what_is_done_or_at_work_is_not_submitted_again() {
        let mut plan = plan();
        plan.tasks[0].cached = true;
        let submitted = BTreeSet::from([id("a", Some(1))]);
        let batches = split(&plan, 100, &submitted, None);
        assert_eq!(batches[0].elements, [[id("a", Some(2))], [id("a", Some(3))]]);
        assert_eq!(batches[1].elements.len(), 4);
        assert_eq!(batches[1].waits, [(0, Wait::All)], "the arrays are not alike");
        assert_eq!(batches[1].waits_for_earlier, submitted);
        let only = BTreeSet::from([id("a", Some(3)), id("b", Some(3))]);
        let batches = split(&plan, 100, &submitted, Some(&only));
        assert_eq!((batches.len(), &batches[0].elements), (2, &vec![vec![id("a", Some(3))]]));
        assert_eq!(batches[1].waits, [(0, Wait::SamePlace)]);
    }

    #[test]
    fn a_task_goes_by_what_it_was_before_its_items_were_known() {
        // The whole node was submitted, or is to be tried again, when its items were not known.
        let whole = BTreeSet::from([id("a", None)]);
        let batches = split(&plan(), 100, &whole, None);
        assert_eq!(batches.iter().map(|b| b.node.as_str()).collect::<Vec<_>>(), ["b", "all"]);
        assert_eq!(batches[0].waits_for_earlier, whole);
        let batches = split(&plan(), 100, &BTreeSet::new(), Some(&whole));
        assert_eq!((batches.len(), batches[0].elements.len()), (1, 4));
        // Its items are not known any more.
        let part = BTreeSet::from([TaskId { node: "all".into(), ..id("a", Some(1)) }]);
        let batches = split(&plan(), 100, &BTreeSet::new(), Some(&part));
        assert_eq!(batches.iter().map(|b| b.node.as_str()).collect::<Vec<_>>(), ["all"]);
    }
}
