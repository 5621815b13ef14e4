//! Sounds that are no voice of anybody who takes part, though the network, which hears neither level nor pitch, takes them
//! for speech: somebody in the next room, breath on the microphone, hands on it, music.

use std::ops::Range;

use tch::{Device, Kind, Tensor};

use super::clustering::Speakers;
use super::hearing::Voice;
use super::music;
use super::segmentation::Segmentation;
use super::stretches;
use super::windows::Window;
use crate::features::quantile;
use crate::nn::host::floats;
use crate::units::SampleRate;

/// A voice that is this much fainter than the loudest, in dB,
const FAINT_DB: f32 = 26.0;
/// and rises less than this out of the quiet, takes no part.
const NEAR_NOISE_DB: f32 = 22.0;
/// A voice that is this much fainter than the loudest, rises so far out of the quiet that its pitch would be heard, and is
/// voiced in fewer of its frames, is none. Whispering is fainter than speech, but not as much.
const SOFT_DB: f32 = 15.0;
const CLEAR_DB: f32 = 18.0;
const LEAST_VOICED: f32 = 0.15;
/// The loudest is the third of them all: windows hear everything twice, and somebody may laugh.
const LOUDEST_RANK: usize = 3;
/// Where speech has its power, and breath, steps and wind have little: the band of a telephone.
const LOUD_HZ: (f64, f64) = (300.0, 3_400.0);
/// A voice is as loud as its loudest tenth.
const LOUDEST: f64 = 0.9;
/// A window is as quiet as its quietest tenth, a recording as a quarter of its windows.
const QUIETEST: f64 = 0.1;
const QUIET_WINDOWS: f64 = 0.25;
/// Where periods are looked for: what lies between the first two counts more and more, what lies between the last two less
/// and less, or a band that ends at once would ring. How long they may be: from 400 to 62 Hz.
const PERIODIC_HZ: [f64; 4] = [100.0, 500.0, 2_000.0, 3_000.0];
const PERIODS: Range<i64> = 40..260;
/// How much the autocorrelation of a voiced frame rises at its period, of what it is without delay.
const VOICED: f64 = 0.65;
/// Samples of a frame and of its transform, which has room for the longest period.
const FRAME: i64 = 2 * Segmentation::HOP;
const TRANSFORM: i64 = 1_024;

/// What a window sounds like, frame by frame of 20 ms.
#[derive(Debug)]
pub(super) struct Sound {
    /// Levels in the band of a telephone, in dB below a full-scale square wave.
    levels_db: Vec<f32>,
    voiced: Vec<bool>,
}

impl Sound {
    /// Of a window's samples at 16 kHz.
    pub fn of(samples: &[f32]) -> Self {
        let around = (FRAME - Segmentation::HOP) / 2;
        let taper = Tensor::hann_window(FRAME, (Kind::Float, Device::Cpu));
        let padded = Tensor::from_slice(samples).constant_pad_nd([around, around]);
        let frames = padded.unfold(0, FRAME, Segmentation::HOP) * &taper;
        let power = frames.fft_rfft(TRANSFORM, -1, "backward").abs().square();
        let hz = Tensor::arange(TRANSFORM / 2 + 1, (Kind::Float, Device::Cpu))
            * (SampleRate::ANALYSIS.hz() / TRANSFORM as f64);
        let rise = |from: f64, to: f64| ((&hz - from) / (to - from)).clamp(0.0, 1.0);
        let loud = &power * hz.ge(LOUD_HZ.0).logical_and(&hz.le(LOUD_HZ.1));
        let [low, middle, upper, high] = PERIODIC_HZ;
        let periodic = &power * rise(low, middle) * rise(high, upper);
        // By Parseval's theorem, of one half of the spectrum and a taper.
        let scale = 2.0 / (TRANSFORM as f64 * taper.square().sum(Kind::Double).double_value(&[]));
        let levels = (loud.sum_dim_intlist(1, false, Kind::Float) * scale + 1e-12).log10() * 10.0;
        // Autocorrelations are the transforms of powers (Wiener and Khinchin); the taper's own is taken out of them.
        let correlate = |power: &Tensor| power.fft_irfft(TRANSFORM, -1, "backward");
        let own = correlate(&taper.fft_rfft(TRANSFORM, -1, "backward").abs().square());
        let correlation = correlate(&periodic) / &own.clamp_min(1e-6);
        let delayed = correlation.narrow(1, PERIODS.start, PERIODS.end - PERIODS.start).amax([1], false);
        let voiced = delayed.gt_tensor(&(correlation.select(1, 0) * VOICED + 1e-12));
        let voiced = floats(&voiced.to_kind(Kind::Float));
        Self { levels_db: floats(&levels), voiced: voiced.into_iter().map(|on| on > 0.5).collect() }
    }

    /// How loud a voice is that is heard in these frames.
    pub fn level_db(&self, frames: Range<usize>) -> f32 {
        quantile(&self.levels_db[frames], LOUDEST).unwrap_or(f32::NEG_INFINITY)
    }

