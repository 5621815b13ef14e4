//! Sums of money: `$3.50`, `£5m`, `€1.2 billion`, `50¢`, `20 USD`.

use super::{
    cardinal::{Number, cardinal_of},
    reading::{Cursor, Phrase, Reading, at_boundary, span},
};
use crate::text::token::Class;

/// A currency: how it is written, and what one and many of it and of its hundredth are called.
struct Currency {
    signs: &'static [&'static str],
    code: &'static str,
    one: &'static str,
    many: &'static str,
    cent: &'static str,
    cents: &'static str,
}

const CURRENCIES: [Currency; 13] = [
    currency(&["$"], "USD", ["dollar", "dollars", "cent", "cents"]),
    currency(&["US$"], "US$", ["U S dollar", "U S dollars", "cent", "cents"]),
    currency(&["A$", "AU$"], "AUD", ["Australian dollar", "Australian dollars", "cent", "cents"]),
    currency(&["C$", "CA$"], "CAD", ["Canadian dollar", "Canadian dollars", "cent", "cents"]),
    currency(&["HK$"], "HKD", ["Hong Kong dollar", "Hong Kong dollars", "cent", "cents"]),
    currency(&["£"], "GBP", ["pound", "pounds", "penny", "pence"]),
    currency(&["€"], "EUR", ["euro", "euros", "cent", "cents"]),
    currency(&["¥"], "JPY", ["yen", "yen", "sen", "sen"]),
    currency(&["CN¥"], "CNY", ["yuan", "yuan", "fen", "fen"]),
    currency(&["₹", "Rs. ", "Rs "], "INR", ["rupee", "rupees", "paisa", "paise"]),
    currency(&["₩"], "KRW", ["won", "won", "jeon", "jeon"]),
    currency(&["CHF "], "CHF", ["franc", "francs", "centime", "centimes"]),
    currency(&["₽"], "RUB", ["ruble", "rubles", "kopek", "kopeks"]),
];

const fn currency(
    signs: &'static [&'static str],
    code: &'static str,
    [one, many, cent, cents]: [&'static str; 4],
) -> Currency {
    Currency { signs, code, one, many, cent, cents }
}
/// Longer magnitudes may stand after a space; of the letters only these.
const SPACED_LETTERS: [&str; 3] = ["b", "B", "M"];
const MAGNITUDES: [(&str, &str); 14] = [
    ("thousand", "thousand"),
    ("million", "million"),
    ("billion", "billion"),
    ("trillion", "trillion"),
    ("bn", "billion"),
    ("mn", "million"),
    ("tn", "trillion"),
    ("k", "thousand"),
    ("K", "thousand"),
    ("m", "million"),
    ("M", "million"),
    ("B", "billion"),
    ("b", "billion"),
    ("T", "trillion"),
];

/// Reads a sum of money.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    sign_first(cursor.rest()).or_else(|| amount_first(cursor.rest()))
}

fn sign_first(text: &str) -> Option<Reading> {
    let minus = usize::from(text.starts_with('-'));
    let (currency, sign) = CURRENCIES
        .iter()
        .find_map(|c| c.signs.iter().find(|sign| text[minus..].starts_with(**sign)).map(|sign| (c, sign)))?;
    let start = minus + sign.len();
    let number = Number::parse(&text[start..]).filter(|number| !number.negative)?;
    let mut length = start + number.length;
    let mut phrase = Phrase::of(if minus > 0 { "minus" } else { "" });
    if let Some((upper, own_sign, bytes)) = upper_bound(&text[length..]) {
        length += bytes;
        let mut magnitude = Phrase::default();
        length += add_magnitude(&text[length..], &mut magnitude);
        let whole = number.decimals.is_none() && upper.decimals.is_none();
        if magnitude.0.is_empty() && (own_sign || !whole) {
            // "$250-$300" and "$1.50-2.50" are two sums.
            phrase.add(sum(&number, currency)).say("to").add(sum(&upper, currency));
        } else {
            phrase.add(number.phrase()).say("to").add(upper.phrase()).add(magnitude).say(currency.many);
        }
    } else {
        let mut amount = number.phrase();
        let magnitude = add_magnitude(&text[length..], &mut amount);
        length += magnitude;
        if magnitude > 0 {
            phrase.add(amount).say(currency.many);
        } else {
            phrase.add(sum(&number, currency));
        }
    }
    Some(Reading::new(length, Class::Money, phrase))
}

