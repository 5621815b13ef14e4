//! The elements of the subset, and what their attributes mean.

use super::{error::Problem, value};
use crate::text::{
    alphabets::{self, Alphabet},
    markup::{DayOrder, Given, SayAs},
    style::{Emphasis, Style},
};

/// All that is supported.
pub const NAMES: [&str; 10] = ["speak", "p", "s", "break", "emphasis", "prosody", "phoneme", "say-as", "sub", "voice"];

/// An element with what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    /// `speak`: the whole.
    Speak,
    /// `p`: a paragraph.
    Paragraph,
    /// `s`: a sentence.
    Sentence,
    /// `break`: a pause in milliseconds.
    Break(u32),
    /// `emphasis`, `prosody`, `voice`: how the text within is to sound.
    Styled(Style),
    /// `phoneme`, `say-as`: how the text within is read.
    Given(Given),
    /// `sub`: what is said instead of the text within.
    Substitute(String),
}

/// The attributes of an element.
pub struct Attributes<'a> {
    element: &'static str,
    values: &'a [(&'a str, String)],
}

impl<'a> Attributes<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.values.iter().find(|(attribute, _)| *attribute == name).map(|(_, value)| value.trim())
    }

    fn needed(&self, attribute: &'static str) -> Result<&'a str, Problem> {
        self.get(attribute).ok_or(Problem::Missing { element: self.element, attribute })
    }

    /// The value of an attribute as `read` understands it, if it is there.
    fn read<T>(
        &self,
        attribute: &'static str,
        expected: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(value) = self.get(attribute) else { return Ok(None) };
        let wrong = || Problem::Value { element: self.element, attribute, value: value.to_owned(), expected };
        read(value).map(Some).ok_or_else(wrong)
    }
}

/// The element of this name, in the style around it.
pub fn read(name: &str, values: &[(&str, String)], outer: &Style) -> Result<Element, Problem> {
    let element = *NAMES.iter().find(|known| **known == name).ok_or_else(|| Problem::Element(name.to_owned()))?;
    let attributes = Attributes { element, values };
    Ok(match element {
        "speak" => Element::Speak,
        "p" => Element::Paragraph,
        "s" => Element::Sentence,
        "break" => Element::Break(pause(&attributes)?),
        "emphasis" => Element::Styled(Style { emphasis: emphasis(&attributes)?, ..outer.clone() }),
        "prosody" => Element::Styled(prosody(&attributes, outer)?),
        "voice" => Element::Styled(Style { voice: Some(attributes.needed("name")?.into()), ..outer.clone() }),
        "phoneme" => Element::Given(phoneme(&attributes)?),
        "say-as" => Element::Given(Given::As(say_as(&attributes)?)),
        _ => Element::Substitute(attributes.needed("alias")?.to_owned()),
    })
}

fn pause(attributes: &Attributes) -> Result<u32, Problem> {
    const DEFAULT_MS: u32 = 400;
    let time = attributes.read("time", "a time of at most 60 s such as 500ms or 1.5s", value::time)?;
    let strengths = "none, x-weak, weak, medium, strong or x-strong";
    let strength = attributes.read("strength", strengths, value::strength)?;
    Ok(time.or(strength).unwrap_or(DEFAULT_MS))
}

fn emphasis(attributes: &Attributes) -> Result<Emphasis, Problem> {
    let level = attributes.read("level", "strong, moderate, none or reduced", |value| {
        Some(match value {
            "strong" => Emphasis::Strong,
            "moderate" => Emphasis::Moderate,
            "none" => Emphasis::None,
            "reduced" => Emphasis::Reduced,
            _ => return None,
        })
    })?;
    Ok(level.unwrap_or(Emphasis::Moderate))
}

fn prosody(attributes: &Attributes, outer: &Style) -> Result<Style, Problem> {
    let mut style = outer.clone();
    let rates = "x-slow, slow, medium, fast, x-fast, a share such as 80% or +10%, or a factor";
    if let Some(rate) = attributes.read("rate", rates, |value| value::rate(value, outer.rate_percent))? {
        style.rate_percent = rate;
    }
    let pitches = "x-low, low, medium, high, x-high, semitones such as +2st, or a share such as -10%";
    if let Some(pitch) = attributes.read("pitch", pitches, |value| value::pitch(value, outer.pitch_cents))? {
        style.pitch_cents = pitch;
    }
    let volumes = "silent, x-soft, soft, medium, loud, x-loud or decibels such as +6dB";
    if let Some(volume) = attributes.read("volume", volumes, |value| value::volume(value, outer.volume_tenths_db))? {
        style.volume_tenths_db = volume;
    }
    Ok(style)
}

fn phoneme(attributes: &Attributes) -> Result<Given, Problem> {
    attributes.needed("ph")?;
    let alphabet = attributes.read("alphabet", "ipa, arpabet, cmu or misaki", |value| {
        Some(match value {
            "ipa" => Some(Alphabet::Ipa),
            "arpabet" | "x-arpabet" | "cmu" | "x-cmu" | "cmu-arpabet" => Some(Alphabet::Arpabet),
            "misaki" | "x-misaki" => Some(Alphabet::Misaki),
            _ => return None,
        })
    })?;
    let phonemes = attributes.read("ph", "phonemes of the alphabet", |value| match alphabet.flatten() {
        Some(alphabet) => alphabet.read(value).ok(),
        None => alphabets::read(value).ok(),
    })?;
    Ok(Given::Phonemes(phonemes.unwrap_or_default()))
}

fn say_as(attributes: &Attributes) -> Result<SayAs, Problem> {
    attributes.needed("interpret-as")?;
    let formats = "mdy, dmy, ymd, md, dm or another order of the letters d, m and y";
    let order = attributes.read("format", formats, |format| {
        let (day, month) = (format.find('d'), format.find('m'));
        let order = if day < month { DayOrder::DayFirst } else { DayOrder::MonthFirst };
        Some(order)
    })?;
    let classes = "characters, spell-out, verbatim, digits, cardinal, number, ordinal, fraction, date, time, \
                   telephone, currency, unit or address";
    let class = attributes.read("interpret-as", classes, |value| {
        Some(match value {
            "characters" | "spell-out" | "verbatim" => SayAs::Characters,
            "digits" => SayAs::Digits,
            "cardinal" | "number" => SayAs::Cardinal,
            "ordinal" => SayAs::Ordinal,
            "fraction" => SayAs::Fraction,
            "date" => SayAs::Date(order),
            "time" => SayAs::Time,
            "telephone" => SayAs::Telephone,
            "currency" => SayAs::Currency,
            "unit" => SayAs::Unit,
            "address" => SayAs::Address,
            _ => return None,
        })
    })?;
    Ok(class.unwrap_or(SayAs::Characters))
}
