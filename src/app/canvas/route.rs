//! The way of a wire: straight where nothing is in between, else along a lane beside the nodes.
//!
//! All in canvas units, so that a way is the same at every zoom. A way is a chain of cubic Bézier curves, each of
//! which begins and ends level.

use egui::{Pos2, Rect, lerp, pos2, vec2};

/// A cubic Bézier curve.
pub type Piece = [Pos2; 4];

/// Room kept between a lane and a node, and between the lanes of different outputs.
const MARGIN: f32 = 13.0;
const LANE: f32 = 8.0;

/// How near a node a wire that keeps its height may pass.
const CLOSE: f32 = 6.0;

/// The shortest stretch in which a wire changes its height.
const TURN: f32 = 22.0;

/// Lanes tried at each side of a node, and in all, the nearest first.
const LANES: usize = 4;
const TRIES: usize = 60;

/// A level stretch that is taken by the wires of an output.
struct Taken {
    from: Pos2,
    y: f32,
    x: [f32; 2],
}

/// The straight way from an output to an input.
pub fn direct(from: Pos2, to: Pos2) -> Piece {
    let reach = ((to.x - from.x).abs() * 0.5).max(((to.y - from.y).abs() * 0.25).min(60.0));
    let reach = vec2(reach.clamp(18.0, 220.0), 0.0);
    [from, from + reach, to - reach, to]
}

/// The point of a piece at a share of its way.
pub fn at([a, b, c, d]: Piece, t: f32) -> Pos2 {
    let [a, b, c, d] = [a, b, c, d].map(Pos2::to_vec2);
    let s = 1.0 - t;
    (a * (s * s * s) + b * (3.0 * s * s * t) + c * (3.0 * s * t * t) + d * (t * t * t)).to_pos2()
}

/// The ways of wires, given by both ends, around nodes.
pub fn routes(wires: &[(Pos2, Pos2)], nodes: &[Rect]) -> Vec<Vec<Piece>> {
    let mut taken = Vec::new();
    wires.iter().map(|&(from, to)| route(from, to, nodes, &mut taken)).collect()
}

fn route(from: Pos2, to: Pos2, nodes: &[Rect], taken: &mut Vec<Taken>) -> Vec<Piece> {
    let straight = vec![direct(from, to)];
    if is_free(&straight, nodes) {
        return straight;
    }
    // One that leads back turns at both ends.
    let leads_back = to.x - from.x < 3.0 * TURN;
    let (left, right) = if leads_back { (to.x - 2.0 * TURN, from.x + 2.0 * TURN) } else { (from.x, to.x) };
    let between: Vec<Rect> =
        nodes.iter().copied().filter(|n| n.right() > left + 1.0 && n.left() < right - 1.0).collect();
    let mut lanes = vec![from.y, to.y];
    for node in &between {
        for i in 0..LANES {
            let off = MARGIN + LANE * i as f32;
            lanes.extend([node.top() - off, node.bottom() + off]);
        }
    }
    let detour = |y: f32| (y - from.y).abs() + (y - to.y).abs();
    lanes.sort_by(|a, b| detour(*a).total_cmp(&detour(*b)));
    for y in lanes.into_iter().take(TRIES) {
        let x =
            if leads_back { [to.x.min(from.x), to.x.max(from.x)] } else { stretch(from, to, y, &between) };
        let is_taken = taken.iter().any(|other| {
            other.from != from
                && (other.y - y).abs() < LANE - 0.5
                && other.x[0] < x[1] + LANE
                && other.x[1] > x[0] - LANE
        });
        let way = if leads_back { back(from, to, y) } else { along(from, to, y, x) };
        let level = Rect::from_x_y_ranges(x[0]..=x[1], y - CLOSE..=y + CLOSE);
        let has_room = !between.iter().any(|n| n.intersects(level));
        if !is_taken && has_room && is_free(&way, nodes) {
            taken.push(Taken { from, y, x });
            return way;
        }
    }
    straight
}

/// From where to where a wire runs along a lane: past all nodes in its corridor, with room to turn before and after.
fn stretch(from: Pos2, to: Pos2, y: f32, between: &[Rect]) -> [f32; 2] {
    let (top, bottom) = (from.y.min(to.y).min(y) - 4.0, from.y.max(to.y).max(y) + 4.0);
    let blocking = between.iter().filter(|n| n.top() < bottom && n.bottom() > top);
    let (left, right) =
        blocking.fold((to.x, from.x), |(left, right), n| (left.min(n.left()), right.max(n.right())));
    let first = (left - 6.0).clamp(from.x + TURN, to.x - 2.0 * TURN);
    [first, (right + 6.0).clamp(first, to.x - TURN)]
}

