//! Mel cepstra and their distortion (MCD), the usual distance between two recordings of the same words.
//!
//! Kubichek (1993, "Mel-cepstral distance measure for objective speech quality assessment"):
//! MCD = 10 / ln 10 * sqrt(2 * sum over d of (c_d - c'_d)²), in dB, without c_0, which is the loudness.
//!
//! Figures of different programs can't be compared: each floors quiet bands in its own way, and the floor decides what
//! noise costs (pymcd, with WORLD's envelope, ranks recordings anew when all samples are multiplied by 32768).
//! The variant here: c_d is the d-th cosine coefficient of the natural log of the 80 mel magnitudes of synthesis, none
//! lower than 60 dB below the recording's highest, so that gain and a faint hiss count for nothing; scaled so that
//! log magnitude = c_0 + sum of c_d cos(d w), which makes MCD the root-mean-square difference in dB of two smoothed
//! spectra over mel frequency. Frames are matched by DTW on c_1 to c_D; the mean is over the pairs of that path whose
//! first frame is not silent.

use std::f64::consts::{LN_10, PI, SQRT_2};

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use super::dtw;
use crate::features::mel::{MelConfig, MelSpectrogram};
use crate::nn::host::floats;

/// What to compute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CepstrumConfig {
    /// The spectrogram that the cepstra describe.
    pub mel: MelConfig,
    /// Number of coefficients after c_0, D: 13 as in most papers, or 24.
    pub order: usize,
    /// Mel magnitudes this far below the highest of their recording, in dB, are raised to that level.
    pub floor_db: f64,
    /// Frames this far below the loudest of their recording are silent, in dB.
    pub silence_db: f32,
}

impl Default for CepstrumConfig {
    fn default() -> Self {
        Self { mel: MelConfig::synthesis(), order: 13, floor_db: 60.0, silence_db: 40.0 }
    }
}

/// The cepstra of one recording.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MelCepstrum {
    /// c_1 to c_D of each frame, (T, D).
    frames: Vec<Vec<f32>>,
    /// Whether each frame is too quiet to judge.
    silent: Vec<bool>,
}

impl MelCepstrum {
    /// The number of frames, T.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether the recording was too short for one frame.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// c_1 to c_D of each frame, (T, D).
    pub fn frames(&self) -> &[Vec<f32>] {
        &self.frames
    }

    /// Whether each frame is too quiet to judge, (T).
    pub fn silent(&self) -> &[bool] {
        &self.silent
    }
}

/// Computes mel cepstra. Prepare one and use it for many recordings.
#[derive(Debug)]
pub struct CepstrumAnalyser {
    config: CepstrumConfig,
    spectrogram: MelSpectrogram,
    /// Cosines of the coefficients over the bands, (D, M).
    cosines: Tensor,
}

impl CepstrumAnalyser {
    /// Prepares filters and cosines. The order is limited to one less than the number of bands.
    pub fn new(config: CepstrumConfig) -> Self {
        let bands = config.mel.n_mels.max(1) as usize;
        let order = config.order.min(bands - 1);
        let cosine =
            |d: usize, m: usize| (2.0 / bands as f64 * (PI * d as f64 * (m as f64 + 0.5) / bands as f64).cos()) as f32;
        let flat: Vec<f32> = (1..=order).flat_map(|d| (0..bands).map(move |m| cosine(d, m))).collect();
        let cosines = Tensor::from_slice(&flat).view([order as i64, bands as i64]);
        let spectrogram = MelSpectrogram::new(&config.mel, Device::Cpu);
        Self { config, spectrogram, cosines }
    }

    /// The cepstra of `samples` (L) at the rate of the configuration.
    pub fn analyse(&self, samples: &[f32]) -> MelCepstrum {
        let mel = &self.config.mel;
        if (samples.len() as i64) < mel.hop {
            return MelCepstrum::default();
        }
        let finite: Vec<f32> = samples.iter().map(|x| if x.is_finite() { x.clamp(-1e6, 1e6) } else { 0.0 }).collect();
        let log_mel = self.spectrogram.forward(&Tensor::from_slice(&finite).unsqueeze(0)).squeeze_dim(0);
        let floor = log_mel.max() - self.config.floor_db / 20.0 * LN_10;
        let frames = self.cosines.matmul(&log_mel.maximum(&floor)).transpose(0, 1);
        let powers = (log_mel * 2.0).exp().sum_dim_intlist(0, false, Kind::Float);
        MelCepstrum { frames: rows(&frames), silent: self.silence(&floats(&powers)) }
    }

    fn silence(&self, powers: &[f32]) -> Vec<bool> {
        let loudest = powers.iter().copied().fold(0.0, f32::max);
        let least = loudest * 10f32.powf(-self.config.silence_db / 10.0);
        powers.iter().map(|&power| power < least).collect()
    }
}

/// The path that matches the frames of two recordings: pairs of frame numbers.
pub fn align(reference: &MelCepstrum, other: &MelCepstrum) -> Vec<(usize, usize)> {
    dtw::align(reference.len(), other.len(), |i, j| squared(&reference.frames[i], &other.frames[j]).sqrt() as f32)
}

