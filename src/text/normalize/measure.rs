//! Percentages and quantities with units: `5 %`, `20 °C`, `5 km/h`, `3 GB`.

use super::{
    cardinal::Number,
    reading::{Cursor, Phrase, Reading, at_boundary},
};
use crate::text::token::Class;

/// A unit as written, and what one and many of it are called. A longer one stands before its own beginning.
const UNITS: [(&str, &str, &str); 83] = [
    ("%", "percent", "percent"),
    ("°C", "degree Celsius", "degrees Celsius"),
    ("°F", "degree Fahrenheit", "degrees Fahrenheit"),
    ("℃", "degree Celsius", "degrees Celsius"),
    ("℉", "degree Fahrenheit", "degrees Fahrenheit"),
    ("°", "degree", "degrees"),
    ("km/h", "kilometer per hour", "kilometers per hour"),
    ("kph", "kilometer per hour", "kilometers per hour"),
    ("mph", "mile per hour", "miles per hour"),
    ("m/s²", "meter per second squared", "meters per second squared"),
    ("m/s", "meter per second", "meters per second"),
    ("Mbps", "megabit per second", "megabits per second"),
    ("Gbps", "gigabit per second", "gigabits per second"),
    ("MB/s", "megabyte per second", "megabytes per second"),
    ("GB/s", "gigabyte per second", "gigabytes per second"),
    ("kWh", "kilowatt hour", "kilowatt hours"),
    ("mAh", "milliamp hour", "milliamp hours"),
    ("km²", "square kilometer", "square kilometers"),
    ("m²", "square meter", "square meters"),
    ("cm²", "square centimeter", "square centimeters"),
    ("ft²", "square foot", "square feet"),
    ("sq ft", "square foot", "square feet"),
    ("m³", "cubic meter", "cubic meters"),
    ("cm³", "cubic centimeter", "cubic centimeters"),
    ("km", "kilometer", "kilometers"),
    ("cm", "centimeter", "centimeters"),
    ("mm", "millimeter", "millimeters"),
    ("µm", "micrometer", "micrometers"),
    ("nm", "nanometer", "nanometers"),
    ("mi", "mile", "miles"),
    ("yd", "yard", "yards"),
    ("ft", "foot", "feet"),
    ("kg", "kilogram", "kilograms"),
    ("mg", "milligram", "milligrams"),
    ("µg", "microgram", "micrograms"),
    ("lbs", "pound", "pounds"),
    ("lb", "pound", "pounds"),
    ("oz", "ounce", "ounces"),
    ("ml", "milliliter", "milliliters"),
    ("mL", "milliliter", "milliliters"),
    ("kHz", "kilohertz", "kilohertz"),
    ("MHz", "megahertz", "megahertz"),
    ("GHz", "gigahertz", "gigahertz"),
    ("Hz", "hertz", "hertz"),
    ("kW", "kilowatt", "kilowatts"),
    ("MW", "megawatt", "megawatts"),
    ("GW", "gigawatt", "gigawatts"),
    ("mA", "milliamp", "milliamps"),
    ("mV", "millivolt", "millivolts"),
    ("kV", "kilovolt", "kilovolts"),
    ("kB", "kilobyte", "kilobytes"),
    ("KB", "kilobyte", "kilobytes"),
    ("MB", "megabyte", "megabytes"),
    ("GB", "gigabyte", "gigabytes"),
    ("TB", "terabyte", "terabytes"),
    ("PB", "petabyte", "petabytes"),
    ("kJ", "kilojoule", "kilojoules"),
    ("kcal", "kilocalorie", "kilocalories"),
    ("cal", "calorie", "calories"),
    ("dB", "decibel", "decibels"),
    ("kPa", "kilopascal", "kilopascals"),
    ("Pa", "pascal", "pascals"),
    ("psi", "pound per square inch", "pounds per square inch"),
    ("rpm", "revolution per minute", "revolutions per minute"),
    ("fps", "frame per second", "frames per second"),
    ("px", "pixel", "pixels"),
    ("ha", "hectare", "hectares"),
    ("in.", "inch", "inches"),
    ("hrs", "hour", "hours"),
    ("hr", "hour", "hours"),
    ("mins", "minute", "minutes"),
    ("min", "minute", "minutes"),
    ("secs", "second", "seconds"),
    ("sec", "second", "seconds"),
    ("ms", "millisecond", "milliseconds"),
    ("kΩ", "kiloohm", "kiloohms"),
    ("Ω", "ohm", "ohms"),
    ("m", "meter", "meters"),
    ("g", "gram", "grams"),
    ("h", "hour", "hours"),
    ("l", "liter", "liters"),
    ("L", "liter", "liters"),
    ("V", "volt", "volts"),
];
/// Units that are watts or seconds only right after the digits; elsewhere the letters mean something else.
const ATTACHED_UNITS: [(&str, &str, &str); 3] =
    [("W", "watt", "watts"), ("s", "second", "seconds"), ("A", "amp", "amps")];

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
    let gap = usize::from(text[length..].starts_with([' ', '-']));
    let (written, single, plural) = unit(&text[length + gap..], gap)?;
    let hyphen = text[length..].starts_with('-');
    phrase.say(if one || hyphen { single } else { plural });
    length += gap + written.len();
    Some(Reading::new(length + abbreviation_dot(&text[length..]), Class::Measure, phrase))
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

fn upper_bound(text: &str) -> Option<(Number, usize)> {
    let dash = ["-", "–"].into_iter().find(|dash| text.starts_with(dash))?;
    let number = Number::parse(&text[dash.len()..]).filter(|number| !number.negative)?;
    let length = dash.len() + number.length;
    Some((number, length))
}

fn unit(text: &str, gap: usize) -> Option<(&'static str, &'static str, &'static str)> {
    let attached = ATTACHED_UNITS.iter().filter(|_| gap == 0);
    let ends = |written: &str| {
        let after = &text[written.len()..];
        // "5 m.p.h." and "5 h's" are not metres and hours.
        at_boundary(after) && !after.starts_with(['\'', '/']) || !written.ends_with(|c: char| c.is_alphabetic())
    };
    UNITS.iter().chain(attached).copied().find(|(written, ..)| text.starts_with(written) && ends(written))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_units_come_before_their_beginnings() {
        for (i, (longer, ..)) in UNITS.iter().enumerate() {
            for (shorter, ..) in &UNITS[..i] {
                let hidden = longer.starts_with(shorter) && !shorter.ends_with(|c: char| c.is_alphabetic());
                assert!(!hidden, "{longer} is hidden by {shorter}");
            }
        }
    }

    #[test]
    fn all_unit_names_are_said() {
        for (_, one, many) in UNITS.iter().chain(&ATTACHED_UNITS) {
            assert!(Phrase::of(one).0.len() == Phrase::of(many).0.len(), "{one}");
        }
    }
}