/// Level from `x[0]` to `x[1]`, and smoothly there and away.
fn along(from: Pos2, to: Pos2, y: f32, x: [f32; 2]) -> Vec<Piece> {
    let turn = |a: Pos2, b: Pos2| {
        let half = vec2((b.x - a.x) * 0.55, 0.0);
        [a, a + half, b - half, b]
    };
    let (first, last) = (pos2(x[0], y), pos2(x[1], y));
    let level = [first, first.lerp(last, 1.0 / 3.0), first.lerp(last, 2.0 / 3.0), last];
    vec![turn(from, first), level, turn(last, to)]
}

/// Out to the right, back along a level, and in from the left.
fn back(from: Pos2, to: Pos2, y: f32) -> Vec<Piece> {
    let turn = |a: Pos2, b: Pos2, out: f32| [a, a + vec2(out, 0.0), b + vec2(out, 0.0), b];
    let (first, last) = (pos2(from.x, y), pos2(to.x, y));
    let level = [first, first.lerp(last, 1.0 / 3.0), first.lerp(last, 2.0 / 3.0), last];
    let out = 1.4 * TURN;
    vec![turn(from, first, out), level, turn(last, to, -out)]
}

/// True where no node lies in the way; ends lie on the edges of their nodes.
fn is_free(way: &[Piece], nodes: &[Rect]) -> bool {
    way.iter().all(|piece| {
        let bounds = Rect::from_points(piece);
        let near: Vec<Rect> = nodes.iter().map(|n| n.shrink(2.0)).filter(|n| n.intersects(bounds)).collect();
        if near.is_empty() {
            return true;
        }
        let steps = ((bounds.width() + bounds.height()) / 12.0).clamp(8.0, 200.0) as usize;
        (0..=steps).all(|i| {
            let point = at(*piece, lerp(0.0..=1.0, i as f32 / steps as f32));
            !near.iter().any(|n| n.contains(point))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(x: f32, y: f32) -> Rect {
        Rect::from_min_size(pos2(x, y), vec2(200.0, 100.0))
    }

    #[test]
    fn a_wire_passes_beside_the_nodes_between_its_ends() {
        let nodes = [node(0.0, 0.0), node(250.0, 0.0), node(500.0, 0.0), node(750.0, 0.0)];
        let (from, to) = (pos2(200.0, 15.0), pos2(750.0, 35.0));
        let ways = routes(&[(from, to)], &nodes);
        assert_eq!(ways[0].len(), 3);
        assert!(is_free(&ways[0], &nodes));
        assert!(!is_free(&[direct(from, to)], &nodes), "the straight way is not free");
    }

    #[test]
    fn nothing_in_between_leaves_a_wire_as_it_is() {
        let nodes = [node(0.0, 0.0), node(250.0, 300.0)];
        let (from, to) = (pos2(200.0, 15.0), pos2(250.0, 315.0));
        assert_eq!(routes(&[(from, to)], &nodes)[0], [direct(from, to)]);
    }

    #[test]
    fn a_wire_that_leads_back_passes_between_the_rows() {
        let nodes = [node(0.0, 0.0), node(250.0, 0.0), node(0.0, 140.0), node(250.0, 140.0)];
        let way = &routes(&[(pos2(450.0, 15.0), pos2(0.0, 155.0))], &nodes)[0];
        assert!(way.len() == 3 && is_free(way, &nodes));
        assert!((100.0..140.0).contains(&way[1][0].y) && way[1][3].x < way[1][0].x);
    }

    #[test]
    fn wires_of_different_outputs_keep_apart() {
        let nodes = [node(0.0, 0.0), node(250.0, 0.0), node(500.0, 0.0)];
        let wires = [(pos2(200.0, 15.0), pos2(500.0, 15.0)), (pos2(200.0, 35.0), pos2(500.0, 35.0))];
        let ways = routes(&wires, &nodes);
        let height = |way: &[Piece]| way[1][0].y;
        assert!((height(&ways[0]) - height(&ways[1])).abs() >= LANE - 0.5);
        assert!(ways.iter().all(|way| is_free(way, &nodes)));
    }
}
