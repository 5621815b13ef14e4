//! Units: how they are written, and what one and many of them are called.

use super::reading::at_boundary;

/// A unit as written, and what one and many of it are called. A longer one stands before its own beginning.
const UNITS: [(&str, &str, &str); 97] = [
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
    ("mbps", "megabit per second", "megabits per second"),
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
    ("km³", "cubic kilometer", "cubic kilometers"),
    ("km2", "square kilometer", "square kilometers"),
    ("m2", "square meter", "square meters"),
    ("m3", "cubic meter", "cubic meters"),
    ("km", "kilometer", "kilometers"),
    ("cm", "centimeter", "centimeters"),
    ("mm", "millimeter", "millimeters"),
    ("µm", "micrometer", "micrometers"),
    ("nm", "nanometer", "nanometers"),
    ("mi", "mile", "miles"),
    ("yd", "yard", "yards"),
    ("ft", "foot", "feet"),
    ("kgs", "kilogram", "kilograms"),
    ("KG", "kilogram", "kilograms"),
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
    ("dpi", "D P I", "D P I"),
    ("px", "pixel", "pixels"),
    ("ha", "hectare", "hectares"),
    ("in.", "inch", "inches"),
    ("wks", "week", "weeks"),
    ("wk", "week", "weeks"),
    ("mos", "month", "months"),
    ("mo", "month", "months"),
    ("yrs", "year", "years"),
    ("yr", "year", "years"),
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

/// The unit at the start of `text`, which stands `gap` bytes after its number.
pub fn unit(text: &str, gap: usize) -> Option<(&'static str, &'static str, &'static str)> {
    let attached = ATTACHED_UNITS.iter().filter(|_| gap == 0);
    let ends = |written: &str| {
        let after = &text[written.len()..];
        // "5 m.p.h." and "5 h's" are not metres and hours; "5 m/x" is no unit that is known.
        let divided = after.strip_prefix('/').is_some_and(|divisor| unit(divisor, 1).is_none());
        at_boundary(after) && !after.starts_with('\'') && !divided || !written.ends_with(|c: char| c.is_alphabetic())
    };
    UNITS.iter().chain(attached).copied().find(|(written, ..)| text.starts_with(written) && ends(written))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::normalize::reading::Phrase;

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
