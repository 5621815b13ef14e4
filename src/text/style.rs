//! How a stretch of text is to sound: emphasis, rate, pitch, volume and voice.

use std::sync::Arc;

use serde::{Serialize, Serializer};

/// How much a word stands out, as in SSML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Emphasis {
    /// Less than its neighbours.
    Reduced,
    /// Like its neighbours.
    #[default]
    None,
    /// `*word*`, `WORD` among words in small letters.
    Moderate,
    /// `**word**`.
    Strong,
}

/// How words are to sound, against the voice's own way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Style {
    /// How much they stand out.
    pub emphasis: Emphasis,
    /// Speed, in per cent of the voice's own.
    pub rate_percent: u16,
    /// Pitch above the voice's own, in hundredths of a semitone.
    pub pitch_cents: i16,
    /// Level above the voice's own, in tenths of a decibel; [`Style::SILENT`] is silence.
    pub volume_tenths_db: i16,
    /// The voice that SSML asks for by name.
    #[serde(serialize_with = "voice_name")]
    pub voice: Option<Arc<str>>,
}

fn voice_name<S: Serializer>(voice: &Option<Arc<str>>, serializer: S) -> Result<S::Ok, S::Error> {
    voice.as_deref().serialize(serializer)
}

impl Style {
    /// The volume of what is not to be heard.
    pub const SILENT: i16 = i16::MIN;

    /// The same style with at least this emphasis.
    pub fn emphasised(mut self, emphasis: Emphasis) -> Self {
        self.emphasis = self.emphasis.max(emphasis);
        self
    }
}

impl Default for Style {
    fn default() -> Self {
        Self { emphasis: Emphasis::None, rate_percent: 100, pitch_cents: 0, volume_tenths_db: 0, voice: None }
    }
}
