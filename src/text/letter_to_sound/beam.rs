//! Finds the likeliest graphones that spell a word.

use super::{
    history::{History, log_probability},
    ngram::END,
    stress,
    table::Table,
};
use crate::text::symbols::Symbol;

/// How many partial pronunciations are kept at each letter.
const BEAM: usize = 32;
/// Partial pronunciations less likely than the best one by more than this many nats are dropped.
const MAX_GAP: f32 = 9.0;

/// A partial pronunciation.
#[derive(Debug, Clone, Copy)]
struct Partial {
    history: History,
    score: f32,
    stressed: bool,
    token: u16,
    /// The partial pronunciation before the last token.
    from: usize,
}

/// A partial pronunciation with one more token, before it is worth resolving its nodes.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    score: f32,
    stressed: bool,
    token: u16,
    from: usize,
}

/// What may go on from one place in the word.
#[derive(Debug, Clone, Default)]
struct Waiting {
    candidates: Vec<Candidate>,
    best: Option<f32>,
}

impl Waiting {
    fn add(&mut self, candidate: Candidate) {
        let best = self.best.map_or(candidate.score, |best| best.max(candidate.score));
        self.best = Some(best);
        if best - candidate.score <= MAX_GAP {
            self.candidates.push(candidate);
        }
    }
}

/// The phonemes of `letters` (lower-case ASCII), with at most one primary stress; `None` when nothing spells them.
///
/// The best pronunciations by `graphones` are compared once more with what `stresses` makes of their stress.
pub fn search(graphones: &Table, stresses: &Table, letters: &[u8]) -> Option<Vec<Symbol>> {
    let mut partials = vec![Partial { history: History::default(), score: 0.0, stressed: false, token: 0, from: 0 }];
    let mut waiting = vec![Waiting::default(); letters.len() + 1];
    for at in 0..letters.len() {
        let beam = if at == 0 { 0..1 } else { survivors(graphones, std::mem::take(&mut waiting[at]), &mut partials) };
        for from in beam {
            for length in 1..=2.min(letters.len() - at) {
                let tokens = graphones.spelled(&letters[at..at + length]);
                let candidates = tokens.iter().filter_map(|&token| extend(graphones, &partials, from, token));
                candidates.for_each(|candidate| waiting[at + length].add(candidate));
            }
        }
    }
    let ends = survivors(graphones, waiting.pop()?, &mut partials);
    let ranked = ends.map(|end| {
        let Partial { history, score, stressed, .. } = partials[end];
        let phonemes = read_back(graphones, &partials, end);
        let score = score + log_probability(graphones, &history, END) + stress::score(stresses, &phonemes);
        (stressed, score, phonemes)
    });
    let best = ranked.max_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)))?.2;
    (!best.is_empty()).then_some(best)
}

/// One more token, unless it would be a second primary stress.
fn extend(table: &Table, partials: &[Partial], from: usize, token: u16) -> Option<Candidate> {
    let before = &partials[from];
    let stressed = table.graphone(token).is_stressed();
    if stressed && before.stressed {
        return None;
    }
    let score = before.score + log_probability(table, &before.history, token);
    Some(Candidate { score, stressed: stressed || before.stressed, token, from })
}

/// Adds the best candidates to the partial pronunciations; gives their places.
fn survivors(table: &Table, waiting: Waiting, partials: &mut Vec<Partial>) -> std::ops::Range<usize> {
    let mut candidates = waiting.candidates;
    candidates.sort_unstable_by(|a, b| b.score.total_cmp(&a.score));
    let first = partials.len();
    let worst = waiting.best.unwrap_or(0.0) - MAX_GAP;
    for Candidate { score, stressed, token, from } in candidates.into_iter().take_while(|c| c.score >= worst) {
        let history = partials[from].history.advance(table, token);
        partials.push(Partial { history, score, stressed, token, from });
        if partials.len() - first == BEAM {
            break;
        }
    }
    first..partials.len()
}

fn read_back(table: &Table, partials: &[Partial], last: usize) -> Vec<Symbol> {
    let mut tokens = Vec::new();
    let mut at = last;
    while at != 0 {
        tokens.push(partials[at].token);
        at = partials[at].from;
    }
    tokens.iter().rev().flat_map(|&token| table.graphone(token).phonemes()).collect()
}
