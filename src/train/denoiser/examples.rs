//! Pairs for the denoiser: speech as it may have been recorded, and what is to be left of it.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use super::recipe::{DenoiserRecipe, MixingConfig};
use crate::augment::{
    Response, Speed, clicks, coloured_noise, convolve, early, filter, gusts, hum, impulse_responses, level, wind,
};
use crate::dataset::prepared::Prepared;
use crate::nn::host::sent;
use crate::nn::shared::Shared;
use crate::train::crop::random_crop;

/// Everything that can be drawn.
#[derive(Debug, Clone)]
pub(super) struct Examples {
    speech: Vec<Prepared>,
    noise: Vec<Prepared>,
    rooms: Vec<Shared>,
    mixing: MixingConfig,
    speeds: Vec<Speed>,
    noise_speeds: Vec<Speed>,
}

/// A batch.
#[derive(Debug)]
pub(super) struct Pairs {
    /// (B, L) what was recorded.
    pub noisy: Tensor,
    /// (B, L) of it the speech, in its room and through its line.
    speech: Tensor,
    /// (B, L) of it what is no speech, before peaks were clipped.
    noise: Tensor,
    /// (B, L) what is to be left.
    pub target: Tensor,
    /// (B, 1, 1) whether reverberation is to go.
    pub dereverb: Tensor,
}

impl Pairs {
    /// The same where the network is.
    pub fn to_device(&self, device: Device) -> Self {
        self.map(|part| sent(part, device))
    }

    /// The same tensors.
    pub fn share(&self) -> Self {
        self.map(Tensor::shallow_clone)
    }

    fn map(&self, each: impl Fn(&Tensor) -> Tensor) -> Self {
        let Self { noisy, speech, noise, target, dereverb } = self;
        let [noisy, speech, noise, target, dereverb] = [noisy, speech, noise, target, dereverb].map(each);
        Self { noisy, speech, noise, target, dereverb }
    }

    /// The same speech, each with the noise of the one so many places before it, at another ratio and another level.
    /// Draws from libtorch's generator.
    pub fn exchanged(&self, places: i64, snr_db: (f64, f64)) -> Self {
        let noise = self.noise.roll([places], [0]);
        let level = |samples: &Tensor| samples.square().mean_dim(1, true, Kind::Float).sqrt();
        let (of_speech, of_noise) = (level(&self.speech), level(&noise));
        let between = |(from, to): (f64, f64)| of_speech.rand_like() * (to - from) + from;
        let decibels = |db: Tensor| (db * (std::f64::consts::LN_10 / 20.0)).exp();
        let ratio = &of_speech / of_noise.clamp_min(FAINTEST) * decibels(-between(snr_db));
        // Where there is no speech, noise stays as loud as it was.
        let gain = ratio.where_self(&of_speech.gt(FAINTEST), &ratio.ones_like());
        let (noise, speech) = (noise * gain, &self.speech);
        let noisy = speech + &noise;
        let level = decibels(between(LEVELS_DB)) / noisy.abs().amax([1], true).clamp_min(FAINTEST);
        let [noisy, speech, noise, target] = [&noisy, speech, &noise, &self.target].map(|samples| samples * &level);
        Self { noisy, speech, noise, target, dereverb: self.dereverb.shallow_clone() }
    }
}

/// Less than this is no sound.
const FAINTEST: f64 = 1e-6;
/// Peaks of recordings.
const LEVELS_DB: (f64, f64) = (-30.0, 0.0);

/// One of a batch.
struct Pair {
    noisy: Tensor,
    speech: Tensor,
    noise: Tensor,
    target: Tensor,
    dereverb: f32,
}

impl Examples {
    pub fn new(speech: Vec<Prepared>, noise: Vec<Prepared>, recipe: &DenoiserRecipe, random: &mut ChaCha8Rng) -> Self {
        let mixing = recipe.mixing.clone();
        let rooms = impulse_responses(mixing.rooms, mixing.rt60_s, random);
        let (speeds, noise_speeds) = (recipe.speeds.clone(), recipe.noise_speeds.clone());
        Self { speech, noise, rooms, mixing, speeds, noise_speeds }
    }

