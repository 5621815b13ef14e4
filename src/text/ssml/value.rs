//! What the values of attributes mean: times, rates, pitches, volumes.

use crate::text::style::Style;

/// The longest pause.
const MAX_MS: f64 = 60_000.0;
/// Speech is at most so many times slower or faster than the voice's own.
const RATES: (f64, f64) = (20.0, 400.0);
/// Pitch moves by at most two octaves.
const MAX_CENTS: f64 = 2400.0;
/// Volume moves by at most so many decibels.
const MAX_DB: f64 = 40.0;

/// `500ms`, `1.5s`: milliseconds.
pub fn time(value: &str) -> Option<u32> {
    let (number, scale) = match value.strip_suffix("ms") {
        Some(number) => (number, 1.0),
        None => (value.strip_suffix('s')?, 1000.0),
    };
    let milliseconds = number.trim().parse::<f64>().ok()? * scale;
    (0.0..=MAX_MS).contains(&milliseconds).then_some(milliseconds.round() as u32)
}

/// The strengths of `break`, in milliseconds.
pub fn strength(value: &str) -> Option<u32> {
    Some(match value {
        "none" => 0,
        "x-weak" => 100,
        "weak" => 200,
        "medium" => 400,
        "strong" => 700,
        "x-strong" => 1000,
        _ => return None,
    })
}

/// `slow`, `80%`, `+10%`, `1.2`: per cent of the voice's own rate, where `outer` is the rate around.
pub fn rate(value: &str, outer: u16) -> Option<u16> {
    let percent = match value {
        "x-slow" => 50.0,
        "slow" => 75.0,
        "medium" | "default" => 100.0,
        "fast" => 125.0,
        "x-fast" => 150.0,
        _ => match (value.strip_suffix('%'), signed(value)) {
            (Some(number), true) => f64::from(outer) * (1.0 + number.parse::<f64>().ok()? / 100.0),
            (Some(number), false) => number.parse().ok()?,
            (None, _) => f64::from(outer) * value.parse::<f64>().ok()?,
        },
    };
    percent.is_finite().then(|| percent.clamp(RATES.0, RATES.1).round() as u16)
}

/// `low`, `+2st`, `-10%`: cents above the voice's own pitch, where `outer` is the pitch around.
pub fn pitch(value: &str, outer: i16) -> Option<i16> {
    let cents = match value {
        "x-low" => -400.0,
        "low" => -200.0,
        "medium" | "default" => 0.0,
        "high" => 200.0,
        "x-high" => 400.0,
        _ => {
            let (number, is_percent) = match (value.strip_suffix("st"), value.strip_suffix('%')) {
                (Some(semitones), _) => (semitones, false),
                (None, percent) => (percent?, true),
            };
            let number: f64 = number.parse().ok()?;
            let change = if is_percent { 1200.0 * (1.0 + number / 100.0).log2() } else { 100.0 * number };
            f64::from(outer) + change
        }
    };
    cents.is_finite().then(|| cents.clamp(-MAX_CENTS, MAX_CENTS).round() as i16)
}

/// `soft`, `+6dB`: tenths of a decibel above the voice's own level, where `outer` is the level around.
pub fn volume(value: &str, outer: i16) -> Option<i16> {
    let decibels = match value {
        "silent" => return Some(Style::SILENT),
        "x-soft" => -12.0,
        "soft" => -6.0,
        "medium" | "default" => 0.0,
        "loud" => 6.0,
        "x-loud" => 12.0,
        _ => f64::from(outer) / 10.0 + value.strip_suffix("dB").filter(|_| signed(value))?.parse::<f64>().ok()?,
    };
    decibels.is_finite().then(|| (10.0 * decibels.clamp(-MAX_DB, MAX_DB)).round() as i16)
}

fn signed(value: &str) -> bool {
    value.starts_with(['+', '-'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_units() {
        assert_eq!((time("500ms"), time("1.5s"), time("2"), time("-1s")), (Some(500), Some(1500), None, None));
        assert_eq!((rate("slow", 100), rate("80%", 50), rate("+10%", 200)), (Some(75), Some(80), Some(220)));
        assert_eq!((rate("1.2", 100), rate("x", 100), rate("NaN", 100)), (Some(120), None, None));
        assert_eq!((pitch("+2st", 0), pitch("-1st", 100), pitch("+100%", 0)), (Some(200), Some(0), Some(1200)));
        assert_eq!((pitch("high", 0), pitch("2", 0)), (Some(200), None));
        assert_eq!((volume("+6dB", 0), volume("soft", 0), volume("6dB", 0)), (Some(60), Some(-60), None));
        assert_eq!(volume("silent", 0), Some(Style::SILENT));
    }
}
