//! Who speaks in a window, and what their voices are like: the first two stages.

use std::cell::LazyCell;
use std::ops::Range;

use serde::Serialize;
use tch::{Kind, Tensor};

use super::music::Music;
use super::powerset::Powerset;
use super::segmentation::Segmentation;
use super::sounds::Sound;
use super::stretches::{longest, pieces, stretches};
use crate::nn::host::floats;
use crate::nn::mixed;
use crate::nn::pool::Lease;
use crate::speaker::SpeakerEncoder;

/// A voice in a part of a window, where it is alone in one stretch. Whose it is is not known yet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Voice {
    /// Whom the network takes it for, by number in the window.
    pub local: usize,
    /// The first frame of the part.
    pub first: usize,
    /// The probability that it speaks, of each frame of the part, as 255ths.
    pub activity: Vec<u8>,
    /// What it sounds like in the stretch; of unit length.
    pub embedding: Vec<f32>,
    /// Frames of the stretch.
    pub frames: usize,
    /// How loud it is in the stretch, in the band of a telephone, in dB below a full-scale square wave.
    pub level_db: f32,
    /// The same of the window where it is quiet.
    pub quiet_db: f32,
    /// In how many frames of the stretch something has a pitch, as a share.
    pub voiced: f32,
    /// How likely it is that it is music, as a logarithm of odds; not known without a model of it.
    pub music: Option<f32>,
}

/// Samples at 16 kHz, and windows of them: equally long, in order, with multiples of [`Segmentation::HOP`] samples before and
/// in each. Most samples lie in several of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Block {
    /// From the first window's beginning to the last one's end.
    pub samples: Vec<f32>,
    /// Within the samples.
    pub windows: Vec<Range<usize>>,
}

impl Block {
    /// All of the samples in one window.
    pub fn of_one_window(samples: Vec<f32>) -> Self {
        let windows = std::iter::once(0..samples.len()).collect();
        Self { samples, windows }
    }
}

/// A stage that hears windows: segmentation and embedding, which share most of their work.
pub trait Hearing: std::fmt::Debug {
    /// The voices in each window of a block. They may depend on what else is in the block.
    fn hear(&self, block: &Block) -> Vec<Vec<Voice>>;

    /// How many blocks are best heard together.
    fn at_once(&self) -> usize {
        1
    }

    /// The same of several blocks.
    fn hear_all(&self, blocks: &[Block]) -> Vec<Vec<Vec<Voice>>> {
        blocks.iter().map(|block| self.hear(block)).collect()
    }
}

impl<H: Hearing> Hearing for Lease<H> {
    fn hear(&self, block: &Block) -> Vec<Vec<Voice>> {
        (**self).hear(block)
    }

    fn at_once(&self) -> usize {
        (**self).at_once()
    }

    fn hear_all(&self, blocks: &[Block]) -> Vec<Vec<Vec<Voice>>> {
        (**self).hear_all(blocks)
    }
}

/// Our networks.
#[derive(Debug)]
pub struct NetworkHearing {
    /// What the segmentation network stands on.
    pub base: SpeakerEncoder,
    /// Who speaks.
    pub segmentation: Segmentation,
    /// Another encoder that the embeddings come from.
    pub encoder: Option<SpeakerEncoder>,
    /// What is music, by the embeddings.
    pub music: Option<Music>,
}

/// The encoder's frames of a stretch are filled up to a multiple of this: 0.5 s.
const LENGTHS: i64 = 50;
/// Who speaks for fewer frames is nobody.
const LEAST_FRAMES: usize = 10;

impl NetworkHearing {
    /// The encoder that the embeddings come from.
    pub fn encoder(&self) -> &SpeakerEncoder {
        self.encoder.as_ref().unwrap_or(&self.base)
    }

    /// The base's frames of a block (1, C, T) → the probabilities of the classes in each window (B, T, classes).
    fn shares(&self, base: &Tensor, windows: &[Range<usize>]) -> Tensor {
        // What each window has of rows (1, N, C) with an entry every so many of the network's frames.
        let of_each = |rows: &Tensor, every: i64| {
            let every = every as usize * Segmentation::HOP as usize;
            let own = |window: &Range<usize>| {
                rows.narrow(1, (window.start / every) as i64, window.len().div_ceil(every) as i64)
            };
            Tensor::cat(&windows.iter().map(own).collect::<Vec<_>>(), 0)
        };
        let tell = || {
            let entered = of_each(&self.segmentation.enter(base), 1);
            let moments = of_each(&Segmentation::moments(base, &self.base), Segmentation::PER_EMBEDDING);
            self.segmentation.classify(&entered, &moments).softmax(-1, Kind::Float)
        };
        mixed::scoped(mixed::pays(self.base.device()), || tch::no_grad(tell))
    }

    /// The embedding of an encoder's frames (1, C, T).
    fn embed(&self, frames: &Tensor) -> Vec<f32> {
        // For each length that libtorch meets it keeps a kernel of its own: hours of speech would have them all.
        let padding = [0, (-frames.size()[2]).rem_euclid(LENGTHS)];
        let mask = frames.narrow(1, 0, 1).ones_like().constant_pad_nd(padding);
        let pool = || tch::no_grad(|| self.encoder().pool(&frames.constant_pad_nd(padding), &mask));
        floats(&mixed::scoped(mixed::pays(self.base.device()), pool))
    }
}

/// An encoder's frames (1, C, T) of samples (1, L), as precise as in training, where that is faster.
fn frames(encoder: &SpeakerEncoder, samples: &Tensor) -> Tensor {
    mixed::scoped(mixed::pays(encoder.device()), || tch::no_grad(|| encoder.frames(samples)))
}

