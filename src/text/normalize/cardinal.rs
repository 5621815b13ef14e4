//! Cardinal and decimal numbers: `1,234`, `-5`, `3.14`, `.5`, `007`.

use super::reading::{Cursor, Phrase, Reading, at_boundary, span};
use crate::text::token::Class;

/// The digits.
pub const DIGITS: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
/// Ten to nineteen.
pub const TEENS: [&str; 10] =
    ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"];
/// The tens from twenty on; the first two are empty.
pub const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const THOUSANDS: [&str; 12] = [
    "",
    "thousand",
    "million",
    "billion",
    "trillion",
    "quadrillion",
    "quintillion",
    "sextillion",
    "septillion",
    "octillion",
    "nonillion",
    "decillion",
];
/// Magnitudes right after a number that is no money: `10k`, `3.5M`. A lone B is more often a flat than billions.
const MAGNITUDES: [(&str, &str); 4] = [("k", "thousand"), ("K", "thousand"), ("M", "million"), ("bn", "billion")];
/// Digits without commas from which on a number is read digit by digit, unless it is round.
const MAX_PLAIN_DIGITS: usize = 10;

/// A number as written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Number {
    /// Bytes of the text that it covers.
    pub length: usize,
    /// Whether a minus sign stands before it.
    pub negative: bool,
    /// The digits before the point, without commas; may be empty.
    pub integer: String,
    /// The digits after the point.
    pub decimals: Option<String>,
    /// Whether commas group the digits.
    pub grouped: bool,
}

impl Number {
    /// The number at the start of `text`: commas only before groups of three, a point only before a digit.
    pub fn parse(text: &str) -> Option<Self> {
        let mut number = Self { negative: text.starts_with('-'), ..Self::default() };
        let mut at = usize::from(number.negative);
        let digits = |at: usize| span(&text[at..], |c| c.is_ascii_digit());
        let first = digits(at);
        number.integer.push_str(&text[at..at + first]);
        at += first;
        while (1..=3).contains(&first) && text[at..].starts_with(',') && digits(at + 1) == 3 {
            number.integer.push_str(&text[at + 1..at + 4]);
            number.grouped = true;
            at += 4;
        }
        if text[at..].starts_with('.') && digits(at + 1) > 0 {
            let count = digits(at + 1);
            number.decimals = Some(text[at + 1..at + 1 + count].to_owned());
            at += 1 + count;
        }
        number.length = at;
        (!number.integer.is_empty() || number.decimals.is_some()).then_some(number)
    }

    /// The number of these digits.
    pub fn plain(digits: &str) -> Self {
        Self { length: digits.len(), integer: digits.to_owned(), ..Self::default() }
    }

    /// The value, when this is a whole number that fits.
    pub fn whole(&self) -> Option<u64> {
        if self.decimals.is_some() || self.negative { None } else { self.integer.parse().ok() }
    }

    /// Whether the number is one, as in "one kilometre".
    pub fn is_one(&self) -> bool {
        self.whole() == Some(1)
    }

    /// How the number is said.
    pub fn phrase(&self) -> Phrase {
        let mut phrase = Phrase::default();
        if self.negative {
            phrase.say("minus");
        }
        match self.decimals {
            Some(_) if self.integer.is_empty() => {}
            _ => drop(phrase.say(&self.integer_words())),
        }
        if let Some(decimals) = &self.decimals {
            phrase.say("point").spell(decimals);
        }
        phrase
    }

    /// The digits before the point in words.
    pub fn integer_words(&self) -> String {
        let code = self.integer.len() > 1 && self.integer.starts_with('0');
        let long = !self.grouped && self.integer.len() > MAX_PLAIN_DIGITS && !self.integer.ends_with("000");
        if code || long { digit_by_digit(&self.integer) } else { cardinal_of(&self.integer) }
    }
}

/// `digits`, each by its name.
pub fn digit_by_digit(digits: &str) -> String {
    let names: Vec<_> = digits.bytes().filter(u8::is_ascii_digit).map(|d| DIGITS[usize::from(d - b'0')]).collect();
    names.join(" ")
}

/// A whole number in words; digit by digit beyond the decillions.
pub fn cardinal_of(digits: &str) -> String {
    let digits = digits.trim_start_matches('0');
    let groups = digits.len().div_ceil(3);
    if groups > THOUSANDS.len() {
        return digit_by_digit(digits);
    }
    let mut words = Vec::new();
    for (i, power) in (0..groups).rev().enumerate() {
        let first = digits.len() - 3 * (groups - 1);
        let range = if i == 0 { 0..first } else { first + 3 * (i - 1)..first + 3 * i };
        let value = digits[range].parse().unwrap_or(0);
        if value > 0 {
            below_thousand(value, &mut words);
            words.push(THOUSANDS[power]);
        }
    }
    words.retain(|word| !word.is_empty());
    if words.is_empty() { DIGITS[0].to_owned() } else { words.join(" ") }
}

/// A whole number in words.
pub fn cardinal(value: u64) -> String {
    cardinal_of(&value.to_string())
}

fn below_thousand(value: usize, words: &mut Vec<&str>) {
    if value >= 100 {
        words.extend([DIGITS[value / 100], "hundred"]);
    }
    match value % 100 {
        0 => {}
        small @ 1..=9 => words.push(DIGITS[small]),
        teen @ 10..=19 => words.push(TEENS[teen - 10]),
        tens => {
            words.push(TENS[tens / 10]);
            if tens % 10 > 0 {
                words.push(DIGITS[tens % 10]);
            }
        }
    }
}

/// Reads a number. A minus sign counts only where none but a space or bracket stands before it.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    let number = Number::parse(cursor.rest())?;
    if number.negative && !(cursor.previous_char().is_whitespace() || "([=".contains(cursor.previous_char())) {
        return None;
    }
    let mut length = number.length;
    let mut phrase = number.phrase();
    let rest = &cursor.rest()[length..];
    if let Some((suffix, word)) =
        MAGNITUDES.iter().find(|(suffix, _)| rest.strip_prefix(suffix).is_some_and(at_boundary))
    {
        length += suffix.len();
        phrase.say(word);
    }
    Some(Reading::new(length, Class::Cardinal, phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_counted() {
        for (digits, words) in [
            ("0", "zero"),
            ("7", "seven"),
            ("13", "thirteen"),
            ("40", "forty"),
            ("99", "ninety nine"),
            ("100", "one hundred"),
            ("123", "one hundred twenty three"),
            ("1000", "one thousand"),
            ("12005", "twelve thousand five"),
            ("1000000", "one million"),
            ("1000000001", "one billion one"),
            (
                "999999999999",
                "nine hundred ninety nine billion nine hundred ninety nine million nine hundred ninety nine thousand nine hundred ninety nine",
            ),
        ] {
            assert_eq!(cardinal_of(digits), words);
        }
        assert_eq!(cardinal_of(&"9".repeat(37)).split(' ').count(), 37);
    }

    #[test]
    fn commas_and_points_belong_to_numbers_only_before_digits() {
        let parse = |text| Number::parse(text).map(|n| (n.length, n.integer, n.decimals));
        assert_eq!(parse("1,234.5,"), Some((7, "1234".into(), Some("5".into()))));
        assert_eq!(parse("12,34"), Some((2, "12".into(), None)));
        assert_eq!(parse("5."), Some((1, "5".into(), None)));
        assert_eq!(parse(".5"), Some((2, String::new(), Some("5".into()))));
        assert_eq!(parse("-3"), Some((2, "3".into(), None)));
        assert_eq!(parse("-"), None);
        assert_eq!(parse(""), None);
    }
}
