//! Measures of speaker verification: how well scores tell pairs of the same speaker from pairs of different ones.

use serde::{Deserialize, Serialize};

/// The operating point of [`min_dcf`]: NIST's of 2008 and later, where few trials are of the speaker looked for.
pub const P_TARGET: f64 = 0.01;

/// What scores of both kinds say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ErrorRates {
    /// Share of errors, from 0 to 1, where as many pairs of the same speaker are rejected as others are accepted.
    pub equal_error_rate: f64,
    /// [`min_dcf`] at [`P_TARGET`].
    pub min_dcf: f64,
}

impl ErrorRates {
    /// Of scores that are higher for the same speaker; none if either kind is missing.
    pub fn of(same: &[f32], different: &[f32]) -> Option<Self> {
        let trade_off = TradeOff::new(same, different)?;
        Some(Self { equal_error_rate: trade_off.equal_error_rate(), min_dcf: trade_off.min_dcf(P_TARGET) })
    }
}

/// The share of errors at the threshold where both kinds of error are most equal (their mean, since they seldom
/// are), as `speechbrain.utils.metric_stats.EER`. None if either kind of score is missing.
pub fn equal_error_rate(same: &[f32], different: &[f32]) -> Option<f64> {
    TradeOff::new(same, different).map(|trade_off| trade_off.equal_error_rate())
}

/// The least detection cost over all thresholds, with costs of 1 for either error, where `p_target` (below one half)
/// of the trials are of the same speaker; normalised, so that rejecting everything costs 1 (NIST). None if either kind
/// of score is missing.
pub fn min_dcf(same: &[f32], different: &[f32], p_target: f64) -> Option<f64> {
    TradeOff::new(same, different).map(|trade_off| trade_off.min_dcf(p_target))
}

/// The cost of log-likelihood ratios in bits (Brümmer and du Preez 2006): 0 for ratios that are always right and sure,
/// 1 for such that say nothing, more for such that mislead. None if either kind is missing.
pub fn cllr(same: impl Iterator<Item = f64>, different: impl Iterator<Item = f64>) -> Option<f64> {
    let bits = |x: f64| (x.max(0.0) + (-x.abs()).exp().ln_1p()) / std::f64::consts::LN_2;
    let mean = |values: &mut dyn Iterator<Item = f64>| {
        let (sum, count) = values.fold((0.0, 0usize), |(sum, count), value| (sum + value, count + 1));
        (count > 0).then(|| sum / count as f64)
    };
    let (same, different) = (mean(&mut same.map(|llr| bits(-llr)))?, mean(&mut different.map(bits))?);
    Some(0.5 * (same + different))
}

/// The shares of both errors at every threshold that makes a difference: (rejected, accepted).
struct TradeOff(Vec<(f64, f64)>);

impl TradeOff {
    /// A score is accepted above the threshold; the thresholds are the scores.
    fn new(same: &[f32], different: &[f32]) -> Option<Self> {
        if same.is_empty() || different.is_empty() {
            return None;
        }
        let labelled = |scores: &[f32], kind: bool| scores.iter().map(|&score| (score, kind)).collect::<Vec<_>>();
        let mut scores = [labelled(same, true), labelled(different, false)].concat();
        scores.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (mut rejected, mut accepted) = (0, different.len());
        let mut points = Vec::new();
        for (index, (score, is_same)) in scores.iter().enumerate() {
            if *is_same {
                rejected += 1
            } else {
                accepted -= 1
            }
            if scores.get(index + 1).is_none_or(|next| next.0 > *score) {
                points.push((rejected as f64 / same.len() as f64, accepted as f64 / different.len() as f64));
            }
        }
        Some(Self(points))
    }

    fn equal_error_rate(&self) -> f64 {
        let gap = |point: &&(f64, f64)| (point.0 - point.1).abs();
        self.0.iter().min_by(|a, b| gap(a).total_cmp(&gap(b))).map_or(f64::NAN, |point| 0.5 * (point.0 + point.1))
    }

    fn min_dcf(&self, p_target: f64) -> f64 {
        let cost = |&(rejected, accepted): &(f64, f64)| p_target * rejected + (1.0 - p_target) * accepted;
        self.0.iter().map(cost).fold(f64::INFINITY, f64::min) / p_target.min(1.0 - p_target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speaker::calibration::tests::scores;

    /// Numbers of SpeechBrain's `EER` and `minDCF` (divided by the prior), by `scripts/golden/verification.py`.
    #[test]
    fn rates_equal_those_of_speechbrain() {
        for (same, different, eer, dcf, cost) in [
            (scores(1, 300, 0.6, 0.4), scores(2, 2000, 0.2, 0.4), 0.16, 0.77, 0.531_422_14),
            (scores(3, 50, 0.8, 0.05), scores(4, 70, 0.2, 0.05), 0.0, 0.0, 0.106_535_73),
            (scores(7, 41, 0.5, 0.6), scores(8, 503, 0.3, 0.5), 0.316_588_27, 0.926_829_27, 1.126_966_50),
        ] {
            let rates = ErrorRates::of(&same, &different).expect("rates");
            assert!((rates.equal_error_rate - eer).abs() < 1e-6, "{rates:?}");
            assert!((rates.min_dcf - dcf).abs() < 1e-6, "{rates:?}");
            let llr = |score: &f32| 10.0 * f64::from(*score) - 4.0;
            let found = cllr(same.iter().map(llr), different.iter().map(llr)).expect("a cost");
            assert!((found - cost).abs() < 1e-6, "{found}");
        }
    }

    #[test]
    fn scores_that_say_nothing_cost_as_much_as_none() {
        let equal = [0.5; 10];
        assert_eq!(equal_error_rate(&equal, &equal), Some(0.5));
        assert_eq!(min_dcf(&equal, &equal, P_TARGET), Some(1.0));
        assert_eq!(cllr([0.0].into_iter(), [0.0; 3].into_iter()), Some(1.0));
        assert!(cllr([-1e9].into_iter(), [1e9].into_iter()).is_some_and(f64::is_finite));
    }

    #[test]
    fn without_either_kind_there_is_no_rate() {
        assert_eq!(equal_error_rate(&[], &[0.1]), None);
        assert_eq!(min_dcf(&[0.1], &[], P_TARGET), None);
        assert_eq!(cllr([].into_iter(), [1.0].into_iter()), None);
    }
}
