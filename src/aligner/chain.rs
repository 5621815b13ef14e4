//! Utterances as chains of states: occupation (forward-backward) and the best path (Viterbi).
//!
//! The recursions are those of Rabiner 1989 ("A tutorial on hidden Markov models"), sections III.A and III.B, with
//! scores in place of emission densities and no transition weights.

use super::phones::Phone;
use crate::text::symbols::Symbol;

/// The states of an utterance in order: those of its phonemes, and one for each boundary or pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    states: Vec<State>,
    symbols: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    /// See [`Phone::states`].
    class: usize,
    /// The symbol that it is a part of.
    symbol: usize,
    /// A boundary or pause need not take time.
    optional: bool,
}

/// The utterance needs more frames than the recording has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the phonemes take {needed} frames at least, and there are {frames}")]
pub struct TooShort {
    /// States that take at least one frame.
    pub needed: usize,
    /// Frames that there are.
    pub frames: usize,
}

/// Log scores of classes, frame by frame, as (T, C) in rows.
#[derive(Debug, Clone, Copy)]
pub struct Scores<'a> {
    /// T rows of C values.
    pub rows: &'a [f32],
    /// C.
    pub classes: usize,
}

impl Scores<'_> {
    fn frames(&self) -> usize {
        self.rows.len() / self.classes
    }

    fn row(&self, frame: usize) -> &[f32] {
        &self.rows[frame * self.classes..(frame + 1) * self.classes]
    }
}

impl Chain {
    /// The chain of an utterance's symbols.
    pub fn new(symbols: &[Symbol]) -> Self {
        let states = |(index, &symbol): (usize, &Symbol)| {
            let optional = !symbol.is_phoneme();
            Phone::of(symbol).states().map(move |class| State { class, symbol: index, optional })
        };
        Self { states: symbols.iter().enumerate().flat_map(states).collect(), symbols: symbols.len() }
    }

    /// Frames that the utterance takes at least.
    pub fn least_frames(&self) -> usize {
        self.states.iter().filter(|state| !state.optional).count()
    }

    fn check(&self, frames: usize) -> Result<(), TooShort> {
        let needed = self.least_frames();
        // A chain of optional states alone still takes the frames that there are.
        if self.states.is_empty() || needed > frames || frames == 0 { Err(TooShort { needed, frames }) } else { Ok(()) }
    }

    /// Whether a path may begin in `state` (mirrored: end).
    fn may_begin(&self, state: usize) -> bool {
        self.states[..state].iter().all(|before| before.optional)
    }

    fn may_end(&self, state: usize) -> bool {
        self.states[state + 1..].iter().all(|after| after.optional)
    }

