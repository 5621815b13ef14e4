//! What a reader of one class sees, and what it gives back.

use crate::text::{
    config,
    config::Variety,
    style::Emphasis,
    symbols::Symbol,
    token::{Class, Say, Token},
};

/// The folded text at one place, with what was read before it.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    /// The whole folded text.
    pub text: &'a str,
    /// Where to read from.
    pub at: usize,
    /// What stands before, already read.
    pub spoken: &'a [Token],
    /// What the reader of the text asks for.
    pub reading: config::Reading,
}

impl<'a> Cursor<'a> {
    /// Whether it is read as in Britain.
    pub fn is_british(&self) -> bool {
        self.reading.variety == Variety::British
    }

    /// The text from here on.
    pub fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// The word before this place, as written, if only spaces or dots lie between.
    pub fn previous_word(&self) -> &'a str {
        let before = self.text.get(..self.at).unwrap_or("").trim_end_matches([' ', '.']);
        let start = before
            .rfind(|c: char| !c.is_ascii_alphanumeric() && c != '\'')
            .map_or(0, |i| i + before[i..].chars().next().map_or(1, char::len_utf8));
        &before[start..]
    }

    /// The character before this place, a space at the beginning.
    pub fn previous_char(&self) -> char {
        self.text.get(..self.at).and_then(|before| before.chars().next_back()).unwrap_or(' ')
    }

    /// Whether a sentence begins here.
    pub fn starts_sentence(&self) -> bool {
        self.spoken.last().is_none_or(|last| {
            matches!(last.pause(), Some(Symbol::PERIOD | Symbol::QUESTION | Symbol::EXCLAMATION | Symbol::COLON))
        })
    }
}

/// What a reader made of the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// How many bytes of the folded text it covers, at least one.
    pub length: usize,
    /// The class of its words.
    pub class: Class,
    /// What is said.
    pub phrase: Phrase,
    /// How much its words stand out by the way they are written.
    pub emphasis: Emphasis,
}

impl Reading {
    /// A reading of `length` bytes.
    pub fn new(length: usize, class: Class, phrase: Phrase) -> Self {
        Self { length, class, phrase, emphasis: Emphasis::None }
    }
}

/// Words, letters and pauses in the making.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Phrase(pub Vec<(String, Say)>);

impl Phrase {
    /// The words of `text`.
    pub fn of(text: &str) -> Self {
        let mut phrase = Self::default();
        phrase.say(text);
        phrase
    }

    /// Adds the words of `text`, which are divided by spaces or hyphens; a lone capital is a letter's name.
    pub fn say(&mut self, text: &str) -> &mut Self {
        let words = text.split([' ', '-']).filter(|word| !word.is_empty());
        let is_letter = |word: &str| word.len() == 1 && word.bytes().all(|b| b.is_ascii_uppercase());
        let say = |word| if is_letter(word) { Say::Letter } else { Say::Word };
        self.0.extend(words.map(|word| (word.to_ascii_lowercase(), say(word))));
        self
    }

    /// Adds each letter of `text` by its name and each digit as a number; anything else is passed over.
    pub fn spell(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            if c.is_ascii_alphabetic() {
                self.0.push((c.to_ascii_lowercase().to_string(), Say::Letter));
            } else if let Some(digit) = c.to_digit(10) {
                self.say(super::cardinal::DIGITS[digit as usize]);
            }
        }
        self
    }

    /// Adds a pause.
    pub fn pause(&mut self, pause: Symbol) -> &mut Self {
        self.0.push((pause.name().to_owned(), Say::Pause(pause)));
        self
    }

    /// Adds another phrase.
    pub fn add(&mut self, other: Self) -> &mut Self {
        self.0.extend(other.0);
        self
    }
}

/// How many bytes at the start of `text` satisfy `is`.
pub fn span(text: &str, is: impl Fn(char) -> bool) -> usize {
    text.find(|c: char| !is(c)).unwrap_or(text.len())
}

/// At most the first `bytes` bytes of `text`: what bounds a reader's look ahead, and so the time for hostile text.
pub fn head(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Whether a word or number ends before `rest`.
pub fn at_boundary(rest: &str) -> bool {
    !rest.starts_with(|c: char| c.is_alphanumeric())
}
