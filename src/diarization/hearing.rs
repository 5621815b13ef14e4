//! Who speaks in a window, and what their voices are like: the first two stages.

use std::cell::LazyCell;
use std::ops::Range;

use serde::Serialize;
use tch::{Kind, Tensor};

use super::powerset::Powerset;
use super::segmentation::Segmentation;
use super::sounds::Sound;
use super::stretches::{longest, pieces, stretches};
use crate::nn::host::floats;
use crate::nn::mixed;
use crate::speaker::{SpeakerEncoder, SpeakerError};

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
    /// The voices in each of several windows, which are equally long: a multiple of [`Segmentation::HOP`] samples at
    /// 16 kHz.
    ///
    /// # Errors
    /// What the speaker encoder refuses.
    fn hear(&self, windows: &[&[f32]]) -> Result<Vec<Vec<Voice>>, SpeakerError>;
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
const LENGTHS: usize = 50;
/// Who speaks for fewer frames is nobody.
const LEAST_FRAMES: usize = 10;

impl NetworkHearing {
    /// The encoder that the embeddings come from.
    pub fn encoder(&self) -> &SpeakerEncoder {
        self.encoder.as_ref().unwrap_or(&self.base)
    }

    /// The embedding of some frames of a window, from the base's frames (1, C, T) of it or from the samples themselves.
    fn embed(&self, frames: &Tensor, samples: &[f32], chosen: Range<usize>) -> Result<Vec<f32>, SpeakerError> {
        let hop = Segmentation::HOP as usize;
        if let Some(encoder) = &self.encoder {
            return encoder.embed(&samples[chosen.start * hop..chosen.end * hop]);
        }
        let each = hop / SpeakerEncoder::HOP as usize;
        let part = frames.narrow(2, (chosen.start * each) as i64, (chosen.len() * each) as i64);
        // For each length that libtorch meets it keeps a kernel of its own: hours of speech would have them all.
        let length = chosen.len() * each;
        let padding = [0, (length.next_multiple_of(LENGTHS) - length) as i64];
        let mask = part.narrow(1, 0, 1).ones_like().constant_pad_nd(padding);
        Ok(floats(&tch::no_grad(|| self.base.pool(&part.constant_pad_nd(padding), &mask))))
    }
}

impl Hearing for NetworkHearing {
    fn hear(&self, windows: &[&[f32]]) -> Result<Vec<Vec<Voice>>, SpeakerError> {
        let rows: Vec<Tensor> = windows.iter().map(|window| Tensor::from_slice(window)).collect();
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
        for (window, shares) in shares.chunks_exact(count * classes).enumerate() {
            let best: Vec<usize> = shares.chunks_exact(classes).map(largest).collect();
            let frames = frames.narrow(0, window as i64, 1);
            let embed = |chosen: Range<usize>| self.embed(&frames, windows[window], chosen);
            // Of what has no voice nobody asks.
            let sound = LazyCell::new(|| Sound::of(windows[window]));
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
                    let embedding = embed(alone.clone())?;
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
        Ok(all)
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
    use super::*;

    #[test]
    fn shares_add_up_over_the_sets_that_have_the_speaker() {
        let row = [0.1, 0.4, 0.0, 0.0, 0.3, 0.2, 0.0];
        let of = |speaker| share(&row, speaker, &Segmentation::classes());
        assert_eq!((of(0), of(1), of(2)), (230, 77, 51));
    }
}
