//! Settings of the cleaning.

use serde::{Deserialize, Serialize};

/// How recordings are cleaned: the `[process]` section of the settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Integrated loudness of what is written, in LUFS (EBU R128).
    pub loudness_lufs: f64,
    /// Highest true peak of what is written, in dBTP; higher peaks are turned down.
    pub true_peak_dbtp: f64,
    /// Rate of what is written, in Hz; 0 keeps that of the recording.
    pub sample_rate: u32,
    /// Encoding of what is written.
    pub format: String,
    /// Whether the recordings are copied beside the result.
    pub copy_raw: bool,
    /// Whether pictures of the recordings are drawn, before and after cleaning.
    pub pictures: bool,
    /// Whether peaks that were cut off are rebuilt.
    pub mend_clipping: bool,
    /// Whether hum of the mains is taken away.
    pub remove_hum: bool,
    /// Whether what lies below all speech (rumble, a constant offset) is taken away.
    pub high_pass: bool,
    /// The longest pause that is written, in seconds; longer ones lose their middle. 0 keeps them.
    pub max_pause_s: f64,
    /// Whether what is music or noise rather than speech is left out, where no transcript says what is spoken.
    pub leave_out_music: bool,
    /// The lowest quality score of utterances that are kept, from 1 to 5; 0 keeps all.
    pub min_quality: f64,
    /// How noise is taken away.
    pub denoise: DenoiseConfig,
    /// Where speech is.
    pub vad: VadConfig,
    /// Where recordings are cut.
    pub segments: SegmentsConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            loudness_lufs: -23.0,
            true_peak_dbtp: -1.0,
            sample_rate: 22_050,
            format: "wav16".to_owned(),
            copy_raw: true,
            pictures: true,
            mend_clipping: true,
            remove_hum: true,
            high_pass: true,
            max_pause_s: 2.0,
            leave_out_music: true,
            min_quality: 0.0,
            denoise: DenoiseConfig::default(),
            vad: VadConfig::default(),
            segments: SegmentsConfig::default(),
        }
    }
}

/// How noise is taken away: the `[process.denoise]` section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DenoiseConfig {
    /// What does it: our `network`, `rnnoise`, or `none`.
    pub method: String,
    /// How much of the noise goes, from 0 to 1.
    pub strength: f64,
    /// Whether reverberation goes, too (by the network).
    pub dereverb: bool,
}

impl Default for DenoiseConfig {
    fn default() -> Self {
        Self { method: "network".to_owned(), strength: 1.0, dereverb: false }
    }
}

/// How speech is told from silence: the `[process.vad]` section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VadConfig {
    /// How far above the noise floor speech begins, in dB.
    pub threshold_db: f64,
    /// Sound shorter than this is not speech, in seconds.
    pub min_speech_s: f64,
    /// Silence shorter than this does not end speech, in seconds.
    pub min_silence_s: f64,
}

impl Default for VadConfig {
    fn default() -> Self {
        Self { threshold_db: 9.0, min_speech_s: 0.1, min_silence_s: 0.2 }
    }
}

/// How speech is cut into utterances: the `[process.segments]` section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SegmentsConfig {
    /// The shortest utterance kept, in seconds.
    pub min_s: f64,
    /// The longest utterance, in seconds.
    pub max_s: f64,
    /// A recording with a transcript stays whole up to this length, in seconds.
    pub max_transcribed_s: f64,
    /// A pause at least this long separates utterances, in seconds.
    pub pause_s: f64,
    /// Silence kept before and after speech, in seconds.
    pub padding_s: f64,
}

impl Default for SegmentsConfig {
    fn default() -> Self {
        Self { min_s: 1.0, max_s: 15.0, max_transcribed_s: 20.0, pause_s: 0.4, padding_s: 0.15 }
    }
}
