//! Words built from listed ones by endings and prefixes: `blackmailers`, `unoffending`, `favourably`.
//!
//! Only what the letter-to-sound model says no better: over a random tenth of the lexicon, without its own entries,
//! the model was right more often in words with `-er` (317 against 273 of 364), `-ing` (373 and 353 of 407), `-able`
//! and `-ably` (29 and 23 of 37), `de-` (21 and 9 of 40) and `re-` (33 and 30 of 40), so these are left to it; `-s`
//! (1,009 and 1,040 of 1,167) and `-ed` (410 and 417 of 451) are not. Taking compounds apart was wrong in 45 % of the
//! 1,961 words that it applied to, mostly names; the model is wrong in 27 %, so compounds are left to it too.

use super::symbols::Symbol;

/// Looks a listed word up.
type Known<'a> = &'a dyn Fn(&str) -> Option<Vec<Symbol>>;

/// Prefixes that join a listed word without changing it, and what they sound like.
const PREFIXES: [(&str, &str); 16] = [
    ("counter", "K AW2 N T ER0"),
    ("inter", "IH2 N T ER0"),
    ("multi", "M AH2 L T IY0"),
    ("under", "AH2 N D ER0"),
    ("anti", "AE2 N T IY0"),
    ("auto", "AO2 T OW0"),
    ("fore", "F AO2 R"),
    ("over", "OW2 V ER0"),
    ("post", "P OW2 S T"),
    ("semi", "S EH2 M IY0"),
    ("dis", "D IH0 S"),
    ("mis", "M IH0 S"),
    ("non", "N AA2 N"),
    ("pre", "P R IY2"),
    ("sub", "S AH0 B"),
    ("un", "AH0 N"),
];

/// Endings that join a listed word without changing how it is said, and what they sound like.
const SUFFIXES: [(&str, &str); 18] = [
    ("fulness", "F AH0 L N AH0 S"),
    ("lessly", "L AH0 S L IY0"),
    ("lessness", "L AH0 S N AH0 S"),
    ("fully", "F AH0 L IY0"),
    ("ingly", "IH0 NG L IY0"),
    ("ally", "L IY0"),
    ("ness", "N AH0 S"),
    ("less", "L AH0 S"),
    ("ship", "SH IH2 P"),
    ("hood", "HH UH2 D"),
    ("like", "L AY2 K"),
    ("ment", "M AH0 N T"),
    ("most", "M OW2 S T"),
    ("ward", "W ER0 D"),
    ("wise", "W AY2 Z"),
    ("some", "S AH0 M"),
    ("ful", "F AH0 L"),
    ("ly", "L IY0"),
];

/// Endings that begin with a vowel, before which a silent `e`, a final `y` or a doubled consonant changes.
const VOWEL_SUFFIXES: [(&str, &str); 5] =
    [("ings", "IH0 NG Z"), ("in'", "IH0 N"), ("ers", "ER0 Z"), ("est", "AH0 S T"), ("eth", "AH0 TH")];

/// British spellings that CMUdict lists in their American form only.
const SPELLINGS: [(&str, &str); 9] = [
    ("isation", "ization"),
    ("ising", "izing"),
    ("ised", "ized"),
    ("ises", "izes"),
    ("ise", "ize"),
    ("elling", "eling"),
    ("elled", "eled"),
    ("our", "or"),
    ("tre", "ter"),
];

/// How deep endings and prefixes nest: `un-help-ful-ness-es`.
const MAX_DEPTH: usize = 4;
/// What follows a prefix has at least this many letters, so that few are found by accident.
const MIN_BASE_LETTERS: usize = 4;
/// Longer words are not searched for listed parts.
const MAX_LETTERS: usize = 40;

/// The phonemes of `word` (lower case) from those of listed words, if it is built from them.
pub fn derive(word: &str, known: Known) -> Option<Vec<Symbol>> {
    if word.len() > MAX_LETTERS || !word.is_ascii() {
        return None;
    }
    inflected(word, known, MAX_DEPTH)
}

/// The word itself when listed, or taken apart once more.
fn stem(word: &str, known: Known, depth: usize) -> Option<Vec<Symbol>> {
    if word.len() < 2 {
        return None;
    }
    known(word).or_else(|| inflected(word, known, depth.checked_sub(1)?))
}

fn inflected(word: &str, known: Known, depth: usize) -> Option<Vec<Symbol>> {
    plural(word, known, depth)
        .or_else(|| past(word, known, depth))
        .or_else(|| vowel_suffix(word, known, depth))
        .or_else(|| suffix(word, known, depth))
        .or_else(|| respelled(word, known, depth))
        .or_else(|| prefix(word, known, depth))
}

/// `-s`, `-es`, `-ies`, `'s`.
fn plural(word: &str, known: Known, depth: usize) -> Option<Vec<Symbol>> {
    let base = word.strip_suffix("'s").or_else(|| word.strip_suffix('s').filter(|base| !base.ends_with('s')))?;
    let stem = stem(base, known, depth)
        .or_else(|| stem(base.strip_suffix('e')?, known, depth))
        .or_else(|| stem(&format!("{}y", base.strip_suffix("ie")?), known, depth))?;
    Some(with_plural(stem))
}

/// Adds the ending of a plural or possessive: `IH0 Z` after a hiss, `S` after a voiceless sound, else `Z`.
pub fn with_plural(stem: Vec<Symbol>) -> Vec<Symbol> {
    let ending = match stem.last().map_or("", |last| last.name()) {
        "S" | "Z" | "SH" | "ZH" | "CH" | "JH" => "IH0 Z",
        "P" | "T" | "K" | "F" | "TH" => "S",
        _ => "Z",
    };
    joined(stem, ending)
}

