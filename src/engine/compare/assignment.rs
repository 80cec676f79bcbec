//! The assignment problem (Kuhn 1955; shortest augmenting paths after Jonker & Volgenant 1987).

use ndarray::Array2;

/// Pairs `(row, column)`, each row and column at most once, with the largest sum of values.
pub(super) fn maximize(values: &Array2<f64>) -> Vec<(usize, usize)> {
    let (rows, columns) = values.dim();
    if rows > columns {
        let turned = values.t().to_owned();
        let mut pairs: Vec<_> = maximize(&turned).into_iter().map(|(a, b)| (b, a)).collect();
        pairs.sort_unstable();
        return pairs;
    }
    // Row and column 0 are a dummy from which each search starts.
    let mut row_price = vec![0.0; rows + 1];
    let mut column_price = vec![0.0; columns + 1];
    let mut row_of = vec![0usize; columns + 1];
    let mut way = vec![0usize; columns + 1];
    for row in 1..=rows {
        row_of[0] = row;
        let mut column = 0;
        let mut shortest = vec![f64::INFINITY; columns + 1];
        let mut used = vec![false; columns + 1];
        loop {
            used[column] = true;
            let (from, mut step, mut next) = (row_of[column], f64::INFINITY, 0);
            for j in 1..=columns {
                if used[j] {
                    continue;
                }
                let reduced = -values[[from - 1, j - 1]] - row_price[from] - column_price[j];
                if reduced < shortest[j] {
                    shortest[j] = reduced;
                    way[j] = column;
                }
                if shortest[j] < step {
                    step = shortest[j];
                    next = j;
                }
            }
            for j in 0..=columns {
                if used[j] {
                    row_price[row_of[j]] += step;
                    column_price[j] -= step;
                } else {
                    shortest[j] -= step;
                }
            }
            column = next;
            if row_of[column] == 0 {
                break;
            }
        }
        while column != 0 {
            let before = way[column];
            row_of[column] = row_of[before];
            column = before;
        }
    }
    let mut pairs: Vec<_> =
        (1..=columns).filter(|&j| row_of[j] != 0).map(|j| (row_of[j] - 1, j - 1)).collect();
    pairs.sort_unstable();
    pairs
}
