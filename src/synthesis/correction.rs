//! How a speaker differs from what the acoustic model makes of the embedding.
//!
//! The model has heard a few hundred people, so an embedding brings it near a new one and no nearer. What is left shows in
//! means that ten seconds of speech are enough for: the long-term average spectrum, and how far F0 strays, which is
//! always too little where what is predicted is a mean. Both are measured on the recording and on what the model says,
//! and the difference is made up for.

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use super::sentences::HARVARD;
use super::style::semitones;
use crate::acoustic::{AcousticModel, Controls};
use crate::features::mel::{MelConfig, MelSpectrogram};
use crate::features::pitch::{PitchConfig, PitchTracker};
use crate::nn::host::floats;
use crate::text::FrontEnd;

/// What a speaker sounds like on the whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Impression {
    /// (M) mean log-mel of frames in which something is said.
    bands: Vec<f64>,
    /// How far F0 strays from each utterance's median, in semitones; 0 where nothing is voiced.
    pitch_semitones: f64,
}

/// One utterance's frames.
#[derive(Debug)]
pub struct Heard {
    /// (M, T) log-mel.
    pub mel: Tensor,
    /// (T) F0 in Hz; 0 where unvoiced.
    pub f0_hz: Vec<f32>,
}

/// Frames this far below the loud ones are no speech, in nepers of power.
const QUIET: f64 = 4.0;
/// The voice says so many sentences.
const SENTENCES: usize = 10;

impl Heard {
    /// Analyses samples at the rate of synthesis.
    pub fn in_samples(samples: &[f32]) -> Self {
        Self {
            mel: MelSpectrogram::new(&MelConfig::synthesis(), Device::Cpu).of(samples),
            f0_hz: PitchTracker::new(PitchConfig::default()).track(samples).f0_hz,
        }
    }
}

impl Impression {
    /// What utterances sound like on the whole; nothing where no frame is left.
    pub fn of(utterances: impl IntoIterator<Item = Heard>) -> Option<Self> {
        let (mut sum, mut frames) = (Vec::new(), 0.0);
        let mut strayed = Vec::new();
        for Heard { mel, f0_hz } in utterances {
            let mel = mel.to_device(Device::Cpu).to_kind(Kind::Float);
            if mel.numel() == 0 {
                continue;
            }
            let level = (&mel * 2.0).logsumexp([0i64].as_slice(), false);
            let loud = level.quantile_scalar(0.9, None::<i64>, false, "linear").double_value(&[]);
            let said = level.gt(loud - QUIET).to_kind(Kind::Float);
            let bands = floats(&(&mel * said.unsqueeze(0)).sum_dim_intlist([1i64].as_slice(), false, Kind::Float));
            sum.resize(bands.len(), 0.0);
            sum.iter_mut().zip(bands).for_each(|(sum, band): (&mut f64, f32)| *sum += f64::from(band));
            frames += said.sum(Kind::Float).double_value(&[]);
            let mut semitones: Vec<f64> = f0_hz.iter().filter(|&&hz| hz > 0.0).map(|&hz| semitones(hz)).collect();
            let median = quantile(&mut semitones, 0.5);
            strayed.extend(semitones.into_iter().map(|tone| tone - median));
        }
        let pitch_semitones = (quantile(&mut strayed, 0.84) - quantile(&mut strayed, 0.16)) / 2.0;
        (frames > 0.0).then(|| Self { bands: sum.into_iter().map(|sum| sum / frames).collect(), pitch_semitones })
    }

    /// What the acoustic model makes of a speaker's embedding.
    pub fn of_model(model: &AcousticModel, embedding: &[f32]) -> Option<Self> {
        let front_end = FrontEnd::new();
        Self::of(HARVARD[..SENTENCES].iter().map(|sentence| {
            let said = model.speak(&front_end.phonemize(sentence).symbols, embedding, &Controls::default());
            let voiced = said.voicing.gt(0.5).to_kind(Kind::Float);
            Heard { mel: said.mel.squeeze_dim(0), f0_hz: floats(&(said.f0_hz * voiced)) }
        }))
    }
}

/// What is to be changed in what the acoustic model makes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Correction {
    /// (M) is added to log-mel; empty where nothing is.
    pub tone: Vec<f32>,
    /// Factor of how far pitch strays.
    pub pitch_range: f64,
}

impl Default for Correction {
    fn default() -> Self {
        Self { tone: Vec::new(), pitch_range: 1.0 }
    }
}

impl Correction {
    /// So much of the difference in tone is made up for: the rest may be what was said, and where.
    const SHARE: f64 = 0.5;
    /// Standard deviation of the smoothing of the tone, in bands: narrower than this is a harmonic.
    const SMOOTHING: f64 = 2.0;
    /// No band is changed by more than half of this, in nepers.
    const MOST: f64 = 1.5;
    /// Nor is pitch made to stray further or less far than this.
    const RANGE: (f64, f64) = (0.7, 1.8);

    /// What makes what sounds like `made` sound like `speaker`.
    pub fn between(speaker: &Impression, made: &Impression) -> Self {
        let gap: Vec<f64> = speaker.bands.iter().zip(&made.bands).map(|(speaker, made)| speaker - made).collect();
        let smooth = smoothed(&gap, Self::SMOOTHING);
        // How loud it is says nothing of the speaker.
        let mean = smooth.iter().sum::<f64>() / smooth.len().max(1) as f64;
        let tone = |gap: f64| ((gap - mean).clamp(-Self::MOST, Self::MOST) * Self::SHARE) as f32;
        let known = speaker.pitch_semitones > 0.0 && made.pitch_semitones > 0.0;
        let ratio = if known { speaker.pitch_semitones / made.pitch_semitones } else { 1.0 };
        Self { tone: smooth.into_iter().map(tone).collect(), pitch_range: ratio.clamp(Self::RANGE.0, Self::RANGE.1) }
    }

