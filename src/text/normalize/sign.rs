//! Signs that are said: `&`, `+`, `=`, `×`, `π`, `°`.

use super::reading::{Cursor, Phrase, Reading};
use crate::text::token::Class;

const SIGNS: [(&str, &str); 55] = [
    ("->", "to"),
    ("=>", "gives"),
    ("<=", "is less than or equal to"),
    (">=", "is greater than or equal to"),
    ("!=", "is not equal to"),
    ("==", "equals"),
    ("+/-", "plus or minus"),
    ("&", "and"),
    ("+", "plus"),
    ("=", "equals"),
    ("×", "times"),
    ("÷", "divided by"),
    ("±", "plus or minus"),
    ("≤", "is less than or equal to"),
    ("≥", "is greater than or equal to"),
    ("≠", "is not equal to"),
    ("≈", "is approximately"),
    ("<", "is less than"),
    (">", "is greater than"),
    ("√", "the square root of"),
    ("⊆", "is a subset of or equal to"),
    ("⊂", "is a subset of"),
    ("∈", "is in"),
    ("∉", "is not in"),
    ("∪", "union"),
    ("∩", "intersection"),
    ("∅", "the empty set"),
    ("∑", "the sum of"),
    ("∏", "the product of"),
    ("∫", "the integral of"),
    ("∀", "for all"),
    ("∃", "there exists"),
    ("≡", "is identical to"),
    ("∝", "is proportional to"),
    ("¬", "not"),
    ("→", "to"),
    ("⇒", "implies"),
    ("∞", "infinity"),
    ("²", "squared"),
    ("³", "cubed"),
    ("%", "percent"),
    ("°C", "degrees Celsius"),
    ("°F", "degrees Fahrenheit"),
    ("°", "degrees"),
    ("§", "section"),
    ("™", "trademark"),
    ("®", "registered"),
    ("©", "copyright"),
    ("$", "dollars"),
    ("£", "pounds"),
    ("€", "euros"),
    ("¥", "yen"),
    ("₹", "rupees"),
    ("¢", "cents"),
    ("@", "at"),
];
const GREEK: [(&str, &str); 24] = [
    ("αΑ", "alpha"),
    ("βΒ", "beta"),
    ("γΓ", "gamma"),
    ("δΔ", "delta"),
    ("εΕ", "epsilon"),
    ("ζΖ", "zeta"),
    ("ηΗ", "eta"),
    ("θΘ", "theta"),
    ("ιΙ", "iota"),
    ("κΚ", "kappa"),
    ("λΛ", "lambda"),
    ("µμΜ", "mu"),
    ("νΝ", "nu"),
    ("ξΞ", "xi"),
    ("οΟ", "omicron"),
    ("πΠ", "pi"),
    ("ρΡ", "rho"),
    ("σςΣ", "sigma"),
    ("τΤ", "tau"),
    ("υΥ", "upsilon"),
    ("φΦ", "phi"),
    ("χΧ", "chi"),
    ("ψΨ", "psi"),
    ("ωΩ", "omega"),
];

/// Reads a sign, or a lone Greek letter.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    let rest = cursor.rest();
    if let Some((sign, spoken)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
        return Some(Reading::new(sign.len(), Class::Sign, Phrase::of(spoken)));
    }
    between_operands(cursor).or_else(|| {
        let c = rest.chars().next()?;
        let lone = !rest[c.len_utf8()..].starts_with(|next: char| next.is_alphabetic() && !next.is_ascii());
        let (_, name) = GREEK.iter().find(|(letters, _)| letters.contains(c)).filter(|_| lone)?;
        Some(Reading::new(c.len_utf8(), Class::Sign, Phrase::of(name)))
    })
}

/// Whether numbers and signs go on up to an equals sign.
fn equation_follows(rest: &str) -> bool {
    let end = rest.find(|c: char| !c.is_ascii_digit() && !" .,+-*/^()".contains(c)).unwrap_or(rest.len());
    rest[end..].starts_with('=')
}

/// Signs that are said only between numbers or words: `3 * 4`, `x ^ 2`, `and/or`, `5 - 3`.
fn between_operands(cursor: &Cursor) -> Option<Reading> {
    let rest = cursor.rest();
    let before = cursor.text.get(..cursor.at)?;
    if !rest.starts_with(|c: char| c.is_ascii()) {
        return None;
    }
    let number_before = before.trim_end().ends_with(|c: char| c.is_ascii_digit());
    let number_after = |sign: usize| rest[sign..].trim_start().starts_with(|c: char| c.is_ascii_digit());
    let spaced = before.ends_with(' ') && rest[1..].starts_with(' ');
    let after_time = cursor.spoken.last().is_some_and(|token| matches!(token.class, Class::Time | Class::Year));
    let spoken = match rest.chars().next()? {
        '*' if number_before && number_after(1) => "times",
        '-' if after_time && number_after(1) => "to",
        '-' if number_before && number_after(1) && (spaced || equation_follows(rest)) => "minus",
        '^' if number_after(1) => "to the power of",
        '~' if number_after(1) => "about",
        '/' if before.ends_with(char::is_alphanumeric) && rest[1..].starts_with(char::is_alphanumeric) => "slash",
        '\\' if rest[1..].starts_with(char::is_alphanumeric) => "backslash",
        '.' if before.ends_with(char::is_alphanumeric) && rest[1..].starts_with(|c: char| c.is_ascii_lowercase()) => {
            "dot"
        }
        '_' if before.ends_with(char::is_alphanumeric) && rest[1..].starts_with(char::is_alphanumeric) => "underscore",
        '#' if number_after(1) => "number",
        _ => return None,
    };
    Some(Reading::new(1, Class::Sign, Phrase::of(spoken)))
}
