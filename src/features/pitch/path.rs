//! The best path through the candidates of all frames.

use super::PitchConfig;
use super::candidates::{Candidate, FrameCandidates};

/// The state of a frame in the search: what it costs to be there, and from which state of the frame before.
#[derive(Clone, Copy)]
struct State {
    total: f32,
    from: usize,
}

/// The chosen candidate of each frame, `None` where unvoiced. State 0 is unvoiced, state i + 1 is candidate i.
pub fn best(config: &PitchConfig, frames: &[FrameCandidates], levels: &[f32]) -> Vec<Option<Candidate>> {
    // Costs are meant for steps of 10 ms, as in Praat: slower steps may go further.
    let steps = (0.01 * config.rate.hz() / config.hop.max(1) as f64) as f32;
    let (jump, switch) = (config.jump_cost * steps, config.switch_cost * steps);
    let mut lattice: Vec<Vec<State>> = Vec::with_capacity(frames.len());
    for (t, (frame, &level)) in frames.iter().zip(levels).enumerate() {
        let before = t.checked_sub(1).map(|t| (&frames[t].candidates, &lattice[t]));
        let states = (0..=frame.candidates.len())
            .map(|state| {
                let candidate = state.checked_sub(1).map(|i| &frame.candidates[i]);
                let local = candidate.map_or(unvoiced_score(config, level), |c| c.score);
                let (from, total) = before
                    .map_or((0, 0.0), |(candidates, states)| cheapest(candidates, states, candidate, jump, switch));
                State { total: total - local, from }
            })
            .collect();
        lattice.push(states);
    }
    trace(frames, &lattice)
}

/// Score of the unvoiced state, higher where the frame is quiet (Boersma 1993, equation 23).
fn unvoiced_score(config: &PitchConfig, level: f32) -> f32 {
    let silence = config.silence_threshold.max(f32::MIN_POSITIVE) / (1.0 + config.voicing_threshold);
    config.voicing_threshold + (2.0 - level / silence).max(0.0)
}

fn cheapest(
    candidates: &[Candidate],
    states: &[State],
    to: Option<&Candidate>,
    jump: f32,
    switch: f32,
) -> (usize, f32) {
    let mut least = (0, f32::INFINITY);
    for (state, reached) in states.iter().enumerate() {
        let from = state.checked_sub(1).map(|i| &candidates[i]);
        let step = match (from, to) {
            (None, None) => 0.0,
            (Some(from), Some(to)) => jump * (from.octave - to.octave).abs(),
            _ => switch,
        };
        let total = reached.total + step;
        if total < least.1 {
            least = (state, total);
        }
    }
    least
}

fn trace(frames: &[FrameCandidates], lattice: &[Vec<State>]) -> Vec<Option<Candidate>> {
    let mut chosen = vec![None; frames.len()];
    let last = lattice.last().map_or(&[][..], Vec::as_slice);
    let cheapest = last.iter().enumerate().min_by(|a, b| a.1.total.total_cmp(&b.1.total));
    let mut state = cheapest.map_or(0, |(state, _)| state);
    for t in (0..frames.len()).rev() {
        chosen[t] = state.checked_sub(1).map(|i| frames[t].candidates[i]);
        state = lattice[t][state].from;
    }
    chosen
}
