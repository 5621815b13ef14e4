//! Takes XML apart into tags and text, each with its place.

use std::ops::Range;

use super::error::{Problem, SsmlError};

/// A piece of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// `<name a="b">` or `<name/>`.
    Open {
        /// The element's name.
        name: &'a str,
        /// Attributes in their order, entities resolved.
        attributes: Vec<(&'a str, String)>,
        /// Whether it is closed at once.
        empty: bool,
        /// Its bytes.
        source: Range<usize>,
    },
    /// `</name>`.
    Close {
        /// The element's name.
        name: &'a str,
        /// Its bytes.
        source: Range<usize>,
    },
    /// Characters as they stand.
    Text(Range<usize>),
    /// A character that is written as an entity.
    Entity(char, Range<usize>),
}

/// Reads a document from the beginning to the end.
#[derive(Debug, Clone)]
pub struct Scanner<'a> {
    document: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// From byte `at` on.
    pub fn new(document: &'a str, at: usize) -> Self {
        Self { document, at }
    }

    /// The next piece; `None` at the end.
    pub fn next(&mut self) -> Result<Option<Piece<'a>>, SsmlError> {
        loop {
            let rest = self.rest();
            match rest.chars().next() {
                None => return Ok(None),
                Some('<') if rest.starts_with("<!--") => self.skip("-->", "-->")?,
                Some('<') if rest.starts_with("<![CDATA[") => return self.cdata().map(Some),
                Some('<') if rest.starts_with("<?") => self.skip("?>", "?>")?,
                Some('<') if rest.starts_with("<!") => self.skip(">", ">")?,
                Some('<') if rest.starts_with("</") => return self.close().map(Some),
                Some('<') => return self.open().map(Some),
                Some('&') => {
                    let start = self.at;
                    return self.entity().map(|c| Some(Piece::Entity(c, start..self.at)));
                }
                Some(_) => {
                    let start = self.at;
                    self.at += rest.find(['<', '&']).unwrap_or(rest.len());
                    return Ok(Some(Piece::Text(start..self.at)));
                }
            }
        }
    }

    fn rest(&self) -> &'a str {
        &self.document[self.at..]
    }

    fn skip(&mut self, end: &str, expected: &'static str) -> Result<(), SsmlError> {
        let length = self.rest().find(end).ok_or_else(|| self.syntax(expected))?;
        self.at += length + end.len();
        Ok(())
    }

    fn cdata(&mut self) -> Result<Piece<'a>, SsmlError> {
        let start = self.at + "<![CDATA[".len();
        self.skip("]]>", "]]>")?;
        Ok(Piece::Text(start..self.at - "]]>".len()))
    }

    fn close(&mut self) -> Result<Piece<'a>, SsmlError> {
        let start = self.at;
        self.at += "</".len();
        let name = self.name("the name of an element")?;
        self.spaces();
        self.expect('>', ">")?;
        Ok(Piece::Close { name, source: start..self.at })
    }

    fn open(&mut self) -> Result<Piece<'a>, SsmlError> {
        let start = self.at;
        self.at += 1;
        let name = self.name("the name of an element (a plain < is written &lt;)")?;
        let mut attributes = Vec::new();
        loop {
            self.spaces();
            let empty = self.rest().starts_with('/');
            if empty || self.rest().starts_with('>') {
                self.at += usize::from(empty);
                self.expect('>', ">")?;
                return Ok(Piece::Open { name, attributes, empty, source: start..self.at });
            }
            let attribute = self.name("an attribute, > or />")?;
            self.spaces();
            self.expect('=', "= after the attribute")?;
            self.spaces();
            attributes.push((attribute, self.quoted()?));
        }
    }

    fn quoted(&mut self) -> Result<String, SsmlError> {
        let quote = self.rest().chars().next().filter(|c| "\"'".contains(*c));
        let quote = quote.ok_or_else(|| self.syntax("a value in quotes"))?;
        self.at += 1;
        let mut value = String::new();
        loop {
            match self.rest().chars().next() {
                Some(c) if c == quote => {
                    self.at += 1;
                    return Ok(value);
                }
                None | Some('<') => return Err(self.syntax("the closing quote")),
                Some('&') => value.push(self.entity()?),
                Some(c) => {
                    value.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    /// `&amp;`, `&#233;`, `&#xE9;`.
    fn entity(&mut self) -> Result<char, SsmlError> {
        const MAX_NAME: usize = 10;
        let start = self.at;
        let rest = &self.rest()[1..];
        let length = rest.bytes().take(MAX_NAME).position(|b| b == b';').ok_or_else(|| self.syntax("&amp; for &"))?;
        let name = &rest[..length];
        let number = match name.strip_prefix('#') {
            Some(digits) => match digits.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok(),
                None => digits.parse().ok(),
            },
            None => None,
        };
        let c = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => number.and_then(char::from_u32),
        };
        self.at += length + 2;
        c.ok_or_else(|| SsmlError::at(self.document, start, Problem::Entity(name.to_owned())))
    }

    fn name(&mut self, expected: &'static str) -> Result<&'a str, SsmlError> {
        let rest = self.rest();
        let in_name = |c: char| c.is_alphanumeric() || "_-.:".contains(c);
        let length = rest.find(|c| !in_name(c)).unwrap_or(rest.len());
        if length == 0 || !rest.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return Err(self.syntax(expected));
        }
        self.at += length;
        Ok(&rest[..length])
    }

    fn spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn expect(&mut self, c: char, expected: &'static str) -> Result<(), SsmlError> {
        if !self.rest().starts_with(c) {
            return Err(self.syntax(expected));
        }
        self.at += c.len_utf8();
        Ok(())
    }

    fn syntax(&self, expected: &'static str) -> SsmlError {
        let next = self.rest().chars().next();
        let found = next.map_or_else(|| "the end".to_owned(), |c| format!("{c:?}"));
        SsmlError::at(self.document, self.at, Problem::Syntax { expected, found })
    }
}
