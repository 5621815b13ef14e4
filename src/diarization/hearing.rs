//! Who speaks in a window, and what their voices are like: the first two stages.

use std::cell::{LazyCell, OnceCell};
use std::ops::Range;

use serde::Serialize;
use tch::{Kind, Tensor};

use super::powerset::Powerset;
use super::segmentation::Segmentation;
use super::sounds::Sound;
use super::stretches::{longest, pieces, stretches};
use crate::nn::host::floats;
use crate::nn::mixed;
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
}

/// A stage that hears windows: segmentation and embedding, which share most of their work.
pub trait Hearing: std::fmt::Debug {
    /// The voices in each of several windows of samples at 16 kHz. They are equally long, and begin and end with multiples
    /// of [`Segmentation::HOP`] samples; most that is heard lies in several of them.
    fn hear(&self, samples: &[f32], windows: &[Range<usize>]) -> Vec<Vec<Voice>>;
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

    /// The embedding of an encoder's frames (1, C, T).
    fn embed(&self, frames: &Tensor) -> Vec<f32> {
        // For each length that libtorch meets it keeps a kernel of its own: hours of speech would have them all.
        let padding = [0, (-frames.size()[2]).rem_euclid(LENGTHS)];
        let mask = frames.narrow(1, 0, 1).ones_like().constant_pad_nd(padding);
        floats(&tch::no_grad(|| self.encoder().pool(&frames.constant_pad_nd(padding), &mask)))
    }
}

/// An encoder's frames of samples, block by block: what lies in several windows is heard once, and only if it is asked for.
struct Blocks<'a> {
    encoder: &'a SpeakerEncoder,
    samples: &'a [f32],
    /// The frames of each block, and where it begins and ends.
    blocks: Vec<(Range<usize>, OnceCell<Tensor>)>,
}

impl<'a> Blocks<'a> {
    fn new(encoder: &'a SpeakerEncoder, samples: &'a [f32]) -> Self {
        let each = SpeakerEncoder::SAMPLE_RATE.samples(Segmentation::WINDOW);
        // A rest that is too short for the encoder belongs to the block before it.
        let count = ((samples.len() + each / 2) / each).max(1);
        let end = |block: usize| if block + 1 == count { samples.len() } else { (block + 1) * each };
        let blocks = (0..count).map(|block| (block * each..end(block), OnceCell::new())).collect();
        Self { encoder, samples, blocks }
    }

    /// (1, C, T) of some samples, whose number and beginning are multiples of the encoder's hop.
    fn frames(&self, chosen: Range<usize>) -> Tensor {
        let hop = SpeakerEncoder::HOP as usize;
        let hear = |range: &Range<usize>| {
            let samples = Tensor::from_slice(&self.samples[range.clone()]).unsqueeze(0);
            mixed::scoped(mixed::pays(self.encoder.device()), || tch::no_grad(|| self.encoder.frames(&samples)))
        };
        let part = |(range, frames): &(Range<usize>, OnceCell<Tensor>)| {
            let (start, end) = (chosen.start.max(range.start), chosen.end.min(range.end));
            let length = end.saturating_sub(start) / hop;
            let own = |frames: &Tensor| frames.narrow(2, ((start - range.start) / hop) as i64, length as i64);
            (length > 0).then(|| own(frames.get_or_init(|| hear(range))))
        };
        Tensor::cat(&self.blocks.iter().filter_map(part).collect::<Vec<_>>(), 2)
    }
}

