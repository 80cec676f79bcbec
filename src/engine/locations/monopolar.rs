//! The point source whose field fits amplitudes best.

/// Place `[x, y, z]` of the source that fits the sizes on the contacts; z is at least 1 µm and positive, since the
/// side of the probe cannot be told.
///
/// `depth_reward` times `ln(1 + 10 z)` is taken off the mean squared error; with it z may be larger.
///
/// Levenberg-Marquardt on `(x, y, z, size)`, from several depths; each step lowers the sum of squared errors.
pub fn triangulate(contacts: &[[f64; 2]], sizes: &[f64], start: [f64; 2], depth_reward: f64) -> [f64; 3] {
    let largest = sizes.iter().fold(0.0, |m: f64, s| m.max(*s));
    if contacts.len() < 2 || largest <= 0.0 || !start.iter().all(|v| v.is_finite()) {
        return [start[0], start[1], 1.0];
    }
    let sizes: Vec<f64> = sizes.iter().map(|s| s / largest).collect();
    let mut best = ([start[0], start[1], 1.0], f64::INFINITY);
    for depth in [5.0, 20.0, 60.0] {
        let (place, cost) = descend(contacts, &sizes, [start[0], start[1], depth], depth_reward);
        if cost < best.1 {
            best = (place, cost);
        }
    }
    best.0
}

const FARTHEST_UM: f64 = 150.0;

fn descend(contacts: &[[f64; 2]], sizes: &[f64], start: [f64; 3], reward: f64) -> ([f64; 3], f64) {
    let cost_of = |place: [f64; 3]| cost_at(contacts, sizes, place) - reward * (10.0 * place[2]).ln_1p();
    let deepest = if reward > 0.0 { 10.0 } else { 2.0 } * FARTHEST_UM;
    let (mut place, mut cost) = (start, cost_of(start));
    let mut damping = 1e-2;
    for _ in 0..100 {
        let step = gauss_newton(contacts, sizes, place, damping, reward);
        let mut next = [place[0] + step[0], place[1] + step[1], place[2] + step[2]];
        for axis in 0..2 {
            next[axis] = next[axis].clamp(start[axis] - FARTHEST_UM, start[axis] + FARTHEST_UM);
        }
        next[2] = next[2].abs().clamp(1.0, deepest);
        let next_cost = cost_of(next);
        if next_cost < cost {
            let gain = (cost - next_cost) / cost.abs().max(1e-30);
            (place, cost) = (next, next_cost);
            damping = (damping * 0.3).max(1e-9);
            if gain < 1e-12 {
                break;
            }
        } else {
            damping *= 5.0;
            if damping > 1e8 {
                break;
            }
        }
    }
    (place, cost)
}

fn inverse_distance(contact: [f64; 2], place: [f64; 3]) -> f64 {
    let [x, y, z] = place;
    1.0 / ((x - contact[0]).powi(2) + (y - contact[1]).powi(2) + z * z).sqrt()
}

/// The strength that fits best at a place, in closed form.
fn strength(contacts: &[[f64; 2]], sizes: &[f64], place: [f64; 3]) -> f64 {
    let (mut top, mut bottom) = (0.0, 0.0);
    for (&contact, size) in contacts.iter().zip(sizes) {
        let q = inverse_distance(contact, place);
        top += size * q;
        bottom += q * q;
    }
    top / bottom
}

fn cost_at(contacts: &[[f64; 2]], sizes: &[f64], place: [f64; 3]) -> f64 {
    let strength = strength(contacts, sizes, place);
    let errors =
        contacts.iter().zip(sizes).map(|(&c, s)| (s - strength * inverse_distance(c, place)).powi(2));
    errors.sum::<f64>() / contacts.len() as f64
}

/// A damped step in `(x, y, z)`; the strength is solved for at the same time.
fn gauss_newton(
    contacts: &[[f64; 2]],
    sizes: &[f64],
    place: [f64; 3],
    damping: f64,
    reward: f64,
) -> [f64; 3] {
    let strength = strength(contacts, sizes, place);
    let mut normal = [[0.0f64; 5]; 4];
    for (&contact, size) in contacts.iter().zip(sizes) {
        let q = inverse_distance(contact, place);
        let slope = -strength * q.powi(3);
        let row = [slope * (place[0] - contact[0]), slope * (place[1] - contact[1]), slope * place[2], q];
        let error = size - strength * q;
        for i in 0..4 {
            for j in 0..4 {
                normal[i][j] += row[i] * row[j];
            }
            normal[i][4] += row[i] * error;
        }
    }
    // Half the derivatives of the reward, of a sum of squares rather than their mean.
    let slope = 10.0 / (1.0 + 10.0 * place[2]);
    let half = 0.5 * reward * contacts.len() as f64;
    normal[2][2] += half * slope * slope;
    normal[2][4] += half * slope;
    for (i, row) in normal.iter_mut().enumerate() {
        row[i] = row[i] * (1.0 + damping) + 1e-15;
    }
    let solution = solve(normal);
    [solution[0], solution[1], solution[2]]
}

/// Gauss elimination with the largest pivot; zeros where the system is singular.
fn solve(mut m: [[f64; 5]; 4]) -> [f64; 4] {
    for i in 0..4 {
        let pivot = (i..4).max_by(|&a, &b| m[a][i].abs().total_cmp(&m[b][i].abs())).unwrap_or(i);
        m.swap(i, pivot);
        if m[i][i].abs() < 1e-300 {
            return [0.0; 4];
        }
        for j in 0..4 {
            if j != i {
                let factor = m[j][i] / m[i][i];
                for k in i..5 {
                    m[j][k] -= factor * m[i][k];
                }
            }
        }
    }
    std::array::from_fn(|i| m[i][4] / m[i][i])
}
