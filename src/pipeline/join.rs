//! Collections: the items that flow on a wire, and how several wires meet.

use super::{Coordinate, Key, Value, store::Stored};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// One item of a collection.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub coordinate: Coordinate,
    pub state: ItemState,
    /// The keys by which the next `many` input gathers it; `None` where that takes the whole collection.
    pub grouped: Grouped,
}

/// The keys of a group.
pub(super) type Grouped = Option<Arc<BTreeSet<String>>>;

impl Item {
    pub(super) fn new(coordinate: Coordinate, state: ItemState) -> Self {
        Self { coordinate, state, grouped: None }
    }
}

/// What arrives at a port, as calls take it: single items, or the items of each group.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    coordinates: Vec<Coordinate>,
    members: Vec<Vec<usize>>,
}

impl Arrivals {
    /// Each item by itself.
    pub(super) fn single(items: &[Item]) -> Self {
        Self {
            coordinates: items.iter().map(|item| item.coordinate.clone()).collect(),
            members: (0..items.len()).map(|index| vec![index]).collect(),
        }
    }

    /// Items of a group together, those without one all together; both in the order in which they come.
    pub(super) fn gathered(items: &[Item]) -> Self {
        if items.is_empty() {
            return Self { coordinates: vec![Coordinate::default()], members: vec![Vec::new()] };
        }
        let mut found = Self::default();
        let mut place_of: HashMap<Coordinate, usize> = HashMap::new();
        for (index, item) in items.iter().enumerate() {
            let group =
                item.grouped.as_ref().map_or_else(Coordinate::default, |keys| item.coordinate.only(keys));
            let place = *place_of.entry(group).or_insert_with_key(|group| {
                found.coordinates.push(group.clone());
                found.members.push(Vec::new());
                found.members.len() - 1
            });
            found.members[place].push(index);
        }
        found
    }

    /// The items of one arrival.
    pub(super) fn members(&self, index: usize) -> &[usize] {
        self.members.get(index).map_or(&[], Vec::as_slice)
    }
}

/// What is known of an item.
#[derive(Clone, Debug)]
pub(super) enum ItemState {
    /// It is there.
    Ready { key: Key, payload: Payload },
    /// A task before it has no result yet; its coordinate may still become several.
    Pending,
    /// It will not come, for this reason.
    Broken(String),
}

/// A value, loaded where it is needed.
#[derive(Clone, Debug)]
pub(super) enum Payload {
    Here(Value),
    /// In the store: the result, the port, and the keys the node added.
    Stored(Stored, String, Coordinate),
}

/// A row of the join: its coordinate and the position of its item at each port.
pub(super) type Row = (Coordinate, Vec<usize>);

/// Joins collections on the keys they share, in the order of the first one's items, then of the next one's. Also says which
/// items of which port found no partner.
pub(super) fn join(ports: &[(&str, &Arrivals)]) -> (Vec<Row>, Vec<String>) {
    let mut rows: Vec<Row> = vec![(Coordinate::default(), Vec::new())];
    for (_, items) in ports {
        rows = join_one(&rows, &items.coordinates);
    }
    let mut unmatched = Vec::new();
    for (column, (port, items)) in ports.iter().enumerate() {
        let used: BTreeSet<usize> = rows.iter().filter_map(|(_, row)| row.get(column).copied()).collect();
        let others: Vec<&str> = ports.iter().map(|(name, _)| *name).filter(|name| name != port).collect();
        let others = others.join("\", \"");
        // Of a thousand items it is the same: it is said once.
        if let (true, [first, _, ..]) = (used.is_empty(), items.coordinates.as_slice()) {
            let count = items.coordinates.len();
            unmatched.push(format!(
                "all {count} items at \"{port}\" are left out: there is no item for any of them, such as {first}, at \"{others}\""
            ));
            continue;
        }
        for (index, coordinate) in items.coordinates.iter().enumerate() {
            if !used.contains(&index) {
                unmatched.push(format!(
                    "item {coordinate} at \"{port}\" is left out: there is no item for it at \"{others}\""
                ));
            }
        }
    }
    (rows, unmatched)
}

