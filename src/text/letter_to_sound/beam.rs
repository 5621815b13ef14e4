//! Finds the likeliest graphones that spell a word.

use super::{
    ngram::{BEGIN, END, MAX_ORDER},
    table::Table,
};
use crate::text::symbols::Symbol;

/// How many partial pronunciations are kept at each letter.
const BEAM: usize = 24;
/// Partial pronunciations less likely than the best one by more than this many nats are dropped.
const MAX_GAP: f32 = 7.0;
/// No node.
const NONE: u32 = u32::MAX;

/// A partial pronunciation.
#[derive(Debug, Clone, Copy)]
struct Partial {
    /// The nodes of the last 1, 2, ... tokens, where the table has them.
    nodes: [u32; MAX_ORDER],
    score: f32,
    stressed: bool,
    /// The last step, in the list of steps.
    step: usize,
}

/// A token and the step before it.
type Step = (usize, u16);

/// A partial pronunciation with one more token, before it is worth resolving its nodes.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    from: Partial,
    token: u16,
    score: f32,
    stressed: bool,
}

/// The phonemes of `letters` (lower-case ASCII), with at most one primary stress; `None` when nothing spells them.
pub fn search(table: &Table, letters: &[u8]) -> Option<Vec<Symbol>> {
    let mut steps: Vec<Step> = vec![(0, BEGIN)];
    let mut nodes = [NONE; MAX_ORDER];
    nodes[0] = u32::from(BEGIN);
    let mut waiting: Vec<Vec<Candidate>> = vec![Vec::new(); letters.len() + 2];
    let mut beam = vec![Partial { nodes, score: 0.0, stressed: false, step: 0 }];
    for at in 0..letters.len() {
        if at > 0 {
            beam = survivors(table, std::mem::take(&mut waiting[at]), &mut steps);
        }
        for from in &beam {
            for length in 1..=2.min(letters.len() - at) {
                let tokens = table.spelled(&letters[at..at + length]);
                waiting[at + length].extend(tokens.iter().filter_map(|&token| extend(table, from, token)));
            }
        }
    }
    let ends = survivors(table, std::mem::take(&mut waiting[letters.len()]), &mut steps);
    let total = |end: &Partial| end.score + log_probability(table, &end.nodes, END);
    let best = ends.iter().max_by(|a, b| {
        (a.stressed, total(a)).partial_cmp(&(b.stressed, total(b))).unwrap_or(std::cmp::Ordering::Equal)
    })?;
    let phonemes = read_back(table, &steps, best.step);
    (!phonemes.is_empty()).then_some(phonemes)
}

/// One more token, unless it would be a second primary stress.
fn extend(table: &Table, from: &Partial, token: u16) -> Option<Candidate> {
    let stressed = table.graphone(token).is_stressed();
    let score = from.score + log_probability(table, &from.nodes, token);
    (!(stressed && from.stressed)).then_some(Candidate {
        from: *from,
        token,
        score,
        stressed: stressed || from.stressed,
    })
}

/// The best candidates, each history once.
fn survivors(table: &Table, mut candidates: Vec<Candidate>, steps: &mut Vec<Step>) -> Vec<Partial> {
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let best = candidates.first().map_or(0.0, |candidate| candidate.score);
    let mut kept: Vec<Partial> = Vec::with_capacity(BEAM);
    for candidate in candidates.iter().take_while(|c| best - c.score <= MAX_GAP) {
        let nodes = advance(table, &candidate.from.nodes, candidate.token);
        if kept.iter().any(|other| other.nodes == nodes && other.stressed == candidate.stressed) {
            continue;
        }
        steps.push((candidate.from.step, candidate.token));
        let step = steps.len() - 1;
        kept.push(Partial { nodes, score: candidate.score, stressed: candidate.stressed, step });
        if kept.len() == BEAM {
            break;
        }
    }
    kept
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

fn read_back(table: &Table, steps: &[Step], last: usize) -> Vec<Symbol> {
    let mut tokens = Vec::new();
    let mut at = last;
    while at != 0 {
        let (previous, token) = steps[at];
        tokens.push(token);
        at = previous;
    }
    tokens.iter().rev().flat_map(|&token| table.graphone(token).phonemes()).collect()
}
