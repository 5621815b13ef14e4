//! From a cosine to how much more likely one speaker is than two.
//!
//! Logistic regression of scores as in Brümmer and du Preez 2006 ("Application-independent evaluation of speaker
//! detection"), with equal weight on both kinds of trials.

use serde::{Deserialize, Serialize};

/// Turns the cosine of two embeddings into a log-likelihood ratio: `scale * cosine + offset`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// How much a cosine counts; above zero.
    pub scale: f64,
    /// The log-likelihood ratio of a cosine of zero.
    pub offset: f64,
}

impl Default for Calibration {
    /// For an encoder whose weights carry none: about what fits the first encoder of this program on 2 to 4 s of unseen
    /// readers, clean and with noise. An encoder that was trained otherwise has other cosines: its answers are a guess.
    fn default() -> Self {
        Self { scale: 25.0, offset: -12.5 }
    }
}

/// What two recordings are judged to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// One speaker, with a probability of at least [`Verdict::SURE`].
    Same,
    /// Two speakers, as probably.
    Different,
    /// Neither.
    Unsure,
}

impl Verdict {
    /// The probability from which on the speaker is the same.
    pub const SURE: f64 = 0.9;
    /// The probability up to which the speakers are different.
    const SURELY_NOT: f64 = 0.1;

    /// The verdict for the probability that the speaker is the same.
    pub fn of(probability: f64) -> Self {
        match probability {
            p if p >= Self::SURE => Self::Same,
            p if p <= Self::SURELY_NOT => Self::Different,
            _ => Self::Unsure,
        }
    }
}

/// The probability that the speaker is the same, when it was `prior` (above 0, below 1) before anything was heard.
pub fn probability(llr: f64, prior: f64) -> f64 {
    sigmoid(llr + log_odds(prior))
}

/// ln(p / (1 - p)).
pub fn log_odds(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln()
}

impl Calibration {
    /// The metadata entry of the weights that holds this as JSON.
    pub const KEY: &'static str = "calibration";
    /// Keeps the scale finite where the scores of both kinds don't overlap: half of it times scale² is added to the
    /// loss.
    const RIDGE: f64 = 1e-5;
    const MAX_STEPS: usize = 100;

    /// The natural logarithm of how much more likely the cosine is for one speaker than for two.
    pub fn llr(&self, cosine: f32) -> f64 {
        self.scale * f64::from(cosine) + self.offset
    }

    /// Fits to the cosines of pairs of the same and of different speakers, both of which weigh the same however many
    /// they are. By Newton's method; the loss is convex.
    ///
    /// None if either kind is missing, a score is not finite, or the scores of the same speaker are not higher.
    pub fn fit(same: &[f32], different: &[f32]) -> Option<Self> {
        let finite = same.iter().chain(different).all(|score| score.is_finite());
        if same.is_empty() || different.is_empty() || !finite {
            return None;
        }
        let mut fitted = Self { scale: 0.0, offset: 0.0 };
        let mut loss = fitted.loss(same, different);
        for _ in 0..Self::MAX_STEPS {
            let (scale, offset) = fitted.newton_step(same, different);
            let candidates = (0..50).map(|halvings| {
                let part = 0.5f64.powi(halvings);
                Self { scale: fitted.scale + part * scale, offset: fitted.offset + part * offset }
            });
            let better = candidates.map(|next| (next.loss(same, different), next)).find(|(next, _)| *next < loss);
            let Some((next_loss, next)) = better else { break };
            let gain = loss - next_loss;
            (fitted, loss) = (next, next_loss);
            if gain < 1e-14 {
                break;
            }
        }
        (fitted.scale > 0.0).then_some(fitted)
    }

    /// Mean cross entropy in nats at equal priors, and the ridge.
    fn loss(&self, same: &[f32], different: &[f32]) -> f64 {
        let cross_entropy = mean(same, |score| softplus(-self.llr(score))) + mean(different, |s| softplus(self.llr(s)));
        0.5 * cross_entropy + 0.5 * Self::RIDGE * self.scale * self.scale
    }

