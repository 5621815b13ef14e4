//! URLs, e-mail addresses and file names: `https://example.com/a-b`, `me@example.org`, `report.pdf`.

use super::{
    cardinal::Number,
    reading::{Cursor, Phrase, Reading, head, span},
};
use crate::text::{letters, lexicon::Lexicon, token::Class};

/// Endings that make `name.ending` an address.
const DOMAINS: [&str; 28] = [
    "com", "org", "net", "edu", "gov", "io", "co", "uk", "de", "fr", "info", "ai", "app", "dev", "eu", "ca", "au",
    "jp", "us", "tv", "me", "ch", "nl", "se", "in", "biz", "int", "mil",
];
/// Endings that make `name.ending` a file.
const FILES: [&str; 42] = [
    "pdf", "txt", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "csv", "json", "xml", "html", "htm", "css", "js", "ts",
    "py", "rs", "c", "h", "cpp", "java", "sh", "exe", "zip", "gz", "tar", "jpg", "jpeg", "png", "gif", "svg", "mp3",
    "mp4", "wav", "flac", "mov", "avi", "md", "yaml", "yml", "toml",
];
/// Pieces that are said as words although they are no words.
const SAID: [(&str, &str); 4] = [("com", "com"), ("org", "org"), ("gov", "guv"), ("zip", "zip")];
/// Pieces that are spelled although they make words.
const SPELLED: [&str; 6] = ["id", "api", "faq", "dvd", "usa", "url"];
/// Longer addresses are read in parts.
const MAX_BYTES: usize = 200;
/// Unlisted pieces up to this length are spelled.
const MAX_SPELLED: usize = 3;

/// Reads an address or a file name.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    let rest = head(cursor.rest(), MAX_BYTES);
    let scheme = ["https://", "http://", "ftp://"]
        .into_iter()
        .find(|s| rest.get(..s.len()).is_some_and(|r| r.eq_ignore_ascii_case(s)));
    let start = scheme.map_or(0, str::len);
    let in_address = |c: char| c.is_ascii_alphanumeric() || ".-_~/@:%+#?&=".contains(c);
    let length = start
        + rest[start..start + span(&rest[start..], in_address)]
            .trim_end_matches(['.', ':', '?', '-', '/', '#', '&', '='])
            .len();
    let address = &rest[start..length];
    let slash = address.find(['/', '?', '#']).unwrap_or(address.len());
    let host = &address[..slash];
    let is_address = !address.is_empty() && (scheme.is_some() || is_email(host) || is_host(host) || is_file(address));
    is_address.then(|| Reading::new(length, Class::Web, spoken(address)))
}

fn is_email(host: &str) -> bool {
    host.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !host.contains('@') && !host.starts_with('.')
    })
}

fn is_host(host: &str) -> bool {
    let host = host.split(':').next().unwrap_or("");
    let labels: Vec<&str> = host.split('.').collect();
    let plain = |label: &&str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let last = labels.last().copied().unwrap_or("");
    let known = labels[0] == "www" || DOMAINS.contains(&last) && labels[0].len() > 1;
    // "end.In the" lacks a space: a domain after a word is in lower case.
    labels.len() > 1 && known && labels.iter().all(plain) && last.chars().all(|c| c.is_ascii_lowercase())
}

fn is_file(address: &str) -> bool {
    address.rsplit_once('.').is_some_and(|(name, ending)| {
        name.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == ')') && FILES.contains(&ending)
    })
}

fn spoken(address: &str) -> Phrase {
    let mut phrase = Phrase::default();
    let mut at = 0;
    while let Some(c) = address[at..].chars().next() {
        let rest = &address[at..];
        let letters = span(rest, |c| c.is_ascii_alphabetic());
        let digits = span(rest, |c| c.is_ascii_digit());
        if letters > 0 {
            piece(&rest[..letters], address[..at].ends_with('.'), &mut phrase);
        } else if digits > 0 {
            phrase.add(Number::plain(&rest[..digits]).phrase());
        } else {
            phrase.say(sign(c));
        }
        at += letters.max(digits).max(c.len_utf8());
    }
    phrase
}

fn sign(c: char) -> &'static str {
    match c {
        '.' => "dot",
        '/' => "slash",
        '@' => "at",
        '-' => "dash",
        '_' => "underscore",
        ':' => "colon",
        '?' => "question mark",
        '&' => "and",
        '=' => "equals",
        '#' => "hash",
        '%' => "percent",
        '+' => "plus",
        '~' => "tilde",
        _ => "",
    }
}

fn piece(letters: &str, is_domain: bool, phrase: &mut Phrase) {
    let lower = letters.to_ascii_lowercase();
    if let Some((_, said)) = SAID.iter().find(|(piece, _)| *piece == lower) {
        phrase.say(said);
    } else if SPELLED.contains(&lower.as_str()) || !lower.contains(['a', 'e', 'i', 'o', 'u', 'y']) {
        phrase.spell(&lower);
    } else if is_word(&lower, is_domain) || lower.len() > MAX_SPELLED {
        phrase.say(&lower);
    } else {
        phrase.spell(&lower);
    }
}

/// Whether a piece is listed as more than its letters; one of two letters after a dot is a country.
fn is_word(piece: &str, is_domain: bool) -> bool {
    let phonemes = Lexicon::ENGLISH.get(piece).filter(|phonemes| !letters::spells(piece, phonemes));
    phonemes.is_some() && (piece.len() > 2 || piece.len() == 2 && !is_domain)
}
