//! Abbreviations by context: `Dr. Smith` and `Elm Dr.`, `St. John` and `Main St.`, `etc.`, `U.S.`

use super::{
    reading::{Cursor, Phrase, Reading, at_boundary, head, span},
    word::MAX_LETTERS,
};
use crate::text::{symbols::Symbol, token::Class};

/// Before a name: the dot is optional and never ends a sentence.
const TITLES: [(&str, &str); 26] = [
    ("Mr", "mister"),
    ("Mrs", "missus"),
    ("Ms", "miz"),
    ("Mx", "mix"),
    ("Messrs", "messers"),
    ("Dr", "doctor"),
    ("Drs", "doctors"),
    ("Prof", "professor"),
    ("St", "saint"),
    ("Ste", "saint"),
    ("Gen", "general"),
    ("Col", "colonel"),
    ("Maj", "major"),
    ("Capt", "captain"),
    ("Cmdr", "commander"),
    ("Lt", "lieutenant"),
    ("Sgt", "sergeant"),
    ("Cpl", "corporal"),
    ("Pvt", "private"),
    ("Gov", "governor"),
    ("Sen", "senator"),
    ("Rep", "representative"),
    ("Rev", "reverend"),
    ("Hon", "honorable"),
    ("Mt", "mount"),
    ("Ft", "fort"),
];
/// After a name, with the dot optional.
const AFTER_NAMES: [(&str, &str); 14] = [
    ("St", "street"),
    ("Dr", "drive"),
    ("Ave", "avenue"),
    ("Blvd", "boulevard"),
    ("Rd", "road"),
    ("Ln", "lane"),
    ("Hwy", "highway"),
    ("Pkwy", "parkway"),
    ("Expy", "expressway"),
    ("Ct", "court"),
    ("Pl", "place"),
    ("Sq", "square"),
    ("Jr", "junior"),
    ("Sr", "senior"),
];
/// Anywhere, but only with the dot.
const DOTTED: [(&str, &str); 44] = [
    ("etc", "et cetera"),
    ("vs", "versus"),
    ("Inc", "incorporated"),
    ("Ltd", "limited"),
    ("Corp", "corporation"),
    ("Co", "company"),
    ("Bros", "brothers"),
    ("Assn", "association"),
    ("Dept", "department"),
    ("dept", "department"),
    ("Univ", "university"),
    ("approx", "approximately"),
    ("Approx", "approximately"),
    ("est", "established"),
    ("Est", "established"),
    ("ext", "extension"),
    ("Ext", "extension"),
    ("fig", "figure"),
    ("Fig", "figure"),
    ("Figs", "figures"),
    ("eq", "equation"),
    ("Eq", "equation"),
    ("vol", "volume"),
    ("Vol", "volume"),
    ("pp", "pages"),
    ("ed", "edition"),
    ("max", "maximum"),
    ("misc", "miscellaneous"),
    ("cf", "compare"),
    ("ca", "circa"),
    ("al", "al"),
    ("Jan", "January"),
    ("Feb", "February"),
    ("Aug", "August"),
    ("Sept", "September"),
    ("Oct", "October"),
    ("Nov", "November"),
    ("Dec", "December"),
    ("Mon", "Monday"),
    ("Tues", "Tuesday"),
    ("Thurs", "Thursday"),
    ("Fri", "Friday"),
    ("apt", "apartment"),
    ("Apt", "apartment"),
];
/// With or without a dot, which never ends a sentence.
const PLAIN: [(&str, &str); 6] =
    [("vs", "versus"), ("Mr", "mister"), ("Mrs", "missus"), ("Ms", "miz"), ("Dr", "doctor"), ("w/o", "without")];
/// Written in letters with dots, and said otherwise than letter by letter.
const LATIN: [(&str, &str); 2] = [("e.g.", "for example"), ("i.e.", "that is")];
/// The most letters with dots in one abbreviation.
const MAX_INITIALS: usize = 8;
/// A capital that begins one of these after an abbreviation begins a sentence.
const STARTERS: [&str; 27] = [
    "A", "After", "All", "An", "And", "As", "At", "But", "For", "He", "However", "I", "If", "In", "It", "Its", "No",
    "On", "She", "So", "That", "The", "There", "They", "This", "We", "When",
];

/// Reads an abbreviation.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    let rest = cursor.rest();
    if let Some((written, spoken)) = LATIN.iter().find(|(written, _)| rest.starts_with(written)) {
        return Some(Reading::new(written.len(), Class::Abbreviation, Phrase::of(spoken)));
    }
    initials(cursor).or_else(|| number_sign(rest)).or_else(|| listed(cursor))
}