    /// Draws `count` pairs of `length` samples.
    pub fn draw(&self, count: usize, length: i64, random: &mut ChaCha8Rng) -> Pairs {
        let pairs: Vec<Pair> = (0..count).map(|_| self.pair(length, random.random())).collect();
        let stack = |of: &dyn Fn(&Pair) -> &Tensor| Tensor::stack(&pairs.iter().map(of).collect::<Vec<_>>(), 0);
        let dereverb: Vec<f32> = pairs.iter().map(|pair| pair.dereverb).collect();
        Pairs {
            noisy: stack(&|pair| &pair.noisy),
            speech: stack(&|pair| &pair.speech),
            noise: stack(&|pair| &pair.noise),
            target: stack(&|pair| &pair.target),
            dereverb: Tensor::from_slice(&dereverb).view([-1, 1, 1]),
        }
    }

    fn pair(&self, length: i64, seed: u64) -> Pair {
        let mixing = &self.mixing;
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut speech = self.voice(length, &mut random);
        if random.random_bool(mixing.pause) {
            speech *= pause(length, &mut random);
        }
        let dereverb = random.random_bool(mixing.dereverb);
        let (mut heard, mut target) = (speech.shallow_clone(), speech);
        if !self.rooms.is_empty() && random.random_bool(mixing.room) {
            let room = &self.rooms[random.random_range(0..self.rooms.len())];
            heard = convolve(&target, room);
            target = if dereverb { convolve(&target, &early(room)) } else { heard.shallow_clone() };
        }
        let mut noise = heard.zeros_like();
        if !random.random_bool(mixing.clean) {
            noise = self.background(length, &mut random);
            let snr_db = random.random_range(mixing.snr_db.0..=mixing.snr_db.1);
            noise = &noise * (level(&heard) / level(&noise).max(1e-6) * 10f64.powf(-snr_db / 20.0));
        }
        if random.random_bool(mixing.silent) {
            (heard, target) = (heard.zeros_like(), target.zeros_like());
        }
        if random.random_bool(mixing.channel) {
            let response = Response::draw(&mut random);
            [heard, target, noise] = [&heard, &target, &noise].map(|signal| filter(signal, &response));
        }
        self.recorded([heard, noise, target], dereverb, &mut random)
    }

    /// Speech, noise and target at some level, and sometimes clipped.
    fn recorded(&self, parts: [Tensor; 3], dereverb: bool, random: &mut ChaCha8Rng) -> Pair {
        let peak = (&parts[0] + &parts[1]).abs().max().double_value(&[]).max(FAINTEST);
        let (from, to) = LEVELS_DB;
        let gain = 10f64.powf(random.random_range(from..to) / 20.0) / peak;
        let [speech, noise, target] = parts.map(|part| part * gain);
        let mut noisy = &speech + &noise;
        if random.random_bool(self.mixing.clipped) {
            let limit = gain * peak * random.random_range(0.2..0.7);
            noisy = noisy.clamp(-limit, limit);
        }
        Pair { noisy, speech, noise, target, dereverb: f32::from(u8::from(dereverb)) }
    }

    fn voice(&self, length: i64, random: &mut ChaCha8Rng) -> Tensor {
        let speed = self.speeds[random.random_range(0..self.speeds.len())];
        let speaker = &self.speech[random.random_range(0..self.speech.len())];
        speed.apply(&random_crop(speaker, speed.samples_before(length), random)).narrow(0, 0, length)
    }

    /// One or several noises, with a faint hiss now and then.
    fn background(&self, length: i64, random: &mut ChaCha8Rng) -> Tensor {
        let mut sum = self.noise(length, random);
        if random.random_bool(0.25) {
            let other = self.noise(length, random);
            sum += other * 10f64.powf(random.random_range(-0.7..0.3));
        }
        if random.random_bool(0.3) {
            let slope = random.random_range(0.0..1.5);
            sum += coloured_noise(length, slope, random) * 10f64.powf(random.random_range(-2.0..-0.5));
        }
        sum
    }

    /// A noise of one kind or another, with a root mean square of 1.
    fn noise(&self, length: i64, random: &mut ChaCha8Rng) -> Tensor {
        let made = match random.random_range(0..20) {
            0..11 if !self.noise.is_empty() => self.recorded_noise(length, random),
            11..14 => self.babble(length, random),
            14 => hum(length, random),
            15 => clicks(length, random),
            16 => wind(length, random),
            17 => {
                let slope = random.random_range(0.0..2.0);
                coloured_noise(length, slope, random) * (gusts(length, random.random_range(0.1..1.0), random) + 0.05)
            }
            _ => coloured_noise(length, random.random_range(0.0..2.0), random),
        };
        let loudness = level(&made).max(1e-6);
        made / loudness
    }

