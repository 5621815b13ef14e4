//! The months, in full and cut short.

use super::reading::span;

/// The months.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// Months that are other words in small letters: "you may 5 times", "they march 3 miles".
const OTHER_WORDS: [&str; 3] = ["may", "march", "mar"];

/// The month at the start of `text`, in full or cut to three or four letters, and its bytes with a dot.
pub fn month(text: &str) -> Option<(usize, usize)> {
    let letters = span(text, |c| c.is_ascii_alphabetic());
    let word = text.get(..letters).filter(|word| (3..=9).contains(&word.len()))?;
    let small = word.to_ascii_lowercase();
    let full = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(word));
    let cut = || match small.as_str() {
        "sept" => Some(8),
        _ if letters == 3 => MONTHS.iter().position(|month| month[..3].eq_ignore_ascii_case(word)),
        _ => None,
    };
    let month = full.or_else(cut)?;
    let dot = usize::from(full.is_none() && text[letters..].starts_with('.'));
    let year_follows = text[letters + dot..].strip_prefix(' ').is_some_and(|after| super::year::parse(after).is_some());
    let is_other = OTHER_WORDS.contains(&word) && !year_follows;
    let mixed = word != small && word != small.to_uppercase() && word[1..] != small[1..];
    (!is_other && !mixed).then_some((month, letters + dot))
}
