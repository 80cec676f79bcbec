//! Places for nodes that have none: columns along the flow, rows near what they are wired to.
//!
//! Columns by the longest way from a source, order and rows by the mean of the neighbours, swept to and fro
//! (Sugiyama, Tagawa and Toda 1981); parts that are not wired to each other lie one below the other.

use super::Pipeline;
use std::collections::{BTreeMap, BTreeSet};

/// Distance of columns and of rows in canvas units; a node is 204 wide and at most about 120 high, so that wires
/// have lanes between.
const PITCH: [f32; 2] = [264.0, 160.0];

/// Unwired nodes in a row.
const LOOSE_COLUMNS: usize = 4;

/// How often rows are brought near their neighbours.
const SWEEPS: usize = 6;

impl Pipeline {
    /// Places for the named nodes, none of which covers another of them; the first column begins at `corner`.
    pub fn arrange(&self, names: &BTreeSet<String>, corner: [f32; 2]) -> Vec<(String, [f32; 2])> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let index: BTreeMap<&str, usize> = names.iter().enumerate().map(|(i, &name)| (name, i)).collect();
        let wires: BTreeSet<(usize, usize)> =
            self.wires().iter().filter_map(|(a, _, b, _)| Some((*index.get(a)?, *index.get(b)?))).collect();
        let mut places = vec![[0.0; 2]; names.len()];
        let mut below = 0.0;
        let mut loose = Vec::new();
        for part in parts(names.len(), &wires) {
            if part.len() == 1 {
                loose.extend(part);
                continue;
            }
            let rows = Layers::of(&part, &wires).rows();
            let top = rows.iter().map(|(_, _, row)| *row).fold(f32::INFINITY, f32::min);
            let bottom = rows.iter().map(|(_, _, row)| *row).fold(f32::NEG_INFINITY, f32::max);
            for (node, column, row) in rows {
                places[node] = [column as f32, below + row - top];
            }
            below += bottom - top + 1.0;
        }
        for (i, node) in loose.into_iter().enumerate() {
            places[node] = [(i % LOOSE_COLUMNS) as f32, below + (i / LOOSE_COLUMNS) as f32];
        }
        let at = |place: [f32; 2]| {
            [0, 1].map(|axis| corner[axis] + (place[axis] * PITCH[axis] / 4.0).round() * 4.0)
        };
        names.iter().map(|&name| name.to_owned()).zip(places.into_iter().map(at)).collect()
    }
}

/// How near two nodes may lie before one is in the way of the other.
const CLOSE: [f32; 2] = [216.0, 96.0];

impl Pipeline {
    /// Where a node lies that is put between two others, and how these and what lies to the right make room for it:
    /// as wanted where it is in nobody's way, else right after the first, in line.
    pub fn room_between(
        &self,
        name: &str,
        wanted: [f32; 2],
        before: &str,
        after: &str,
    ) -> ([f32; 2], Vec<(String, [f32; 2])>) {
        let others = || self.nodes().filter(|node| node.name != name);
        let is_free = |at: [f32; 2]| {
            !others().any(|node| {
                [0, 1].into_iter().all(|axis| (node.position[axis] - at[axis]).abs() < CLOSE[axis])
            })
        };
        let (Some(first), Some(last)) = (self.node(before), self.node(after)) else {
            return (wanted, Vec::new());
        };
        let ([x, y], [right, below]) = (first.position, last.position);
        // A wire that leads back has no room to the right of its beginning.
        if is_free(wanted) || right <= x {
            return (wanted, Vec::new());
        }
        let place = [x + PITCH[0], ((y + below) / 8.0).round() * 4.0];
        let shift = (place[0] + PITCH[0] - right).max(0.0);
        let moved = others().filter(|node| shift > 0.0 && node.position[0] > x + CLOSE[0] / 2.0);
        let moves: Vec<_> =
            moved.map(|node| (node.name.clone(), [node.position[0] + shift, node.position[1]])).collect();
        let lies_there = |at: [f32; 2]| {
            let stays = |node: &&super::NodeInstance| !moves.iter().any(|(name, _)| *name == node.name);
            others().filter(stays).any(|node| {
                [0, 1].into_iter().all(|axis| (node.position[axis] - at[axis]).abs() < CLOSE[axis])
            })
        };
        // Something else lies in line: below it.
        let rows = (0..20).map(|row| [place[0], place[1] + PITCH[1] * row as f32]);
        let place = rows.into_iter().find(|at| !lies_there(*at)).unwrap_or(place);
        (place, moves)
    }
}