    /// A recorded sound at some speed, through some microphone, and half the time backwards.
    fn recorded_noise(&self, length: i64, random: &mut ChaCha8Rng) -> Tensor {
        let speed = self.noise_speeds[random.random_range(0..self.noise_speeds.len())];
        let sound = &self.noise[random.random_range(0..self.noise.len())];
        let mut played = speed.apply(&random_crop(sound, speed.samples_before(length), random)).narrow(0, 0, length);
        if random.random_bool(0.3) {
            played = played.flip([0]);
        }
        if random.random_bool(0.5) {
            played = filter(&played, &Response::draw(random));
        }
        played
    }

    fn babble(&self, length: i64, random: &mut ChaCha8Rng) -> Tensor {
        let voices = random.random_range(3..=8);
        let voice = |random: &mut ChaCha8Rng| self.voice(length, random) * random.random_range(0.4..1.0);
        let babble = (1..voices).fold(voice(random), |sum, _| sum + voice(random));
        if self.rooms.is_empty() {
            return babble;
        }
        convolve(&babble, &self.rooms[random.random_range(0..self.rooms.len())])
    }
}

/// 1 where the speaker speaks, 0 for a stretch of 0.5 to 2 s, (L).
fn pause(length: i64, random: &mut ChaCha8Rng) -> Tensor {
    /// 20 ms.
    const FADE: i64 = 320;
    let silent = random.random_range(8_000..32_000).min(length);
    let start = random.random_range(0..=length - silent);
    let place = Tensor::arange(length, (Kind::Float, Device::Cpu));
    let before = (-(&place - start) / FADE as f64).clamp(0.0, 1.0);
    let after = ((place - (start + silent)) / FADE as f64).clamp(0.0, 1.0);
    before + after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchanged_noises_have_the_ratio_and_the_speech_its_target() {
        tch::manual_seed(5);
        let draw = |scale: f64| Tensor::randn([6, 4_000], (Kind::Float, Device::Cpu)) * scale;
        let (speech, noise) = (draw(0.1), draw(0.02));
        let _ = (speech.get(4).zero_(), noise.get(1).zero_());
        let pairs = Pairs {
            noisy: &speech + &noise,
            target: &speech * 0.5,
            dereverb: Tensor::zeros([6, 1, 1], (Kind::Float, Device::Cpu)),
            speech,
            noise,
        };
        let other = pairs.exchanged(2, (3.0, 5.0));
        let heard = |index: i64| (&other.noisy - &other.speech).get(index);
        for index in 0..6 {
            let from = pairs.noise.get((index + 4) % 6);
            let cosine = (heard(index) * &from).sum(Kind::Float) / (heard(index).norm() * from.norm() + 1e-9);
            let snr_db = 20.0 * (level(&other.speech.get(index)) / level(&heard(index)).max(1e-9)).log10();
            match index {
                // The noise of 1 was silence.
                3 => assert!(level(&heard(3)) < 1e-6),
                4 => assert!(level(&heard(4)) > 1e-3 && cosine.double_value(&[]) > 0.999),
                _ => assert!(cosine.double_value(&[]) > 0.999 && (2.9..5.1).contains(&snr_db), "{index}: {snr_db}"),
            }
            let twice = other.target.get(index) * 2.0 - other.speech.get(index);
            assert!(twice.abs().max().double_value(&[]) < 1e-6);
            let peak_db = 20.0 * other.noisy.get(index).abs().max().double_value(&[]).log10();
            assert!((-30.1..=0.1).contains(&peak_db), "{index}: {peak_db}");
        }
    }

    #[test]
    fn a_pause_is_silent_and_the_rest_untouched() {
        let weights = crate::nn::host::floats(&pause(64_000, &mut ChaCha8Rng::seed_from_u64(3)));
        let silent = weights.iter().filter(|&&weight| weight == 0.0).count();
        assert!((7_000..33_000).contains(&silent), "{silent}");
        assert!(weights.iter().filter(|&&weight| weight < 1.0).count() <= silent + 640);
    }
}
