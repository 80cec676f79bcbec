//! Units of the same output in two runs, matched by their spikes.

use crate::{
    app::{text, texts},
    data::Sorting,
    engine::compare::{CompareParams, compare_sortings},
    pipeline::{Coordinate, Value},
};
use std::cmp::Ordering;

/// Items of one output that are compared.
const MAX_ITEMS: usize = 20;
/// Units that agree at least this much are the same but for a spike here and there.
const SAME: f64 = 0.995;

/// The units of one sorting in two runs.
#[derive(Clone, Debug)]
pub struct Units {
    /// The output, with the item where there are several.
    pub of: String,
    /// The units: those that are lost, new, then all others, the least alike first; or why they are not compared.
    pub pairs: Result<Vec<Pair>, String>,
}

/// A unit, and the one that takes its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Names in the first and the second run; `None` where it has none.
    pub ids: [Option<String>; 2],
    /// Their spikes.
    pub spikes: [u64; 2],
    /// Spikes in common over all of both, from 0 to 1.
    pub agreement: f64,
    /// The unit of the other run that is nearest to one without a partner, and how much it agrees.
    pub nearest: Option<(String, f64)>,
}

impl Pair {
    /// True where both runs have it, as good as alike.
    pub fn is_same(&self) -> bool {
        self.ids.iter().all(Option::is_some) && self.agreement >= SAME
    }

    /// True where the second run does not have it.
    pub fn is_lost(&self) -> bool {
        self.ids[1].is_none()
    }

    /// True where the first run does not have it.
    pub fn is_new(&self) -> bool {
        self.ids[0].is_none()
    }
}

/// Matches the units of an output in two runs, item by item.
pub fn units(end: &str, items: [&[(Coordinate, Value)]; 2]) -> Vec<Units> {
    let [first, second] = items;
    let new = second.iter().filter(|(coordinate, _)| value_at(first, coordinate).is_none());
    let all: Vec<&Coordinate> = first.iter().chain(new).map(|(coordinate, _)| coordinate).collect();
    let mut found: Vec<Units> = Vec::new();
    for coordinate in all.iter().take(MAX_ITEMS) {
        let item = if all.len() > 1 { format!(" · {coordinate}") } else { String::new() };
        let pairs = match [value_at(first, coordinate), value_at(second, coordinate)] {
            [Some(Value::Sorting(sorting)), Some(Value::Sorting(other))] => pairs(sorting, other),
            [Some(_), None] => Err(texts::runs::only_in_the_first_run().to_owned()),
            [None, Some(_)] => Err(texts::runs::only_in_the_second_run().to_owned()),
            _ => continue,
        };
        found.push(Units { of: format!("{end}{item}"), pairs });
    }
    if all.len() > MAX_ITEMS {
        let reason = texts::runs::items_are_not_compared(&(all.len() - MAX_ITEMS));
        found.push(Units { of: end.to_owned(), pairs: Err(reason) });
    }
    found
}

fn value_at<'v>(items: &'v [(Coordinate, Value)], coordinate: &Coordinate) -> Option<&'v Value> {
    items.iter().find(|(own, _)| own == coordinate).map(|(_, value)| value)
}

fn pairs(first: &Sorting, second: &Sorting) -> Result<Vec<Pair>, String> {
    let found =
        compare_sortings(first, second, &CompareParams::default()).map_err(|error| error.to_string())?;
    let nearest = |scores: Vec<f64>, ids: &[crate::data::Id]| {
        let best = scores.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        best.filter(|(_, score)| **score > 0.0).map(|(index, score)| (ids[index].to_string(), *score))
    };
    let matched = found.matches.iter().enumerate().map(|(index, unit)| Pair {
        ids: [Some(unit.unit_id.to_string()), unit.other_id.as_ref().map(ToString::to_string)],
        spikes: [unit.num_spikes, unit.num_spikes_other],
        agreement: unit.agreement,
        nearest: match &unit.other_id {
            Some(_) => None,
            None => nearest(found.agreement.row(index).to_vec(), &found.unit_ids[1]),
        },
    });
    let counts = second.spike_counts();
    let new = second.unit_ids.iter().enumerate().filter(|(_, id)| found.unmatched_other.contains(id));
    let new = new.map(|(index, id)| Pair {
        ids: [None, Some(id.to_string())],
        spikes: [0, counts[index] as u64],
        agreement: 0.0,
        nearest: nearest(found.agreement.column(index).to_vec(), &found.unit_ids[0]),
    });
    let mut pairs: Vec<Pair> = matched.chain(new).collect();
    let rank = |pair: &Pair| (!pair.is_lost(), !pair.is_new());
    pairs.sort_by(|a, b| match rank(a).cmp(&rank(b)) {
        Ordering::Equal => a.agreement.total_cmp(&b.agreement),
        other => other,
    });
    Ok(pairs)
}

/// A share as `92 %`.
pub fn percent(share: f64) -> String {
    format!("{} %", text::number((100.0 * share).round()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn units_are_matched_by_their_spikes_whatever_they_are_called() {
        let of = |trains: &[&[i64]]| {
            let spikes: Vec<(i64, u32)> = trains
                .iter()
                .enumerate()
                .flat_map(|(unit, train)| train.iter().map(move |at| (*at, unit as u32)))
                .collect();
            let (at, unit): (Vec<i64>, Vec<u32>) = spikes.into_iter().unzip();
            let ids = crate::data::Id::range(trains.len());
            let sorting = Sorting::from_spikes(30_000.0, ids, &at, &unit);
            vec![(Coordinate::default(), Value::Sorting(Arc::new(sorting)))]
        };
        let first = of(&[&[100, 5100, 9100, 12_100], &[300, 3300, 6300, 9300]]);
        let second = of(&[&[700, 2700], &[100, 5101, 9100, 15_000]]);
        let found = units("sort.sorting", [&first, &second]);
        let pairs = found[0].pairs.as_ref().unwrap();
        let ids: Vec<[Option<&str>; 2]> =
            pairs.iter().map(|pair| pair.ids.each_ref().map(Option::as_deref)).collect();
        assert_eq!(ids, [[Some("1"), None], [None, Some("0")], [Some("0"), Some("1")]]);
        assert_eq!(pairs[2].spikes, [4, 4]);
        assert!((pairs[2].agreement - 0.6).abs() < 1e-9, "{pairs:?}");
        assert!(pairs[0].is_lost() && pairs[1].is_new() && !pairs[2].is_same());
    }
}
