//! Recordings to embeddings, under several conditions.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Serialize, Serializer};

use crate::{
    audio::{AudioError, load_mono},
    clean::config::VadConfig,
    dataset::scan::recordings_in,
    speaker::{ListenError, SpeakerEncoder, SpeakerError, SpokenAudio},
    units::{SampleRate, Seconds},
};

const RATE: SampleRate = SpeakerEncoder::SAMPLE_RATE;
/// Background below this, as a root mean square, is a pause of the background; another place is tried.
const QUIET_DB: f64 = -60.0;
/// So many places.
const TRIES: usize = 50;

/// What of an utterance is embedded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Condition {
    /// All its speech.
    Whole,
    /// So much of its speech, from a random place. Utterances with less, or that are silent there, are left out.
    Crop(Seconds),
    /// The same with background noise.
    Noisy {
        /// How much.
        crop: Seconds,
        /// Power of the speech over that of the noise, in dB.
        snr_db: f64,
    },
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("whole"),
            Self::Crop(crop) => write!(f, "{} s", crop.0),
            Self::Noisy { crop, snr_db } => write!(f, "{} s at {snr_db} dB", crop.0),
        }
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why there is no embedding.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// The recordings of noise can't be used.
    #[error("{} holds no recordings of noise", .0.display())]
    NoNoise(PathBuf),
    /// A recording of noise can't be decoded.
    #[error("{}", path.display())]
    Noise {
        /// The recording.
        path: PathBuf,
        /// What is wrong.
        source: AudioError,
    },
    /// Nothing can be heard in the recordings of noise that were tried.
    #[error("the recordings of noise are silent")]
    SilentNoise,
    /// The encoder refuses speech.
    #[error(transparent)]
    Speaker(#[from] SpeakerError),
}

/// An utterance's embedding and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// The index of the speaker.
    pub speaker: usize,
    /// Of unit length.
    pub values: Vec<f32>,
}

/// Embeds utterances under the same conditions.
pub struct Embedder<'a> {
    encoder: &'a SpeakerEncoder,
    vad: &'a VadConfig,
    conditions: Vec<Condition>,
    noise: Vec<PathBuf>,
    seed: u64,
}

impl<'a> Embedder<'a> {
    /// For whole utterances, crops of 4 and 2 s and, with a folder of noise and a ratio in dB, noisy crops of 4 s.
    ///
    /// # Errors
    /// A folder without recordings.
    pub fn new(
        encoder: &'a SpeakerEncoder,
        vad: &'a VadConfig,
        noise: Option<(&Path, f64)>,
        seed: u64,
    ) -> Result<Self, EmbedError> {
        let mut conditions = vec![Condition::Whole, Condition::Crop(Seconds(4.0)), Condition::Crop(Seconds(2.0))];
        let mut recordings = Vec::new();
        if let Some((folder, snr_db)) = noise {
            conditions.push(Condition::Noisy { crop: Seconds(4.0), snr_db });
            recordings = recordings_in(folder, None).recordings;
            if recordings.is_empty() {
                return Err(EmbedError::NoNoise(folder.to_path_buf()));
            }
        }
        Ok(Self { encoder, vad, conditions, noise: recordings, seed })
    }

    /// What is embedded, in the order of [`Self::embed`]'s result.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// The speech of recordings, read side by side.
    pub fn read(&self, paths: &[&Path]) -> Vec<Result<SpokenAudio, ListenError>> {
        paths.par_iter().map(|path| SpokenAudio::read(path, self.vad)).collect()
    }

    /// The embeddings under each condition of utterances: the number that seeds the random choices, the speaker, the
    /// speech.
    ///
    /// # Errors
    /// Noise that can't be used, or speech that the encoder refuses.
    pub fn embed(&self, utterances: &[(u64, usize, SpokenAudio)]) -> Result<Vec<Vec<Embedding>>, EmbedError> {
        self.conditions.iter().map(|&condition| self.under(condition, utterances)).collect()
    }

