//! What the detector knows of a frame: power in bands, level, and whether it is voiced.

use tch::{Device, Tensor};

use super::{HOP, RATE, to_db};
use crate::features::fbank::{Fbank, FbankConfig, FullScale};
use crate::nn::host::floats;

/// Bands of five filters each; the lowest five filters (below 180 Hz) hold hum and rumble and are left out.
pub(super) const BANDS: usize = 15;
const FILTERS_PER_BAND: usize = 5;
/// Length of the filterbanks' window in samples.
const WINDOW: usize = 400;
/// Length of what voicing is judged on, centred on the window.
const SPAN: usize = 640;
const MARGIN: usize = (SPAN - WINDOW) / 2;
/// Frames that are computed in one go.
const BATCH: usize = 100;
/// One frame of 10 ms.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    /// Power of each band, with full scale at that of 16-bit samples.
    pub(super) bands: [f32; BANDS],
    /// Mean square of the samples.
    pub(super) power: f32,
    /// Whether the vocal cords (or something like them) swing.
    pub(super) voiced: bool,
}

impl Frame {
    /// Power of all bands together, in dB.
    pub(super) fn level_db(&self) -> f32 {
        to_db(self.bands.iter().sum())
    }
}

/// Cuts a stream into frames.
#[derive(Debug)]
pub(super) struct Features {
    fbank: Fbank,
    pending: Vec<f32>,
    any: bool,
}

impl Features {
    pub(super) fn new() -> Self {
        let config = FbankConfig { full_scale: FullScale::Int16, ..FbankConfig::default() };
        let fbank = Fbank::with_config(config, Device::Cpu);
        Self { fbank, pending: vec![0.0; MARGIN], any: false }
    }

    /// The frames that `samples` complete.
    pub(super) fn push(&mut self, samples: &[f32]) -> Vec<Frame> {
        let mut frames = Vec::new();
        for chunk in samples.chunks(BATCH * HOP) {
            self.any = true;
            // Hugely loud or broken samples must not overflow the powers.
            self.pending.extend(chunk.iter().map(|&x| if x.is_finite() { x.clamp(-1e4, 1e4) } else { 0.0 }));
            if self.pending.len() >= SPAN + (BATCH - 1) * HOP {
                self.compute(&mut frames);
            }
        }
        frames
    }

    /// The frames that are left, with silence after the end.
    pub(super) fn finish(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        if self.any {
            self.pending.resize(self.pending.len() + MARGIN, 0.0);
            self.pending.resize(self.pending.len().max(SPAN), 0.0);
            self.compute(&mut frames);
        }
        frames
    }

    fn compute(&mut self, frames: &mut Vec<Frame>) {
        let count = (self.pending.len() - SPAN) / HOP + 1;
        let inner = &self.pending[MARGIN..MARGIN + WINDOW + (count - 1) * HOP];
        let filters = self.fbank.forward(&Tensor::from_slice(inner).unsqueeze(0));
        let mels = filters.size()[2] as usize;
        for (i, row) in floats(&filters).chunks_exact(mels).enumerate() {
            let span = &self.pending[i * HOP..i * HOP + SPAN];
            frames.push(Frame {
                bands: power_of_bands(row),
                power: mean_square(&span[MARGIN..MARGIN + WINDOW]),
                voiced: is_voiced(span),
            });
        }
        self.pending.drain(..count * HOP);
    }
}

fn power_of_bands(log_filters: &[f32]) -> [f32; BANDS] {
    let bands = log_filters.chunks_exact(FILTERS_PER_BAND).skip(1);
    let mut powers = [0.0; BANDS];
    for (power, band) in powers.iter_mut().zip(bands) {
        *power = band.iter().map(|x| x.exp()).sum();
    }
    powers
}

fn mean_square(samples: &[f32]) -> f32 {
    samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32
}

/// Factor by which the rate is lowered to look for the voice's period.
const DECIMATION: usize = 4;
/// Periods of 400 to 70 Hz at the lowered rate.
const SHORTEST_PERIOD: usize = RATE.0 as usize / DECIMATION / 400;
const LONGEST_PERIOD: usize = RATE.0 as usize / DECIMATION / 70;
/// A signal is voiced if it resembles itself a period later by this much (normalised autocorrelation).
const LIKENESS: f32 = 0.5;

/// Whether `span` repeats itself with the period of a voice.
fn is_voiced(span: &[f32]) -> bool {
    let low: Vec<f32> = span.chunks_exact(DECIMATION).map(|chunk| chunk.iter().sum()).collect();
    // Pre-emphasis: rumble resembles itself at every short lag.
    let flat: Vec<f32> = low.windows(2).map(|pair| pair[1] - 0.95 * pair[0]).collect();
    let likeness: Vec<f32> = (SHORTEST_PERIOD - 1..=LONGEST_PERIOD + 1).map(|lag| likeness(&flat, lag)).collect();
    likeness.windows(3).any(|three| three[1] >= LIKENESS && three[1] >= three[0] && three[1] > three[2])
}

fn likeness(signal: &[f32], lag: usize) -> f32 {
    let (early, late) = (&signal[..signal.len() - lag], &signal[lag..]);
    let product: f32 = early.iter().zip(late).map(|(a, b)| a * b).sum();
    let energies: f32 = early.iter().map(|x| x * x).sum::<f32>() * late.iter().map(|x| x * x).sum::<f32>();
    if energies > 1e-12 { product / energies.sqrt() } else { 0.0 }
}
