//! What kind of sentence words and marks make.

use serde::Serialize;

use crate::text::{phonemes::Pronounced, symbols::Symbol};

/// The kinds of sentences, which differ in melody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SentenceKind {
    /// Falls at the end.
    #[default]
    Statement,
    /// A question that is answered by yes or no: rises at the end.
    Question,
    /// A question for who, what, where: falls at the end.
    WhQuestion,
    /// With an exclamation mark.
    Exclamation,
    /// A statement with a list of at least three items.
    List,
}

const QUESTION_WORDS: [&str; 12] =
    ["what", "who", "whom", "whose", "which", "when", "where", "why", "how", "what's", "who's", "where's"];
/// What may stand before the question word: "And why", "To whom", "Well, how".
const BEFORE_QUESTION_WORDS: [&str; 18] = [
    "and", "but", "so", "or", "then", "well", "now", "to", "for", "from", "with", "in", "at", "on", "by", "of",
    "about", "under",
];
/// Items of a list have at most this many words.
const MAX_ITEM_WORDS: usize = 4;
/// The words before the first comma may be more: "She bought apples, pears and plums".
const MIN_ITEMS: usize = 3;

impl SentenceKind {
    /// The kind in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Statement => "statement",
            Self::Question => "question",
            Self::WhQuestion => "wh-question",
            Self::Exclamation => "exclamation",
            Self::List => "list",
        }
    }

    /// The kind of the first sentence among these tokens.
    pub fn of(tokens: &[Pronounced]) -> Self {
        let end = tokens.iter().position(|token| token.token.ends_sentence());
        let sentence = &tokens[..end.unwrap_or(tokens.len())];
        match end.and_then(|end| final_mark(&tokens[end..])) {
            Some(Symbol::QUESTION) if asks_for_something(sentence) => Self::WhQuestion,
            Some(Symbol::QUESTION) => Self::Question,
            Some(Symbol::EXCLAMATION) => Self::Exclamation,
            _ if lists(sentence) => Self::List,
            _ => Self::Statement,
        }
    }
}

/// The strongest of the marks at the end: "?!" is a question.
fn final_mark(tokens: &[Pronounced]) -> Option<Symbol> {
    tokens.iter().map_while(|token| token.token.pause()).max_by_key(|mark| super::strength(*mark))
}

fn asks_for_something(sentence: &[Pronounced]) -> bool {
    let mut words =
        sentence.iter().filter(|token| token.token.pause().is_none()).map(|token| token.token.text.as_str());
    words.find(|word| !BEFORE_QUESTION_WORDS.contains(word)).is_some_and(|word| QUESTION_WORDS.contains(&word))
}

/// Whether short items stand between commas and the last one follows "and" or "or".
fn lists(sentence: &[Pronounced]) -> bool {
    let items: Vec<&[Pronounced]> = sentence.split(|token| token.token.pause() == Some(Symbol::COMMA)).collect();
    let (Some(last), Some(after_first)) = (items.last(), items.get(1..)) else { return false };
    let is_joint = |token: &Pronounced| ["and", "or"].contains(&token.token.text.as_str());
    let Some(joint) = last.iter().position(is_joint).filter(|_| items.len() > 1) else { return false };
    let count = items.len() + usize::from(joint > 0);
    // The joint, and the two items around it, may stand in the last piece.
    let short = |item: &&[Pronounced]| !item.is_empty() && item.len() <= MAX_ITEM_WORDS + 1;
    count >= MIN_ITEMS && after_first.iter().all(short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::FrontEnd;

    #[test]
    fn marks_and_words_tell_the_kind() {
        for (text, kind) in [
            ("It is late.", SentenceKind::Statement),
            ("It is late", SentenceKind::Statement),
            ("Is it late?", SentenceKind::Question),
            ("What time is it?", SentenceKind::WhQuestion),
            ("And to whom did she write?", SentenceKind::WhQuestion),
            ("You did what?", SentenceKind::Question),
            ("Stop that!", SentenceKind::Exclamation),
            ("What?!", SentenceKind::WhQuestion),
            ("We bought apples, pears and plums.", SentenceKind::List),
            ("Red, white, and blue.", SentenceKind::List),
            ("He came home, and she left.", SentenceKind::Statement),
            ("After the long war, the people of the town came back and built it up again.", SentenceKind::Statement),
        ] {
            assert_eq!(FrontEnd::new().phonemize(text).kind, kind, "{text}");
        }
    }

    #[test]
    fn pauses_follow_marks_and_clauses() {
        let lengths = |text: &str| -> Vec<u32> {
            FrontEnd::new().phonemize(text).pauses.iter().map(|pause| pause.milliseconds).collect()
        };
        assert_eq!(lengths("Red, white, and blue."), [150, 150, 600]);
        assert_eq!(lengths("No, I don't."), [200, 600]);
        assert_eq!(lengths("When it rains, the river rises over the fields."), [280, 600]);
        assert_eq!(lengths("One; two: three."), [400, 350, 600]);
        assert_eq!(lengths("The end.\n\nA new one."), [1000, 600]);
    }
}
