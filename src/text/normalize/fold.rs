//! Writes look-alikes as the plain character they stand for, and remembers where each byte came from.

use std::ops::Range;

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use crate::text::markup::Origin;

/// The text in plain characters.
#[derive(Debug, Clone, Default)]
pub struct Folded {
    /// ASCII wherever a character has an equal there; whitespace other than line ends is a space.
    pub text: String,
    /// For each byte of `text`, the bytes of the character in the input.
    origins: Vec<(usize, usize)>,
}

impl Folded {
    /// Folds `input` character by character, and adds it.
    pub fn append(&mut self, input: &str, origin: &Origin) {
        self.text.reserve(input.len());
        self.origins.reserve(input.len());
        let mut previous = self.text.chars().next_back().unwrap_or(' ');
        for (start, c) in input.char_indices() {
            let end = start + c.len_utf8();
            let source = match origin {
                Origin::From(first) => first + start..first + end,
                Origin::Whole(whole) => whole.clone(),
            };
            if c.is_ascii() {
                self.push(if c == '\t' || c == '\r' { ' ' } else { c }, source);
            } else {
                let next = input[end..].chars().next().unwrap_or(' ');
                fold(c, previous, next, &mut |plain| self.push(plain, source.clone()));
            }
            previous = c;
        }
    }

    fn push(&mut self, c: char, origin: Range<usize>) {
        self.text.push(c);
        self.origins.resize(self.text.len(), (origin.start, origin.end));
    }

    /// The bytes of the input behind these bytes of the folded text.
    pub fn source(&self, range: Range<usize>) -> Range<usize> {
        let start = self.origins.get(range.start).map_or(0, |origin| origin.0);
        let end = range.end.checked_sub(1).and_then(|last| self.origins.get(last)).map_or(start, |origin| origin.1);
        start..end.max(start)
    }
}

/// Hands `put` the plain characters for `c`, none when `c` only formats.
fn fold(c: char, previous: char, next: char, put: &mut dyn FnMut(char)) {
    if c == 'º' && previous.is_ascii_digit() {
        put('°');
    } else if let Some(plain) = mark(c) {
        plain.chars().for_each(put);
    } else if is_kept(c) {
        put(c);
    } else if is_invisible(c) || (is_diacritic(c) && previous.is_alphanumeric()) {
    } else if let Some(latin) =
        latin_look_alike(c).filter(|_| previous.is_ascii_alphabetic() || next.is_ascii_alphabetic())
    {
        put(latin);
    } else if let Some(plain) = unaccented(c) {
        plain.chars().for_each(put);
    } else {
        put(c);
    }
}

/// Quotes, dashes, spaces and letters that Unicode does not take apart.
fn mark(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{2018}' | '\u{2019}' | '\u{201A}' | '\u{201B}' | '\u{02BC}' | '\u{2032}' | '\u{00B4}' => "'",
        '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{201F}' | '\u{00AB}' | '\u{00BB}' | '\u{2033}' => "\"",
        '\u{2010}' | '\u{2011}' | '\u{2212}' | '\u{FE63}' | '\u{FF0D}' => "-",
        '\u{2012}' => "\u{2013}",
        '\u{2015}' => "\u{2014}",
        '\u{2026}' => "...",
        '\u{2044}' | '\u{2215}' => "/",
        '\u{2028}' | '\u{2029}' => "\n",
        '\u{2217}' => "*",
        '\u{2219}' | '\u{22C5}' => "×",
        '≦' => "≤",
        '≧' => "≥",
        '\u{3001}' => ",",
        '\u{3002}' => ".",
        '\u{00B5}' | '\u{03BC}' => "µ",
        '\u{2126}' => "Ω",
        'ß' => "ss",
        'ẞ' => "SS",
        'æ' => "ae",
        'Æ' => "AE",
        'œ' => "oe",
        'Œ' => "OE",
        'ø' => "o",
        'Ø' => "O",
        'ł' => "l",
        'Ł' => "L",
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'þ' => "th",
        'Þ' => "Th",
        'ı' => "i",
        _ if c.is_whitespace() => " ",
        _ => return None,
    })
}

