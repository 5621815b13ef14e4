//! Noises that are made rather than recorded, and mixing.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use super::level;
use crate::units::SampleRate;

const FLOATS: (Kind, Device) = (Kind::Float, Device::Cpu);

/// Noise of `length` samples whose power falls with frequency to the power of `slope`: 0 is white, 1 pink, 2 brown. Its
/// root mean square is 1.
pub fn coloured_noise(length: i64, slope: f64, random: &mut ChaCha8Rng) -> Tensor {
    // Below 30 Hz nothing rises any more.
    let lowest = (30.0 * length as f64 / SampleRate::ANALYSIS.hz()).max(1.0);
    shaped_noise(length, |bins| bins.clamp_min(lowest).pow_tensor_scalar(-slope / 2.0), random)
}

/// Noise whose amplitudes are as `shape` makes them of the numbers of the bins. Its root mean square is 1.
fn shaped_noise(length: i64, shape: impl Fn(&Tensor) -> Tensor, random: &mut ChaCha8Rng) -> Tensor {
    let white: Vec<f32> = (0..length).map(|_| gaussian(random)).collect();
    let spectrum = Tensor::from_slice(&white).fft_rfft(None, -1, "backward");
    let bins = Tensor::arange(spectrum.size()[0], FLOATS);
    let noise = (spectrum * shape(&bins)).fft_irfft(length, -1, "backward");
    &noise / level(&noise).max(1e-12)
}

/// Hum of the mains and its harmonics, `length` samples at 16 kHz.
pub fn hum(length: i64, random: &mut ChaCha8Rng) -> Tensor {
    let mains_hz: f64 = if random.random_bool(0.5) { 50.0 } else { 60.0 };
    let harmonics = random.random_range(2..20);
    let time = Tensor::arange(length, FLOATS) / SampleRate::ANALYSIS.hz();
    let partial = |harmonic: i32| {
        let angle = &time * (std::f64::consts::TAU * mains_hz * f64::from(harmonic));
        (angle + random.random_range(0.0..std::f64::consts::TAU)).sin()
            * (random.random_range(0.1..1.0) / f64::from(harmonic))
    };
    (1..=harmonics).map(partial).reduce(|sum, partial| sum + partial).unwrap_or_else(|| time.zeros_like())
}

/// Clicks of records, plugs and keyboards: short decaying rings at random moments, `length` samples at 16 kHz.
pub fn clicks(length: i64, random: &mut ChaCha8Rng) -> Tensor {
    let mut samples = vec![0f32; length as usize];
    let per_second = 10f64.powf(random.random_range(-0.3..1.3));
    let count = (length as f64 / SampleRate::ANALYSIS.hz() * per_second).ceil() as usize;
    for _ in 0..count {
        let at = random.random_range(0..samples.len());
        let height = random.random_range(0.2f32..1.0) * if random.random_bool(0.5) { 1.0 } else { -1.0 };
        let (decay, angle) = (random.random_range(0.5f32..0.97), random.random_range(0.0f32..2.5));
        let mut level = height;
        for (time, sample) in samples[at..].iter_mut().take(200).enumerate() {
            *sample += level * (angle * time as f32).cos();
            level *= decay;
        }
    }
    Tensor::from_slice(&samples)
}

/// Wind on a microphone: noise that falls steeply with frequency, in gusts; `length` samples at 16 kHz.
pub fn wind(length: i64, random: &mut ChaCha8Rng) -> Tensor {
    let noise = coloured_noise(length, random.random_range(1.8..3.2), random);
    noise * gusts(length, random.random_range(0.15..0.8), random)
}

/// What people do with their hands and chairs: knocks, rumble, rustling, now and then; `length` samples at 16 kHz.
pub fn bustle(length: i64, random: &mut ChaCha8Rng) -> Tensor {
    let now_and_then = |random: &mut ChaCha8Rng| {
        let gusts = gusts(length, random.random_range(0.1..1.0), random);
        // Most of the time nothing happens.
        (gusts - random.random_range(0.2..0.6)).clamp_min(0.0)
    };
    let rumble = wind(length, random) * random.random_range(0.0..1.0);
    let rustling = coloured_noise(length, random.random_range(0.0..1.5), random) * now_and_then(random);
    let knocks = clicks(length, random);
    let knocks = &knocks / level(&knocks).max(1e-6) * random.random_range(0.0..1.0);
    rumble + rustling * random.random_range(0.0..1.0) + knocks
}

