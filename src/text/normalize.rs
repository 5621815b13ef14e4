//! The first step: written text becomes spoken words and pauses.

use super::{
    symbols::Symbol,
    token::{Class, Normalized, Token, Unreadable},
};

/// Reads `text` as a person would say it: words in lower case, pauses, and what could not be read.
pub fn normalize_text(text: &str) -> Normalized {
    let mut out = Normalized::default();
    let mut rest = text.char_indices().peekable();
    while let Some((start, c)) = rest.next() {
        if c.is_ascii_alphabetic() || c == '\'' {
            let mut end = start + c.len_utf8();
            while let Some((at, next)) = rest.next_if(|(_, c)| c.is_ascii_alphabetic() || *c == '\'') {
                end = at + next.len_utf8();
            }
            let source = start..end;
            let text = text[source.clone()].to_ascii_lowercase();
            out.tokens.push(Token { text, source, class: Class::Word, pause: None });
        } else if let Some(pause) = Symbol::from_name(c.encode_utf8(&mut [0; 4])).filter(|s| s.is_pause()) {
            let source = start..start + c.len_utf8();
            out.tokens.push(Token { text: c.to_string(), source, class: Class::Punctuation, pause: Some(pause) });
        } else if !c.is_whitespace() {
            out.unreadable.push(Unreadable { text: c.to_string(), source: start..start + c.len_utf8() });
        }
    }
    out
}
