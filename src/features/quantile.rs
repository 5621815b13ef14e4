//! Quantiles of levels.

/// The value below which this share of them lies; none where there are none.
pub fn quantile(values: &[f32], share: f64) -> Option<f32> {
    let mut sorted = values.to_vec();
    let index = ((sorted.len() as f64 * share) as usize).min(sorted.len().checked_sub(1)?);
    Some(*sorted.select_nth_unstable_by(index, f32::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_lies_below() {
        let values = [5.0, 1.0, 4.0, 2.0, 3.0];
        let at = |share| quantile(&values, share);
        assert_eq!([0.0, 0.2, 0.5, 0.99, 1.0].map(at), [1.0, 2.0, 3.0, 5.0, 5.0].map(Some));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
