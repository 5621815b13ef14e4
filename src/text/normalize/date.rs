//! Dates: `January 5, 2020`, `5 Jan 2020`, `2020-01-05`, `1/5/2020`, `05.01.2020`, `Jan-15-2020`.

use super::{
    cardinal::Number,
    month::{MONTHS, month},
    ordinal::ordinal,
    reading::{Cursor, Phrase, Reading, at_boundary, span},
    year,
};
use crate::text::{markup::DayOrder, symbols::Symbol, token::Class};

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
    read_as(cursor, None)
}

/// Reads a date; `order` says which of two small numbers is the day.
pub fn read_as(cursor: &Cursor, order: Option<DayOrder>) -> Option<Reading> {
    let usual = if cursor.is_british() { DayOrder::DayFirst } else { DayOrder::MonthFirst };
    month_first(cursor)
        .or_else(|| day_first(cursor))
        .or_else(|| year_first(cursor.rest()))
        .or_else(|| in_numbers(cursor, order, usual))
        .or_else(|| quarter(cursor.rest()))
}

/// `2Q22`, `3Q2021`.
fn quarter(text: &str) -> Option<Reading> {
    let number = Number::parse(text).filter(|number| number.length == 1)?;
    let quarter = number.whole().filter(|quarter| (1..=4).contains(quarter))?;
    let digits = span(text.get(2..)?, |c| c.is_ascii_digit());
    let written = text[1..].strip_prefix('Q')?.get(..digits).filter(|digits| digits.len() == 2 || digits.len() == 4)?;
    let year = if digits == 4 { year::year(written.parse().ok()?) } else { Number::plain(written).integer_words() };
    let phrase = Phrase::of(&format!("the {} quarter of {year}", ordinal(quarter)));
    at_boundary(&text[2 + digits..]).then(|| Reading::new(2 + digits, Class::Date, phrase))
}

/// `January 5, 2020`, `June 1944`, `Jan-15`.
fn month_first(cursor: &Cursor) -> Option<Reading> {
    let text = cursor.rest();
    let (month, mut length) = month(text)?;
    let dashed = text[length..].starts_with('-');
    let after = text[length..].strip_prefix([' ', '-'])?;
    if let Some(value) = year::parse(after).filter(|_| !dashed) {
        let phrase = Phrase::of(&format!("{} {}", MONTHS[month], year::year(value)));
        return Some(Reading::new(length + 5, Class::Date, phrase));
    }
    let (value, day_length) = day(after)?;
    // "Oct-15th-floor" and "May 5-6" are no such dates.
    if dashed && after[day_length..].starts_with(|c: char| c.is_alphanumeric()) {
        return None;
    }
    length += 1 + day_length;
    let the = if cursor.is_british() { "the " } else { "" };
    let mut phrase = Phrase::of(&format!("{} {the}{}", MONTHS[month], ordinal(value)));
    length += add_year(&text[length..], dashed, &mut phrase);
    Some(Reading::new(length, Class::Date, phrase))
}

/// `5 January 2020`, `the 5th of January`.
fn day_first(cursor: &Cursor) -> Option<Reading> {
    let text = cursor.rest();
    let (value, day_length) = day(text)?;
    let gap = [" of ", " ", "-"].into_iter().find(|gap| text[day_length..].starts_with(gap))?;
    let named = &text[day_length + gap.len()..];
    let (month, month_length) = month(named)?;
    if !at_boundary(&named[month_length..]) {
        return None;
    }
    let mut length = day_length + gap.len() + month_length;
    let the = if cursor.previous_word().eq_ignore_ascii_case("the") { "" } else { "the " };
    let mut phrase = Phrase::of(&format!("{the}{} of {}", ordinal(value), MONTHS[month]));
    length += add_year(&text[length..], gap == "-", &mut phrase);
    Some(Reading::new(length, Class::Date, phrase))
}

/// Adds the year after a day and month; gives its bytes.
fn add_year(text: &str, dashed: bool, phrase: &mut Phrase) -> usize {
    let gaps: &[&str] = if dashed { &["-"] } else { &[", ", " ", ","] };
    let Some(gap) = gaps.iter().find(|gap| text.starts_with(**gap)) else { return 0 };
    let Some(value) = year::parse(&text[gap.len()..]) else { return 0 };
    if gap.starts_with(',') {
        phrase.pause(Symbol::COMMA);
    }
    phrase.say(&year::year(value));
    gap.len() + 4
}

/// `2020-01-05`, `2020/1/5`.
fn year_first(text: &str) -> Option<Reading> {
    let [year, month, day] = parts(text, '-').or_else(|| parts(text, '/'))?;
    let short = text.contains('-') && (month.1 != 2 || day.1 != 2);
    (year.1 == 4 && month.1 <= 2 && day.1 <= 2 && !short).then_some(())?;
    let phrase = spoken(year.0, month.0, day.0, DayOrder::MonthFirst)?;
    Some(Reading::new(year.1 + month.1 + day.1 + 2, Class::Date, phrase))
}

/// `1/5/2020` as the variety of English has it, `05.01.2020` and `05-01-2020` with the day first; the other way where
/// only that is a date.
fn in_numbers(cursor: &Cursor, order: Option<DayOrder>, usual: DayOrder) -> Option<Reading> {
    let text = cursor.rest();
    let slashed = parts(text, '/').map(|parts| (parts, usual, usual));
    let full = |parts: [(u64, usize); 3]| (parts[2].1 == 4).then_some((parts, DayOrder::DayFirst, DayOrder::DayFirst));
    let marked = || parts(text, '.').and_then(full).or_else(|| parts(text, '-').and_then(full));
    let ([first, second, year], usual, said) = slashed.or_else(marked)?;
    let full_year = match year.1 {
        4 => year.0,
        2 => year.0 + if year.0 < 50 { 2000 } else { 1900 },
        _ => return None,
    };
    let in_order = |order| match order {
        DayOrder::MonthFirst => spoken(full_year, first.0, second.0, said),
        DayOrder::DayFirst => spoken(full_year, second.0, first.0, said),
    };
    let usual = order.unwrap_or(usual);
    let other = if usual == DayOrder::DayFirst { DayOrder::MonthFirst } else { DayOrder::DayFirst };
    let phrase = in_order(usual).or_else(|| in_order(other))?;
    Some(Reading::new(first.1 + second.1 + year.1 + 2, Class::Date, phrase))
}

fn spoken(year: u64, month: u64, day: u64, order: DayOrder) -> Option<Phrase> {
    let name = MONTHS.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    if !(1..=31).contains(&day) || !year::is_year(year) {
        return None;
    }
    let mut phrase = match order {
        DayOrder::MonthFirst => Phrase::of(&format!("{name} {}", ordinal(day))),
        DayOrder::DayFirst => Phrase::of(&format!("the {} of {name}", ordinal(day))),
    };
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
