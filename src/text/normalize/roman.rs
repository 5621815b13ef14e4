//! Roman numerals in names: `Henry VIII`, `World War II`, `Chapter IV`.

use super::{
    cardinal::cardinal,
    ordinal::ordinal,
    reading::{Cursor, Phrase, Reading, at_boundary, head, span},
};
use crate::text::token::Class;

/// Names of rulers, after which the numeral is an ordinal.
const RULERS: [&str; 42] = [
    "Albert",
    "Alexander",
    "Alfonso",
    "Benedict",
    "Catherine",
    "Charles",
    "Christian",
    "Clement",
    "Constantine",
    "Darius",
    "Edward",
    "Elizabeth",
    "Ferdinand",
    "Francis",
    "Franz",
    "Frederick",
    "George",
    "Gregory",
    "Henry",
    "Innocent",
    "Ivan",
    "James",
    "John",
    "Joseph",
    "Leo",
    "Leopold",
    "Louis",
    "Ludwig",
    "Mary",
    "Napoleon",
    "Nicholas",
    "Otto",
    "Paul",
    "Peter",
    "Philip",
    "Pius",
    "Ramses",
    "Richard",
    "Victoria",
    "Wilhelm",
    "William",
    "Xerxes",
];
/// Words that are numbered, after which even a single letter is a cardinal.
const HEADS: [&str; 26] = [
    "Act", "Annex", "Apollo", "Appendix", "Article", "Book", "Bowl", "Canto", "Chapter", "Class", "Division", "Figure",
    "Grade", "Level", "Mark", "Part", "Phase", "Psalm", "Scene", "Section", "Stage", "Table", "Title", "Type",
    "Volume", "War",
];

/// Longer numerals are none.
const MAX_LETTERS: usize = 16;

/// The value of a numeral in its usual form, below 400.
pub fn value(numeral: &str) -> Option<usize> {
    const TENS: [&str; 10] = ["", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX", "XC"];
    const ONES: [&str; 10] = ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"];
    let rest = numeral.trim_start_matches('C');
    let hundreds = numeral.len() - rest.len();
    let small = (0..100).find(|&i| rest.strip_prefix(TENS[i / 10]) == Some(ONES[i % 10]))?;
    let value = 100 * hundreds + small;
    (hundreds < 4 && value > 0).then_some(value)
}

/// Reads a numeral after a name.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    let rest = cursor.rest();
    let length = span(head(rest, MAX_LETTERS), |c| "IVXLC".contains(c));
    let numeral = &rest[..length];
    let previous = cursor.previous_word();
    if length == 0 || !at_boundary(&rest[length..]) || !previous.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let value = value(numeral)? as u64;
    let is_head = HEADS.iter().any(|head| head.eq_ignore_ascii_case(previous));
    let words = if RULERS.contains(&previous) {
        format!("the {}", ordinal(value))
    } else if is_head || (length > 1 && value < 40 && !previous.chars().all(|c| c.is_ascii_uppercase())) {
        cardinal(value)
    } else {
        return None;
    };
    Some(Reading::new(length, Class::Roman, Phrase::of(&words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numerals_have_one_form() {
        for (numeral, number) in [("I", 1), ("IV", 4), ("VIII", 8), ("IX", 9), ("XIV", 14), ("XL", 40), ("XCIX", 99)] {
            assert_eq!(value(numeral), Some(number), "{numeral}");
        }
        for wrong in ["", "IIII", "VV", "IC", "VX", "IXI", "LL"] {
            assert_eq!(value(wrong), None, "{wrong}");
        }
    }
}
