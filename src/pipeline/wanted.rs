//! The tasks that were asked for, found quickly however many they are.

use super::{Coordinate, TaskId};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Tasks by node and by the keys they are told apart with; `None` wants all.
pub struct Wanted(Option<HashMap<String, BTreeMap<BTreeSet<String>, HashSet<Coordinate>>>>);

impl Wanted {
    /// These tasks, or all where none are named.
    pub fn of(only: Option<&BTreeSet<TaskId>>) -> Self {
        let index = |only: &BTreeSet<TaskId>| {
            let mut nodes: HashMap<String, BTreeMap<_, HashSet<Coordinate>>> = HashMap::new();
            for TaskId { node, coordinate } in only {
                let keys: BTreeSet<String> = coordinate.keys().keys().cloned().collect();
                let of_keys = nodes.entry(node.clone()).or_default().entry(keys).or_default();
                of_keys.insert(coordinate.clone());
            }
            nodes
        };
        Self(only.map(index))
    }

    /// Whether a task is one of them, or one of several that one of them became once its items were known.
    pub fn holds(&self, task: &TaskId) -> bool {
        self.0.is_none() || self.holder(task).is_some()
    }

    /// The one of them that a task is, or was before its items were known.
    pub fn holder(&self, task: &TaskId) -> Option<TaskId> {
        let by_keys = self.0.as_ref()?.get(&task.node)?;
        let mut parts = by_keys.iter().map(|(keys, coordinates)| (task.coordinate.only(keys), coordinates));
        let (coordinate, _) = parts.find(|(part, coordinates)| coordinates.contains(part))?;
        Some(TaskId { node: task.node.clone(), coordinate })
    }

    /// Whether one of them is an item of a task whose items are not known, or not known any more.
    pub fn has_part_of(&self, task: &TaskId) -> bool {
        let Some(by_keys) = self.0.as_ref().and_then(|nodes| nodes.get(&task.node)) else { return false };
        let own: BTreeSet<String> = task.coordinate.keys().keys().cloned().collect();
        let mut finer = by_keys.iter().filter(|(keys, _)| keys.len() > own.len() && keys.is_superset(&own));
        finer.any(|(_, coordinates)| coordinates.iter().any(|part| part.only(&own) == task.coordinate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::CoordinateValue;

    fn task(node: &str, keys: &[(&str, &str)]) -> TaskId {
        let value = |(key, value): &(&str, &str)| ((*key).to_owned(), CoordinateValue::of_text(value));
        TaskId { node: node.to_owned(), coordinate: keys.iter().map(value).collect() }
    }

    #[test]
    fn a_task_is_wanted_by_its_own_name_or_by_that_of_what_it_was_before() {
        let only = BTreeSet::from([task("sort", &[("index", "1")]), task("all", &[])]);
        let wanted = Wanted::of(Some(&only));
        assert!(wanted.holds(&task("sort", &[("index", "1")])));
        assert!(wanted.holds(&task("sort", &[("index", "1"), ("group", "a")])));
        assert!(wanted.holds(&task("all", &[("session", "b")])));
        assert!(!wanted.holds(&task("sort", &[("index", "2")])));
        assert!(!wanted.holds(&task("sort", &[("group", "a")])));
        assert!(!wanted.holds(&task("metrics", &[("index", "1")])));
        assert!(Wanted::of(None).holds(&task("metrics", &[])));
        let part = task("sort", &[("index", "1"), ("group", "a")]);
        assert_eq!(wanted.holder(&part), Some(task("sort", &[("index", "1")])));
        let wanted = Wanted::of(Some(&BTreeSet::from([part])));
        assert!(
            wanted.has_part_of(&task("sort", &[("index", "1")])) && wanted.has_part_of(&task("sort", &[]))
        );
        assert!(!wanted.has_part_of(&task("sort", &[("index", "2")])));
        assert!(!wanted.holds(&task("sort", &[("index", "1")])));
    }
}
