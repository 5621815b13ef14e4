//! Differences between two pitch tracks of the same words.

use serde::{Deserialize, Serialize};

use crate::features::pitch::PitchTrack;

/// Frames further apart than this are gross errors (octave slips, another melody): Rabiner et al. 1976, as a ratio.
const GROSS_RATIO: f64 = 0.2;

/// How far the pitch of one recording is from that of another, over matched frames.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct F0Error {
    /// Root-mean-square difference in Hz, over pairs where both are voiced.
    pub rmse_hz: Option<f64>,
    /// The same in cents (hundredths of a semitone), which compares across voices.
    pub rmse_cents: Option<f64>,
    /// Pearson's correlation of log F0; `None` with fewer than two voiced pairs or a flat track.
    pub correlation: Option<f64>,
    /// Share of the voiced pairs more than 20 % apart.
    pub gross_share: Option<f64>,
    /// Share of all pairs in which one is voiced and the other is not.
    pub voicing_error: f64,
    /// Number of pairs where both are voiced.
    pub voiced_pairs: usize,
}

/// Compares along `path` (pairs of frame numbers, as from [`super::dtw`]). `None` if no pair lies in both tracks.
pub fn f0_error(reference: &PitchTrack, other: &PitchTrack, path: &[(usize, usize)]) -> Option<F0Error> {
    let value = |track: &PitchTrack, t: usize| track.f0_hz.get(t).map(|&hz| f64::from(hz));
    let pairs: Vec<(f64, f64)> = path.iter().filter_map(|&(i, j)| value(reference, i).zip(value(other, j))).collect();
    if pairs.is_empty() {
        return None;
    }
    let disagree = pairs.iter().filter(|(a, b)| (*a > 0.0) != (*b > 0.0)).count();
    let voiced: Vec<(f64, f64)> = pairs.iter().copied().filter(|&(a, b)| a > 0.0 && b > 0.0).collect();
    let mean = |value: fn(f64, f64) -> f64| {
        (!voiced.is_empty()).then(|| voiced.iter().map(|&(a, b)| value(a, b)).sum::<f64>() / voiced.len() as f64)
    };
    Some(F0Error {
        rmse_hz: mean(|a, b| (a - b).powi(2)).map(f64::sqrt),
        rmse_cents: mean(|a, b| (1200.0 * (b / a).log2()).powi(2)).map(f64::sqrt),
        correlation: correlation(&voiced),
        gross_share: mean(|a, b| if (b / a - 1.0).abs() > GROSS_RATIO { 1.0 } else { 0.0 }),
        voicing_error: disagree as f64 / pairs.len() as f64,
        voiced_pairs: voiced.len(),
    })
}

/// Pearson's correlation of the logarithms.
fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let count = pairs.len() as f64;
    let logs: Vec<(f64, f64)> = pairs.iter().map(|(a, b)| (a.ln(), b.ln())).collect();
    let (mean_a, mean_b) = logs.iter().fold((0.0, 0.0), |(a, b), log| (a + log.0 / count, b + log.1 / count));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in logs {
        ab += (a - mean_a) * (b - mean_b);
        aa += (a - mean_a).powi(2);
        bb += (b - mean_b).powi(2);
    }
    // A track flat to within rounding has no melody to correlate.
    let flat = |squares: f64| squares / count <= 1e-12;
    (pairs.len() > 1 && !flat(aa) && !flat(bb)).then(|| (ab / (aa * bb).sqrt()).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(f0_hz: &[f32]) -> PitchTrack {
        PitchTrack { f0_hz: f0_hz.to_vec(), voicing: vec![1.0; f0_hz.len()] }
    }

    fn diagonal(length: usize) -> Vec<(usize, usize)> {
        (0..length).map(|t| (t, t)).collect()
    }

    #[test]
    fn known_differences() {
        let (a, b) = (track(&[100.0, 200.0, 0.0, 150.0, 0.0]), track(&[200.0, 400.0, 120.0, 0.0, 0.0]));
        let found = f0_error(&a, &b, &diagonal(5)).unwrap();
        assert!((found.rmse_cents.unwrap() - 1200.0).abs() < 1e-9);
        assert!((found.rmse_hz.unwrap() - 25_000f64.sqrt()).abs() < 1e-9);
        assert!((found.correlation.unwrap() - 1.0).abs() < 1e-9);
        assert_eq!((found.gross_share, found.voiced_pairs), (Some(1.0), 2));
        assert!((found.voicing_error - 0.4).abs() < 1e-12);
    }

    #[test]
    fn an_opposite_melody_has_correlation_minus_one() {
        let found = f0_error(&track(&[100.0, 110.0, 121.0]), &track(&[121.0, 110.0, 100.0]), &diagonal(3)).unwrap();
        assert!((found.correlation.unwrap() + 1.0).abs() < 1e-6);
    }

    #[test]
    fn nothing_voiced_and_nothing_at_all() {
        let unvoiced = track(&[0.0; 4]);
        let found = f0_error(&unvoiced, &unvoiced, &diagonal(4)).unwrap();
        assert_eq!((found.rmse_hz, found.correlation, found.voicing_error), (None, None, 0.0));
        assert_eq!(f0_error(&unvoiced, &unvoiced, &[]), None);
        assert_eq!(f0_error(&unvoiced, &unvoiced, &[(7, 0)]), None);
        let flat = f0_error(&track(&[100.0; 3]), &track(&[100.0; 3]), &diagonal(3)).unwrap();
        assert_eq!((flat.rmse_hz, flat.correlation), (Some(0.0), None));
    }
}
