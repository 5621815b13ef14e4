//! Fractions: `3/4`, `2 1/2`, `½`.

use super::{
    cardinal::{Number, cardinal},
    ordinal::ordinal,
    reading::{Cursor, Phrase, Reading, at_boundary},
};
use crate::text::token::Class;

const GLYPHS: [(char, u64, u64); 9] = [
    ('½', 1, 2),
    ('¼', 1, 4),
    ('¾', 3, 4),
    ('⅓', 1, 3),
    ('⅔', 2, 3),
    ('⅛', 1, 8),
    ('⅜', 3, 8),
    ('⅝', 5, 8),
    ('⅞', 7, 8),
];
/// Larger denominators are said with "over".
const MAX_DENOMINATOR: u64 = 100;
/// Said as two numbers, not as a fraction.
const IDIOMS: [(u64, u64); 2] = [(24, 7), (9, 11)];

/// Numerator, denominator and bytes of the fraction at the start of `text`.
fn parse(text: &str) -> Option<(u64, u64, usize)> {
    if let Some(&(glyph, numerator, denominator)) = GLYPHS.iter().find(|(glyph, ..)| text.starts_with(*glyph)) {
        return Some((numerator, denominator, glyph.len_utf8()));
    }
    let above = Number::parse(text)?;
    let below = Number::parse(text[above.length..].strip_prefix('/')?)?;
    let length = above.length + 1 + below.length;
    let more = &text[length..];
    let ends = at_boundary(more) && !more.starts_with('/');
    ends.then_some((above.whole()?, below.whole().filter(|&d| d > 0)?, length))
}

/// Reads a fraction, or a whole number and a fraction.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    let rest = cursor.rest();
    if let Some((numerator, denominator, length)) = parse(rest) {
        return Some(Reading::new(length, Class::Fraction, Phrase::of(&words(numerator, denominator))));
    }
    let whole = Number::parse(rest)?;
    let gap = usize::from(rest[whole.length..].starts_with(' '));
    let (numerator, denominator, length) = parse(&rest[whole.length + gap..])?;
    if numerator >= denominator {
        return None;
    }
    let part = words(numerator, denominator).replacen("one ", "a ", 1);
    let mut phrase = Phrase::of(&cardinal(whole.whole()?));
    phrase.say("and").say(&part);
    Some(Reading::new(whole.length + gap + length, Class::Fraction, phrase))
}

fn words(numerator: u64, denominator: u64) -> String {
    let (above, plural) = (cardinal(numerator), if numerator == 1 { "" } else { "s" });
    match denominator {
        _ if IDIOMS.contains(&(numerator, denominator)) => format!("{above} {}", cardinal(denominator)),
        2 if numerator == 1 => "one half".to_owned(),
        2 => format!("{above} halves"),
        4 => format!("{above} quarter{plural}"),
        3..=MAX_DENOMINATOR if numerator < denominator => format!("{above} {}{plural}", ordinal(denominator)),
        _ => format!("{above} over {}", cardinal(denominator)),
    }
}
