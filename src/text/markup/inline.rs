//! Marks inside plain text: `*word*` and `_word_` stand out, `**word**` more; `[word](/phonemes/)` gives the phonemes.

use std::{borrow::Cow, ops::Range};

use super::{Given, Origin, Part, Passage};
use crate::text::{
    alphabets,
    style::{Emphasis, Style},
    token::Unreadable,
};

/// An emphasis ends within this many bytes, on the same line.
const MAX_EMPHASISED: usize = 200;
/// Phonemes in brackets end within this many bytes.
const MAX_PHONEMES: usize = 300;

/// Takes the marks out of a text.
pub fn parse(input: &str) -> Passage<'_> {
    let mut passage = Passage { parts: Vec::new(), unreadable: Vec::new(), input };
    let (mut at, mut plain) = (0, 0);
    while let Some(offset) = input[at..].find(['*', '_', '[']) {
        at += offset;
        let Some(mark) = mark(input, at) else {
            at += 1;
            continue;
        };
        text(&mut passage, plain..at, Style::default());
        match mark.kind {
            Kind::Emphasis(emphasis) => text(&mut passage, mark.inner, Style::default().emphasised(emphasis)),
            Kind::Phonemes(phonemes) => phonetic(&mut passage, mark.inner, phonemes, at..mark.end),
        }
        (at, plain) = (mark.end, mark.end);
    }
    text(&mut passage, plain..input.len(), Style::default());
    passage
}

/// A mark with what it is about.
struct Mark {
    inner: Range<usize>,
    end: usize,
    kind: Kind,
}

enum Kind {
    Emphasis(Emphasis),
    /// Where the phonemes are.
    Phonemes(Range<usize>),
}

fn text(passage: &mut Passage, range: Range<usize>, style: Style) {
    if !range.is_empty() {
        let (text, origin) = (Cow::Borrowed(&passage.input[range.clone()]), Origin::From(range.start));
        passage.parts.push(Part::Text { text, origin, style });
    }
}

/// Phonemes in any alphabet; a word whose phonemes are none is read as it is written, and the phonemes reported.
fn phonetic(passage: &mut Passage, word: Range<usize>, written: Range<usize>, source: Range<usize>) {
    match alphabets::read(&passage.input[written.clone()]) {
        Ok(phonemes) => {
            let (text, reading) = (passage.input[word].to_owned(), Given::Phonemes(phonemes));
            passage.parts.push(Part::Given { text, reading, source, style: Style::default() });
        }
        Err(_) => {
            passage.unreadable.push(Unreadable { text: passage.input[written.clone()].to_owned(), source: written });
            text(passage, word, Style::default());
        }
    }
}

fn mark(input: &str, at: usize) -> Option<Mark> {
    match input.as_bytes()[at] {
        b'[' => phonemes(input, at),
        sign => emphasis(input, at, sign as char),
    }
}

/// `*some words*`: the sign touches the words inside and no letter or digit outside.
fn emphasis(input: &str, at: usize, sign: char) -> Option<Mark> {
    let before = input[..at].chars().next_back();
    let opening = input[at..].bytes().take_while(|&b| b == sign as u8).count();
    let start = at + opening;
    let limit =
        (start..).take(MAX_EMPHASISED).take_while(|&i| i < input.len() && input.as_bytes()[i] != b'\n').last()?;
    let opens = opening <= 2 && !before.is_some_and(char::is_alphanumeric);
    if !opens || !input[start..].starts_with(|c: char| !c.is_whitespace() && c != sign) {
        return None;
    }
    let closing = &"**__"[if sign == '*' { 0 } else { 2 }..][..opening];
    let end = input.as_bytes()[start..=limit].windows(opening).position(|window| window == closing.as_bytes())? + start;
    let inner = &input[start..end];
    let after = input[end + opening..].chars().next();
    let closes = !inner.ends_with(char::is_whitespace) && !after.is_some_and(|c| c.is_alphanumeric() || c == sign);
    let emphasis = if opening == 2 { Emphasis::Strong } else { Emphasis::Moderate };
    (closes && inner.contains(char::is_alphanumeric)).then(|| Mark {
        inner: start..end,
        end: end + opening,
        kind: Kind::Emphasis(emphasis),
    })
}

/// `[word](/phonemes/)`.
fn phonemes(input: &str, at: usize) -> Option<Mark> {
    let mut end = input.len().min(at + MAX_PHONEMES);
    while !input.is_char_boundary(end) {
        end -= 1;
    }
    let head = &input[at..end];
    let close = head.find("](/")?;
    let length = head[close + 3..].find("/)")?;
    let word = &head[1..close];
    let start = at + close + 3;
    (word.contains(char::is_alphanumeric) && !word.contains(['[', '\n'])).then(|| Mark {
        inner: at + 1..at + close,
        end: start + length + 2,
        kind: Kind::Phonemes(start..start + length),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emphasised(input: &str) -> Vec<(String, Emphasis)> {
        let parts = parse(input).parts.into_iter();
        parts
            .filter_map(|part| match part {
                Part::Text { text, style, .. } => Some((text.into_owned(), style.emphasis)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn signs_around_words_emphasise_them() {
        let of = |text: &str, emphasis| (text.to_owned(), emphasis);
        assert_eq!(
            emphasised("I *never* did, **not once** and _no_."),
            [
                of("I ", Emphasis::None),
                of("never", Emphasis::Moderate),
                of(" did, ", Emphasis::None),
                of("not once", Emphasis::Strong),
                of(" and ", Emphasis::None),
                of("no", Emphasis::Moderate),
                of(".", Emphasis::None),
            ]
        );
    }

    #[test]
    fn other_signs_are_left_alone() {
        for plain in
            ["2*3*4", "3 * 4 * 5", "* item", "snake_case_name", "a*", "**", "*\n*", "__init__x", "[1](a/b)", "***a***"]
        {
            assert!(emphasised(plain).iter().all(|(_, emphasis)| *emphasis == Emphasis::None), "{plain}");
        }
    }

    #[test]
    fn phonemes_in_brackets_are_read_in_any_alphabet() {
        for written in ["[Toyah](/tˈYə/)", "[Toyah](/T OY1 AH0/)", "[Toyah](/ˈtɔɪə/)"] {
            let passage = parse(written);
            let Part::Given { text, reading: Given::Phonemes(phonemes), source, .. } = &passage.parts[0] else {
                panic!("{written}")
            };
            assert_eq!((text.as_str(), source.clone()), ("Toyah", 0..written.len()));
            let names: Vec<_> = phonemes.iter().map(|p| p.name()).collect();
            assert_eq!(names.join(" "), "T OY1 AH0", "{written}");
        }
        let wrong = parse("a [b](/%%/) c");
        assert_eq!(wrong.unreadable[0].source, 7..9);
        assert_eq!(wrong.parts.len(), 3);
    }
}
