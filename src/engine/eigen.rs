//! Small symmetric matrices in f64: eigenvectors and Cholesky factors, the same bytes on every run.

use ndarray::{Array1, Array2};

/// Eigenvalues in descending order and their eigenvectors as rows, each with its largest entry positive.
///
/// Householder reduction to a tridiagonal matrix and implicit QL steps.
///
/// # Source
/// The algorithms `tred2` and `tql2` of Bowdler, Martin, Reinsch and Wilkinson, Numerische Mathematik 11, 1968.
pub fn symmetric_eigen(matrix: &Array2<f64>) -> (Vec<f64>, Array2<f64>) {
    let n = matrix.nrows();
    let mut z: Vec<f64> = matrix.iter().copied().collect();
    let (mut d, mut e) = (vec![0.0; n], vec![0.0; n]);
    tridiagonalise(&mut z, &mut d, &mut e);
    // From here on a vector is a row: its numbers are turned together.
    let mut z: Vec<f64> = (0..n * n).map(|at| z[at % n * n + at / n]).collect();
    implicit_ql(&mut z, &mut d, &mut e);
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| d[b].total_cmp(&d[a]).then(a.cmp(&b)));
    let mut vectors = Array2::zeros((n, n));
    for (row, &own) in order.iter().enumerate() {
        let vector = &z[own * n..][..n];
        let largest = vector.iter().copied().fold(0.0f64, |a, x| if x.abs() > a.abs() { x } else { a });
        let sign = if largest < 0.0 { -1.0 } else { 1.0 };
        for i in 0..n {
            vectors[[row, i]] = sign * vector[i];
        }
    }
    (order.into_iter().map(|i| d[i]).collect(), vectors)
}

/// Of a matrix of `d.len()` rows, one after the other; only what is on and below its diagonal is looked at. All inner loops run
/// along rows.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
fn tridiagonalise(z: &mut [f64], d: &mut [f64], e: &mut [f64]) {
    let n = d.len();
    let mut v = vec![0.0; n];
    for i in (1..n).rev() {
        let scale: f64 = z[i * n..][..i].iter().map(|x| x.abs()).sum();
        let mut h = 0.0;
        if i == 1 || scale == 0.0 {
            e[i] = z[i * n + i - 1];
        } else {
            let v = &mut v[..i];
            for (v, x) in v.iter_mut().zip(&z[i * n..]) {
                *v = x / scale;
                h += *v * *v;
            }
            let f = v[i - 1];
            let g = if f >= 0.0 { -h.sqrt() } else { h.sqrt() };
            e[i] = scale * g;
            h -= f * g;
            v[i - 1] = f - g;
            let (p, _) = e.split_at_mut(i);
            for k in 0..i {
                let row = &z[k * n..][..k + 1];
                let mut sum = 0.0;
                for (a, b) in row.iter().zip(&*v) {
                    sum += a * b;
                }
                p[k] = sum;
                add(&mut p[..k], v[k], row);
            }
            let mut f = 0.0;
            for (k, p) in p.iter_mut().enumerate() {
                z[k * n + i] = v[k] / h;
                *p /= h;
                f += *p * v[k];
            }
            let hh = f / (h + h);
            for j in 0..i {
                let f = v[j];
                let g = p[j] - hh * f;
                p[j] = g;
                for ((z, p), v) in z[j * n..][..j + 1].iter_mut().zip(&*p).zip(&*v) {
                    *z -= f * p + g * v;
                }
            }
            z[i * n..][..i].copy_from_slice(v);
        }
        d[i] = h;
    }
    if n > 0 {
        d[0] = 0.0;
        e[0] = 0.0;
    }
    for i in 0..n {
        if d[i] != 0.0 {
            let sums = &mut v[..i];
            sums.fill(0.0);
            for k in 0..i {
                add(sums, z[i * n + k], &z[k * n..]);
            }
            for k in 0..i {
                let along = -z[k * n + i];
                add(&mut z[k * n..][..i], along, sums);
            }
        }
        d[i] = z[i * n + i];
        z[i * n + i] = 1.0;
        for j in 0..i {
            z[j * n + i] = 0.0;
            z[i * n + j] = 0.0;
        }
    }
}

/// Adds `w · x`. Inlined, unlike [`add_scaled`](super::lanes::add_scaled): rows are short, and a call a row would show.
#[inline(always)]
fn add(sums: &mut [f64], w: f64, x: &[f64]) {
    for (sum, x) in sums.iter_mut().zip(x) {
        *sum += w * x;
    }
}

/// `√(a² + b²)`. The numbers are those of covariances: none is so large or small that its square is lost, and this is ten
/// times faster than what provides for that.
fn length(a: f64, b: f64) -> f64 {
    (a * a + b * b).sqrt()
}