    /// Mel (B, M, T) with the tone.
    pub fn apply(&self, mel: Tensor) -> Tensor {
        if self.tone.is_empty() {
            return mel;
        }
        let tone = Tensor::from_slice(&self.tone).view([1, -1, 1]).to_device(mel.device());
        mel + tone
    }

    /// Between corrections, with weights that sum to 1.
    pub fn blend<'a>(parts: impl Iterator<Item = (&'a Self, f64)> + Clone) -> Self {
        let bands = parts.clone().map(|(part, _)| part.tone.len()).max().unwrap_or(0);
        let mut tone = vec![0f32; bands];
        for (part, weight) in parts.clone() {
            tone.iter_mut().zip(&part.tone).for_each(|(sum, value)| *sum += weight as f32 * value);
        }
        Self { tone, pitch_range: parts.map(|(part, weight)| part.pitch_range * weight).sum() }
    }
}

/// Means under a Gaussian; what lies beyond the ends does not count.
fn smoothed(values: &[f64], deviation: f64) -> Vec<f64> {
    let weight = |a: usize, b: usize| (-0.5 * ((a as f64 - b as f64) / deviation).powi(2)).exp();
    let mean = |at: usize| {
        let weights = (0..values.len()).map(|other| weight(at, other));
        let (sum, total) = values
            .iter()
            .zip(weights)
            .fold((0.0, 0.0), |(sum, total), (value, weight)| (sum + value * weight, total + weight));
        sum / total
    };
    (0..values.len()).map(mean).collect()
}

/// The value below which this share of them lies, 0 where there are none; sorts them.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len().saturating_sub(1) as f64 * share).round() as usize;
    values.get(place).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of speech at `level` in each band, with pauses between, and F0 between two semitones around 200 Hz.
    fn heard(level: impl Fn(i64) -> f64, semitones: f64) -> Heard {
        let frames = 200;
        let columns: Vec<f32> = (0..80)
            .flat_map(|band| {
                let level = level(band);
                (0..frames).map(move |frame| if frame % 4 == 3 { -11.0 } else { level as f32 })
            })
            .collect();
        let hz = |frame: i64| (200.0 * 2f64.powf(if frame % 2 == 0 { semitones } else { -semitones } / 12.0)) as f32;
        let f0_hz = (0..frames).map(|frame| if frame % 4 == 3 { 0.0 } else { hz(frame) }).collect();
        Heard { mel: Tensor::from_slice(&columns).view([80, frames]), f0_hz }
    }

    #[test]
    fn half_of_the_difference_in_spectrum_is_made_up_for_and_loudness_is_not() {
        let speaker = Impression::of([heard(|band| -2.0 + 0.01 * band as f64, 3.0)]).expect("speech");
        let made = Impression::of([heard(|_| -5.0, 2.0)]).expect("speech");
        let correction = Correction::between(&speaker, &made);
        assert_eq!(correction.tone.len(), 80);
        assert!(correction.tone.iter().sum::<f32>().abs() < 1e-3);
        let slope = (correction.tone[60] - correction.tone[20]) / 40.0;
        assert!((slope - 0.005).abs() < 1e-4, "{slope}");
        assert!((correction.pitch_range - 1.5).abs() < 1e-3, "{}", correction.pitch_range);
        let corrected = correction.apply(Tensor::zeros([1, 80, 2], (Kind::Float, Device::Cpu)));
        assert!((corrected.double_value(&[0, 60, 1]) - f64::from(correction.tone[60])).abs() < 1e-6);
    }

    #[test]
    fn nothing_is_changed_in_what_is_right_and_nothing_by_much() {
        let one = Impression::of([heard(|band| -4.0 + (band as f64 / 9.0).sin(), 2.0)]).expect("speech");
        let same = Correction::between(&one, &one);
        assert!(same.tone.iter().all(|value| value.abs() < 1e-6) && same.pitch_range == 1.0);
        let far = Impression::of([heard(|band| if band < 40 { 4.0 } else { -9.0 }, 9.0)]).expect("speech");
        let most = Correction::between(&far, &one);
        assert!(most.tone.iter().all(|value| value.abs() <= 0.75) && most.pitch_range == 1.8);
        assert_eq!(Impression::of([]), None);
    }

    #[test]
    fn unvoiced_speech_leaves_pitch_alone() {
        let whispered = Heard { f0_hz: vec![0.0; 200], ..heard(|_| -4.0, 2.0) };
        let (whispered, made) = (Impression::of([whispered]), Impression::of([heard(|_| -4.0, 2.0)]));
        let correction = Correction::between(&whispered.expect("speech"), &made.expect("speech"));
        assert_eq!(correction.pitch_range, 1.0);
    }

    #[test]
    fn a_blend_lies_between() {
        let (one, other) = (Correction { tone: vec![1.0, 2.0], pitch_range: 1.4 }, Correction::default());
        let found = Correction::blend([(&one, 0.75), (&other, 0.25)].into_iter());
        assert_eq!(found.tone, [0.75, 1.5]);
        assert!((found.pitch_range - 1.3).abs() < 1e-9);
    }
}