/// Characters with a meaning of their own that taking them apart would lose.
fn is_kept(c: char) -> bool {
    "²³¹½¼¾⅓⅔⅛⅜⅝⅞°™®©℃℉…£€¥₹₩¢§×÷±≤≥≠≈√∞•·–—№ΩµÅ".contains(c)
        || ('α'..='ω').contains(&c)
        || ('Α'..='Ω').contains(&c)
}

/// Characters that only format: soft hyphens, joiners, direction marks, variation selectors.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{FE00}'..='\u{FE0F}')
}

/// Accents that stand after the letter they belong to. Marks that are letters in their script are not accents.
fn is_diacritic(c: char) -> bool {
    is_combining_mark(c) && !c.is_alphabetic()
}

/// Cyrillic letters that look like Latin ones: read as such inside a Latin word.
fn latin_look_alike(c: char) -> Option<char> {
    const PAIRS: [(char, char); 22] = [
        ('а', 'a'),
        ('е', 'e'),
        ('о', 'o'),
        ('р', 'p'),
        ('с', 'c'),
        ('у', 'y'),
        ('х', 'x'),
        ('і', 'i'),
        ('ј', 'j'),
        ('ѕ', 's'),
        ('А', 'A'),
        ('В', 'B'),
        ('Е', 'E'),
        ('К', 'K'),
        ('М', 'M'),
        ('Н', 'H'),
        ('О', 'O'),
        ('Р', 'P'),
        ('С', 'C'),
        ('Т', 'T'),
        ('Х', 'X'),
        ('І', 'I'),
    ];
    PAIRS.iter().find(|(from, _)| *from == c).map(|&(_, to)| to)
}

/// Full-width forms, ligatures, accented and styled letters in ASCII, if that is all they are.
fn unaccented(c: char) -> Option<String> {
    let mut plain = String::new();
    let mut is_plain = true;
    decompose_compatible(c, |part| match part {
        '\u{2044}' => plain.push('/'),
        _ if part.is_ascii() && !part.is_ascii_control() => plain.push(part),
        _ if is_combining_mark(part) => {}
        _ => is_plain = false,
    });
    (is_plain && !plain.trim().is_empty()).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(input: &str) -> Folded {
        let mut folded = Folded::default();
        folded.append(input, &Origin::From(0));
        folded
    }

    #[test]
    fn look_alikes_become_plain() {
        for (input, plain) in [
            ("Ｈｅｌｌｏ！", "Hello!"),
            ("café naïve", "cafe naive"),
            ("cafe\u{301}", "cafe"),
            ("“it’s”", "\"it's\""),
            ("ﬁne 𝐛𝐨𝐥𝐝", "fine bold"),
            ("Рaris", "Paris"),
            ("a\u{200B}b\u{00AD}c", "abc"),
            ("wait…", "wait..."),
            ("−5 °C ½", "-5 °C ½"),
            ("Москва", "Москва"),
        ] {
            assert_eq!(folded(input).text, plain, "{input}");
        }
    }

    #[test]
    fn bytes_lead_back_to_the_input() {
        let input = "… Ｈi";
        let folded = folded(input);
        assert_eq!(folded.text, "... Hi");
        assert_eq!(folded.source(0..3), 0..3);
        assert_eq!(folded.source(4..6), 4..8);
        assert_eq!(folded.source(0..0), 0..0);
        assert_eq!(folded.source(99..100), 0..0);
    }

    #[test]
    fn pieces_are_folded_one_after_the_other() {
        let mut folded = folded("a");
        folded.append("&", &Origin::Whole(1..6));
        folded.append("b", &Origin::From(6));
        assert_eq!(folded.text, "a&b");
        assert_eq!((folded.source(1..2), folded.source(0..3)), (1..6, 0..7));
    }
}