/// Nodes that are wired to each other, in the order of their first.
fn parts(count: usize, wires: &BTreeSet<(usize, usize)>) -> Vec<Vec<usize>> {
    let mut part: Vec<usize> = (0..count).collect();
    loop {
        let mut changed = false;
        for &(a, b) in wires {
            let least = part[a].min(part[b]);
            changed |= part[a] != least || part[b] != least;
            (part[a], part[b]) = (least, least);
        }
        if !changed {
            break;
        }
    }
    let mut found: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (node, &part) in part.iter().enumerate() {
        found.entry(part).or_default().push(node);
    }
    found.into_values().collect()
}

/// Columns of nodes that are wired to each other.
struct Layers {
    columns: Vec<Vec<usize>>,
    before: BTreeMap<usize, Vec<usize>>,
    after: BTreeMap<usize, Vec<usize>>,
}

impl Layers {
    fn of(part: &[usize], wires: &BTreeSet<(usize, usize)>) -> Self {
        let mut before: BTreeMap<usize, Vec<usize>> = part.iter().map(|&node| (node, Vec::new())).collect();
        let mut after = before.clone();
        for &(a, b) in wires.iter().filter(|(a, _)| part.contains(a)) {
            after.entry(a).or_default().push(b);
            before.entry(b).or_default().push(a);
        }
        let mut column: BTreeMap<usize, usize> = part.iter().map(|&node| (node, 0)).collect();
        // A pipeline has no cycle: after as many rounds as nodes nothing moves any more.
        for _ in part {
            let mut moved = false;
            for &node in part {
                let least = before[&node].iter().map(|from| column[from] + 1).max().unwrap_or(0);
                moved |= column.insert(node, least) != Some(least);
            }
            if !moved {
                break;
            }
        }
        // A source stands right before what it feeds.
        for &node in part.iter().filter(|node| before[*node].is_empty()) {
            if let Some(first) = after[&node].iter().map(|to| column[to]).min() {
                column.insert(node, first.saturating_sub(1));
            }
        }
        let mut columns = vec![Vec::new(); column.values().max().map_or(0, |last| last + 1)];
        for (node, column) in column {
            columns[column].push(node);
        }
        Self { columns, before, after }
    }

    /// Node, column and row of each.
    fn rows(mut self) -> Vec<(usize, usize, f32)> {
        let mut row: BTreeMap<usize, f32> = BTreeMap::new();
        for column in &self.columns {
            row.extend(column.iter().enumerate().map(|(i, &node)| (node, i as f32)));
        }
        for sweep in 0..SWEEPS {
            let forward = sweep % 2 == 0;
            let order: Vec<usize> = match forward {
                true => (0..self.columns.len()).collect(),
                false => (0..self.columns.len()).rev().collect(),
            };
            for index in order {
                let near = if forward { &self.before } else { &self.after };
                let wish = |node: usize| {
                    let near = &near[&node];
                    let sum: f32 = near.iter().map(|other| row[other]).sum();
                    if near.is_empty() { row[&node] } else { sum / near.len() as f32 }
                };
                let column = &mut self.columns[index];
                let mut wishes: Vec<(f32, usize)> = column.iter().map(|&node| (wish(node), node)).collect();
                wishes.sort_by(|a, b| a.0.total_cmp(&b.0));
                *column = wishes.iter().map(|(_, node)| *node).collect();
                let wishes: Vec<f32> = wishes.iter().map(|(wish, _)| *wish).collect();
                row.extend(column.iter().copied().zip(apart(&wishes)));
            }
        }
        let nodes = self.columns.iter().enumerate();
        nodes
            .flat_map(|(column, nodes)| nodes.iter().map(move |&node| (node, column)))
            .map(|(node, column)| (node, column, row[&node]))
            .collect()
    }
}

