//! Batches for the acoustic model, laid out where it computes.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use super::Speakers;
use crate::nn::host::sent;
use crate::train::labels::Labelled;
use crate::train::taught::TaughtBatch;

/// Utterances of a batch, and what is measured on them.
#[derive(Debug)]
pub(super) struct Batch {
    /// The utterances.
    pub items: Vec<Labelled>,
    /// What the model is taught.
    pub taught: TaughtBatch,
    /// (B, M, T), padded with zeros.
    pub mel: Tensor,
    /// (B, T) log F0.
    pub pitch: Tensor,
    /// (B, T).
    pub voicing: Tensor,
    /// Draws what is still to be drawn.
    pub random: ChaCha8Rng,
}

impl Batch {
    /// Each of `items` with one of the embeddings of its speaker.
    pub fn new(items: Vec<Labelled>, speakers: &Speakers, mut random: ChaCha8Rng, device: Device) -> Self {
        let speaker = |item: &Labelled| {
            let known = &speakers[&item.speaker];
            known[random.random_range(0..known.len())].as_slice()
        };
        let embeddings: Vec<&[f32]> = items.iter().map(speaker).collect();
        let taught = TaughtBatch::new(&items.iter().collect::<Vec<_>>(), &embeddings, device);
        let frames = taught.frames();
        let lay = |row: &Tensor| {
            let missing = frames - row.size().last().copied().unwrap_or(0);
            row.to_kind(Kind::Float).pad([0, missing], "constant", None)
        };
        let stack = |of: &dyn Fn(&Labelled) -> Tensor| {
            sent(&Tensor::stack(&items.iter().map(of).collect::<Vec<_>>(), 0), device)
        };
        Self {
            mel: stack(&|item| lay(&item.mel)),
            pitch: stack(&|item| lay(&item.frame_pitch)),
            voicing: stack(&|item| lay(&item.voicing)),
            taught,
            items,
            random,
        }
    }

    /// Frames that were recorded, without padding.
    pub fn recorded_frames(&self) -> usize {
        self.items.iter().map(Labelled::frames).sum()
    }
}