fn join_one(rows: &[Row], items: &[Coordinate]) -> Vec<Row> {
    // Keys that all coordinates of both sides have tell partners apart quickly; the rest is compared.
    let mut all = rows.iter().map(|(c, _)| c).chain(items);
    let mut shared: BTreeSet<&str> =
        all.next().map(|c| c.keys().keys().map(String::as_str).collect()).unwrap_or_default();
    for coordinate in all {
        shared.retain(|key| coordinate.keys().contains_key(*key));
    }
    let part =
        |c: &Coordinate| -> Vec<_> { shared.iter().filter_map(|key| c.keys().get(*key).cloned()).collect() };
    let mut by_part: BTreeMap<Vec<_>, Vec<usize>> = BTreeMap::new();
    for (index, coordinate) in items.iter().enumerate() {
        by_part.entry(part(coordinate)).or_default().push(index);
    }
    let mut joined = Vec::new();
    for (coordinate, row) in rows {
        for &index in by_part.get(&part(coordinate)).into_iter().flatten() {
            if let Some(coordinate) = coordinate.join(&items[index]) {
                joined.push((coordinate, row.iter().copied().chain([index]).collect()));
            }
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::super::CoordinateValue;
    use super::*;

    fn items(keys: &[&[(&str, i64)]]) -> Vec<Item> {
        let coordinate = |keys: &&[(&str, i64)]| {
            keys.iter().map(|&(k, v)| (k.to_owned(), CoordinateValue::Int(v))).collect()
        };
        keys.iter().map(|k| Item::new(coordinate(k), ItemState::Pending)).collect()
    }

    fn check(a: &[&[(&str, i64)]], b: &[&[(&str, i64)]], rows: &[&str], num_unmatched: usize) {
        let (a, b) = (Arrivals::single(&items(a)), Arrivals::single(&items(b)));
        let (joined, unmatched) = join(&[("a", &a), ("b", &b)]);
        let names: Vec<String> = joined.iter().map(|(c, _)| c.to_string()).collect();
        assert_eq!(names, rows);
        assert_eq!(unmatched.len(), num_unmatched, "{unmatched:?}");
    }

    #[test]
    fn collections_meet_on_the_keys_they_share() {
        check(&[&[]], &[&[]], &[""], 0);
        check(&[&[("s", 2)], &[("s", 1)]], &[&[]], &["s=2", "s=1"], 0);
        check(&[&[("s", 1)], &[("s", 2)]], &[&[("s", 2)], &[("s", 3)]], &["s=2"], 2);
        check(&[&[("s", 1)]], &[&[("i", 1)], &[("i", 2)]], &["i=1,s=1", "i=2,s=1"], 0);
        check(&[&[("s", 1), ("i", 1)], &[("s", 2), ("i", 1)]], &[&[("s", 1)]], &["i=1,s=1"], 1);
        check(&[], &[&[]], &[], 1);
        // Of a side that is empty it is said once.
        check(&[&[("s", 1)], &[("s", 2)], &[("s", 3)]], &[], &[], 1);
        check(&[&[("s", 1)], &[("s", 2)]], &[&[("s", 3)], &[("s", 4)]], &[], 2);
    }

    #[test]
    fn groups_are_gathered_by_their_keys() {
        let mut all = items(&[&[("s", 2), ("i", 1)], &[("s", 1), ("i", 1)], &[("s", 2), ("i", 2)]]);
        assert_eq!(Arrivals::gathered(&all).members, [vec![0, 1, 2]]);
        for item in &mut all {
            item.grouped = Some(Arc::new(BTreeSet::from(["s".to_owned()])));
        }
        let gathered = Arrivals::gathered(&all);
        assert_eq!(gathered.members, [vec![0, 2], vec![1]]);
        let names: Vec<String> = gathered.coordinates.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["s=2", "s=1"]);
        assert_eq!(Arrivals::gathered(&[]).members.len(), 1, "an empty collection is a collection");
    }
}