    /// Where the second-order approximation of the loss has its least, from here: scale, offset.
    fn newton_step(&self, same: &[f32], different: &[f32]) -> (f64, f64) {
        let mut gradient = [Self::RIDGE * self.scale, 0.0];
        let mut hessian = [Self::RIDGE, 0.0, 1e-12];
        for (scores, sign) in [(same, -1.0), (different, 1.0)] {
            let weight = 0.5 / scores.len() as f64;
            for &score in scores {
                let (error, score) = (sigmoid(sign * self.llr(score)), f64::from(score));
                let (slope, curve) = (weight * sign * error, weight * error * (1.0 - error));
                gradient = [gradient[0] + slope * score, gradient[1] + slope];
                hessian = [hessian[0] + curve * score * score, hessian[1] + curve * score, hessian[2] + curve];
            }
        }
        let determinant = hessian[0] * hessian[2] - hessian[1] * hessian[1];
        let scale = (hessian[1] * gradient[1] - hessian[2] * gradient[0]) / determinant;
        (scale, (hessian[1] * gradient[0] - hessian[0] * gradient[1]) / determinant)
    }
}

fn mean(scores: &[f32], value: impl Fn(f32) -> f64) -> f64 {
    scores.iter().map(|&score| value(score)).sum::<f64>() / scores.len() as f64
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// ln(1 + e^x), without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The scores of `scripts/golden/verification.py`: sums of three uniform numbers of a 32-bit generator.
    pub(crate) fn scores(seed: u32, count: usize, centre: f32, width: f32) -> Vec<f32> {
        let mut state = seed;
        let mut uniform = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state) / 4_294_967_296.0
        };
        (0..count).map(|_| centre + width * (uniform() + uniform() + uniform() - 1.5) as f32).collect()
    }

    fn close(found: Calibration, scale: f64, offset: f64) -> bool {
        (found.scale / scale - 1.0).abs() < 1e-4 && (found.offset / offset - 1.0).abs() < 1e-4
    }

    /// Numbers of scikit-learn's `LogisticRegression`, by `scripts/golden/verification.py`.
    #[test]
    fn fits_equal_those_of_scikit_learn() {
        let overlapping = Calibration::fit(&scores(1, 300, 0.6, 0.4), &scores(2, 2000, 0.2, 0.4)).expect("a fit");
        assert!(close(overlapping, 9.183_170, -3.765_758), "{overlapping:?}");
        let separable = Calibration::fit(&scores(3, 50, 0.8, 0.05), &scores(4, 70, 0.2, 0.05)).expect("a fit");
        assert!(close(separable, 24.138_225, -12.072_055), "{separable:?}");
    }

    #[test]
    fn how_many_trials_there_are_of_a_kind_makes_no_difference() {
        let (same, different) = (scores(5, 100, 0.5, 0.5), scores(6, 100, 0.3, 0.5));
        let once = Calibration::fit(&same, &different).expect("a fit");
        let often = Calibration::fit(&same, &different.repeat(9)).expect("a fit");
        assert!(close(often, once.scale, once.offset), "{once:?} {often:?}");
    }

    #[test]
    fn there_is_no_fit_without_both_kinds_or_where_scores_say_nothing() {
        assert_eq!(Calibration::fit(&[], &[0.1]), None);
        assert_eq!(Calibration::fit(&[0.1], &[]), None);
        assert_eq!(Calibration::fit(&[0.1, f32::NAN], &[0.0]), None);
        assert_eq!(Calibration::fit(&[0.1, 0.2], &[0.8, 0.9]), None);
    }

    #[test]
    fn a_ratio_and_a_prior_give_a_probability() {
        assert_eq!(probability(0.0, 0.5), 0.5);
        assert!((probability(0.0, 0.01) - 0.01).abs() < 1e-12);
        assert!((probability(9f64.ln(), 0.5) - 0.9).abs() < 1e-12);
        assert!((probability(9f64.ln(), 0.1) - 0.5).abs() < 1e-12);
        assert_eq!([probability(1e4, 0.5), probability(-1e4, 0.5)], [1.0, 0.0]);
    }

    #[test]
    fn verdicts_need_nine_in_ten() {
        let verdicts = [0.95, 0.9, 0.5, 0.1, 0.05].map(Verdict::of);
        use Verdict::{Different, Same, Unsure};
        assert_eq!(verdicts, [Same, Same, Unsure, Different, Different]);
    }
}
