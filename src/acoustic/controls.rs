//! How the speaker should speak, against the own way of the voice.

use tch::{Kind, Tensor};

use crate::nn::host::floats;
use crate::text::symbols::Symbol;
use crate::units::Seconds;

/// How one symbol is said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SymbolControl {
    /// Speed: 2 is twice as fast.
    pub rate: f64,
    /// Shift of the pitch in semitones.
    pub pitch_semitones: f64,
    /// Shift of the energy in dB: how strongly it is spoken, not how loud it is played.
    pub energy_db: f64,
    /// It lasts just so long, whatever the rate.
    pub duration: Option<Seconds>,
}

impl Default for SymbolControl {
    fn default() -> Self {
        Self { rate: 1.0, pitch_semitones: 0.0, energy_db: 0.0, duration: None }
    }
}

/// How an utterance is said.
#[derive(Debug, Clone, PartialEq)]
pub struct Controls {
    /// Factor of how far pitch strays from its mean over the utterance.
    pub pitch_range: f64,
    /// Factor of how far energy strays from its mean.
    pub energy_range: f64,
    /// By symbol; those that are missing are said in the voice's own way.
    pub symbols: Vec<SymbolControl>,
}

impl Default for Controls {
    fn default() -> Self {
        Self { pitch_range: 1.0, energy_range: 1.0, symbols: Vec::new() }
    }
}

/// A semitone in units of pitch, which is twice a natural logarithm.
const SEMITONE: f64 = std::f64::consts::LN_2 / 6.0;
/// A decibel in units of energy, which is half a natural logarithm.
const DECIBEL: f64 = std::f64::consts::LN_10 / 40.0;
/// No symbol is longer than this many frames, whatever is predicted.
const LONGEST_FRAMES: f64 = 130.0;

impl Controls {
    /// The same for every symbol of an utterance.
    pub fn uniform(control: SymbolControl, symbols: usize) -> Self {
        Self { symbols: vec![control; symbols], ..Self::default() }
    }

    fn symbol(&self, index: usize) -> SymbolControl {
        self.symbols.get(index).copied().unwrap_or_default()
    }

    /// Frames of each symbol (not rounded) from `ln(1 + frames)` (1, N).
    pub(super) fn frames(&self, log_duration: &Tensor, frame_rate: f64) -> Vec<f64> {
        let controlled = |(index, log_frames): (usize, f32)| {
            let control = self.symbol(index);
            match control.duration {
                Some(duration) => duration.0.max(0.0) * frame_rate,
                None => (f64::from(log_frames).exp_m1() / control.rate).clamp(0.0, LONGEST_FRAMES),
            }
        };
        floats(log_duration).into_iter().enumerate().map(controlled).collect()
    }

    /// Pitch (1, N) with its range and shifts. The mean is over what is voiced or not, of `symbols` that are said.
    pub(super) fn pitch(&self, pitch: &Tensor, symbols: &[Symbol]) -> Tensor {
        let shift = self.shift(symbols.len(), |control| control.pitch_semitones * SEMITONE);
        stretched(pitch, symbols, self.pitch_range) + shift.to_device(pitch.device())
    }

    /// Energy (1, N), likewise.
    pub(super) fn energy(&self, energy: &Tensor, symbols: &[Symbol]) -> Tensor {
        let shift = self.shift(symbols.len(), |control| control.energy_db * DECIBEL);
        stretched(energy, symbols, self.energy_range) + shift.to_device(energy.device())
    }

    fn shift(&self, count: usize, of: impl Fn(SymbolControl) -> f64) -> Tensor {
        let shifts: Vec<f32> = (0..count).map(|index| of(self.symbol(index)) as f32).collect();
        Tensor::from_slice(&shifts).unsqueeze(0)
    }
}

/// Values (1, N) whose distance from the phonemes' mean is multiplied; those of pauses stay.
fn stretched(values: &Tensor, symbols: &[Symbol], factor: f64) -> Tensor {
    let said: Vec<f32> = symbols.iter().map(|symbol| f32::from(u8::from(symbol.is_phoneme()))).collect();
    let said = Tensor::from_slice(&said).unsqueeze(0).to_device(values.device());
    let mean = (values * &said).sum(Kind::Float) / said.sum(Kind::Float).clamp_min(1.0);
    values + (values - mean) * said * (factor - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols() -> Vec<Symbol> {
        [" ", "HH", "AY1", "."].iter().filter_map(|name| Symbol::from_name(name)).collect()
    }

    #[test]
    fn an_octave_is_twice_the_frequency_and_six_decibels_twice_the_magnitude() {
        use crate::acoustic::variance::{log_pitch, pitch_hz, scale_energy};
        let up = SymbolControl { pitch_semitones: 12.0, energy_db: 20.0 * 2f64.log10(), ..Default::default() };
        let controls = Controls::uniform(up, 4);
        let f0 = Tensor::from_slice(&[100f32, 110., 120., 130.]).unsqueeze(0);
        let octave = pitch_hz(&controls.pitch(&log_pitch(&f0), &symbols()));
        assert!((octave / &f0 - 2.0).abs().max().double_value(&[]) < 1e-5);
        let log_mel = Tensor::from_slice(&[-5f32, -4., -3., -6.]).unsqueeze(0);
        let louder = scale_energy(&(&log_mel + std::f64::consts::LN_2));
        let found = controls.energy(&scale_energy(&log_mel), &symbols());
        assert!((found - louder).abs().max().double_value(&[]) < 1e-5);
    }

    #[test]
    fn a_range_stretches_around_the_mean_of_what_is_said() {
        let controls = Controls { pitch_range: 2.0, ..Controls::default() };
        let pitch = Tensor::from_slice(&[7f32, 1.0, 2.0, 9.0]).unsqueeze(0);
        assert_eq!(floats(&controls.pitch(&pitch, &symbols())), [7.0, 0.5, 2.5, 9.0]);
        let flat = Controls { pitch_range: 0.0, ..Controls::default() };
        assert_eq!(floats(&flat.pitch(&pitch, &symbols())), [7.0, 1.5, 1.5, 9.0]);
    }

    #[test]
    fn rates_divide_durations_unless_one_is_given() {
        let log_duration = Tensor::from_slice(&[9f32, 9., 9., 9.]).log1p().unsqueeze(0);
        let fast = SymbolControl { rate: 2.0, ..Default::default() };
        let given = SymbolControl { duration: Some(Seconds(0.5)), rate: 3.0, ..Default::default() };
        let controls = Controls { symbols: vec![fast, SymbolControl::default(), given], ..Controls::default() };
        let frames = controls.frames(&log_duration, 80.0);
        for (found, expected) in frames.iter().zip([4.5, 9.0, 40.0, 9.0]) {
            assert!((found - expected).abs() < 1e-4, "{frames:?}");
        }
    }
}
