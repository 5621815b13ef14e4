//! Words that are said in two ways, by the words around them.
//!
//! The rules look at the words next to it, and for some at a few more: they settle the common cases (`to record`,
//! `a record`, `had read`, `live music`) and leave the rest to the usual form. The words are in [`table`].

pub mod table;

use super::{lexicon::read_phonemes, symbols::Symbol};
use table::{Heteronym, NEAR, TABLE};

/// What the word before says about the part of speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// After an article, a possessive or the like.
    Noun,
    /// After "to", a modal or a subject pronoun.
    Verb,
    /// After a form of "have" or "be".
    Participle,
    /// Nothing is known.
    Open,
}

const BEFORE_NOUNS: [&str; 34] = [
    "a", "an", "the", "this", "that", "these", "those", "my", "your", "his", "her", "its", "our", "their", "whose",
    "no", "any", "some", "each", "every", "another", "of", "new", "old", "first", "last", "own", "other", "for",
    "good", "great", "big", "many", "in",
];
const BEFORE_VERBS: [&str; 34] = [
    "to",
    "will",
    "would",
    "can",
    "could",
    "shall",
    "should",
    "may",
    "might",
    "must",
    "i",
    "you",
    "he",
    "she",
    "we",
    "they",
    "who",
    "don't",
    "didn't",
    "doesn't",
    "won't",
    "can't",
    "couldn't",
    "wouldn't",
    "shouldn't",
    "not",
    "never",
    "let's",
    "do",
    "did",
    "does",
    "please",
    "always",
    "i'll",
];
const BEFORE_PARTICIPLES: [&str; 20] = [
    "have", "has", "had", "having", "i've", "you've", "we've", "they've", "he'd", "was", "were", "been", "be", "being",
    "is", "are", "hadn't", "haven't", "hasn't", "already",
];

/// Words with which a clause goes on after a verb that begins it: "Wind the clock".
const AFTER_IMPERATIVES: [&str; 14] =
    ["the", "a", "an", "it", "this", "that", "these", "those", "my", "your", "his", "her", "our", "them"];
/// Words that may stand between "have" and its participle.
const SUBJECTS: [&str; 6] = ["i", "you", "he", "she", "we", "they"];
/// After these a verb is in its plain form, whatever else the sentence says.
const BEFORE_PLAIN_FORMS: [&str; 12] =
    ["to", "will", "would", "can", "could", "shall", "should", "may", "must", "do", "did", "didn't"];

/// The words around a heteronym in its clause, the nearest first.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// Before it.
    pub before: [Option<&'a str>; 2],
    /// After it.
    pub after: [Option<&'a str>; 6],
}

/// The role of a word in its clause.
pub fn role(context: &Context) -> Role {
    let Context { before: [previous, earlier], after: [next, ..] } = *context;
    let is_one_of = |word: Option<&str>, list: &[&str]| word.is_some_and(|word| list.contains(&word));
    match previous {
        None if is_one_of(next, &AFTER_IMPERATIVES) => Role::Verb,
        // "Have you read".
        Some(word) if SUBJECTS.contains(&word) && is_one_of(earlier, &["have", "has", "had", "haven't", "hadn't"]) => {
            Role::Participle
        }
        Some(word) if BEFORE_NOUNS.contains(&word) => Role::Noun,
        Some(word) if BEFORE_VERBS.contains(&word) => Role::Verb,
        Some(word) if BEFORE_PARTICIPLES.contains(&word) => Role::Participle,
        // "Prices increase": a plural that begins the clause.
        Some(word) if earlier.is_none() && word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") => Role::Verb,
        _ => Role::Open,
    }
}

/// The phonemes of a heteronym among these words; `None` for any other word.
pub fn choose(word: &str, context: &Context) -> Option<Vec<Symbol>> {
    let at = TABLE.binary_search_by(|entry| entry.word.cmp(word)).ok()?;
    let Heteronym { usual, other, roles, after, before, .. } = &TABLE[at];
    let listed = |list: &[&str], word: Option<&str>| word.is_some_and(|word| list.contains(&word));
    let plain = listed(&BEFORE_PLAIN_FORMS, context.before[0]);
    let around = || context.before.iter().chain(&context.after).any(|word| listed(near(TABLE[at].word), *word));
    let is_other = roles.contains(&role(context))
        || listed(after, context.before[0])
        || listed(before, context.after[0])
        || !plain && around();
    read_phonemes(if is_other { other } else { usual })
}

/// Words that call for the other form anywhere around.
fn near(word: &str) -> &'static [&'static str] {
    NEAR.iter().find(|(heteronym, _)| *heteronym == word).map_or(&[], |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(text: &str) -> String {
        let words: Vec<&str> = text.split(' ').collect();
        let at = words.iter().position(|word| TABLE.iter().any(|entry| entry.word == *word)).unwrap();
        let before = [1, 2].map(|distance| at.checked_sub(distance).map(|i| words[i]));
        let after = [1, 2, 3, 4, 5, 6].map(|distance| words.get(at + distance).copied());
        let phonemes = choose(words[at], &Context { before, after }).unwrap();
        phonemes.iter().map(|s| s.name()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn neighbours_decide() {
        for (text, expected) in [
            ("to record it", "R AH0 K AO1 R D"),
            ("a record of it", "R EH1 K ER0 D"),
            ("she had read it", "R EH1 D"),
            ("to read it", "R IY1 D"),
            ("he was wounded by wind from", "W IH1 N D"),
            ("to wind a clock", "W AY1 N D"),
            ("people live there", "L IH1 V"),
            ("hear live music", "L AY1 V"),
            ("please close it", "K L OW1 Z"),
            ("very close to", "K L OW1 S"),
            ("they use it", "Y UW1 Z"),
            ("the use of it", "Y UW1 S"),
            ("one minute more", "M IH1 N AH0 T"),
            ("in minute detail", "M AY0 N UW1 T"),
            ("shed a tear of", "T IH1 R"),
            ("tear it up", "T EH1 R"),
            ("he used to go", "Y UW1 S T"),
            ("they lead us", "L IY1 D"),
            ("old lead pipes", "L EH1 D"),
            ("take a bow now", "B AW1"),
            ("his bow tie", "B OW1"),
            ("we object to", "AH0 B JH EH1 K T"),
            ("an object of", "AA1 B JH EH0 K T"),
        ] {
            assert_eq!(say(text), expected, "{text}");
        }
    }

    #[test]
    fn the_table_is_sorted_and_readable() {
        assert!(TABLE.is_sorted_by(|a, b| a.word < b.word));
        assert!(TABLE.len() >= 60, "{}", TABLE.len());
        for entry in &TABLE {
            assert!(read_phonemes(entry.usual).is_some() && read_phonemes(entry.other).is_some(), "{}", entry.word);
            assert_ne!(entry.usual, entry.other);
            assert!(!(entry.roles.is_empty() && entry.after.is_empty() && entry.before.is_empty()), "{}", entry.word);
        }
    }
}
