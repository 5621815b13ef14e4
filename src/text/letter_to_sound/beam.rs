//! Finds the likeliest graphones that spell a word.

use super::{
    ngram::{BEGIN, END, MAX_ORDER},
    table::Table,
};
use crate::text::symbols::Symbol;

/// How many partial pronunciations are kept at each letter.
const BEAM: usize = 16;
/// Partial pronunciations less likely than the best one by more than this many nats are dropped.
const MAX_GAP: f32 = 6.0;
/// No node.
const NONE: u32 = u32::MAX;

/// A partial pronunciation.
#[derive(Debug, Clone, Copy)]
struct Partial {
    /// The nodes of the last 1, 2, ... tokens, where the table has them.
    nodes: [u32; MAX_ORDER],
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
pub fn search(table: &Table, letters: &[u8]) -> Option<Vec<Symbol>> {
    let mut nodes = [NONE; MAX_ORDER];
    nodes[0] = u32::from(BEGIN);
    let mut partials = vec![Partial { nodes, score: 0.0, stressed: false, token: BEGIN, from: 0 }];
    let mut waiting = vec![Waiting::default(); letters.len() + 1];
    for at in 0..letters.len() {
        let beam = if at == 0 { 0..1 } else { survivors(table, std::mem::take(&mut waiting[at]), &mut partials) };
        for from in beam {
            for length in 1..=2.min(letters.len() - at) {
                let tokens = table.spelled(&letters[at..at + length]);
                let candidates = tokens.iter().filter_map(|&token| extend(table, &partials, from, token));
                candidates.for_each(|candidate| waiting[at + length].add(candidate));
            }
        }
    }
    let ends = survivors(table, waiting.pop()?, &mut partials);
    let rank = |&end: &usize| {
        let Partial { nodes, score, stressed, .. } = partials[end];
        (stressed, score + log_probability(table, &nodes, END))
    };
    let best = ends.max_by(|a, b| {
        let ((a_stressed, a), (b_stressed, b)) = (rank(a), rank(b));
        a_stressed.cmp(&b_stressed).then(a.total_cmp(&b))
    })?;
    let phonemes = read_back(table, &partials, best);
    (!phonemes.is_empty()).then_some(phonemes)
}

/// One more token, unless it would be a second primary stress.
fn extend(table: &Table, partials: &[Partial], from: usize, token: u16) -> Option<Candidate> {
    let before = &partials[from];
    let stressed = table.graphone(token).is_stressed();
    if stressed && before.stressed {
        return None;
    }
    let score = before.score + log_probability(table, &before.nodes, token);
    Some(Candidate { score, stressed: stressed || before.stressed, token, from })
}

/// Adds the best candidates, each history once, to the partial pronunciations; gives their places.
fn survivors(table: &Table, waiting: Waiting, partials: &mut Vec<Partial>) -> std::ops::Range<usize> {
    let mut candidates = waiting.candidates;
    candidates.sort_unstable_by(|a, b| b.score.total_cmp(&a.score));
    let first = partials.len();
    let worst = waiting.best.unwrap_or(0.0) - MAX_GAP;
    for Candidate { score, stressed, token, from } in candidates.into_iter().take_while(|c| c.score >= worst) {
        let nodes = advance(table, &partials[from].nodes, token);
        let known = partials[first..].iter().any(|other| other.nodes == nodes && other.stressed == stressed);
        if !known {
            partials.push(Partial { nodes, score, stressed, token, from });
        }
        if partials.len() - first == BEAM {
            break;
        }
    }
    first..partials.len()
}

/// The nodes of the last tokens after one more.
fn advance(table: &Table, nodes: &[u32; MAX_ORDER], token: u16) -> [u32; MAX_ORDER] {
    let mut next = [NONE; MAX_ORDER];
    next[0] = u32::from(token);
    for level in 0..table.order().saturating_sub(2) {
        if nodes[level] != NONE {
            next[level + 1] = table.child(level, nodes[level], token).unwrap_or(NONE);
        }
    }
    next
}

/// Natural logarithm of the probability of `token` after the longest known context.
fn log_probability(table: &Table, nodes: &[u32; MAX_ORDER], token: u16) -> f32 {
    let mut backoff = 0.0;
    for level in (0..table.order().saturating_sub(1)).rev().filter(|&level| nodes[level] != NONE) {
        match table.child(level, nodes[level], token) {
            Some(node) => return backoff + table.log_probability(level + 1, node),
            None => backoff += table.log_backoff(level, nodes[level]),
        }
    }
    backoff + table.log_probability(0, u32::from(token))
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