/// Mel-cepstral distortion in dB along `path`, 0 for equal spectra. `None` if no reference frame has speech.
/// Pairs beyond the end of either are left out.
pub fn distortion_db(reference: &MelCepstrum, other: &MelCepstrum, path: &[(usize, usize)]) -> Option<f64> {
    let spoken = path.iter().filter(|&&(i, _)| reference.silent.get(i) == Some(&false));
    let pairs = spoken.filter_map(|&(i, j)| reference.frames.get(i).zip(other.frames.get(j)));
    let (sum, count) = pairs.fold((0.0, 0usize), |(sum, count), (a, b)| (sum + squared(a, b).sqrt(), count + 1));
    (count > 0).then(|| 10.0 / LN_10 * SQRT_2 * sum / count as f64)
}

fn squared(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| f64::from((x - y) * (x - y))).sum()
}

fn rows(tensor: &Tensor) -> Vec<Vec<f32>> {
    let width = tensor.size().last().map_or(1, |&width| width.max(1) as usize);
    floats(tensor).chunks_exact(width).map(<[f32]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cepstrum(frames: &[&[f32]]) -> MelCepstrum {
        MelCepstrum { frames: frames.iter().map(|f| f.to_vec()).collect(), silent: vec![false; frames.len()] }
    }

    #[test]
    fn the_formula_by_hand() {
        let (a, b) = (cepstrum(&[&[1.0, 0.0], &[0.5, 0.5]]), cepstrum(&[&[0.0, 0.0], &[0.5, 0.5]]));
        let found = distortion_db(&a, &b, &[(0, 0), (1, 1)]).unwrap();
        assert!((found - 0.5 * 6.141_851_463_713_754).abs() < 1e-9, "{found}");
    }

    #[test]
    fn silent_reference_frames_do_not_count() {
        let (mut a, b) = (cepstrum(&[&[1.0], &[0.0]]), cepstrum(&[&[0.0], &[0.0]]));
        a.silent[0] = true;
        assert_eq!(distortion_db(&a, &b, &[(0, 0), (1, 1)]), Some(0.0));
        a.silent[1] = true;
        assert_eq!(distortion_db(&a, &b, &[(0, 0), (1, 1), (9, 9)]), None);
    }

    /// Noise whose spectrum tilts: the same seed gives the same noise.
    fn tilted(tilt: f32, gain: f32) -> Vec<f32> {
        use rand::{Rng, SeedableRng};
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        let mut last = 0.0;
        (0..22_050)
            .map(|_| {
                let white: f32 = rng.random_range(-0.1..0.1);
                last = white + tilt * last;
                gain * last
            })
            .collect()
    }

    #[test]
    fn loudness_alone_is_no_distortion_and_a_tilt_is() {
        let analyser = CepstrumAnalyser::new(CepstrumConfig::default());
        let plain = analyser.analyse(&tilted(0.0, 1.0));
        let louder = analyser.analyse(&tilted(0.0, 3.0));
        let darker = analyser.analyse(&tilted(0.9, 1.0));
        let distance = |other: &MelCepstrum| distortion_db(&plain, other, &align(&plain, other)).unwrap();
        assert_eq!(plain.len(), 22_050 / 256);
        assert!(distance(&plain) < 1e-6);
        assert!(distance(&louder) < 1e-3, "{}", distance(&louder));
        assert!(distance(&darker) > 4.0, "{}", distance(&darker));
    }

    #[test]
    fn hiss_below_the_floor_counts_for_nothing() {
        // Speech-like: all its energy is below 1 kHz, so the hiss is alone in the bands above.
        let tone = |i: usize| 0.3 * (std::f32::consts::TAU * 300.0 * i as f32 / 22_050.0).sin();
        let with_hiss = |gain: f32| -> Vec<f32> {
            tilted(0.0, gain).into_iter().enumerate().map(|(i, hiss)| hiss + tone(i)).collect()
        };
        let analyser = CepstrumAnalyser::new(CepstrumConfig::default());
        let clean = analyser.analyse(&with_hiss(0.0));
        let distance = |gain| {
            let other = analyser.analyse(&with_hiss(gain));
            distortion_db(&clean, &other, &align(&clean, &other)).unwrap()
        };
        assert!(distance(1e-3) < 0.1, "{}", distance(1e-3));
        // Loud noise lifts all bands alike, most of which is c_0; its shape still counts.
        assert!(distance(1.0) > 2.0, "{}", distance(1.0));
    }

    #[test]
    fn anything_can_be_analysed() {
        let analyser = CepstrumAnalyser::new(CepstrumConfig { order: 500, ..CepstrumConfig::default() });
        assert!(analyser.analyse(&[]).is_empty());
        assert!(analyser.analyse(&[0.5]).is_empty());
        for samples in [vec![f32::NAN; 1000], vec![f32::MAX; 300], vec![0.0; 257]] {
            let found = analyser.analyse(&samples);
            assert!(found.frames().iter().flatten().all(|x| x.is_finite()));
        }
    }
}
