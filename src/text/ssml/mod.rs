//! A subset of SSML 1.1: `speak, p, s, break, emphasis, prosody, phoneme, say-as, sub, voice`.
//!
//! A document becomes a [`Passage`] as plain text does, so that numbers and abbreviations in it are read by the same
//! readers, and every word keeps its place in the document. What is malformed or not supported is an error with its
//! line and column.

mod element;
mod error;
mod scanner;
mod value;

pub use error::{Problem, SsmlError};

use std::{borrow::Cow, ops::Range};

use super::{
    markup::{Given, Origin, Part, Passage},
    style::Style,
};
use element::Element;
use scanner::{Piece, Scanner};

/// Elements are nested at most this deep.
const MAX_DEPTH: usize = 64;

/// Whether a text is meant as SSML: it begins with `<speak>`, perhaps after an XML declaration.
pub fn is_ssml(text: &str) -> bool {
    let text = text.trim_start_matches('\u{FEFF}').trim_start();
    let after = match text.strip_prefix("<?xml") {
        Some(declaration) => declaration.split_once("?>").map_or("", |(_, after)| after.trim_start()),
        None => text,
    };
    after
        .strip_prefix("<speak")
        .is_some_and(|rest| rest.starts_with(['>', '/']) || rest.starts_with(char::is_whitespace))
}

/// Takes a document apart.
///
/// # Errors
/// At the first place that is not well-formed, or not of the subset.
pub fn parse(document: &str) -> Result<Passage<'_>, SsmlError> {
    let body = document.strip_prefix('\u{FEFF}').map_or(0, |_| '\u{FEFF}'.len_utf8());
    let mut parser = Parser { document, open: Vec::new(), parts: Vec::new(), done: false };
    let mut scanner = Scanner::new(document, body);
    while let Some(piece) = scanner.next()? {
        parser.piece(piece)?;
    }
    match parser.open.last() {
        Some(open) => Err(SsmlError::at(document, open.at, Problem::Open(open.name.to_owned()))),
        None if !parser.done => Err(parser.outside(document.len())),
        None => Ok(Passage { parts: parser.parts, unreadable: Vec::new(), input: document }),
    }
}

/// An element that is open.
struct Open<'a> {
    name: &'a str,
    at: usize,
    element: Element,
    /// How text within is to sound.
    style: Style,
    /// The text within, where its reading is given.
    text: String,
}

struct Parser<'a> {
    document: &'a str,
    open: Vec<Open<'a>>,
    parts: Vec<Part<'a>>,
    /// Whether `</speak>` was seen.
    done: bool,
}

impl<'a> Parser<'a> {
    fn piece(&mut self, piece: Piece<'a>) -> Result<(), SsmlError> {
        match piece {
            Piece::Open { name, attributes, empty, source } => {
                self.begin(name, &attributes, source.clone())?;
                if empty { self.end(name, source) } else { Ok(()) }
            }
            Piece::Close { name, source } => self.end(name, source),
            Piece::Text(range) => {
                let text = &self.document[range.clone()];
                self.text(Cow::Borrowed(text), Origin::From(range.start), range)
            }
            Piece::Entity(c, range) => self.text(Cow::Owned(c.to_string()), Origin::Whole(range.clone()), range),
        }
    }

    fn begin(&mut self, name: &'a str, attributes: &[(&str, String)], source: Range<usize>) -> Result<(), SsmlError> {
        let at = source.start;
        let error = |problem| SsmlError::at(self.document, at, problem);
        let outer = self.open.last();
        let style = outer.map_or_else(Style::default, |outer| outer.style.clone());
        let element = element::read(name, attributes, &style).map_err(error)?;
        if self.open.len() == MAX_DEPTH {
            return Err(error(Problem::Depth(MAX_DEPTH)));
        }
        match outer {
            None if element != Element::Speak || self.done => return Err(self.outside(at)),
            Some(outer) if !may_hold(&outer.element, &element) => {
                return Err(error(Problem::Nesting { inner: name.to_owned(), outer: outer.name.to_owned() }));
            }
            _ => {}
        }
        // A paragraph or sentence ends what stands before it.
        if matches!(element, Element::Paragraph | Element::Sentence) {
            self.parts.push(Part::End { paragraph: element == Element::Paragraph, source });
        }
        let style = if let Element::Styled(style) = &element { style.clone() } else { style };
        self.open.push(Open { name, at, element, style, text: String::new() });
        Ok(())
    }

    fn end(&mut self, name: &str, source: Range<usize>) -> Result<(), SsmlError> {
        let Some(open) = self.open.pop() else { return Err(self.outside(source.start)) };
        if open.name != name {
            let problem = Problem::Closing { expected: open.name.to_owned(), found: name.to_owned() };
            return Err(SsmlError::at(self.document, source.start, problem));
        }
        let whole = open.at..source.end;
        let given = |text, reading| Part::Given { text, reading, source: whole.clone(), style: open.style.clone() };
        match open.element {
            Element::Speak => self.done = true,
            Element::Paragraph => self.parts.push(Part::End { paragraph: true, source }),
            Element::Sentence => self.parts.push(Part::End { paragraph: false, source }),
            Element::Break(milliseconds) => self.parts.push(Part::Break { milliseconds, source: whole }),
            Element::Styled(_) => {}
            // Phonemes may stand alone.
            Element::Given(Given::Phonemes(phonemes)) => {
                self.parts.push(given(open.text.clone(), Given::Phonemes(phonemes)));
            }
            Element::Given(_) if open.text.trim().is_empty() => {}
            Element::Given(reading) => self.parts.push(given(open.text.clone(), reading)),
            Element::Substitute(alias) => self.parts.push(given(alias, Given::Substitute)),
        }
        Ok(())
    }

    fn text(&mut self, text: Cow<'a, str>, origin: Origin, range: Range<usize>) -> Result<(), SsmlError> {
        let blank = text.trim().is_empty();
        match self.open.last_mut() {
            None if blank => {}
            None => return Err(self.outside(range.start + text.len() - text.trim_start().len())),
            Some(open) => match &open.element {
                Element::Given(_) | Element::Substitute(_) => open.text.push_str(&text),
                Element::Break(_) if !blank => {
                    let problem = Problem::Nesting { inner: "text".to_owned(), outer: "break".to_owned() };
                    return Err(SsmlError::at(self.document, range.start, problem));
                }
                _ => self.parts.push(Part::Text { text: one_line(text), origin, style: open.style.clone() }),
            },
        }
        Ok(())
    }

    fn outside(&self, at: usize) -> SsmlError {
        let found = self.document.get(at..).and_then(|rest| rest.chars().next());
        let found = found.map_or_else(|| "the end".to_owned(), |c| format!("{c:?}"));
        let expected = if self.done { "nothing after </speak>" } else { "<speak>" };
        SsmlError::at(self.document, at, Problem::Syntax { expected, found })
    }
}

/// Line ends are spaces in XML: paragraphs are marked.
fn one_line(text: Cow<str>) -> Cow<str> {
    if text.contains('\n') { Cow::Owned(text.replace('\n', " ")) } else { text }
}

/// Paragraphs hold sentences, sentences hold words; what has a reading of its own holds text alone.
fn may_hold(outer: &Element, inner: &Element) -> bool {
    use Element::{Break, Given, Paragraph, Sentence, Speak, Substitute};
    !matches!(
        (outer, inner),
        (_, Speak)
            | (Given(_) | Substitute(_) | Break(_), _)
            | (Paragraph, Paragraph)
            | (Sentence, Paragraph | Sentence)
    )
}

#[cfg(test)]
mod tests;
