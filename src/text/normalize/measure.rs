//! Percentages and quantities with units: `5 %`, `20 °C`, `5 km/h`, `3 GB`.

use super::{
    abbreviation::ends_sentence,
    cardinal::Number,
    reading::{Cursor, Phrase, Reading, span},
    unit::unit,
};
use crate::text::{symbols::Symbol, token::Class};

/// After a quantity these words don't tell of what kind something is: "a 5 km from here".
const BETWEEN: [&str; 12] = ["and", "or", "of", "from", "to", "in", "on", "at", "per", "away", "later", "ago"];

/// Reads a number with its unit, or a range of numbers with one unit.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    let text = cursor.rest();
    let number = Number::parse(text)?;
    if number.negative && cursor.previous_char().is_alphanumeric() {
        return None;
    }
    let mut length = number.length;
    let mut phrase = number.phrase();
    let mut one = number.is_one();
    if let Some((upper, bytes)) = upper_bound(&text[length..]) {
        phrase.say("to").add(upper.phrase());
        length += bytes;
        one = false;
    }
    let magnitude = magnitude(&text[length..]);
    if let Some(word) = magnitude {
        phrase.say(word);
        length += 1 + word.len();
        one = false;
    }
    let per = text[length..].starts_with('/') && magnitude.is_none();
    let gap = usize::from(text[length..].starts_with([' ', '-', '/']));
    let (written, single, plural) = unit(&text[length + gap..], gap)?;
    let hyphen = text[length..].starts_with('-');
    length += gap + written.len();
    let single_form = one || hyphen || per || describes(cursor, written, &text[length..]);
    phrase.say(if per { "per" } else { "" }).say(if single_form { single } else { plural });
    if let Some((divisor, name, _)) = text[length..].strip_prefix('/').and_then(|after| unit(after, 1)) {
        phrase.say("per").say(name);
        length += 1 + divisor.len();
    }
    if written.ends_with('.') && ends_sentence(&text[length..]) {
        phrase.pause(Symbol::PERIOD);
    }
    Some(Reading::new(length + abbreviation_dot(&text[length..]), Class::Measure, phrase))
}

/// Whether a quantity says of what kind the next word is: "a 16 GB phone", "a 90° turn".
fn describes(cursor: &Cursor, written: &str, after: &str) -> bool {
    const TURNS: [&str; 7] = ["angle", "angles", "turn", "turns", "bend", "rotation", "view"];
    let Some(next) = after.strip_prefix(' ') else { return false };
    let word = &next[..span(next, |c| c.is_ascii_alphabetic())];
    let article = ["a", "an"].iter().any(|article| cursor.previous_word().eq_ignore_ascii_case(article));
    article && next.starts_with(|c: char| c.is_ascii_lowercase()) && !BETWEEN.contains(&word)
        || written == "°" && TURNS.contains(&word)
}

/// Reads feet and inches: `5'10"`.
pub fn height(cursor: &Cursor) -> Option<Reading> {
    let text = cursor.rest();
    let feet = Number::parse(text)?;
    let after = text[feet.length..].strip_prefix('\'')?;
    let inches = Number::parse(after)?;
    let ends = after[inches.length..].starts_with('"') && inches.whole()? < 12;
    let mut phrase = feet.phrase();
    phrase.say("foot").add(inches.phrase());
    ends.then(|| Reading::new(feet.length + inches.length + 2, Class::Measure, phrase))
}

/// Reads a unit without its own number: `/lb` after a price, `lbs` after a fraction.
pub fn bare_unit(cursor: &Cursor) -> Option<Reading> {
    let rest = cursor.rest();
    let quantity = cursor.spoken.last().map(|token| token.class);
    if let Some(after) = rest.strip_prefix('/') {
        let (written, single, _) =
            unit(after, 1).filter(|_| matches!(quantity, Some(Class::Money | Class::Measure)))?;
        let mut phrase = Phrase::of("per");
        phrase.say(single);
        return Some(Reading::new(1 + written.len(), Class::Measure, phrase));
    }
    let (written, _, plural) = unit(rest, 1).filter(|_| quantity == Some(Class::Fraction) && !rest.starts_with('%'))?;
    let length = written.len() + abbreviation_dot(&rest[written.len()..]);
    Some(Reading::new(length, Class::Measure, Phrase::of(plural)))
}

/// One byte for a dot that belongs to the unit, since the sentence goes on in lower case or with a number.
fn abbreviation_dot(after: &str) -> usize {
    let goes_on = |next: &str| {
        next.starts_with(',')
            || next
                .strip_prefix(' ')
                .is_some_and(|n| n.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()))
    };
    usize::from(after.strip_prefix('.').is_some_and(goes_on))
}

/// `million` and the like, after a space.
fn magnitude(text: &str) -> Option<&str> {
    let after = text.strip_prefix(' ')?;
    let word = &after[..span(after, |c| c.is_ascii_alphabetic())];
    ["thousand", "million", "billion", "trillion"].contains(&word).then_some(word)
}

fn upper_bound(text: &str) -> Option<(Number, usize)> {
    let dash = ["-", "–"].into_iter().find(|dash| text.starts_with(dash))?;
    let number = Number::parse(&text[dash.len()..]).filter(|number| !number.negative)?;
    let length = dash.len() + number.length;
    Some((number, length))
}