/// `-ed`: `IH0 D` after `t` and `d`, `T` after a voiceless sound, else `D`.
fn past(word: &str, known: Known, depth: usize) -> Option<Vec<Symbol>> {
    let stem = before_vowel(word.strip_suffix("ed")?, known, depth)?;
    let ending = match stem.last().map_or("", |last| last.name()) {
        "T" | "D" => "IH0 D",
        "P" | "K" | "F" | "TH" | "S" | "SH" | "CH" => "T",
        _ => "D",
    };
    Some(joined(stem, ending))
}

fn vowel_suffix(word: &str, known: Known, depth: usize) -> Option<Vec<Symbol>> {
    VOWEL_SUFFIXES.iter().find_map(|(suffix, sound)| {
        let stem = before_vowel(word.strip_suffix(suffix)?, known, depth)?;
        Some(joined(stem, sound))
    })
}

/// The stem before an ending that begins with a vowel: `hop-ing` is hope, `hopp-ing` hop, `carri-er` carry.
fn before_vowel(base: &str, known: Known, depth: usize) -> Option<Vec<Symbol>> {
    if base.len() < 3 {
        return None;
    }
    let undoubled = || {
        let [.., before, last] = base.as_bytes() else { return None };
        (before == last && !b"aeiou".contains(last)).then(|| &base[..base.len() - 1])
    };
    stem(&format!("{base}e"), known, 1)
        .or_else(|| stem(base, known, depth))
        .or_else(|| stem(undoubled()?, known, depth))
        .or_else(|| stem(&format!("{}y", base.strip_suffix('i')?), known, depth))
}

fn suffix(word: &str, known: Known, depth: usize) -> Option<Vec<Symbol>> {
    SUFFIXES.iter().find_map(|(suffix, sound)| {
        // `-ally` without its `al` follows `-ic` alone: `ethic-ally`, but `vocal-ly`.
        let base = word.strip_suffix(suffix).filter(|base| *suffix != "ally" || base.ends_with("ic"))?;
        let stem =
            stem(base, known, depth).or_else(|| stem(&format!("{}y", base.strip_suffix('i')?), known, depth)).or_else(
                || (*suffix == "ly").then(|| stem(&format!("{base}le"), known, depth))?.map(without_last_syllable),
            )?;
        Some(if *suffix == "ly" { with_ly(stem) } else { joined(stem, sound) })
    })
}

/// `vocal` and `-ly` share their `l`.
fn with_ly(stem: Vec<Symbol>) -> Vec<Symbol> {
    let shared = stem.last().is_some_and(|last| last.name() == "L");
    joined(stem, if shared { "IY0" } else { "L IY0" })
}

/// `humble` before `-ly` loses its last syllable: `humbly`.
fn without_last_syllable(mut stem: Vec<Symbol>) -> Vec<Symbol> {
    stem.truncate(stem.len().saturating_sub(2));
    stem
}

fn respelled(word: &str, known: Known, depth: usize) -> Option<Vec<Symbol>> {
    SPELLINGS.iter().find_map(|(british, american)| {
        let at = word.rfind(british).filter(|&at| at > 1)?;
        let respelled = [&word[..at], american, &word[at + british.len()..]].concat();
        stem(&respelled, known, depth)
    })
}

fn prefix(word: &str, known: Known, depth: usize) -> Option<Vec<Symbol>> {
    PREFIXES.iter().find_map(|(prefix, sound)| {
        let base = word.strip_prefix(prefix).filter(|base| base.len() >= MIN_BASE_LETTERS)?;
        let mut phonemes = super::lexicon::read_phonemes(sound)?;
        phonemes.extend(stem(base, known, depth)?);
        Some(phonemes)
    })
}

fn joined(mut stem: Vec<Symbol>, ending: &str) -> Vec<Symbol> {
    stem.extend(ending.split_ascii_whitespace().filter_map(Symbol::from_name));
    stem
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::lexicon::Lexicon;

    fn say(word: &str) -> String {
        let phonemes = derive(word, &|stem| Lexicon::ENGLISH.get(stem)).unwrap_or_default();
        phonemes.iter().map(|s| s.name()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn endings_follow_the_last_sound() {
        assert_eq!(say("blackmailers"), "B L AE1 K M EY2 L ER0 Z");
        assert_eq!(say("squirrel's"), "S K W ER1 AH0 L Z");
        assert_eq!(say("duchess's"), "D AH1 CH AH0 S IH0 Z");
        assert_eq!(say("stammered"), "S T AE1 M ER0 D");
        assert_eq!(say("gritted"), "G R IH1 T IH0 D");
        assert_eq!(say("lounged"), "L AW1 N JH D");
        assert_eq!(say("reproached"), "R IY0 P R OW1 CH T");
    }

    #[test]
    fn stems_get_their_spelling_back() {
        assert_eq!(say("jewelled"), "JH UW1 IH0 L D");
        assert_eq!(say("doubtfully"), "D AW1 T F AH0 L IY0");
        assert_eq!(say("favourably"), "F EY1 V ER0 AH0 B L IY0");
        assert_eq!(say("stoically"), "S T OW1 IH0 K L IY0");
        assert_eq!(say("drapings"), "D R EY1 P IH0 NG Z");
    }

    #[test]
    fn nonsense_is_not_derived() {
        for word in ["", "s", "pastrini", "'s", "ed", "ing", "zzzed", "cucumetto", "vampa", "ness", "unun"] {
            assert_eq!(say(word), "", "{word}");
        }
    }
}
