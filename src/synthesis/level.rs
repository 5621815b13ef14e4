//! Loudness of what is spoken, utterance by utterance.

use crate::audio::filter::Filter;
use crate::audio::{AudioError, LoudnessMeter};
use crate::clean::limiter::Limiter;
use crate::units::{SampleRate, Seconds};

/// Levels a stream of utterances to a loudness, under a true peak.
///
/// The gain of an utterance follows from the loudness of all speech so far, so that audio can leave while the rest is
/// computed, and memory does not grow with the text.
pub struct Leveller {
    meter: LoudnessMeter,
    rate: SampleRate,
    loudness_lufs: f64,
    true_peak_dbtp: f64,
}

impl Leveller {
    /// Levels mono speech of this rate.
    pub fn new(rate: SampleRate, loudness_lufs: f64, true_peak_dbtp: f64) -> Result<Self, AudioError> {
        Ok(Self { meter: LoudnessMeter::new(rate, 1)?, rate, loudness_lufs, true_peak_dbtp })
    }

    /// Levels one utterance; `volumes` are factors for stretches of it, in order and beside each other. Peaks that
    /// would be too high are limited. Speech shorter than the meter's 400 ms is levelled by its peak alone.
    pub fn apply(&mut self, samples: &[f32], volumes: &[(Seconds, f32)]) -> Result<Vec<f32>, AudioError> {
        self.meter.push(samples);
        let gain_db = match self.meter.integrated_lufs() {
            Some(loudness) => self.loudness_lufs - loudness,
            None => self.true_peak_dbtp - self.peak_dbtp(samples)?,
        };
        let gain = 10f64.powf(gain_db / 20.0) as f32;
        let mut loud: Vec<f32> = samples.iter().map(|sample| sample * gain).collect();
        vary(&mut loud, volumes, self.rate);
        let mut limiter = Limiter::new(self.true_peak_dbtp, self.rate);
        let mut levelled = Vec::with_capacity(loud.len());
        limiter.push(&loud, &mut levelled);
        limiter.finish(&mut levelled);
        Ok(levelled)
    }

    /// 0 of silence, which no gain makes loud.
    fn peak_dbtp(&self, samples: &[f32]) -> Result<f64, AudioError> {
        let mut meter = LoudnessMeter::new(self.rate, 1)?;
        meter.push(samples);
        Ok(meter.true_peak_dbtp().unwrap_or(0.0))
    }
}

/// From one volume to the next it takes this long.
const CHANGE: Seconds = Seconds(0.01);

/// Multiplies the samples from each time on by a factor, up to the next time; before the first by 1.
fn vary(samples: &mut [f32], volumes: &[(Seconds, f32)], rate: SampleRate) {
    if volumes.iter().all(|&(_, volume)| volume == 1.0) {
        return;
    }
    let step = 1.0 / rate.samples(CHANGE).max(1) as f32;
    let (mut next, mut wanted, mut gain) = (volumes.iter().peekable(), 1.0, 1.0);
    for (index, sample) in samples.iter_mut().enumerate() {
        while let Some(&(_, volume)) = next.next_if(|(start, _)| rate.samples(*start) <= index) {
            wanted = volume;
        }
        gain += (wanted - gain).clamp(-step, step);
        *sample *= gain;
    }
}

/// Fades both ends over this time, so that joins do not click.
pub const FADE_S: f64 = 0.004;

/// Fades the first and last [`FADE_S`] of an utterance.
pub fn fade_ends(samples: &mut [f32], rate: SampleRate) {
    let length = ((FADE_S * rate.hz()) as usize).min(samples.len() / 2);
    let total = samples.len();
    for index in 0..length {
        let gain = (index as f32 + 0.5) / length as f32;
        samples[index] *= gain;
        samples[total - 1 - index] *= gain;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: SampleRate = SampleRate::SYNTHESIS;

    fn tone(seconds: f64, level: f32) -> Vec<f32> {
        (0..RATE.samples(Seconds(seconds))).map(|i| level * (i as f32 * 0.28).sin()).collect()
    }

    fn levelled(samples: &[f32], loudness_lufs: f64, volumes: &[(Seconds, f32)]) -> Vec<f32> {
        let mut leveller = Leveller::new(RATE, loudness_lufs, -1.0).expect("a usual rate");
        leveller.apply(samples, volumes).expect("speech")
    }

    fn loudness(samples: &[f32]) -> f64 {
        let mut meter = LoudnessMeter::new(RATE, 1).expect("a usual rate");
        meter.push(samples);
        meter.integrated_lufs().expect("sound")
    }

    #[test]
    fn loud_and_soft_come_out_alike() {
        for level in [0.01, 0.9] {
            let samples = levelled(&tone(3.0, level), -20.0, &[]);
            assert!((loudness(&samples) + 20.0).abs() < 0.1, "{}", loudness(&samples));
        }
    }

    #[test]
    fn a_peak_is_limited_and_the_rest_keeps_its_level() {
        let mut samples = tone(3.0, 0.03);
        samples[30_000] = 0.3;
        let samples = levelled(&samples, -16.0, &[]);
        assert!(samples.iter().all(|sample| sample.abs() <= 0.9), "above -1 dBTP");
        assert!((loudness(&samples) + 16.0).abs() < 0.5, "{}", loudness(&samples));
        assert!(levelled(&[], -16.0, &[]).is_empty());
    }

    #[test]
    fn what_is_too_short_to_have_a_loudness_has_the_highest_peak() {
        let samples = levelled(&tone(0.2, 0.01), -16.0, &[]);
        let peak = samples.iter().fold(0f32, |peak, sample| peak.max(sample.abs()));
        assert!((20.0 * peak.log10() + 1.0).abs() < 0.3, "{peak}");
        assert!(levelled(&[0.0; 100], -16.0, &[]).iter().all(|&sample| sample == 0.0));
    }

    #[test]
    fn stretches_have_their_own_volume() {
        let samples = tone(3.0, 0.1);
        let volumes = [(Seconds(1.0), 0.5), (Seconds(2.0), 0.0)];
        let (plain, varied) = (levelled(&samples, -20.0, &[]), levelled(&samples, -20.0, &volumes));
        let at = |seconds: f64| RATE.samples(Seconds(seconds));
        assert_eq!(varied[..at(0.9)], plain[..at(0.9)]);
        for index in at(1.1)..at(1.9) {
            assert!((varied[index] - 0.5 * plain[index]).abs() < 1e-6);
        }
        assert!(varied[at(2.1)..].iter().all(|&sample| sample == 0.0));
        // No click: the change is spread.
        let steps = varied.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0f32, f32::max);
        let natural = plain.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0f32, f32::max);
        assert!(steps <= natural * 1.01);
    }

    #[test]
    fn ends_are_faded() {
        let mut samples = vec![1.0; 1000];
        fade_ends(&mut samples, SampleRate::SYNTHESIS);
        assert!(samples[0] < 0.01 && samples[999] < 0.01 && samples[500] == 1.0);
        fade_ends(&mut [], SampleRate::SYNTHESIS);
    }
}