/// `U.S.`, `Ph.D.`, `J. K. Rowling`: letters each with a dot.
fn initials(cursor: &Cursor) -> Option<Reading> {
    let rest = cursor.rest();
    let (mut at, mut parts) = (0, 0);
    loop {
        let letters = span(head(&rest[at..], MAX_LETTERS), |c| c.is_ascii_alphabetic());
        let is_part = letters == 1 || letters == 2 && &rest[at..at + letters] == "Ph";
        if !is_part || parts == MAX_INITIALS || !rest[at + letters..].starts_with('.') {
            break;
        }
        at += letters + 1;
        parts += 1;
    }
    let after = &rest[at..];
    let first_is_capital = rest.starts_with(|c: char| c.is_ascii_uppercase());
    match parts {
        0 => return None,
        1 => {
            let name_follows = after.trim_start().starts_with(|c: char| c.is_ascii_uppercase());
            let pronoun = rest.starts_with('I') || rest.starts_with('A') && cursor.starts_sentence();
            if !first_is_capital || pronoun || !name_follows || after.starts_with('\n') || starts_sentence(after) {
                return None;
            }
        }
        _ if !at_boundary(after) => return None,
        _ => {}
    }
    let mut phrase = Phrase::default();
    phrase.spell(&rest[..at]);
    if parts > 1 && ends_sentence(after) {
        phrase.pause(Symbol::PERIOD);
    }
    Some(Reading::new(at, Class::Abbreviation, phrase))
}

/// `No. 5`, `Nos. 3`, `№ 5`.
fn number_sign(rest: &str) -> Option<Reading> {
    let written = ["No. ", "no. ", "Nos. ", "№ ", "№"].into_iter().find(|written| rest.starts_with(written))?;
    let digit_follows = rest[written.len()..].starts_with(|c: char| c.is_ascii_digit());
    let word = if written.starts_with("Nos") { "numbers" } else { "number" };
    digit_follows.then(|| Reading::new(written.len(), Class::Abbreviation, Phrase::of(word)))
}

fn listed(cursor: &Cursor) -> Option<Reading> {
    let rest = cursor.rest();
    let letters = span(head(rest, MAX_LETTERS), |c| c.is_ascii_alphabetic());
    let word = &rest[..letters];
    if let Some((written, spoken)) = PLAIN.iter().find(|(w, _)| w.contains('/') && rest.starts_with(w)) {
        return Some(Reading::new(written.len(), Class::Abbreviation, Phrase::of(spoken)));
    }
    if letters == 0 || !at_boundary(&rest[letters..]) || rest[letters..].starts_with(['-', '\'']) {
        return None;
    }
    let dot = usize::from(rest[letters..].starts_with('.'));
    let after = &rest[letters + dot..];
    let find = |list: &[(&'static str, &'static str)]| list.iter().find(|(w, _)| *w == word).map(|&(_, spoken)| spoken);
    let after_name = follows_name(cursor) && !capital_follows_name(cursor, after);
    if let Some(spoken) = find(&AFTER_NAMES).filter(|_| after_name) {
        return Some(with_end(letters + dot, dot > 0 && ends_sentence(after), spoken));
    }
    let name_follows = after.strip_prefix(' ').is_some_and(|next| next.starts_with(|c: char| c.is_ascii_uppercase()));
    if let Some(spoken) = find(&TITLES).filter(|_| name_follows) {
        return Some(Reading::new(letters + dot, Class::Abbreviation, Phrase::of(spoken)));
    }
    if dot > 0
        && let Some(spoken) = find(&DOTTED)
    {
        return Some(with_end(letters + dot, ends_sentence(after), spoken));
    }
    find(&PLAIN).map(|spoken| Reading::new(letters + dot, Class::Abbreviation, Phrase::of(spoken)))
}

fn with_end(length: usize, ends: bool, spoken: &str) -> Reading {
    let mut phrase = Phrase::of(spoken);
    if ends {
        phrase.pause(Symbol::PERIOD);
    }
    Reading::new(length, Class::Abbreviation, phrase)
}

/// Whether the word before is a name or a number inside a sentence, as in "Elm Dr." or "42nd St."
fn follows_name(cursor: &Cursor) -> bool {
    let previous = cursor.previous_word();
    let title = TITLES.iter().any(|(written, _)| *written == previous);
    let place = !cursor.starts_sentence() && cursor.previous_char() == ' ' && !title;
    place && previous.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit())
}

/// "Visit St. Louis": after the first word of a sentence a capital decides for the title.
fn capital_follows_name(cursor: &Cursor, after: &str) -> bool {
    let single = cursor.spoken.iter().rev().take(2).take_while(|token| token.pause().is_none()).count() == 1;
    single && after.strip_prefix(' ').is_some_and(|next| next.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// Whether the dot of an abbreviation also ends the sentence.
pub fn ends_sentence(after: &str) -> bool {
    after.trim_start_matches(['"', '\'', ')', ' ', '\n']).is_empty()
        || after.starts_with("\n\n")
        || starts_sentence(after)
}

fn starts_sentence(after: &str) -> bool {
    let next = after.trim_start();
    let word = &next[..span(next, |c| c.is_ascii_alphabetic())];
    after.starts_with(char::is_whitespace) && STARTERS.contains(&word)
}
