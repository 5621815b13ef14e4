//! The first alignment: Gaussians from a flat start.

use rayon::prelude::*;

use super::spoken::{Script, Spoken};
use crate::aligner::gaussian::{Gaussians, Statistics, cepstra};
use crate::aligner::phones::Phone;

/// Gaussians of the phonemes, by expectation-maximisation from an even spread over the shortest utterances.
pub(super) fn bootstrap(training: &[Spoken], rounds: usize, utterances: usize) -> Gaussians {
    let mut order: Vec<&Spoken> = training.iter().collect();
    order.sort_by_key(|item| item.frames());
    order.truncate(utterances);
    let example = |item: &&Spoken| (item.script.clone(), cepstra(&item.mel), even_spread(item));
    let data: Vec<(Script, Vec<f32>, Vec<f32>)> = order.iter().map(example).collect();
    let first = data.iter().fold(Statistics::default(), |mut statistics, (_, frames, spread)| {
        statistics.add(frames, spread);
        statistics
    });
    let mut gaussians = first.estimate();
    for _ in 0..rounds {
        let gather = |part: &[(Script, Vec<f32>, Vec<f32>)]| {
            let mut statistics = Statistics::default();
            for (script, frames, _) in part {
                if let Some(occupation) = script.occupation(gaussians.scores(frames)) {
                    statistics.add(frames, &occupation);
                }
            }
            statistics
        };
        let parts: Vec<Statistics> = data.par_chunks(64).map(gather).collect();
        gaussians = parts.iter().fold(Statistics::default(), Statistics::merge).estimate();
    }
    gaussians
}

/// Phonemes spread evenly over the loud frames, silence over the others: (T, K) in rows.
fn even_spread(item: &Spoken) -> Vec<f32> {
    let count = item.script.loud.iter().filter(|&&loud| loud).count().max(1);
    let said: Vec<usize> = item.phones.iter().flat_map(|phone| phone.states()).collect();
    let mut seen = 0;
    let mut out = vec![0f32; item.script.loud.len() * Phone::STATES];
    for (frame, &loud) in item.script.loud.iter().enumerate() {
        let state = if loud {
            seen += 1;
            said[((seen - 1) * said.len() / count).min(said.len() - 1)]
        } else {
            Phone::SILENCE.states().start
        };
        out[frame * Phone::STATES + state] = 1.0;
    }
    out
}
