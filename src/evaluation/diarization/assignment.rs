//! Who is who.

use pathfinding::prelude::{Matrix, kuhn_munkres};

/// For each row the column that it is assigned to, so that the sum of the assigned values is largest (Kuhn 1955). Each
/// column is assigned once; a row that has nothing in common with its column has none.
pub(super) fn most_in_common(in_common: &[Vec<u64>]) -> Vec<Option<usize>> {
    let columns = in_common.first().map_or(0, Vec::len);
    // The method wants at least as many columns as rows.
    let width = columns.max(in_common.len());
    let value = |row: usize, column: usize| in_common[row].get(column).map_or(0, |&value| value as i64);
    let rows = (0..in_common.len()).map(|row| (0..width).map(|column| value(row, column)).collect::<Vec<_>>());
    let Ok(matrix) = Matrix::from_rows(rows) else { return vec![None; in_common.len()] };
    if matrix.rows == 0 {
        return Vec::new();
    }
    let (_, assigned) = kuhn_munkres(&matrix);
    assigned.into_iter().enumerate().map(|(row, column)| (value(row, column) > 0).then_some(column)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_counts_and_not_the_single_best() {
        assert_eq!(most_in_common(&[vec![10, 9], vec![9, 1]]), [Some(1), Some(0)]);
        assert_eq!(most_in_common(&[vec![5], vec![7], vec![6]]), [None, Some(0), None]);
        assert_eq!(most_in_common(&[vec![0, 0, 3]]), [Some(2)]);
        assert_eq!(most_in_common(&[vec![0, 0], vec![0, 2]]), [None, Some(1)]);
        assert_eq!(most_in_common(&[vec![], vec![]]), [None, None]);
        assert_eq!(most_in_common(&[]), []);
    }
}
