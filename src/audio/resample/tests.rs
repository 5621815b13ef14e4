use std::f64::consts::TAU;

use super::*;

const RATES: [u32; 9] = [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000, 192_000];

fn sine(rate: SampleRate, hz: f64, samples: usize) -> Vec<f32> {
    (0..samples).map(|n| (TAU * hz * n as f64 / rate.hz()).sin() as f32).collect()
}

fn resample(from: u32, to: u32, input: &[f32]) -> Vec<f32> {
    let mut resampler = Resampler::new(SampleRate(from), SampleRate(to)).unwrap();
    let mut output = resampler.process(input);
    output.extend(resampler.finish());
    output
}

/// The energy of `signal` relative to a sine of amplitude 1, in dB, without the 60 ms at both ends.
fn level_db(rate: u32, signal: &[f32]) -> f64 {
    let edge = rate as usize * 6 / 100;
    let inner = &signal[edge..signal.len() - edge];
    let energy: f64 = inner.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
    10.0 * (2.0 * energy / inner.len() as f64).max(1e-30).log10()
}

#[test]
fn a_sine_stays_the_same_sine_at_the_same_time() {
    for from in RATES {
        for to in RATES {
            let hz = 0.45 * f64::from(from.min(to));
            let samples = from as usize / 2;
            let output = resample(from, to, &sine(SampleRate(from), hz, samples));
            let expected = sine(SampleRate(to), hz, output.len());
            let difference: Vec<f32> = output.iter().zip(&expected).map(|(a, b)| a - b).collect();
            let error_db = level_db(to, &difference);
            assert!(error_db < -80.0, "{from} -> {to} Hz at {hz} Hz: error of {error_db:.1} dB");
        }
    }
}

#[test]
fn tones_above_the_new_nyquist_frequency_vanish() {
    for (from, to) in [(48_000, 16_000), (48_000, 22_050), (44_100, 16_000), (192_000, 8_000), (22_050, 16_000)] {
        for above in [1.01, 1.1, 1.3] {
            let hz = f64::from(to) / 2.0 * above;
            if hz < f64::from(from) / 2.0 {
                let output = resample(from, to, &sine(SampleRate(from), hz, from as usize / 2));
                let alias_db = level_db(to, &output);
                assert!(alias_db < -80.0, "{from} -> {to} Hz: {hz} Hz passes with {alias_db:.1} dB");
            }
        }
    }
}

#[test]
fn the_output_has_the_length_of_the_input() {
    for (from, to) in [(48_000, 16_000), (16_000, 22_050), (44_100, 48_000), (8_000, 192_000), (192_000, 8_000)] {
        for samples in [0, 1, 2, 3, 100, 4_801, 44_100] {
            let expected = (samples as f64 * f64::from(to) / f64::from(from)).round() as usize;
            assert_eq!(resample(from, to, &vec![0.5; samples]).len(), expected, "{samples} at {from} -> {to} Hz");
        }
    }
}

#[test]
fn an_impulse_stays_where_it_was() {
    for (from, to, scale) in [(48_000, 16_000, 1.0 / 3.0), (16_000, 48_000, 1.0), (48_000, 24_000, 0.5)] {
        let mut input = vec![0.0; 4_800];
        input[2_400] = 1.0;
        let output = resample(from, to, &input);
        let peak = (0..output.len()).max_by(|&a, &b| output[a].total_cmp(&output[b])).unwrap();
        assert_eq!(peak, 2_400 * to as usize / from as usize, "{from} -> {to} Hz");
        assert!((f64::from(output[peak]) - scale).abs() < 0.05 * scale, "{from} -> {to} Hz: {}", output[peak]);
    }
}

#[test]
fn a_stream_of_small_blocks_gives_what_one_block_gives() {
    let input = sine(SampleRate(44_100), 1_234.0, 30_000);
    let whole = resample(44_100, 16_000, &input);
    for size in [1, 7, 441, 9_999] {
        let mut resampler = Resampler::new(SampleRate(44_100), SampleRate(16_000)).unwrap();
        let mut output = Vec::new();
        input.chunks(size).for_each(|piece| output.extend(resampler.process(piece)));
        output.extend(resampler.finish());
        assert!(output == whole, "blocks of {size} differ");
    }
}

#[test]
fn equal_rates_change_nothing() {
    let input = sine(SampleRate(16_000), 440.0, 1_000);
    assert_eq!(resample(16_000, 16_000, &input), input);
}

#[test]
fn rates_without_a_common_divisor_work() {
    let output = resample(8_001, 7_999 + 2_000, &sine(SampleRate(8_001), 440.0, 20_000));
    let expected = sine(SampleRate(9_999), 440.0, output.len());
    let worst = output[2_000..].iter().zip(&expected[2_000..]).take(15_000).map(|(a, b)| (a - b).abs());
    assert!(worst.fold(0.0, f32::max) < 1e-3);
}

#[test]
fn impossible_rates_are_refused() {
    for (from, to) in [(0, 16_000), (16_000, 0), (7_999, 16_000), (16_000, 192_001)] {
        let result = Resampler::new(SampleRate(from), SampleRate(to));
        assert!(matches!(result, Err(AudioError::RateOutOfRange { .. })), "{from} -> {to}");
    }
}
