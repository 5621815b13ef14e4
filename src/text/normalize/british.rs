//! What is said otherwise in Britain: "one hundred and five", "zed", "double five" in phone numbers.
//!
//! Dates are turned round by their reader. The sounds stay those of the voice.

use super::{
    cardinal::{DIGITS, TEENS, TENS},
    ordinal::ordinal_word,
    reading::Phrase,
};
use crate::text::token::{Class, Say};

/// Words after which a smaller number is joined by "and".
const HUNDREDS: [&str; 2] = ["hundred", "hundredth"];
const THOUSANDS: [&str; 4] = ["thousand", "million", "billion", "trillion"];

/// Rephrases what was made for American ears.
pub fn rephrase(class: Class, phrase: &mut Phrase) {
    if class == Class::Phone {
        digits(phrase);
    } else if class != Class::Word {
        join_numbers(phrase);
    }
    for (text, say) in &mut phrase.0 {
        if *say == Say::Letter && text.starts_with('z') {
            *text = text.replacen('z', "zed", 1);
            *say = Say::Word;
        }
    }
}

/// "and" between hundreds and the rest, and between thousands and a rest below one hundred.
fn join_numbers(phrase: &mut Phrase) {
    let words = std::mem::take(&mut phrase.0);
    for (i, (text, say)) in words.iter().enumerate() {
        let before = i.checked_sub(1).map_or("", |at| words[at].0.as_str());
        let after_hundred = HUNDREDS.contains(&before);
        let rest_is_small = !words[i..].iter().take(3).any(|(word, _)| is_power(word));
        let after_thousand = THOUSANDS.contains(&before) && rest_is_small;
        if is_small(text) && (after_hundred || after_thousand) {
            phrase.say("and");
        }
        phrase.0.push((text.clone(), *say));
    }
}

fn is_power(word: &str) -> bool {
    HUNDREDS.contains(&word) || THOUSANDS.iter().any(|power| word.starts_with(power))
}

/// Whether a word is a number below one hundred, cardinal or ordinal.
fn is_small(word: &str) -> bool {
    let mut cardinals = DIGITS[1..].iter().chain(&TEENS).chain(&TENS[2..]);
    cardinals.any(|cardinal| *cardinal == word || ordinal_word(cardinal) == word)
}

/// "oh" for zero, and "double" for a digit that stands twice.
fn digits(phrase: &mut Phrase) {
    let words = std::mem::take(&mut phrase.0);
    let mut at = 0;
    while at < words.len() {
        let (text, say) = words[at].clone();
        let twice = words.get(at + 1).is_some_and(|next| next.0 == text);
        let thrice = words.get(at + 2).is_some_and(|next| next.0 == text);
        let doubled = twice && !thrice && DIGITS.contains(&text.as_str());
        if doubled {
            phrase.say("double");
        }
        phrase.0.push((if text == "zero" { "oh".to_owned() } else { text }, say));
        at += if doubled { 2 } else { 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(class: Class, american: &str) -> String {
        let mut phrase = Phrase::of(american);
        rephrase(class, &mut phrase);
        phrase.0.into_iter().map(|(word, _)| word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn hundreds_are_joined() {
        for (american, british) in [
            ("one hundred five", "one hundred and five"),
            ("two thousand nine", "two thousand and nine"),
            ("one thousand two hundred", "one thousand two hundred"),
            (
                "one million two hundred thousand three hundred four dollars",
                "one million two hundred thousand three hundred and four dollars",
            ),
            ("one hundred third", "one hundred and third"),
            ("three hundred dollars", "three hundred dollars"),
            ("twelve thousand twenty", "twelve thousand and twenty"),
            ("one million two thousand", "one million two thousand"),
        ] {
            assert_eq!(say(Class::Cardinal, american), british);
        }
    }

    #[test]
    fn digits_of_phone_numbers_are_doubled() {
        assert_eq!(say(Class::Phone, "zero two zero seven seven four"), "oh two oh double seven four");
        assert_eq!(say(Class::Phone, "five five five"), "five double five");
    }
}