impl Hearing for NetworkHearing {
    fn hear(&self, samples: &[f32], windows: &[Range<usize>]) -> Vec<Vec<Voice>> {
        let rows: Vec<Tensor> = windows.iter().map(|window| Tensor::from_slice(&samples[window.clone()])).collect();
        let hear = || {
            let frames = self.base.frames(&Tensor::stack(&rows, 0));
            let moments = Segmentation::moments(&frames, &self.base);
            let shares = self.segmentation.forward(&frames, &moments).softmax(-1, Kind::Float);
            (frames, shares)
        };
        // As precise as in training, where that is faster.
        let (frames, shares) = mixed::scoped(mixed::pays(self.base.device()), || tch::no_grad(hear));
        let powerset = Segmentation::classes();
        let (count, classes) = (shares.size()[1] as usize, powerset.len());
        let shares = floats(&shares);
        let mut all = Vec::new();
        let blocks = self.encoder.as_ref().map(|encoder| Blocks::new(encoder, samples));
        let (hop, each) = (Segmentation::HOP as usize, (Segmentation::HOP / SpeakerEncoder::HOP) as usize);
        for ((index, window), shares) in windows.iter().enumerate().zip(shares.chunks_exact(count * classes)) {
            let best: Vec<usize> = shares.chunks_exact(classes).map(largest).collect();
            let frames = frames.narrow(0, index as i64, 1);
            let embed = |chosen: &Range<usize>| match &blocks {
                Some(blocks) => {
                    self.embed(&blocks.frames(window.start + chosen.start * hop..window.start + chosen.end * hop))
                }
                None => self.embed(&frames.narrow(2, (chosen.start * each) as i64, (chosen.len() * each) as i64)),
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
                    voices.push(Voice {
                        local: speaker,
                        first: piece.start,
                        activity,
                        embedding,
                        frames: alone.len(),
                        level_db: sound.level_db(alone.clone()),
                        quiet_db: sound.quiet_db(),
                        voiced: sound.voiced(alone.clone()),
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
mod tests {
    use tch::{Device, nn};

    use super::*;
    use crate::nn::checkpoint::Weights;
    use crate::speaker::{EcapaConfig, EcapaTdnn};

    /// Of a small network.
    fn encoder() -> SpeakerEncoder {
        let config = EcapaConfig { attention_channels: 8, se_channels: 8, ..EcapaConfig::with_channels(16) };
        let store = nn::VarStore::new(Device::Cpu);
        EcapaTdnn::new(store.root(), &config).expect("a valid configuration");
        let mut weights = Weights::from_store(&store);
        weights.set_json(SpeakerEncoder::CONFIG_KEY, &config).expect("JSON");
        SpeakerEncoder::from_weights(&weights, Device::Cpu).expect("an encoder")
    }

    #[test]
    fn frames_come_from_the_blocks_that_they_lie_in_and_each_block_is_heard_once() {
        let samples: Vec<f32> = (0..400_000).map(|index| (index as f32 * index as f32 * 1e-7).sin() * 0.1).collect();
        let encoder = encoder();
        let blocks = Blocks::new(&encoder, &samples);
        let heard = || blocks.blocks.iter().map(|(_, frames)| frames.get().is_some()).collect::<Vec<_>>();
        // 10, 10 and 5 s, and what asks for none hears none.
        assert_eq!(heard(), [false; 3]);
        let across = blocks.frames(152_000..168_000);
        assert_eq!((heard(), across.size()[2]), (vec![true, true, false], 100));
        let own = |range: Range<usize>| {
            let samples = Tensor::from_slice(&samples[range]).unsqueeze(0);
            mixed::scoped(mixed::pays(Device::Cpu), || tch::no_grad(|| encoder.frames(&samples)))
        };
        let (first, second) = (own(0..160_000), own(160_000..320_000));
        assert_eq!(across.narrow(2, 0, 50), first.narrow(2, 950, 50));
        assert_eq!(across.narrow(2, 50, 50), second.narrow(2, 0, 50));
        // A short rest is a part of the block before it.
        let all = Blocks::new(&encoder, &samples[..200_000]);
        assert_eq!((all.blocks.len(), &all.blocks[0].0), (1, &(0..200_000)));
    }

    #[test]
    fn shares_add_up_over_the_sets_that_have_the_speaker() {
        let row = [0.1, 0.4, 0.0, 0.0, 0.3, 0.2, 0.0];
        let of = |speaker| share(&row, speaker, &Segmentation::classes());
        assert_eq!((of(0), of(1), of(2)), (230, 77, 51));
    }
}