/// The rest of a range, `-10` or `–$10`, whether it has a sign of its own, and its bytes.
fn upper_bound(text: &str) -> Option<(Number, bool, usize)> {
    let dash = ["-", "–"].into_iter().find(|dash| text.starts_with(dash))?;
    let after = text[dash.len()..].trim_start_matches(['$', '£', '€', '¥', '₹', '₩']);
    let own_sign = after.len() + dash.len() < text.len();
    let number = Number::parse(after).filter(|number| !number.negative)?;
    let length = text.len() - after.len() + number.length;
    Some((number, own_sign, length))
}

/// Adds "million" and the like; gives the bytes, 0 where there is none.
fn add_magnitude(text: &str, phrase: &mut Phrase) -> usize {
    let gap = usize::from(text.starts_with([' ', '-']));
    let word = &text[gap..gap + span(&text[gap..], |c| c.is_ascii_alphabetic())];
    let known = MAGNITUDES.iter().find(|(written, _)| *written == word).filter(|(written, _)| {
        gap == 0 || written.len() > 1 || text.starts_with(' ') && SPACED_LETTERS.contains(written)
    });
    let Some((written, spoken)) = known.filter(|_| at_boundary(&text[gap + word.len()..])) else { return 0 };
    phrase.say(spoken);
    gap + written.len()
}

/// Dollars and cents; three or more decimals that are not zeros at the end are a decimal number.
fn sum(number: &Number, currency: &Currency) -> Phrase {
    let decimals = number.decimals.as_deref().map(|decimals| format!("{:0<2}", decimals.trim_end_matches('0')));
    if decimals.as_ref().is_some_and(|decimals| decimals.len() > 2) {
        let mut phrase = number.phrase();
        phrase.say(currency.many);
        return phrase;
    }
    let cents = decimals.as_deref();
    let whole = number.integer.trim_start_matches('0');
    let cents = cents.map_or("", |cents| cents.trim_start_matches('0'));
    let mut phrase = Phrase::default();
    if !whole.is_empty() || cents.is_empty() {
        phrase.say(&cardinal_of(whole)).say(if whole == "1" { currency.one } else { currency.many });
    }
    if !cents.is_empty() {
        phrase.say(if whole.is_empty() { "" } else { "and" });
        phrase.say(&cardinal_of(cents)).say(if cents == "1" { currency.cent } else { currency.cents });
    }
    phrase
}

/// `50¢`, `20 USD`, `20€`.
fn amount_first(text: &str) -> Option<Reading> {
    let number = Number::parse(text)?;
    let gap = usize::from(text[number.length..].starts_with(' '));
    let after = &text[number.length + gap..];
    if after.starts_with('¢') {
        let mut phrase = number.phrase();
        phrase.say(if number.is_one() { "cent" } else { "cents" });
        return Some(Reading::new(number.length + gap + '¢'.len_utf8(), Class::Money, phrase));
    }
    let written = |c: &'static Currency| {
        let sign =
            c.signs.iter().copied().find(|sign| {
                after.starts_with(sign) && !sign.starts_with('$') && !sign.starts_with(char::is_alphabetic)
            });
        sign.or_else(|| after.starts_with(c.code).then_some(c.code)).map(|sign| (c, sign))
    };
    let (currency, sign) = CURRENCIES.iter().find_map(written)?;
    let more = &after[sign.len()..];
    let belongs_to_next = gap > 0 && sign != currency.code && more.starts_with(|c: char| c.is_ascii_digit());
    (at_boundary(more) && !belongs_to_next)
        .then(|| Reading::new(number.length + gap + sign.len(), Class::Money, sum(&number, currency)))
}