    /// How loud it is where it is quiet.
    pub fn quiet_db(&self) -> f32 {
        quantile(&self.levels_db, QUIETEST).unwrap_or(f32::NEG_INFINITY)
    }

    /// In how many of the frames something has a pitch, as a share.
    pub fn voiced(&self, frames: Range<usize>) -> f32 {
        let frames = &self.voiced[frames];
        frames.iter().filter(|on| **on).count() as f32 / frames.len().max(1) as f32
    }
}

/// Whether somebody takes part, for each voice of each window.
#[derive(Debug)]
pub(super) struct TakingPart(Vec<Vec<bool>>);

impl TakingPart {
    /// Of windows in order.
    pub fn of(windows: &[Window]) -> Self {
        let mut takes_part = music::among_voices(windows);
        takes_part.iter_mut().flatten().for_each(|is| *is = !*is);
        if let Some(loudness) = Loudness::of(windows, &takes_part) {
            let voices = windows.iter().flat_map(|window| &window.voices);
            voices.zip(takes_part.iter_mut().flatten()).for_each(|(voice, is)| *is &= loudness.has(voice));
        }
        Self(takes_part)
    }

    /// The windows without what is none; nothing where all voices are.
    pub fn voices_alone(&self, windows: &[Window]) -> Option<Vec<Window>> {
        let left = |(window, takes_part): (&Window, &Vec<bool>)| {
            let voices = window.voices.iter().zip(takes_part).filter(|(_, is)| **is).map(|(voice, _)| voice.clone());
            Window { voices: voices.collect(), ..window.clone() }
        };
        let all = self.0.iter().flatten().all(|is| *is);
        (!all).then(|| windows.iter().zip(&self.0).map(left).collect())
    }

    /// The speakers of windows from those of the voices alone; sounds are nobody's.
    pub fn with_sounds(&self, mut speakers: Speakers) -> Speakers {
        for (takes_part, owners) in self.0.iter().zip(&mut speakers.owners) {
            let mut own = owners.iter().copied();
            *owners = takes_part.iter().map(|is| if *is { own.next().flatten() } else { None }).collect();
        }
        speakers
    }
}

/// How loud it is where people take part.
#[derive(Debug)]
struct Loudness {
    loudest_db: f32,
    quiet_db: f32,
}

impl Loudness {
    /// Of the voices of windows, of which those are `speech`; none where there are none.
    fn of(windows: &[Window], speech: &[Vec<bool>]) -> Option<Self> {
        let all = || windows.iter().flat_map(|window| &window.voices);
        let speech = || all().zip(speech.iter().flatten()).filter(|(_, is)| **is).map(|(voice, _)| voice);
        let loudest = |least: usize| {
            let levels = speech().filter(|voice| voice.frames >= least).map(|voice| voice.level_db);
            let mut levels: Vec<f32> = levels.collect();
            levels.sort_by(|a, b| b.total_cmp(a));
            levels.truncate(LOUDEST_RANK);
            levels.pop()
        };
        let quiet: Vec<f32> = all().map(|voice| voice.quiet_db).collect();
        Some(Self {
            // Where there is nothing but music, nothing is loud enough.
            loudest_db: loudest(stretches::TELLING).or_else(|| loudest(0)).unwrap_or(f32::INFINITY),
            quiet_db: quantile(&quiet, QUIET_WINDOWS)?,
        })
    }