/// The rows nearest to ascending wishes, at least one apart: neighbours that want the same are moved as one.
fn apart(wishes: &[f32]) -> Vec<f32> {
    // Sum of the wishes of a block, each less its place in the block, and how many they are.
    let mut blocks: Vec<(f32, usize)> = Vec::new();
    for &wish in wishes {
        let mut block = (wish, 1);
        while let Some(&(sum, count)) = blocks.last() {
            if sum / count as f32 + count as f32 <= block.0 / block.1 as f32 {
                break;
            }
            blocks.pop();
            block = (sum + block.0 - (count * block.1) as f32, count + block.1);
        }
        blocks.push(block);
    }
    let rows = |(sum, count): (f32, usize)| (0..count).map(move |i| sum / count as f32 + i as f32);
    blocks.into_iter().flat_map(rows).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::pipeline::{Document, Registry};

    fn places(text: &str) -> BTreeMap<String, [f32; 2]> {
        let pipeline = Document::parse(text, "test", &Registry::default()).unwrap().pipeline;
        pipeline.nodes().map(|node| (node.name.clone(), node.position)).collect()
    }

    #[test]
    fn rows_that_are_wished_alike_lie_one_apart_around_the_wish() {
        assert_eq!(apart(&[2.0, 2.0, 2.0]), [1.0, 2.0, 3.0]);
        assert_eq!(apart(&[0.0, 5.0, 5.5]), [0.0, 4.75, 5.75]);
        assert_eq!(apart(&[]), Vec::<f32>::new());
    }

    #[test]
    fn nodes_without_a_place_never_lie_on_each_other() {
        let nodes: Vec<String> = (0..11).map(|i| format!("\"n{i}\": (kind: \"unheard of\")")).collect();
        let placed = places(&format!("(version: 1, nodes: {{{}}}, wires: [])", nodes.join(", ")));
        let all: Vec<[f32; 2]> = placed.into_values().collect();
        for (i, a) in all.iter().enumerate() {
            for b in &all[i + 1..] {
                assert!((a[0] - b[0]).abs() >= PITCH[0] || (a[1] - b[1]).abs() >= PITCH[1], "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_wire_leads_to_the_right_and_a_chain_is_straight() {
        let placed = places(
            r#"(version: 1, nodes: {"z": (kind: "?"), "y": (kind: "?"), "x": (kind: "?"), "w": (kind: "?")},
            wires: [("z.o", "y.i"), ("y.o", "x.i"), ("w.o", "x.j")])"#,
        );
        assert!(placed["z"][0] < placed["y"][0] && placed["y"][0] < placed["x"][0]);
        assert_eq!(placed["z"][1], placed["y"][1]);
        // The other source stands right before what it feeds, not at the far left.
        assert_eq!(placed["w"][0], placed["y"][0]);
    }

    #[test]
    fn what_lies_after_a_wire_makes_room_for_a_node_in_it() {
        let text = r#"(version: 1, nodes: {"a": (kind: "?", position: (0.0, 0.0)),
            "b": (kind: "?", position: (264.0, 0.0)), "c": (kind: "?", position: (528.0, 40.0)),
            "new": (kind: "?", position: (130.0, 0.0))}, wires: [("a.o", "b.i"), ("b.o", "c.i")])"#;
        let pipeline = Document::parse(text, "test", &Registry::default()).unwrap().pipeline;
        let (place, moves) = pipeline.room_between("new", [130.0, 0.0], "a", "b");
        assert_eq!(place, [264.0, 0.0]);
        assert_eq!(moves, [("b".to_owned(), [528.0, 0.0]), ("c".to_owned(), [792.0, 40.0])]);
        // Where it was let go beside everything it stays.
        let (place, moves) = pipeline.room_between("new", [130.0, 300.0], "a", "b");
        assert_eq!((place, moves.len()), ([130.0, 300.0], 0));
    }

    #[test]
    fn what_has_a_place_keeps_it() {
        let placed = places(
            r#"(version: 1, nodes: {"a": (kind: "?", position: (40.0, 80.0)), "b": (kind: "?"),
            "c": (kind: "?")}, wires: [("a.o", "b.i")])"#,
        );
        assert_eq!(placed["a"], [40.0, 80.0]);
        assert!(placed["b"][1] >= 80.0 + PITCH[1] && placed["b"] != placed["c"]);
    }
}
