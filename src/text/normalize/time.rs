//! Times of day: `3:30 pm`, `15:45`, `9:00`, `3pm`, `10:20:30`.

use super::{
    cardinal::cardinal,
    reading::{Cursor, Phrase, Reading, at_boundary, span},
};
use crate::text::token::Class;

/// Zones that follow a time.
const ZONES: [&str; 16] =
    ["EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "GMT", "UTC", "CET", "CEST", "BST", "IST", "ET", "PT"];

/// Reads a time of day, or hours, minutes and seconds.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    let text = cursor.rest();
    let (hour, mut length) = digits(text, 2).filter(|&(hour, _)| hour <= 24)?;
    let minute = part(&text[length..], ':', 59).or_else(|| {
        let dotted = part(&text[length..], '.', 59)?;
        half_of_day(&text[length + 3..]).map(|_| dotted)
    });
    length += minute.map_or(0, |_| 3);
    let second = minute.and_then(|_| part(&text[length..], ':', 59));
    length += second.map_or(0, |_| 3);
    let half = half_of_day(&text[length..]).filter(|_| (1..=12).contains(&hour));
    if minute.is_none() && half.is_none() || half.is_none() && !at_boundary(&text[length..]) {
        return None;
    }
    let mut phrase = match (minute, second) {
        (Some(minute), Some(second)) => duration(hour, minute, second),
        _ => Phrase::of(&hour_and_minute(hour, minute, half.is_some())),
    };
    if let Some((letters, bytes)) = half {
        phrase.spell(letters);
        length += bytes;
    }
    if let Some((zone, bytes)) = zone(&text[length..], half.is_some()) {
        phrase.spell(zone);
        length += bytes;
    }
    Some(Reading::new(length, Class::Time, phrase))
}

/// `1:01:01`.
fn duration(hours: u64, minutes: u64, seconds: u64) -> Phrase {
    let counted = |count: u64, unit: &str| format!("{} {unit}{}", cardinal(count), if count == 1 { "" } else { "s" });
    let (hours, minutes, seconds) = (counted(hours, "hour"), counted(minutes, "minute"), counted(seconds, "second"));
    Phrase::of(&format!("{hours} {minutes} and {seconds}"))
}

/// A zone after a time, in capitals, or after `pm` in small letters and with dots; and its bytes.
fn zone(text: &str, after_half: bool) -> Option<(&'static str, usize)> {
    let gap = usize::from(text.starts_with(' '));
    let written = &text[gap..gap + span(&text[gap..], |c| c.is_ascii_alphabetic() || c == '.')];
    let letters: String = written.chars().filter(char::is_ascii_alphabetic).collect();
    let plain = written == letters && letters.bytes().all(|b| b.is_ascii_uppercase());
    let zone = ZONES.into_iter().find(|zone| zone.eq_ignore_ascii_case(&letters)).filter(|_| plain || after_half)?;
    let dotted = written.len() > letters.len() && !written.ends_with("..") && written.len() + 1 >= 2 * letters.len();
    let length = if dotted { written.trim_end_matches('.').len() } else { zone.len() };
    (dotted || written.trim_end_matches('.').len() == zone.len()).then_some((zone, gap + length))
}

fn hour_and_minute(hour: u64, minute: Option<u64>, has_half: bool) -> String {
    let hours = cardinal(hour);
    match minute {
        None => hours,
        Some(0) if has_half => hours,
        Some(0) if (1..=12).contains(&hour) => format!("{hours} o'clock"),
        Some(0) => format!("{hours} hundred"),
        Some(minute @ 1..=9) => format!("{hours} oh {}", cardinal(minute)),
        Some(minute) => format!("{hours} {}", cardinal(minute)),
    }
}

/// A number of at most `most` digits, and its bytes.
fn digits(text: &str, most: usize) -> Option<(u64, usize)> {
    let count = span(text, |c| c.is_ascii_digit());
    Some((text.get(..count).filter(|d| d.len() <= most)?.parse().ok()?, count))
}

/// `:30`.
fn part(text: &str, between: char, most: u64) -> Option<u64> {
    let (value, count) = digits(text.strip_prefix(between)?, 2)?;
    (count == 2 && value <= most).then_some(value)
}

/// `am`, `p.m.` and the like, with the space before it. The last dot is left to the sentence when that ends here.
fn half_of_day(text: &str) -> Option<(&'static str, usize)> {
    let gap = usize::from(text.starts_with(' '));
    let rest = &text[gap..];
    for (written, letters) in [
        ("a.m.", "am"),
        ("p.m.", "pm"),
        ("A.M.", "am"),
        ("P.M.", "pm"),
        ("a.m", "am"),
        ("p.m", "pm"),
        ("am", "am"),
        ("pm", "pm"),
        ("AM", "am"),
        ("PM", "pm"),
    ] {
        let Some(after) = rest.strip_prefix(written) else { continue };
        let zone_follows = written.ends_with('.') && zone(after, true).is_some();
        if !at_boundary(after) && !zone_follows {
            continue;
        }
        let next = after.trim_start();
        let goes_on = zone(after, true).is_some();
        let ends = !goes_on
            && written.ends_with('.')
            && (next.is_empty() || next.starts_with(|c: char| c.is_ascii_uppercase()));
        return Some((letters, gap + written.len() - usize::from(ends)));
    }
    None
}
