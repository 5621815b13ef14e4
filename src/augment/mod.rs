//! What happens to speech between a mouth and a file: rooms, noise, microphones, lines and codecs, drawn at random.
//!
//! Training hears speech through it, so that what is learnt holds for recordings as people have them.

mod channel;
mod codec;
mod conversation;
mod noise;
mod room;
mod speed;

pub use channel::{Response, filter};
pub use codec::{mu_law, opus_round_trip};
pub use conversation::{Conversation, ConversationConfig, Mixer, Said, Spoken};
pub use noise::{bursts, bustle, clicks, coloured_noise, gusts, hum, mix, wind};
pub use room::{Room, convolve, early, impulse_responses};
pub use speed::Speed;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use tch::{Kind, Tensor};

use crate::nn::shared::Shared;

/// How often speech meets what, as shares of crops, and how badly.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AugmentConfig {
    /// Crops that stay as they are.
    pub clean: f64,
    /// Rooms.
    pub room: f64,
    /// Reverberation times, the shortest and the longest, in seconds.
    pub rt60_s: (f64, f64),
    /// How many rooms there are.
    pub rooms: usize,
    /// Background noise of any kind.
    pub noise: f64,
    /// Signal-to-noise ratios.
    pub snr_db: (f64, f64),
    /// Microphones and lines: an uneven response, a band that ends early.
    pub channel: f64,
    /// Codecs.
    pub codec: f64,
}

/// Backgrounds to draw from.
pub trait Backgrounds {
    /// A recorded sound of `length` samples.
    fn sound(&self, length: i64, random: &mut ChaCha8Rng) -> Option<Tensor>;
    /// Somebody else's speech of `length` samples.
    fn speech(&self, length: i64, random: &mut ChaCha8Rng) -> Tensor;
}

/// Draws what happens to speech at 16 kHz.
#[derive(Debug, Clone)]
pub struct Augmenter {
    config: AugmentConfig,
    /// Impulse responses, at the rate of analysis.
    rooms: Vec<Shared>,
}

impl Augmenter {
    /// Builds the rooms.
    pub fn new(config: AugmentConfig, random: &mut ChaCha8Rng) -> Self {
        let rooms = impulse_responses(config.rooms, config.rt60_s, random);
        Self { config, rooms }
    }

    /// Speech (L) at 16 kHz as it may have been recorded; as long as before, and in time with it.
    pub fn apply(&self, speech: Tensor, backgrounds: &dyn Backgrounds, random: &mut ChaCha8Rng) -> Tensor {
        if random.random_bool(self.config.clean) {
            return speech;
        }
        let mut heard = speech;
        if !self.rooms.is_empty() && random.random_bool(self.config.room) {
            heard = convolve(&heard, &self.rooms[random.random_range(0..self.rooms.len())]);
        }
        if random.random_bool(self.config.noise) {
            let noise = background(heard.size()[0], backgrounds, random);
            heard = mix(&heard, &noise, random.random_range(self.config.snr_db.0..=self.config.snr_db.1));
        }
        if random.random_bool(self.config.channel) {
            heard = filter(&heard, &Response::draw(random));
        }
        let peak = heard.abs().max().double_value(&[]).max(1e-6);
        // Somewhere between faint and clipped.
        heard = (heard * (random.random_range(0.03..1.3) / peak)).clamp(-1.0, 1.0);
        if random.random_bool(self.config.codec) {
            heard = coded(&heard, random).clamp(-1.0, 1.0);
        }
        heard
    }
}

/// A background of one kind or another.
fn background(length: i64, backgrounds: &dyn Backgrounds, random: &mut ChaCha8Rng) -> Tensor {
    /// Voices of a babble, at most.
    const CROWD: usize = 7;
    match random.random_range(0..10) {
        0..5 => backgrounds.sound(length, random).unwrap_or_else(|| coloured_noise(length, 1.0, random)),
        5..7 => {
            let voices = random.random_range(3..=CROWD);
            (1..voices).fold(backgrounds.speech(length, random), |sum, _| sum + backgrounds.speech(length, random))
        }
        7 => hum(length, random) + coloured_noise(length, 1.0, random) * 0.05,
        _ => coloured_noise(length, random.random_range(0.0..2.0), random),
    }
}

/// Speech after a telephone line or a codec of the internet.
fn coded(samples: &Tensor, random: &mut ChaCha8Rng) -> Tensor {
    if random.random_bool(0.4) {
        return mu_law(&filter(samples, &Response::TELEPHONE));
    }
    let bits_per_s = random.random_range(6_000..24_000);
    opus_round_trip(samples, bits_per_s).unwrap_or_else(|| samples.shallow_clone())
}

/// A part of a sound (L) from anywhere in it, as 32-bit floats; the sound is repeated if it is too short.
pub fn excerpt(sound: &Tensor, length: i64, random: &mut ChaCha8Rng) -> Tensor {
    let start = random.random_range(0..=(sound.size()[0] - length).max(0));
    excerpt_from(sound, start, length)
}

/// A part of a sound (L) from `start` on, as 32-bit floats; the sound is repeated if it is too short.
pub fn excerpt_from(sound: &Tensor, start: i64, length: i64) -> Tensor {
    let left = sound.size()[0] - start;
    let part = sound.narrow(0, start, length.min(left)).to_kind(Kind::Float);
    let times = (length + left - 1) / left.max(1);
    if times > 1 { part.repeat([times]).narrow(0, 0, length) } else { part }
}

/// Root mean square of samples (L).
pub fn level(samples: &Tensor) -> f64 {
    samples.square().mean(Kind::Float).double_value(&[]).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use tch::Device;

    struct Tones;

    impl Backgrounds for Tones {
        fn sound(&self, length: i64, _: &mut ChaCha8Rng) -> Option<Tensor> {
            Some(self.speech(length, &mut ChaCha8Rng::seed_from_u64(0)))
        }

        fn speech(&self, length: i64, _: &mut ChaCha8Rng) -> Tensor {
            (Tensor::arange(length, (Kind::Float, Device::Cpu)) * 0.3).sin()
        }
    }

    #[test]
    fn speech_stays_finite_within_range_and_as_long_and_a_seed_repeats_it() {
        let config = AugmentConfig {
            clean: 0.0,
            room: 0.7,
            rt60_s: (0.1, 0.3),
            rooms: 2,
            noise: 0.8,
            snr_db: (0.0, 10.0),
            channel: 0.7,
            codec: 0.7,
        };
        let run = |seed| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let augmenter = Augmenter::new(config.clone(), &mut random);
            let speech = (Tensor::arange(16_000, (Kind::Float, Device::Cpu)) * 0.1).sin() * 0.1;
            augmenter.apply(speech, &Tones, &mut random)
        };
        for seed in 0..30 {
            let heard = run(seed);
            assert_eq!(heard.size(), [16_000]);
            assert!(heard.abs().max().double_value(&[]) <= 1.0, "seed {seed}");
            assert!(level(&heard) > 1e-3, "seed {seed}");
            assert_eq!(heard, run(seed), "seed {seed}");
        }
    }
}