#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
fn implicit_ql(z: &mut [f64], d: &mut [f64], e: &mut [f64]) {
    let n = d.len();
    for i in 1..n {
        e[i - 1] = e[i];
    }
    if n > 0 {
        e[n - 1] = 0.0;
    }
    for l in 0..n {
        // Thirty steps are the classical limit; a matrix of finite numbers needs two or three.
        for _ in 0..60 {
            let m = (l..n.saturating_sub(1))
                .find(|&m| e[m].abs() <= f64::EPSILON * (d[m].abs() + d[m + 1].abs()))
                .unwrap_or(n - 1);
            if m == l {
                break;
            }
            let mut g = (d[l + 1] - d[l]) / (2.0 * e[l]);
            let mut r = length(g, 1.0);
            g = d[m] - d[l] + e[l] / (g + r.copysign(g));
            let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
            let mut early = false;
            for i in (l..m).rev() {
                let f = s * e[i];
                let b = c * e[i];
                r = length(f, g);
                e[i + 1] = r;
                if r == 0.0 {
                    d[i + 1] -= p;
                    e[m] = 0.0;
                    early = true;
                    break;
                }
                s = f / r;
                c = g / r;
                g = d[i + 1] - p;
                r = (d[i] - g) * s + 2.0 * c * b;
                p = s * r;
                d[i + 1] = g + p;
                g = c * r - b;
                let (own, next) = z[i * n..][..2 * n].split_at_mut(n);
                for (own, next) in own.iter_mut().zip(next) {
                    let f = *next;
                    *next = s * *own + c * f;
                    *own = c * *own - s * f;
                }
            }
            if early {
                continue;
            }
            d[l] -= p;
            e[l] = g;
            e[m] = 0.0;
        }
    }
}

/// The lower triangular L of `matrix = L · L'` of a symmetric positive definite matrix; `None` where it is not.
pub fn cholesky(matrix: &Array2<f64>) -> Option<Array2<f64>> {
    let n = matrix.nrows();
    let mut l = Array2::<f64>::zeros((n, n));
    for i in 0..n {
        for j in 0..=i {
            let sum = matrix[[i, j]] - (0..j).map(|k| l[[i, k]] * l[[j, k]]).sum::<f64>();
            if i == j {
                if sum <= 0.0 || !sum.is_finite() {
                    return None;
                }
                l[[i, i]] = sum.sqrt();
            } else {
                l[[i, j]] = sum / l[[j, j]];
            }
        }
    }
    Some(l)
}

/// Solves `matrix · x = b` for a symmetric positive definite matrix; `None` where it is not.
pub fn solve_positive(matrix: &Array2<f64>, b: &[f64]) -> Option<Array1<f64>> {
    let (n, l) = (b.len(), cholesky(matrix)?);
    let mut x = Array1::from(b.to_vec());
    for i in 0..n {
        x[i] = (x[i] - (0..i).map(|k| l[[i, k]] * x[k]).sum::<f64>()) / l[[i, i]];
    }
    for i in (0..n).rev() {
        x[i] = (x[i] - (i + 1..n).map(|k| l[[k, i]] * x[k]).sum::<f64>()) / l[[i, i]];
    }
    Some(x)
}

/// The inverse of a square matrix by Gauss–Jordan elimination with pivots; `None` where it is singular.
pub fn inverse(matrix: &Array2<f64>) -> Option<Array2<f64>> {
    let n = matrix.nrows();
    let mut left = matrix.clone();
    let mut right = Array2::<f64>::eye(n);
    for column in 0..n {
        let pivot =
            (column..n).max_by(|&a, &b| left[[a, column]].abs().total_cmp(&left[[b, column]].abs()))?;
        let value = left[[pivot, column]];
        if value == 0.0 || !value.is_finite() {
            return None;
        }
        for j in 0..n {
            left.swap([pivot, j], [column, j]);
            right.swap([pivot, j], [column, j]);
        }
        for j in 0..n {
            left[[column, j]] /= value;
            right[[column, j]] /= value;
        }
        let (left_row, right_row) = (left.row(column).to_owned(), right.row(column).to_owned());
        for i in (0..n).filter(|&i| i != column) {
            let factor = left[[i, column]];
            if factor != 0.0 {
                left.row_mut(i).scaled_add(-factor, &left_row);
                right.row_mut(i).scaled_add(-factor, &right_row);
            }
        }
    }
    Some(right)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn symmetric(n: usize) -> Array2<f64> {
        let a = Array2::from_shape_fn((n, n), |(i, j)| ((i * 31 + j * 17) as f64 * 0.7).sin());
        a.dot(&a.t())
    }

    #[test]
    fn eigenvectors_rebuild_the_matrix() {
        for n in [1, 2, 3, 17, 60] {
            let matrix = symmetric(n);
            let (values, vectors) = symmetric_eigen(&matrix);
            assert!(values.windows(2).all(|w| w[0] >= w[1]));
            let rebuilt = vectors.t().dot(&Array2::from_diag(&Array1::from(values))).dot(&vectors);
            let error = (&rebuilt - &matrix).iter().fold(0.0f64, |a, x| a.max(x.abs()));
            assert!(error < 1e-9 * n as f64, "{n}: {error}");
            let identity = vectors.dot(&vectors.t()) - Array2::<f64>::eye(n);
            assert!(identity.iter().all(|x| x.abs() < 1e-10));
        }
    }

    #[test]
    fn solves_positive_systems_and_refuses_others() {
        let matrix = symmetric(5) + Array2::<f64>::eye(5);
        let x = solve_positive(&matrix, &[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        let b = matrix.dot(&x);
        assert!(b.iter().zip([1.0, 2.0, 3.0, 4.0, 5.0]).all(|(a, b)| (a - b).abs() < 1e-9));
        assert!(solve_positive(&Array2::zeros((2, 2)), &[1.0, 1.0]).is_none());
    }
}
