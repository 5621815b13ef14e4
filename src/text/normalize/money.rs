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

const CURRENCIES: [Currency; 7] = [
    Currency { signs: &["US$", "$"], code: "USD", one: "dollar", many: "dollars", cent: "cent", cents: "cents" },
    Currency { signs: &["£"], code: "GBP", one: "pound", many: "pounds", cent: "penny", cents: "pence" },
    Currency { signs: &["€"], code: "EUR", one: "euro", many: "euros", cent: "cent", cents: "cents" },
    Currency { signs: &["¥"], code: "JPY", one: "yen", many: "yen", cent: "sen", cents: "sen" },
    Currency { signs: &["₹"], code: "INR", one: "rupee", many: "rupees", cent: "paisa", cents: "paise" },
    Currency { signs: &["₩"], code: "KRW", one: "won", many: "won", cent: "jeon", cents: "jeon" },
    Currency { signs: &["CHF "], code: "CHF", one: "franc", many: "francs", cent: "centime", cents: "centimes" },
];
const MAGNITUDES: [(&str, &str); 13] = [
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
    if let Some((upper, bytes)) = upper_bound(&text[length..]) {
        phrase.add(number.phrase()).say("to").add(upper.phrase());
        length += bytes;
        length += add_magnitude(&text[length..], &mut phrase);
        phrase.say(currency.many);
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

/// The rest of a range, `-10` or `–10`, and its bytes.
fn upper_bound(text: &str) -> Option<(Number, usize)> {
    let dash = ["-", "–"].into_iter().find(|dash| text.starts_with(dash))?;
    let after = text[dash.len()..].trim_start_matches(['$', '£', '€', '¥', '₹', '₩']);
    let number = Number::parse(after).filter(|number| !number.negative)?;
    Some((number.clone(), text.len() - after.len() + number.length))
}

/// Adds "million" and the like; gives the bytes, 0 where there is none.
fn add_magnitude(text: &str, phrase: &mut Phrase) -> usize {
    let gap = usize::from(text.starts_with([' ', '-']));
    let word = &text[gap..gap + span(&text[gap..], |c| c.is_ascii_alphabetic())];
    let known =
        MAGNITUDES.iter().find(|(written, _)| *written == word).filter(|(written, _)| gap == 0 || written.len() > 1);
    let Some((written, spoken)) = known.filter(|_| at_boundary(&text[gap + word.len()..])) else { return 0 };
    phrase.say(spoken);
    gap + written.len()
}

/// Dollars and cents; three or more decimals are a decimal number.
fn sum(number: &Number, currency: &Currency) -> Phrase {
    let cents = number.decimals.as_deref().filter(|decimals| decimals.len() == 2);
    if number.decimals.is_some() && cents.is_none() {
        let mut phrase = number.phrase();
        phrase.say(currency.many);
        return phrase;
    }
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
        let sign = c.signs.iter().copied().find(|sign| after.starts_with(sign) && !sign.starts_with(['$', 'U', 'C']));
        sign.or_else(|| after.starts_with(c.code).then_some(c.code)).map(|sign| (c, sign))
    };
    let (currency, sign) = CURRENCIES.iter().find_map(written)?;
    let more = &after[sign.len()..];
    let belongs_to_next = gap > 0 && sign != currency.code && more.starts_with(|c: char| c.is_ascii_digit());
    (at_boundary(more) && !belongs_to_next)
        .then(|| Reading::new(number.length + gap + sign.len(), Class::Money, sum(&number, currency)))
}
