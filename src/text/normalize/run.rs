//! One pass over a passage, from left to right.

use std::ops::Range;

use super::{
    british,
    fold::Folded,
    given,
    reading::{Cursor, Reading, span},
};
use crate::text::{
    config,
    markup::{Origin, Part, Passage},
    style::Style,
    symbols::Symbol,
    token::{Class, Normalized, Say, Token, Unreadable},
};

/// A mark of the passage at its place in the folded text.
struct Mark<'a> {
    at: Range<usize>,
    part: &'a Part<'a>,
}

/// A passage being read.
pub struct Run<'a> {
    input: &'a str,
    reading: config::Reading,
    folded: Folded,
    /// In the order of the text, the last one first.
    marks: Vec<Mark<'a>>,
    /// Where each style begins in the folded text.
    styles: Vec<(usize, &'a Style)>,
    out: Normalized,
}

impl<'a> Run<'a> {
    /// Lays the passage out.
    pub fn new(passage: &'a Passage<'a>, reading: config::Reading) -> Self {
        let (mut folded, mut marks, mut styles) = (Folded::default(), Vec::new(), Vec::new());
        for part in &passage.parts {
            let start = folded.text.len();
            match part {
                Part::Text { text, origin, style } => {
                    folded.append(text, origin);
                    styles.push((start, style));
                }
                Part::Given { text, source, style, .. } => {
                    folded.append(text, &Origin::Whole(source.clone()));
                    styles.push((start, style));
                }
                Part::Break { .. } | Part::End { .. } => {}
            }
            if !matches!(part, Part::Text { .. }) {
                marks.push(Mark { at: start..folded.text.len(), part });
            }
        }
        marks.reverse();
        let out = Normalized { tokens: Vec::new(), unreadable: passage.unreadable.clone() };
        Self { input: passage.input, reading, folded, marks, styles, out }
    }

    /// Reads it all.
    pub fn read(mut self) -> Normalized {
        let mut at = 0;
        loop {
            if let Some(mark) = self.marks.pop_if(|mark| mark.at.start <= at) {
                at = at.max(mark.at.end);
                self.mark(mark.part);
                continue;
            }
            let Some(c) = self.folded.text[at..].chars().next() else { break };
            at += if c.is_whitespace() { self.space(at) } else { self.writing(at, c) };
        }
        self.out.unreadable.sort_by_key(|left_out| left_out.source.start);
        self.out
    }

    /// Passes over white space up to the next mark; blank lines end a paragraph.
    fn space(&mut self, at: usize) -> usize {
        let space = &self.folded.text[at..self.limit()];
        let length = span(space, char::is_whitespace);
        if space[..length].bytes().filter(|&b| b == b'\n').count() > 1 {
            let source = self.folded.source(at..at + 1);
            self.end(true, source);
        }
        length
    }

    /// Reads what stands at `at`; gives its bytes.
    fn writing(&mut self, at: usize, first: char) -> usize {
        let cursor = Cursor { text: &self.folded.text, at, spoken: &self.out.tokens, reading: self.reading };
        let limit = self.limit();
        // What is marked is not read together with what stands before it.
        let found = match super::read(first, &cursor) {
            Some(reading) if at + reading.length > limit => {
                super::read(first, &Cursor { text: &self.folded.text[..limit], ..cursor })
            }
            found => found,
        };
        match found {
            Some(reading) => {
                let length = reading.length.max(1);
                let source = self.folded.source(at..at + length);
                self.say(reading, source, &self.style(at));
                length
            }
            None => {
                self.leave_out(self.folded.source(at..at + first.len_utf8()));
                first.len_utf8()
            }
        }
    }

    fn limit(&self) -> usize {
        self.marks.last().map_or(self.folded.text.len(), |mark| mark.at.start)
    }

    fn style(&self, at: usize) -> Style {
        let next = self.styles.partition_point(|(start, _)| *start <= at);
        next.checked_sub(1).map_or_else(Style::default, |i| self.styles[i].1.clone())
    }

    fn say(&mut self, reading: Reading, source: Range<usize>, style: &Style) {
        let Reading { class, mut phrase, emphasis, .. } = reading;
        if self.reading.variety == config::Variety::British {
            british::rephrase(class, &mut phrase);
        }
        for (text, say) in phrase.0 {
            let class = if matches!(say, Say::Pause(_)) { Class::Punctuation } else { class };
            let mut token = Token::new(text, source.clone(), class, say);
            token.style = style.clone().emphasised(emphasis);
            self.out.tokens.push(token);
        }
    }

    fn mark(&mut self, part: &Part) {
        match part {
            Part::Text { .. } => {}
            Part::Given { text, reading, source, style } => {
                let given = given::read(text, reading, &self.out.tokens, self.reading);
                for mut token in given.tokens {
                    token.source = source.clone();
                    token.style = style.clone();
                    self.out.tokens.push(token);
                }
                if !given.unreadable.is_empty() {
                    self.leave_out(source.clone());
                }
            }
            Part::Break { milliseconds, source } => self.pause(*milliseconds, source.clone()),
            Part::End { paragraph, source } => self.end(*paragraph, source.clone()),
        }
    }

    /// A pause of a given length; none at all takes the length of the pause before.
    fn pause(&mut self, milliseconds: u32, source: Range<usize>) {
        match self.out.tokens.last_mut() {
            Some(last) if last.pause().is_some() => last.milliseconds = Some(milliseconds),
            _ if milliseconds == 0 => {}
            _ => {
                let mut token = Token::pausing(Symbol::COMMA, source);
                token.milliseconds = Some(milliseconds);
                self.out.tokens.push(token);
            }
        }
    }

    /// Ends a sentence that has no mark of its own, and perhaps a paragraph.
    fn end(&mut self, paragraph: bool, source: Range<usize>) {
        let Some(last) = self.out.tokens.last() else { return };
        if last.pause().is_none_or(|pause| pause == Symbol::COMMA) {
            self.out.tokens.push(Token::pausing(Symbol::PERIOD, source));
        }
        if let Some(last) = self.out.tokens.last_mut() {
            last.ends_paragraph |= paragraph;
        }
    }

    /// Reports characters that no reader knows; neighbours become one report.
    fn leave_out(&mut self, source: Range<usize>) {
        match self.out.unreadable.last_mut() {
            Some(last) if last.source.end == source.start => {
                last.source.end = source.end;
                last.text = self.input[last.source.clone()].to_owned();
            }
            _ => self.out.unreadable.push(Unreadable { text: self.input[source.clone()].to_owned(), source }),
        }
    }
}
