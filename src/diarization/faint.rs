//! Voices too faint to take part: breath on the microphone, somebody in the next room.
//!
//! The network, which hears no level, takes them for speech as well.

use tch::{Kind, Tensor};

use super::clustering::Speakers;
use super::hearing::Voice;
use super::segmentation::Segmentation;
use super::windows::Window;
use crate::nn::host::floats;
use crate::units::SampleRate;

/// A voice that is this much fainter than the loudest, in dB,
const FAINT_DB: f32 = 25.0;
/// and rises less than this out of the quiet, takes no part.
const NEAR_NOISE_DB: f32 = 22.0;
/// What is shorter is no measure of how loud people are: 0.5 s.
const TELLING_FRAMES: usize = 25;
/// Where speech has its power, and breath, steps and wind have little: the band of a telephone.
const BAND_HZ: (f64, f64) = (300.0, 3_400.0);
/// A voice is as loud as its loudest tenth.
const LOUDEST: f64 = 0.9;
/// A window is as quiet as its quietest tenth, a recording as a quarter of its windows.
const QUIETEST: f64 = 0.1;
const QUIET_WINDOWS: f64 = 0.25;

/// The level of each frame of a window in the band of a telephone, in dB below a full-scale square wave.
pub(super) fn levels_db(samples: &[f32]) -> Vec<f32> {
    let hop = Segmentation::HOP;
    let frames = samples.len() as i64 / hop;
    let taper = Tensor::hann_window(hop, (Kind::Float, tch::Device::Cpu));
    let parts = Tensor::from_slice(&samples[..(frames * hop) as usize]).view([frames, hop]) * taper;
    let power = parts.fft_rfft(None, -1, "backward").abs().square();
    let [from, to] = [BAND_HZ.0, BAND_HZ.1].map(|hz| (hz * hop as f64 / SampleRate::ANALYSIS.hz()).round() as i64);
    // A Hann window halves amplitudes, and a sine's power is in two bins: of a wave of one frequency this is its level.
    let scale = 2.0 / (hop as f64 * hop as f64 * 0.375);
    let band = power.narrow(1, from, to - from).sum_dim_intlist(1, false, Kind::Float) * scale;
    floats(&((band + 1e-12).log10() * 10.0))
}

/// How loud a voice is that is heard in frames with these levels.
pub(super) fn loudness_db(levels_db: &[f32]) -> f32 {
    quantile(levels_db.to_vec(), LOUDEST)
}

/// How loud a window with these levels is where it is quiet.
pub(super) fn quiet_db(levels_db: &[f32]) -> f32 {
    quantile(levels_db.to_vec(), QUIETEST)
}

fn quantile(mut values: Vec<f32>, share: f64) -> f32 {
    values.sort_by(f32::total_cmp);
    values.get((values.len() as f64 * share) as usize).copied().unwrap_or(f32::NEG_INFINITY)
}

/// The windows without faint voices; none where there are none.
pub(super) fn without_faint(windows: &[Window]) -> Option<Vec<Window>> {
    let all = || windows.iter().flat_map(|window| &window.voices);
    let most = |least: usize| {
        let levels = all().filter(|voice| voice.frames >= least).map(|voice| voice.level_db);
        levels.max_by(f32::total_cmp)
    };
    let loudest = most(TELLING_FRAMES).or_else(|| most(0))?;
    let quiet = quantile(all().map(|voice| voice.quiet_db).collect(), QUIET_WINDOWS);
    let heard = |voice: &&Voice| voice.level_db >= loudest - FAINT_DB || voice.level_db >= quiet + NEAR_NOISE_DB;
    let left = |window: &Window| {
        let voices = window.voices.iter().filter(heard).cloned().collect();
        Window { voices, ..window.clone() }
    };
    (!all().all(|voice| heard(&voice))).then(|| windows.iter().map(left).collect())
}

/// The speakers of `windows` from those of the same windows without faint voices, which are nobody's.
pub(super) fn with_faint(windows: &[Window], left: &[Window], mut speakers: Speakers) -> Speakers {
    for ((window, left), owners) in windows.iter().zip(left).zip(&mut speakers.owners) {
        let mut own = left.voices.iter().zip(owners.iter()).peekable();
        let of = |voice: &Voice| own.next_if(|(other, _)| *other == voice).and_then(|(_, owner)| *owner);
        *owners = window.voices.iter().map(of).collect();
    }
    speakers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, amplitude: f64, samples: usize) -> Vec<f32> {
        let angle = |index: usize| std::f64::consts::TAU * hz * index as f64 / 16_000.0;
        (0..samples).map(|index| (amplitude * angle(index).sin()) as f32).collect()
    }

    #[test]
    fn levels_are_those_of_the_telephone_band() {
        // A sine of amplitude 0.1 is 23 dB below a square wave of 1.
        let levels = levels_db(&tone(1_000.0, 0.1, 3_400));
        assert_eq!(levels.len(), 10);
        assert!(levels.iter().all(|level| (level + 23.0).abs() < 0.1), "{levels:?}");
        let low = levels_db(&tone(120.0, 0.1, 3_200));
        assert!(low.iter().all(|level| *level < -60.0), "{low:?}");
        assert!(levels_db(&[0.0; 640]).iter().all(|level| (level + 120.0).abs() < 1e-3));
    }

    #[test]
    fn a_voice_is_as_loud_as_its_loudest_tenth() {
        let mut levels: Vec<f32> = (0..20).map(|_| -60.0).collect();
        levels[3] = -12.0;
        levels[11] = -10.0;
        assert_eq!((loudness_db(&levels), quiet_db(&levels)), (-12.0, -60.0));
    }

    fn voice(local: usize, level_db: f32, frames: usize) -> Voice {
        let quiet_db = -70.0;
        Voice { local, first: 0, activity: vec![255; 4], embedding: vec![1.0], frames, level_db, quiet_db }
    }

    #[test]
    fn faint_voices_are_nobodys() {
        let window = |voices: Vec<Voice>| Window { start: 0, frames: 4, voices };
        let windows = [
            // A click is louder than anybody, but too short to tell.
            window(vec![voice(0, -60.0, 90), voice(1, -20.0, 90), voice(2, 0.0, 5)]),
            // Faint, but far above the noise.
            window(vec![voice(0, -47.0, 90), voice(1, -49.0, 90)]),
        ];
        let left = without_faint(&windows).expect("fewer");
        let numbers: Vec<Vec<usize>> =
            left.iter().map(|window| window.voices.iter().map(|voice| voice.local).collect()).collect();
        assert_eq!(numbers, [vec![1, 2], vec![0]]);
        let speakers = Speakers { centroids: vec![vec![1.0]; 3], owners: vec![vec![Some(0), Some(2)], vec![Some(1)]] };
        let whole = with_faint(&windows, &left, speakers);
        assert_eq!(whole.owners, [vec![None, Some(0), Some(2)], vec![Some(1), None]]);
        assert_eq!(without_faint(&left), None);
        assert_eq!(without_faint(&[]), None);
    }
}
