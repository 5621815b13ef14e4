//! Dates: `January 5, 2020`, `5 Jan 2020`, `2020-01-05`, `1/5/2020`, `05.01.2020`.

use super::{
    cardinal::Number,
    ordinal::ordinal,
    reading::{Cursor, Phrase, Reading, at_boundary, span},
    year,
};
use crate::text::{symbols::Symbol, token::Class};

const MONTHS: [&str; 12] = [
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

/// The month at the start of `text`, in full or cut to three or four letters, and its bytes with a dot.
fn month(text: &str) -> Option<(usize, usize)> {
    let letters = span(text, |c| c.is_ascii_alphabetic());
    let word = &text[..letters];
    let full = MONTHS.iter().position(|month| *month == word || month.to_uppercase() == word);
    let cut = || match word {
        "Sept" => Some(8),
        _ if letters == 3 => MONTHS.iter().position(|month| month.starts_with(word)),
        _ => None,
    };
    let month = full.or_else(cut)?;
    let dot = usize::from(full.is_none() && text[letters..].starts_with('.'));
    Some((month, letters + dot))
}

/// One or two digits of a day, perhaps with `st` or `th`, and their bytes.
fn day(text: &str) -> Option<(u64, usize)> {
    let digits = span(text, |c| c.is_ascii_digit());
    let value: u64 = text.get(..digits).filter(|d| d.len() <= 2)?.parse().ok()?;
    let suffix = text[digits..].get(..2).filter(|s| ["st", "nd", "rd", "th"].contains(s)).map_or(0, str::len);
    let ends = at_boundary(&text[digits + suffix..]) && !text[digits + suffix..].starts_with(':');
    ((1..=31).contains(&value) && ends).then_some((value, digits + suffix))
}

/// Reads a date in any of the common orders.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    let text = cursor.rest();
    month_first(text).or_else(|| day_first(text)).or_else(|| iso(text)).or_else(|| in_numbers(text))
}

fn month_first(text: &str) -> Option<Reading> {
    let (month, mut length) = month(text)?;
    let after = text[length..].strip_prefix(' ')?;
    if let Some(value) = year::parse(after) {
        let phrase = Phrase::of(&format!("{} {}", MONTHS[month], year::year(value)));
        return Some(Reading::new(length + 5, Class::Date, phrase));
    }
    let (value, day_length) = day(after)?;
    length += 1 + day_length;
    let mut phrase = Phrase::of(&format!("{} {}", MONTHS[month], ordinal(value)));
    length += add_year(&text[length..], &mut phrase);
    Some(Reading::new(length, Class::Date, phrase))
}

fn day_first(text: &str) -> Option<Reading> {
    let (value, day_length) = day(text)?;
    let gap = [" of ", " "].into_iter().find(|gap| text[day_length..].starts_with(gap))?;
    let (month, month_length) = month(&text[day_length + gap.len()..])?;
    let mut length = day_length + gap.len() + month_length;
    let mut phrase = Phrase::of(&format!("the {} of {}", ordinal(value), MONTHS[month]));
    length += add_year(&text[length..], &mut phrase);
    Some(Reading::new(length, Class::Date, phrase))
}

/// Adds the year after a day and month; gives its bytes.
fn add_year(text: &str, phrase: &mut Phrase) -> usize {
    let Some(gap) = [", ", " ", ","].into_iter().find(|gap| text.starts_with(gap)) else { return 0 };
    let Some(value) = year::parse(&text[gap.len()..]) else { return 0 };
    if gap.starts_with(',') {
        phrase.pause(Symbol::COMMA);
    }
    phrase.say(&year::year(value));
    gap.len() + 4
}

/// `2020-01-05`.
fn iso(text: &str) -> Option<Reading> {
    let [year, month, day] = parts(text, '-')?;
    (year.1 == 4 && month.1 == 2 && day.1 == 2).then_some(())?;
    spoken(year.0, month.0, day.0).map(|phrase| Reading::new(10, Class::Date, phrase))
}

/// `1/5/2020` with the month first, `05.01.2020` with the day first; the other way where only that is a date.
fn in_numbers(text: &str) -> Option<Reading> {
    let (first, second, year) = match (parts(text, '/'), parts(text, '.')) {
        (Some([month, day, year]), _) => (month, day, year),
        (_, Some([day, month, year])) if year.1 == 4 => (month, day, year),
        _ => return None,
    };
    let full_year = match year.1 {
        4 => year.0,
        2 => year.0 + if year.0 < 50 { 2000 } else { 1900 },
        _ => return None,
    };
    let phrase = spoken(full_year, first.0, second.0).or_else(|| spoken(full_year, second.0, first.0))?;
    Some(Reading::new(first.1 + second.1 + year.1 + 2, Class::Date, phrase))
}

fn spoken(year: u64, month: u64, day: u64) -> Option<Phrase> {
    let name = MONTHS.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    if !(1..=31).contains(&day) || !year::is_year(year) {
        return None;
    }
    let mut phrase = Phrase::of(&format!("{name} {}", ordinal(day)));
    phrase.pause(Symbol::COMMA).say(&year::year(year));
    Some(phrase)
}

/// Three numbers with `between`, each with its digits, and then no more.
fn parts(text: &str, between: char) -> Option<[(u64, usize); 3]> {
    let mut rest = text;
    let mut found = [(0, 0); 3];
    for (i, part) in found.iter_mut().enumerate() {
        if i > 0 {
            rest = rest.strip_prefix(between)?;
        }
        let digits = span(rest, |c| c.is_ascii_digit());
        *part = (rest.get(..digits).filter(|d| d.len() <= 4)?.parse().ok()?, digits);
        rest = &rest[digits..];
    }
    let more = rest.strip_prefix(between).is_some_and(|more| Number::parse(more).is_some());
    (at_boundary(rest) && !more).then_some(found)
}