impl Hearing for NetworkHearing {
    fn hear(&self, Block { samples, windows }: &Block) -> Vec<Vec<Voice>> {
        let whole = Tensor::from_slice(samples).unsqueeze(0);
        // What lies in several windows is heard once.
        let base = frames(&self.base, &whole);
        // Where nobody speaks, another encoder is not asked.
        let other = self.encoder.as_ref().map(|encoder| LazyCell::new(|| frames(encoder, &whole)));
        let shares = self.shares(&base, windows);
        let powerset = Segmentation::classes();
        let (count, classes) = (shares.size()[1] as usize, powerset.len());
        let shares = floats(&shares);
        let mut all = Vec::new();
        let hop = SpeakerEncoder::HOP as usize;
        let each = Segmentation::HOP as usize / hop;
        for (window, shares) in windows.iter().zip(shares.chunks_exact(count * classes)) {
            let best: Vec<usize> = shares.chunks_exact(classes).map(largest).collect();
            let embed = |chosen: &Range<usize>| {
                let frames = other.as_ref().map_or(&base, |other| &**other);
                let from = window.start / hop + chosen.start * each;
                self.embed(&frames.narrow(2, from as i64, (chosen.len() * each) as i64))
            };
            // Of what has no voice nobody asks.
            let sound = LazyCell::new(|| Sound::of(&samples[window.clone()]));
            let mut voices = Vec::new();
            for speaker in 0..powerset.speakers() {
                let activity: Vec<u8> =
                    shares.chunks_exact(classes).map(|row| share(row, speaker, &powerset)).collect();
                let on = |alone: bool| -> Vec<bool> {
                    let own = |class: usize| powerset.has(class, speaker) && !(alone && powerset.size(class) > 1);
                    best.iter().map(|&class| own(class)).collect()
                };
                // Who is hardly ever alone is told by what else there is of them.
                let alone = match stretches(&on(true)) {
                    none if none.is_empty() => longest(&on(false), LEAST_FRAMES).into_iter().collect(),
                    some => some,
                };
                for (piece, alone) in pieces(&alone, count).into_iter().zip(&alone) {
                    let activity = activity[piece.clone()].to_vec();
                    let embedding = embed(alone);
                    let heard = SpeakerEncoder::SAMPLE_RATE.duration(alone.len() * Segmentation::HOP as usize);
                    let music = self.music.as_ref().map(|music| music.log_odds(&embedding, heard));
                    voices.push(Voice {
                        local: speaker,
                        first: piece.start,
                        activity,
                        embedding,
                        frames: alone.len(),
                        level_db: sound.level_db(alone.clone()),
                        quiet_db: sound.quiet_db(),
                        voiced: sound.voiced(alone.clone()),
                        music,
                    });
                }
            }
            all.push(voices);
        }
        all
    }
}

fn largest(row: &[f32]) -> usize {
    (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap_or(0)
}

/// The probability that a speaker speaks, as 255ths.
fn share(row: &[f32], speaker: usize, powerset: &Powerset) -> u8 {
    let sum: f32 =
        row.iter().enumerate().filter(|(class, _)| powerset.has(*class, speaker)).map(|(_, share)| share).sum();
    (sum * 255.0).round() as u8
}

#[cfg(test)]
pub(super) mod tests {
    use tch::{Device, nn};

    use super::*;
    use crate::diarization::segmentation::SegmentationConfig;
    use crate::speaker::small_encoder;

    /// A voice of so many frames.
    pub fn one_voice(local: usize, frames: usize) -> Voice {
        Voice {
            local,
            first: 0,
            activity: Vec::new(),
            embedding: Vec::new(),
            frames,
            level_db: 0.0,
            quiet_db: -90.0,
            voiced: 1.0,
            music: None,
        }
    }

    /// Small networks with random weights.
    fn small() -> NetworkHearing {
        let base = small_encoder();
        let mut store = nn::VarStore::new(Device::Cpu);
        let config = SegmentationConfig { channels: 16, hidden: 32, kernel: 5, heads: 2, dilations: vec![1, 2] };
        let segmentation = Segmentation::new(store.root(), config, &base);
        store.freeze();
        NetworkHearing { base, segmentation, encoder: None, music: None }
    }

    #[test]
    fn each_window_of_a_block_is_heard_where_it_is() {
        let hearing = small();
        // Half a second of each of ten tones, and so on: what begins five seconds later is the same again.
        let tone = |at: usize| (at as f32 * 0.05 * (1 + at / 8_000) as f32).sin() * 0.3;
        let samples: Vec<f32> = (0..400_000).map(|at| tone(at % 80_000)).collect();
        let base = frames(&hearing.base, &Tensor::from_slice(&samples).unsqueeze(0));
        let shares = hearing.shares(&base, &[0, 80_000, 160_000, 104_000].map(|start| start..start + 160_000));
        assert_eq!(shares.size(), [4, 500, Segmentation::classes().len() as i64]);
        let gap = |a, b| (shares.get(a) - shares.get(b)).abs().mean(Kind::Float).double_value(&[]);
        // The last begins a second and a half later than the second.
        let moved = gap(3, 1);
        assert!(gap(2, 1) < 0.1 * moved && gap(0, 1) < 0.3 * moved, "{} {} {moved}", gap(2, 1), gap(0, 1));
    }

    #[test]
    fn shares_add_up_over_the_sets_that_have_the_speaker() {
        let row = [0.1, 0.4, 0.0, 0.0, 0.3, 0.2, 0.0];
        let of = |speaker| share(&row, speaker, &Segmentation::classes());
        assert_eq!((of(0), of(1), of(2)), (230, 77, 51));
    }
}