/// Breath on a microphone, hands on a table, paper: noise of some band that begins and ends, again and again, as often as
/// words or more; `length` samples at 16 kHz.
pub fn bursts(length: i64, random: &mut ChaCha8Rng) -> Tensor {
    let kinds = random.random_range(1..=3);
    let kind = |_| burst(length, random) * random.random_range(0.1..1.0);
    (0..kinds).map(kind).reduce(|sum, one| sum + one).unwrap_or_else(|| Tensor::zeros([length], FLOATS))
}

/// One of them, with a root mean square of 1 while it lasts.
fn burst(length: i64, random: &mut ChaCha8Rng) -> Tensor {
    let [centre_hz, octaves] = [(60f64, 4_000f64), (0.5, 2.0)].map(|range| log_uniform(range, random));
    let bin_hz = SampleRate::ANALYSIS.hz() / length as f64;
    let shape = |bins: &Tensor| {
        let away = ((bins * bin_hz).clamp_min(1.0) / centre_hz).log2() / octaves;
        (away.square() * -2.0).exp()
    };
    let noise = shaped_noise(length, shape, random);
    let (lasts_s, rests) = (log_uniform((0.03, 1.5), random), log_uniform((0.5, 6.0), random));
    // From a rhythm to none.
    let uneven = random.random_range(0.05..0.9);
    let mut about = |seconds: f64| {
        let drawn = seconds * random.random_range(1.0 - uneven..1.0 + uneven);
        ((drawn * SampleRate::ANALYSIS.hz()) as usize).max(160)
    };
    let mut envelope = vec![0f32; length as usize];
    let mut at = about(lasts_s * rests) / 2;
    while at < envelope.len() {
        let lasts = about(lasts_s);
        for (time, level) in envelope[at..].iter_mut().take(lasts).enumerate() {
            *level = (std::f32::consts::PI * (time as f32 + 0.5) / lasts as f32).sin().sqrt();
        }
        at += lasts + about(lasts_s * rests);
    }
    noise * Tensor::from_slice(&envelope)
}

/// A number between two whose logarithm is evenly distributed.
fn log_uniform(range: (f64, f64), random: &mut ChaCha8Rng) -> f64 {
    random.random_range(range.0.ln()..range.1.ln()).exp()
}

/// How loud something is that comes and goes, (L) from 0 to 1: a new level about every `every_s`.
pub fn gusts(length: i64, every_s: f64, random: &mut ChaCha8Rng) -> Tensor {
    let points = (length as f64 / SampleRate::ANALYSIS.hz() / every_s).ceil() as i64 + 2;
    let levels: Vec<f32> = (0..points).map(|_| random.random::<f32>().powi(2)).collect();
    Tensor::from_slice(&levels).view([1, 1, -1]).upsample_linear1d([length], true, None).view([-1])
}

/// Speech (L) with noise (L) at a signal-to-noise ratio, by their root mean squares.
pub fn mix(speech: &Tensor, noise: &Tensor, snr_db: f64) -> Tensor {
    let gain = level(speech) / level(noise).max(1e-6) * 10f64.powf(-snr_db / 20.0);
    speech + noise * gain
}