    /// States that may come just before `state`, itself first.
    fn predecessors(&self, state: usize) -> impl Iterator<Item = usize> + '_ {
        let skip = state >= 2 && self.states[state - 1].optional;
        std::iter::once(state).chain(state.checked_sub(1)).chain(skip.then(|| state - 2))
    }

    /// The probability of each class at each frame, given that the utterance was said: T rows of C values.
    pub fn occupation(&self, scores: Scores) -> Result<Vec<f32>, TooShort> {
        let (frames, count) = (scores.frames(), self.states.len());
        self.check(frames)?;
        let emissions = self.emissions(scores);
        let forward = self.sweep(&emissions, frames, false);
        let backward = self.sweep(&emissions, frames, true);
        let mut out = vec![0f32; frames * scores.classes];
        for frame in 0..frames {
            let at = frame * count..(frame + 1) * count;
            let products = forward[at.clone()].iter().zip(&backward[at.clone()]).zip(&emissions[at]);
            // The emission is in both sweeps.
            let weights: Vec<f64> = products.map(|((a, b), e)| if *e > 0.0 { a * b / e } else { 0.0 }).collect();
            let total: f64 = weights.iter().sum();
            for (state, weight) in self.states.iter().zip(weights) {
                let share = if total > 0.0 { weight / total } else { 0.0 };
                out[frame * scores.classes + state.class] += share as f32;
            }
        }
        Ok(out)
    }

    /// Emission of each state at each frame, scaled so that the largest of a frame is 1.
    fn emissions(&self, scores: Scores) -> Vec<f64> {
        let mut emissions = Vec::with_capacity(scores.frames() * self.states.len());
        for frame in 0..scores.frames() {
            let row = scores.row(frame);
            let score = |state: &State| row[state.class];
            let top = self.states.iter().map(score).fold(f32::NEG_INFINITY, f32::max);
            emissions.extend(self.states.iter().map(|state| f64::from(score(state) - top).exp().max(1e-30)));
        }
        emissions
    }

    /// Forward probabilities, or with `reverse` backward ones, each frame scaled to the sum 1.
    fn sweep(&self, emissions: &[f64], frames: usize, reverse: bool) -> Vec<f64> {
        let count = self.states.len();
        let mirror = |state: usize| if reverse { count - 1 - state } else { state };
        let optional: Vec<bool> = (0..count).map(|state| self.states[mirror(state)].optional).collect();
        let begins: Vec<bool> =
            (0..count).map(|state| if reverse { self.may_end(mirror(state)) } else { self.may_begin(state) }).collect();
        let mut out = vec![0f64; frames * count];
        let mut last = vec![0f64; count];
        let mut next = vec![0f64; count];
        for index in 0..frames {
            let frame = if reverse { frames - 1 - index } else { index };
            for state in 0..count {
                let entered = if index == 0 {
                    f64::from(u8::from(begins[state]))
                } else {
                    let one = if state >= 1 { last[state - 1] } else { 0.0 };
                    let two = if state >= 2 && optional[state - 1] { last[state - 2] } else { 0.0 };
                    last[state] + one + two
                };
                next[state] = entered * emissions[frame * count + mirror(state)];
            }
            let scale = 1.0 / next.iter().sum::<f64>().max(f64::MIN_POSITIVE);
            for state in 0..count {
                next[state] *= scale;
                out[frame * count + mirror(state)] = next[state];
            }
            std::mem::swap(&mut last, &mut next);
        }
        out
    }

    /// The best path: frames that each symbol takes (0 for pauses that are left out), and its mean score per frame.
    pub fn align(&self, scores: Scores) -> Result<(Vec<usize>, f64), TooShort> {
        let (frames, count) = (scores.frames(), self.states.len());
        self.check(frames)?;
        let mut best = vec![f64::NEG_INFINITY; count];
        let mut steps = vec![0u8; frames * count];
        for frame in 0..frames {
            let row = scores.row(frame);
            let before = best.clone();
            for state in 0..count {
                let (back, score) = if frame == 0 {
                    (0, if self.may_begin(state) { 0.0 } else { f64::NEG_INFINITY })
                } else {
                    let candidates = self.predecessors(state).map(|from| ((state - from) as u8, before[from]));
                    candidates.fold((0, f64::NEG_INFINITY), |a, b| if b.1 > a.1 { b } else { a })
                };
                best[state] = score + f64::from(row[self.states[state].class]);
                steps[frame * count + state] = back;
            }
        }
        let ends = (0..count).filter(|&state| self.may_end(state));
        let last = ends.max_by(|&a, &b| best[a].total_cmp(&best[b])).unwrap_or(count - 1);
        let mut durations = vec![0usize; self.symbols];
        let mut state = last;
        for frame in (0..frames).rev() {
            durations[self.states[state].symbol] += 1;
            state -= usize::from(steps[frame * count + state]);
        }
        Ok((durations, best[last] / frames as f64))
    }
}