    fn under(&self, condition: Condition, all: &[(u64, usize, SpokenAudio)]) -> Result<Vec<Embedding>, EmbedError> {
        let mut speakers = Vec::new();
        let mut crops = Vec::new();
        for (number, speaker, spoken) in all {
            let mut random = ChaCha8Rng::seed_from_u64(self.seed.wrapping_mul(1_000_003).wrapping_add(*number));
            let crop = match condition {
                Condition::Whole => Some(spoken.samples.clone()),
                Condition::Crop(length) => crop(&spoken.samples, length, &mut random),
                Condition::Noisy { crop: length, snr_db } => crop(&spoken.samples, length, &mut random)
                    .map(|speech| self.noisy(speech, snr_db, &mut random))
                    .transpose()?,
            };
            if let Some(crop) = crop.filter(|crop| SpeakerEncoder::check(crop).is_ok()) {
                speakers.push(*speaker);
                crops.push(crop);
            }
        }
        let rows = match condition {
            Condition::Whole => crops.iter().map(|crop| self.encoder.embed(crop)).collect::<Result<_, _>>()?,
            _ => self.encoder.embed_windows(&crops.iter().map(Vec::as_slice).collect::<Vec<_>>())?,
        };
        let pair = |(speaker, values)| Embedding { speaker, values };
        Ok(speakers.into_iter().zip::<Vec<Vec<f32>>>(rows).map(pair).collect())
    }

    /// `speech` with noise from a random place of a random recording, which is repeated if it is shorter.
    fn noisy(&self, mut speech: Vec<f32>, snr_db: f64, random: &mut ChaCha8Rng) -> Result<Vec<f32>, EmbedError> {
        for _ in 0..TRIES {
            let path = &self.noise[random.random_range(0..self.noise.len())];
            let recording = load_mono(path, RATE).map_err(|source| EmbedError::Noise { path: path.clone(), source })?;
            if recording.is_empty() {
                continue;
            }
            let start = random.random_range(0..recording.len());
            let noise: Vec<f32> = recording.iter().cycle().skip(start).take(speech.len()).copied().collect();
            if 10.0 * power(&noise).log10() < QUIET_DB {
                continue;
            }
            let gain = (power(&speech) / power(&noise)).sqrt() * 10f64.powf(-snr_db / 20.0);
            speech.iter_mut().zip(&noise).for_each(|(speech, noise)| *speech += noise * gain as f32);
            return Ok(speech);
        }
        Err(EmbedError::SilentNoise)
    }
}

/// `length` of `samples` from a random place; none if there is less.
fn crop(samples: &[f32], length: Seconds, random: &mut ChaCha8Rng) -> Option<Vec<f32>> {
    let length = RATE.samples(length);
    let room = samples.len().checked_sub(length)?;
    let start = random.random_range(0..=room);
    Some(samples[start..start + length].to_vec())
}

/// Mean square.
fn power(samples: &[f32]) -> f64 {
    samples.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / samples.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crops_lie_inside_and_short_speech_has_none() {
        let samples: Vec<f32> = (0..40_000).map(|i| i as f32).collect();
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..20 {
            let crop = crop(&samples, Seconds(2.0), &mut random).expect("enough");
            assert_eq!((crop.len(), crop[31_999] - crop[0]), (32_000, 31_999.0));
        }
        assert_eq!(crop(&samples, Seconds(2.5), &mut random).map(|crop| crop.len()), Some(40_000));
        assert_eq!(crop(&samples, Seconds(2.6), &mut random), None);
    }

    #[test]
    fn conditions_have_short_names() {
        let noisy = Condition::Noisy { crop: Seconds(4.0), snr_db: 10.0 };
        let names = [Condition::Whole, Condition::Crop(Seconds(2.5)), noisy].map(|condition| condition.to_string());
        assert_eq!(names, ["whole", "2.5 s", "4 s at 10 dB"]);
    }
}
