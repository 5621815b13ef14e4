//! Emoji, said by name or passed over: 😀 is "grinning face".

use super::reading::{Cursor, Phrase, Reading};
use crate::text::{config::EmojiReading, lexicon::Lexicon, symbols::Symbol, token::Class};

/// The longest emoji in characters, without joiners and skin tones.
const MAX_CHARS: usize = 8;
const SKIN_TONES: std::ops::RangeInclusive<char> = '\u{1F3FB}'..='\u{1F3FF}';

/// Reads an emoji with a pause between it and the words around it.
pub fn read(cursor: &Cursor) -> Option<Reading> {
    if cursor.reading.emoji == EmojiReading::Skipped {
        return None;
    }
    let (name, length) = longest(cursor.rest())?;
    let mut phrase = Phrase::default();
    if cursor.spoken.last().is_some_and(|last| last.pause().is_none()) {
        phrase.pause(Symbol::COMMA);
    }
    phrase.say(name);
    if cursor.rest()[length..].trim_start_matches(' ').starts_with(char::is_alphanumeric) {
        phrase.pause(Symbol::COMMA);
    }
    Some(Reading::new(length, Class::Emoji, phrase))
}

/// The name of the longest emoji at the start of `text`, and its bytes with skin tones.
fn longest(text: &str) -> Option<(&'static str, usize)> {
    let (mut key, mut found) = (String::new(), None);
    let mut chars = text.char_indices().take(2 * MAX_CHARS).peekable();
    while let Some((at, c)) = chars.next() {
        if !SKIN_TONES.contains(&c) {
            key.push(c);
        }
        let toned = chars.peek().is_some_and(|(_, next)| SKIN_TONES.contains(next));
        if let Some(name) = Lexicon::EMOJI.variants(&key).next().filter(|_| !toned) {
            found = Some((name, at + c.len_utf8()));
        }
        if c.is_ascii() || key.chars().count() == MAX_CHARS {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_emoji_is_found() {
        assert_eq!(longest("👍 ok"), Some(("thumbs up", 4)));
        assert_eq!(longest("👍🏽!"), Some(("thumbs up", 8)));
        assert_eq!(longest("🇫🇷🇬🇧"), Some(("flag of france", 8)));
        assert_eq!(longest("👨👩👧").map(|(name, _)| name), Some("family man woman girl"));
        assert_eq!(longest("世"), None);
    }

    #[test]
    fn every_name_is_made_of_words() {
        for (emoji, name) in Lexicon::EMOJI.entries() {
            assert!(!Phrase::of(name).0.is_empty() && emoji.chars().count() <= MAX_CHARS, "{emoji}");
            assert_eq!(longest(emoji), Some((name, emoji.len())));
        }
    }
}
