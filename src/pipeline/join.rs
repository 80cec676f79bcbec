//! Collections: the items that flow on a wire, and how several wires meet.

use super::{Coordinate, Key, Value, store::Stored};
use std::collections::{BTreeMap, BTreeSet};

/// One item of a collection.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub coordinate: Coordinate,
    pub state: ItemState,
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

/// Joins collections on the keys they share, in order of the coordinates. Also says which items of which
/// port found no partner.
pub(super) fn join(ports: &[(&str, &[Item])]) -> (Vec<Row>, Vec<String>) {
    let mut rows: Vec<Row> = vec![(Coordinate::default(), Vec::new())];
    for (_, items) in ports {
        rows = join_one(&rows, items);
    }
    rows.sort();
    let mut unmatched = Vec::new();
    for (column, (port, items)) in ports.iter().enumerate() {
        let used: BTreeSet<usize> = rows.iter().filter_map(|(_, row)| row.get(column).copied()).collect();
        for (index, item) in items.iter().enumerate() {
            if !used.contains(&index) {
                let others: Vec<&str> =
                    ports.iter().map(|(name, _)| *name).filter(|name| name != port).collect();
                unmatched.push(format!(
                    "item {} at \"{port}\" is left out: there is no item for it at \"{}\"",
                    item.coordinate,
                    others.join("\", \"")
                ));
            }
        }
    }
    (rows, unmatched)
}

fn join_one(rows: &[Row], items: &[Item]) -> Vec<Row> {
    // Keys that all coordinates of both sides have tell partners apart quickly; the rest is compared.
    let mut all = rows.iter().map(|(c, _)| c).chain(items.iter().map(|i| &i.coordinate));
    let mut shared: BTreeSet<&str> =
        all.next().map(|c| c.0.keys().map(String::as_str).collect()).unwrap_or_default();
    for coordinate in all {
        shared.retain(|key| coordinate.0.contains_key(*key));
    }
    let part =
        |c: &Coordinate| -> Vec<_> { shared.iter().filter_map(|key| c.0.get(*key).cloned()).collect() };
    let mut by_part: BTreeMap<Vec<_>, Vec<usize>> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        by_part.entry(part(&item.coordinate)).or_default().push(index);
    }
    let mut joined = Vec::new();
    for (coordinate, row) in rows {
        for &index in by_part.get(&part(coordinate)).into_iter().flatten() {
            if let Some(coordinate) = coordinate.join(&items[index].coordinate) {
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
            Coordinate(keys.iter().map(|&(k, v)| (k.to_owned(), CoordinateValue::Int(v))).collect())
        };
        keys.iter().map(|k| Item { coordinate: coordinate(k), state: ItemState::Pending }).collect()
    }

    fn check(a: &[&[(&str, i64)]], b: &[&[(&str, i64)]], rows: &[&str], num_unmatched: usize) {
        let (a, b) = (items(a), items(b));
        let (joined, unmatched) = join(&[("a", &a), ("b", &b)]);
        let names: Vec<String> = joined.iter().map(|(c, _)| c.to_string()).collect();
        assert_eq!(names, rows);
        assert_eq!(unmatched.len(), num_unmatched, "{unmatched:?}");
    }

    #[test]
    fn collections_meet_on_the_keys_they_share() {
        check(&[&[]], &[&[]], &[""], 0);
        check(&[&[("s", 2)], &[("s", 1)]], &[&[]], &["s=1", "s=2"], 0);
        check(&[&[("s", 1)], &[("s", 2)]], &[&[("s", 2)], &[("s", 3)]], &["s=2"], 2);
        check(&[&[("s", 1)]], &[&[("i", 1)], &[("i", 2)]], &["i=1,s=1", "i=2,s=1"], 0);
        check(&[&[("s", 1), ("i", 1)], &[("s", 2), ("i", 1)]], &[&[("s", 1)]], &["i=1,s=1"], 1);
        check(&[], &[&[]], &[], 1);
    }
}
