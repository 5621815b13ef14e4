//! How text is read: the `[text]` section of the settings.

use serde::{Deserialize, Serialize};

/// Whose way of reading numbers, dates and letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Variety {
    /// `3/4/2020` is March fourth; 105 is "one hundred five"; Z is "zee".
    #[default]
    American,
    /// `3/4/2020` is the third of April; 105 is "one hundred and five"; Z is "zed". The sounds stay American.
    British,
}

/// What becomes of emoji.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmojiReading {
    /// They are said by their names.
    #[default]
    Named,
    /// They are passed over, and reported like anything that is not spoken.
    Skipped,
}

/// What the normaliser may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Reading {
    /// American or British.
    pub variety: Variety,
    /// Emoji named or skipped.
    pub emoji: EmojiReading,
}

/// The section.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// American or British reading.
    pub reading: Variety,
    /// Whether emoji are named or skipped.
    pub emoji: EmojiReading,
    /// A file with the user's own pronunciations; empty for none.
    pub lexicon: String,
}

impl Config {
    /// What the normaliser takes of it.
    pub fn reading(&self) -> Reading {
        Reading { variety: self.reading, emoji: self.emoji }
    }
}