    /// Whether it is the voice of somebody who takes part, if it is one.
    fn has(&self, voice: &Voice) -> bool {
        let (below, above) = (self.loudest_db - voice.level_db, voice.level_db - self.quiet_db);
        let faint = below > FAINT_DB && above < NEAR_NOISE_DB;
        let noise = below > SOFT_DB && above > CLEAR_DB && voice.voiced < LEAST_VOICED;
        !faint && !noise
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::augment::coloured_noise;

    fn tone(hz: f64, amplitude: f64, samples: usize) -> Vec<f32> {
        let angle = |index: usize| std::f64::consts::TAU * hz * index as f64 / 16_000.0;
        (0..samples).map(|index| (amplitude * angle(index).sin()) as f32).collect()
    }

    #[test]
    fn levels_are_those_of_the_telephone_band() {
        // A sine of amplitude 0.1 is 23 dB below a square wave of 1.
        let sound = Sound::of(&tone(1_000.0, 0.1, 3_200));
        assert_eq!(sound.levels_db.len(), 10);
        let inner = &sound.levels_db[1..9];
        assert!(inner.iter().all(|level| (level + 23.0).abs() < 0.1), "{inner:?}");
        let low = Sound::of(&tone(120.0, 0.1, 3_200)).levels_db;
        assert!(low[1..9].iter().all(|level| *level < -60.0), "{low:?}");
        assert!(Sound::of(&[0.0; 640]).levels_db.iter().all(|level| (level + 120.0).abs() < 1e-3));
    }

    #[test]
    fn a_voice_is_as_loud_as_its_loudest_tenth() {
        let mut levels_db: Vec<f32> = (0..20).map(|_| -60.0).collect();
        levels_db[3] = -12.0;
        levels_db[11] = -10.0;
        let sound = Sound { levels_db, voiced: Vec::new() };
        assert_eq!((sound.level_db(0..20), sound.quiet_db()), (-12.0, -60.0));
    }

    #[test]
    fn what_has_a_pitch_is_voiced() {
        let share = |samples: &[f32]| Sound::of(samples).voiced(0..samples.len() / 320);
        for hz in [70.0, 110.0, 220.0, 380.0] {
            // Harmonics up to 3 kHz, as a voice has them.
            let partials = (1..=(3_000.0 / hz) as usize).map(|number| tone(hz * number as f64, 0.02, 16_000));
            let voice = partials.reduce(|a, b| a.iter().zip(&b).map(|(a, b)| a + b).collect()).expect("partials");
            assert!(share(&voice) > 0.9, "{hz} Hz: {}", share(&voice));
        }
        for slope in [0.0, 1.0, 2.0] {
            let noise = floats(&coloured_noise(32_000, slope, &mut ChaCha8Rng::seed_from_u64(3)));
            assert!(share(&noise) < 0.1, "slope {slope}: {}", share(&noise));
        }
        assert_eq!(share(&[0.0; 3_200]), 0.0);
    }

    fn voice(local: usize, level_db: f32, frames: usize, voiced: f32) -> Voice {
        let embedding = vec![1.0];
        let (activity, quiet_db, music) = (vec![255; 4], -70.0, None);
        Voice { local, first: 0, activity, embedding, frames, level_db, quiet_db, voiced, music }
    }

    fn voices_alone(windows: &[Window]) -> Option<Vec<Window>> {
        TakingPart::of(windows).voices_alone(windows)
    }

    #[test]
    fn sounds_are_nobodys() {
        let window = |voices: Vec<Voice>| Window { start: 0, frames: 4, voices };
        let windows = [
            // Somebody talks and laughs; a click is louder, but too short to tell; somebody is in the next room.
            window(vec![voice(0, -60.0, 90, 0.8), voice(1, -12.0, 30, 0.5), voice(2, 0.0, 5, 0.0)]),
            window(vec![voice(1, -20.0, 90, 0.5), voice(1, -20.0, 90, 0.5)]),
            // Faint, but far above the noise; fainter; somebody who whispers; hands on the microphone.
            window(vec![
                voice(0, -47.0, 90, 0.6),
                voice(1, -49.0, 90, 0.6),
                voice(1, -34.0, 90, 0.0),
                voice(2, -36.0, 90, 0.1),
            ]),
        ];
        let left = voices_alone(&windows).expect("fewer");
        let numbers: Vec<Vec<usize>> =
            left.iter().map(|window| window.voices.iter().map(|voice| voice.local).collect()).collect();
        assert_eq!(numbers, [vec![1, 2], vec![1, 1], vec![0, 1]]);
        let owners = vec![vec![Some(0), Some(2)], vec![Some(0), Some(0)], vec![Some(1), Some(0)]];
        let whole = TakingPart::of(&windows).with_sounds(Speakers { centroids: vec![vec![1.0]; 3], owners });
        let expected = [vec![None, Some(0), Some(2)], vec![Some(0); 2], vec![Some(1), None, Some(0), None]];
        assert_eq!(whole.owners, expected);
        assert_eq!((voices_alone(&left), voices_alone(&[])), (None, None));
    }

    #[test]
    fn music_is_nobodys_and_hides_nobody() {
        let music = |local, log_odds| Voice { music: Some(log_odds), ..voice(local, 0.0, 90, 0.9) };
        // A loud band; somebody who is 30 dB fainter talks before it begins.
        let quiet = || voice(2, -30.0, 90, 0.5);
        let window = |voices: Vec<Voice>| Window { start: 0, frames: 4, voices };
        let left = voices_alone(&[window(vec![music(0, 0.1), music(0, 3.0), quiet()])]).expect("fewer");
        assert_eq!(left[0].voices, [quiet()]);
        assert_eq!(voices_alone(&[window(vec![music(0, -0.1)])]), None, "speech");
        assert_eq!(voices_alone(&[window(vec![music(0, 0.1)])]), Some(vec![window(Vec::new())]));
    }

    #[test]
    fn noise_hides_whether_a_voice_has_a_pitch() {
        let windows = |level_db| {
            let loud = |local| voice(local, -20.0, 90, 0.5);
            [Window { start: 0, frames: 4, voices: vec![loud(0), loud(1), loud(2), voice(0, level_db, 90, 0.0)] }]
        };
        assert!(voices_alone(&windows(-51.0)).is_some() && voices_alone(&windows(-53.0)).is_some(), "faint");
        assert!(voices_alone(&windows(-40.0)).is_some() && voices_alone(&windows(-34.0)).is_none());
        let mut noisy = windows(-40.0);
        noisy[0].voices.iter_mut().for_each(|voice| voice.quiet_db = -52.0);
        assert_eq!(voices_alone(&noisy), None);
    }
}
