//! Which stress patterns words have: an n-gram over consonants and stressed and unstressed vowels, from the end of
//! the word to its beginning, since endings decide (`-ation`, `-ity`, `-ical`).

use super::{
    history::{History, log_probability},
    ngram::END,
    table::Table,
};
use crate::text::symbols::Symbol;

/// A consonant; the vowels with stress 0, 1, 2 follow.
const CONSONANT: u16 = END + 1;
/// How many tokens there are, with the ends of a word.
pub const VOCABULARY: usize = CONSONANT as usize + 4;
/// The share of the pattern in a pronunciation's score: of 0.2, 0.5 the first and about equal on two halves of the
/// words held out.
const WEIGHT: f32 = 0.3;

/// The pattern of a word.
pub fn pattern(phonemes: &[Symbol]) -> impl Iterator<Item = u16> + '_ {
    phonemes.iter().rev().map(|phoneme| phoneme.stress().map_or(CONSONANT, |stress| CONSONANT + 1 + u16::from(stress)))
}

/// What the pattern of `phonemes` adds to their score, in nats.
pub fn score(table: &Table, phonemes: &[Symbol]) -> f32 {
    let mut history = History::default();
    let mut sum = 0.0;
    for token in pattern(phonemes) {
        sum += log_probability(table, &history, token);
        history = history.advance(table, token);
    }
    WEIGHT * (sum + log_probability(table, &history, END))
}
