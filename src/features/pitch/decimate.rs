//! Lowering the sample rate by a whole factor: pitch needs only the band that holds the strong harmonics.

use std::f64::consts::PI;

/// Half the filter's length, in output samples: a transition band of about a quarter of the new Nyquist frequency.
const HALF_LENGTH: usize = 6;

/// Keeps every `factor`-th sample after a zero-phase low-pass (windowed sinc), so that output m lies at input
/// m * factor. The signal is scaled to a peak of 1 and what is not finite becomes zero, so that no later square
/// overflows.
pub fn decimate(samples: &[f32], factor: usize) -> Vec<f32> {
    let clean = |x: f32| if x.is_finite() { x } else { 0.0 };
    let peak = samples.iter().fold(0.0f32, |peak, &x| peak.max(clean(x).abs()));
    // Below this there is nothing to hear, and the scale would overflow.
    let scale = if peak > 1e-20 { 1.0 / peak } else { 0.0 };
    let reach = if factor > 1 { HALF_LENGTH * factor } else { 0 };
    let mut padded = vec![0.0f32; samples.len() + 2 * reach];
    for (to, &from) in padded[reach..].iter_mut().zip(samples) {
        *to = clean(from) * scale;
    }
    if factor <= 1 {
        return padded;
    }
    let filter = low_pass(factor, reach);
    padded.windows(filter.len()).step_by(factor).map(|window| dot(window, &filter)).collect()
}

/// Windowed-sinc low-pass at 0.8 of the new Nyquist frequency, unit gain at 0 Hz.
fn low_pass(factor: usize, reach: usize) -> Vec<f32> {
    let cutoff = 0.8 / factor as f64;
    let taps: Vec<f64> = (0..=2 * reach)
        .map(|i| {
            let x = i as f64 - reach as f64;
            let sinc = if x == 0.0 { cutoff } else { (PI * cutoff * x).sin() / (PI * x) };
            sinc * (0.5 + 0.5 * (PI * x / (reach as f64 + 1.0)).cos())
        })
        .collect();
    let sum: f64 = taps.iter().sum();
    taps.iter().map(|tap| (tap / sum) as f32).collect()
}

/// Dot product in eight lanes, which the compiler turns into vector instructions.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a8.remainder().iter().zip(b8.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a8.zip(b8) {
        for lane in 0..8 {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    rest + lanes.iter().sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f64, rate: f64, length: usize) -> Vec<f32> {
        (0..length).map(|i| (2.0 * PI * hz * i as f64 / rate).sin() as f32).collect()
    }

    #[test]
    fn a_low_tone_passes_in_place_and_a_high_one_is_stopped() {
        let low = decimate(&sine(1000.0, 22_050.0, 4410), 2);
        let expected = sine(1000.0, 11_025.0, 2205);
        assert_eq!(low.len(), expected.len());
        for (got, want) in low.iter().zip(&expected).skip(20).take(2000) {
            assert!((got - want).abs() < 0.01, "{got} against {want}");
        }
        let high = decimate(&sine(7500.0, 22_050.0, 4410), 2);
        assert!(high[20..2000].iter().all(|x| x.abs() < 0.01));
    }

    #[test]
    fn extremes_stay_finite() {
        let out = decimate(&[f32::MAX, f32::NAN, f32::NEG_INFINITY, f32::MIN, 1e-38], 2);
        assert!(out.iter().all(|x| x.is_finite()));
        assert!(decimate(&[], 3).is_empty());
    }
}
