//! Items that belong together: those whose shared keys have the same values.

use super::Coordinate;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Finds the coordinates that agree with others of certain keys.
pub struct Partners(Vec<(BTreeSet<String>, HashMap<Coordinate, Vec<usize>>)>);

impl Partners {
    /// Looks `coordinates` up by `keys`, those of the others.
    pub fn of(coordinates: &[Coordinate], keys: &[String]) -> Self {
        let mut by_shared: BTreeMap<BTreeSet<String>, HashMap<Coordinate, Vec<usize>>> = BTreeMap::new();
        for (i, coordinate) in coordinates.iter().enumerate() {
            let shared: BTreeSet<String> =
                keys.iter().filter(|key| coordinate.keys().contains_key(*key)).cloned().collect();
            let part = coordinate.only(&shared);
            by_shared.entry(shared).or_default().entry(part).or_default().push(i);
        }
        Self(by_shared.into_iter().collect())
    }

    /// Places of the coordinates that agree with one that has the keys.
    pub fn find(&self, coordinate: &Coordinate) -> impl Iterator<Item = usize> {
        let found = self.0.iter().filter_map(|(shared, places)| places.get(&coordinate.only(shared)));
        found.flatten().copied()
    }
}