/// A normal deviate (Box and Muller 1958).
pub(super) fn gaussian(random: &mut ChaCha8Rng) -> f32 {
    let (radius, angle): (f32, f32) = (random.random_range(f32::MIN_POSITIVE..1.0), random.random());
    (-2.0 * radius.ln()).sqrt() * (std::f32::consts::TAU * angle).cos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    /// Power in a band of frequencies, in dB.
    fn band_db(samples: &Tensor, low_hz: i64, high_hz: i64) -> f64 {
        let power = samples.fft_rfft(None, -1, "backward").abs().square();
        10.0 * power.narrow(0, low_hz, high_hz - low_hz).mean(Kind::Float).double_value(&[]).log10()
    }

    #[test]
    fn noise_falls_by_its_slope() {
        for (slope, per_octave_db) in [(0.0, 0.0), (1.0, 3.01), (2.0, 6.02)] {
            // One second: a bin is a hertz. A mean of 400 exponential deviates is within 5 % of its expectation.
            let noise = coloured_noise(16_000, slope, &mut ChaCha8Rng::seed_from_u64(4));
            let fall = band_db(&noise, 800, 1_600) - band_db(&noise, 3_200, 6_400);
            assert!((fall - 2.0 * per_octave_db).abs() < 0.5, "slope {slope} falls by {fall} dB in two octaves");
            assert!((level(&noise) - 1.0).abs() < 1e-4);
        }
    }

    #[test]
    fn bustle_comes_and_goes() {
        for seed in 0..8 {
            let bustle = bustle(64_000, &mut ChaCha8Rng::seed_from_u64(seed));
            let powers = bustle.view([-1, 1_600]).square().mean_dim(1, false, Kind::Float);
            let loudest = powers.max().double_value(&[]);
            assert!(loudest.is_finite() && loudest > 4.0 * powers.median().double_value(&[]), "seed {seed}");
        }
    }

    #[test]
    fn bursts_begin_and_end_in_a_band() {
        for seed in 0..12 {
            let noise = burst(64_000, &mut ChaCha8Rng::seed_from_u64(seed));
            let powers = noise.view([-1, 160]).square().mean_dim(1, false, Kind::Float);
            let on = powers.gt(0.1).to_kind(Kind::Float).mean(Kind::Float).double_value(&[]);
            assert!((0.03..0.8).contains(&on), "seed {seed}: on for {on}");
            // Half of the power lies within an octave and a half, or there would be no band.
            let power = noise.fft_rfft(None, -1, "backward").abs().square();
            let total = power.sum(Kind::Double).double_value(&[]);
            let below =
                |hz: f64| power.narrow(0, 0, ((hz * 4.0) as i64).min(32_000)).sum(Kind::Double).double_value(&[]);
            let most = (0..70).map(|step| 30.0 * 1.08f64.powi(step)).map(|hz| (below(hz * 2.83) - below(hz)) / total);
            assert!(most.fold(0.0, f64::max) > 0.5, "seed {seed}");
            assert_eq!(noise, burst(64_000, &mut ChaCha8Rng::seed_from_u64(seed)));
        }
        let all = bursts(32_000, &mut ChaCha8Rng::seed_from_u64(1));
        assert!(all.size() == [32_000] && level(&all) > 0.01);
    }

    #[test]
    fn hum_lies_on_the_harmonics() {
        let hum = hum(16_000, &mut ChaCha8Rng::seed_from_u64(2));
        let power = hum.fft_rfft(None, -1, "backward").abs().square();
        let total = power.sum(Kind::Double).double_value(&[]);
        let on = |mains: i64| {
            let multiples: Vec<i64> = (1..20).map(|harmonic| harmonic * mains).collect();
            power.index_select(0, &Tensor::from_slice(&multiples)).sum(Kind::Double).double_value(&[]) / total
        };
        assert!(on(50).max(on(60)) > 0.999);
    }

    #[test]
    fn clicks_are_sparse_and_wind_is_low() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let clicks = clicks(16_000, &mut random);
        let loud = clicks.abs().gt(0.05).to_kind(Kind::Float).mean(Kind::Float).double_value(&[]);
        assert!(loud > 0.0 && loud < 0.2, "{loud}");
        let wind = wind(32_000, &mut random);
        assert!(band_db(&wind, 100, 400) - band_db(&wind, 2_000, 8_000) > 20.0);
    }

    #[test]
    fn the_ratio_is_what_was_asked_for() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let (speech, noise) = (coloured_noise(8_000, 1.0, &mut random), coloured_noise(8_000, 0.0, &mut random) * 7.0);
        let added = mix(&speech, &noise, 6.0) - &speech;
        assert!((20.0 * (level(&speech) / level(&added)).log10() - 6.0).abs() < 1e-3);
    }
}