/// The best sequence of phonemes without a transcript: a loop over all of them in which each change costs
/// `change_cost`. Gives runs of (phoneme, frames).
pub fn decode(scores: Scores, change_cost: f64) -> Vec<(Phone, usize)> {
    let first = |state: usize| Phone::of_state(state).states().start == state;
    let last = |state: usize| Phone::of_state(state).states().end == state + 1;
    let mut best: Vec<f64> =
        (0..scores.classes).map(|state| if first(state) { 0.0 } else { f64::NEG_INFINITY }).collect();
    // The state before each state at each frame, and whether a phoneme began there.
    let mut origins: Vec<(usize, bool)> = Vec::with_capacity(scores.rows.len());
    for frame in 0..scores.frames() {
        let before = best.clone();
        let leader = (0..scores.classes).filter(|&s| last(s)).max_by(|&a, &b| before[a].total_cmp(&before[b]));
        let leader = leader.unwrap_or(0);
        let entry = before[leader] - change_cost;
        for (state, value) in best.iter_mut().enumerate() {
            let (origin, begins, arrived) = match (first(state), before[state]) {
                (true, stay) if entry > stay => (leader, true, entry),
                (false, stay) if before[state - 1] > stay => (state - 1, false, before[state - 1]),
                (_, stay) => (state, false, stay),
            };
            origins.push((origin, begins));
            *value = arrived + f64::from(scores.row(frame)[state]);
        }
    }
    let mut state = (0..scores.classes).max_by(|&a, &b| best[a].total_cmp(&best[b])).unwrap_or(0);
    let mut runs: Vec<(Phone, usize)> = Vec::new();
    let mut began = true;
    for frame in (0..scores.frames()).rev() {
        match runs.last_mut() {
            Some((_, frames)) if !began => *frames += 1,
            _ => runs.push((Phone::of_state(state), 1)),
        }
        (state, began) = origins[frame * scores.classes + state];
    }
    runs.reverse();
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Symbols of `" " B " " AA0 "."`: classes silence, B, silence, AA, silence.
    fn symbols() -> Vec<Symbol> {
        [" ", "B", " ", "AA0", "."].iter().filter_map(|name| Symbol::from_name(name)).collect()
    }

    /// Scores in which the states of `said[t]` are far the best at frame t.
    fn scores(said: &[Phone]) -> Vec<f32> {
        let mut rows = vec![-8f32; said.len() * Phone::STATES];
        for (frame, phone) in said.iter().enumerate() {
            phone.states().for_each(|state| rows[frame * Phone::STATES + state] = -0.1);
        }
        rows
    }

    fn phones(names: &[&str]) -> Vec<Phone> {
        names.iter().filter_map(|name| Symbol::from_name(name)).map(Phone::of).collect()
    }

    #[test]
    fn the_best_path_finds_what_was_said() {
        let said = phones(&[" ", "B", "B", "B", "AA0", "AA0", "AA0", "AA0", "."]);
        let rows = scores(&said);
        let scores = Scores { rows: &rows, classes: Phone::STATES };
        let (durations, score) = Chain::new(&symbols()).align(scores).expect("enough frames");
        assert_eq!(durations, [1, 3, 0, 4, 1]);
        assert!((score + 0.1).abs() < 1e-6);
        assert_eq!(decode(scores, 1.0), [(said[0], 1), (said[1], 3), (said[4], 4), (said[8], 1)]);
    }

    #[test]
    fn too_few_frames_are_an_error() {
        let rows = scores(&phones(&["B"]));
        let scores = Scores { rows: &rows, classes: Phone::STATES };
        let error = Chain::new(&symbols()).align(scores).expect_err("one frame for two phonemes");
        assert_eq!(error, TooShort { needed: 6, frames: 1 });
        assert!(Chain::new(&[]).occupation(scores).is_err());
    }

    /// All paths of a small case, enumerated.
    #[test]
    fn occupation_equals_the_sum_over_all_paths() {
        let symbols = symbols();
        let frames = 8;
        let rows: Vec<f32> = (0..frames * Phone::STATES).map(|i| ((i * 7919) % 23) as f32 * -0.17).collect();
        let scores = Scores { rows: &rows, classes: Phone::STATES };
        let classes: Vec<usize> = symbols.iter().flat_map(|&symbol| Phone::of(symbol).states()).collect();
        let optional = [0, 4, 8];
        let mut paths: Vec<Vec<usize>> = vec![vec![0], vec![1]];
        for _ in 1..frames {
            let longer = |path: &Vec<usize>| {
                let at = path[path.len() - 1];
                let next = (at..classes.len()).filter(move |to| (at + 1..*to).all(|s| optional.contains(&s)));
                next.map(|to| [path.as_slice(), &[to]].concat()).collect::<Vec<_>>()
            };
            paths = paths.iter().flat_map(longer).collect();
        }
        paths.retain(|path| path[frames - 1] >= 7);
        assert!(paths.len() > 10);
        let mut expected = vec![0f64; frames * Phone::STATES];
        let mut total = 0f64;
        for path in paths {
            let score: f64 = path.iter().enumerate().map(|(t, &s)| f64::from(scores.row(t)[classes[s]])).sum();
            total += score.exp();
            for (t, &s) in path.iter().enumerate() {
                expected[t * Phone::STATES + classes[s]] += score.exp();
            }
        }
        let found = Chain::new(&symbols).occupation(scores).expect("enough frames");
        for (index, (a, b)) in found.iter().zip(&expected).enumerate() {
            assert!((f64::from(*a) - b / total).abs() < 1e-5, "{index}: {a} {}", b / total);
        }
    }
}
