//! The tasks that were asked for, found quickly however many they are.

use crate::pipeline::{Coordinate, TaskId};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Tasks by node and by the keys they are told apart with; `None` wants all.
pub(super) struct Wanted(Option<HashMap<String, BTreeMap<BTreeSet<String>, HashSet<Coordinate>>>>);

impl Wanted {
    pub(super) fn of(only: Option<&BTreeSet<TaskId>>) -> Self {
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
    pub(super) fn holds(&self, task: &TaskId) -> bool {
        let Some(nodes) = &self.0 else { return true };
        let Some(by_keys) = nodes.get(&task.node) else { return false };
        by_keys.iter().any(|(keys, coordinates)| coordinates.contains(&task.coordinate.only(keys)))
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
    }
}
