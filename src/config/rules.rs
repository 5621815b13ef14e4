//! What each setting allows, in one table.

use std::fmt;

use toml::Value;

use crate::gpu::selection::GpuSelection;

/// The values that a setting allows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rule {
    /// A number from the first to the second, both included.
    Within(f64, f64),
    /// Zero, with the meaning given, or a number in the range.
    ZeroOrWithin(&'static str, f64, f64),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// True or false.
    YesOrNo,
    /// What `--gpu` allows.
    Gpu,
    /// Numbers of GPUs, or nothing.
    GpusOrEmpty,
    /// A folder's path.
    Folder,
    /// A folder's path, or nothing.
    FolderOrEmpty,
    /// A file's path, or nothing.
    FileOrEmpty,
}

const FORMATS: &[&str] = &["wav16", "wav24", "wavfloat", "flac"];
const OUTPUT_FORMATS: &[&str] = &["wav16", "wav24", "wavfloat", "flac", "opus"];
/// The rates that the decoders take; 0 is allowed where a source's rate can be kept.
const LOWEST_RATE_HZ: f64 = 8_000.0;
const HIGHEST_RATE_HZ: f64 = 192_000.0;

/// Every setting with its rule, in the order of `config.toml`.
pub(super) const RULES: &[(&str, Rule)] = &[
    ("process.loudness_lufs", Rule::Within(-60.0, -5.0)),
    ("process.true_peak_dbtp", Rule::Within(-20.0, 0.0)),
    ("process.sample_rate", Rule::ZeroOrWithin("the recording's own", LOWEST_RATE_HZ, HIGHEST_RATE_HZ)),
    ("process.format", Rule::OneOf(FORMATS)),
    ("process.copy_raw", Rule::YesOrNo),
    ("process.pictures", Rule::YesOrNo),
    ("process.mend_clipping", Rule::YesOrNo),
    ("process.remove_hum", Rule::YesOrNo),
    ("process.high_pass", Rule::YesOrNo),
    ("process.max_pause_s", Rule::ZeroOrWithin("keep all pauses", 0.2, 3_600.0)),
    ("process.leave_out_music", Rule::YesOrNo),
    ("process.min_quality", Rule::ZeroOrWithin("keep all utterances", 1.0, 5.0)),
    ("process.denoise.method", Rule::OneOf(&["network", "rnnoise", "none"])),
    ("process.denoise.strength", Rule::Within(0.0, 1.0)),
    ("process.denoise.dereverb", Rule::YesOrNo),
    ("process.vad.threshold_db", Rule::Within(1.0, 40.0)),
    ("process.vad.min_speech_s", Rule::Within(0.0, 5.0)),
    ("process.vad.min_silence_s", Rule::Within(0.0, 5.0)),
    ("process.segments.min_s", Rule::Within(0.1, 60.0)),
    ("process.segments.max_s", Rule::Within(1.0, 600.0)),
    ("process.segments.max_transcribed_s", Rule::Within(1.0, 600.0)),
    ("process.segments.pause_s", Rule::Within(0.05, 10.0)),
    ("process.segments.padding_s", Rule::Within(0.0, 2.0)),
    ("train.minutes", Rule::Within(0.01, 100_000.0)),
    ("train.steps", Rule::Within(0.0, 1e12)),
    ("train.learning_rate", Rule::Within(1e-8, 1.0)),
    ("text.reading", Rule::OneOf(&["american", "british"])),
    ("text.emoji", Rule::OneOf(&["named", "skipped"])),
    ("text.lexicon", Rule::FileOrEmpty),
    ("output.loudness_lufs", Rule::Within(-60.0, -5.0)),
    ("output.true_peak_dbtp", Rule::Within(-20.0, 0.0)),
    ("output.sample_rate", Rule::Within(LOWEST_RATE_HZ, HIGHEST_RATE_HZ)),
    ("output.format", Rule::OneOf(OUTPUT_FORMATS)),
    ("models.dir", Rule::FolderOrEmpty),
    ("models.speaker", Rule::FileOrEmpty),
    ("voices.dir", Rule::Folder),
    ("speakers.dir", Rule::Folder),
    ("runtime.cpu_limit", Rule::Within(1.0, 100.0)),
    ("runtime.seed", Rule::Within(0.0, i64::MAX as f64)),
    ("runtime.gpu", Rule::Gpu),
    ("runtime.gpu_exclude", Rule::GpusOrEmpty),
    ("runtime.gpu_memory_limit", Rule::Within(1.0, 100.0)),
    ("runtime.gpu_strategy", Rule::OneOf(&["balanced", "packed", "fastest"])),
];

impl Rule {
    /// Whether `value`, which already has the setting's type, is allowed.
    pub(super) fn allows(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Within(low, high), value) => number(value).is_some_and(|x| (*low..=*high).contains(&x)),
            (Self::ZeroOrWithin(_, low, high), value) => {
                number(value).is_some_and(|x| x == 0.0 || (*low..=*high).contains(&x))
            }
            (Self::OneOf(words), Value::String(text)) => words.contains(&text.as_str()),
            (Self::YesOrNo, Value::Boolean(_)) => true,
            (Self::Gpu, Value::String(text)) => text.parse::<GpuSelection>().is_ok(),
            (Self::GpusOrEmpty, Value::String(text)) => {
                text.is_empty() || matches!(text.parse(), Ok(GpuSelection::Indices(_)))
            }
            (Self::Folder, Value::String(text)) => !text.trim().is_empty(),
            (Self::FolderOrEmpty | Self::FileOrEmpty, Value::String(_)) => true,
            _ => false,
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|integer| integer as f64))
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(low, high) => write!(f, "a number from {low} to {high}"),
            Self::ZeroOrWithin(zero, low, high) => write!(f, "a number from {low} to {high}, or 0 for {zero}"),
            Self::OneOf(words) => write!(f, "one of {}", words.join(", ")),
            Self::YesOrNo => f.write_str("true or false"),
            Self::Gpu => f.write_str("all, none, 0,2,5, range:0-3 or count:3"),
            Self::GpusOrEmpty => f.write_str("numbers of GPUs, as in 1,3, or \"\""),
            Self::Folder => f.write_str("the path of a folder"),
            Self::FileOrEmpty => f.write_str("the path of a file, or \"\""),
            Self::FolderOrEmpty => f.write_str("the path of a folder, or \"\" for the one that came with the program"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_words_and_paths_are_told_apart() {
        assert!(Rule::Within(1.0, 2.0).allows(&Value::Integer(2)));
        assert!(!Rule::Within(1.0, 2.0).allows(&Value::Float(2.1)));
        assert!(!Rule::Within(1.0, 2.0).allows(&Value::Float(f64::NAN)));
        assert!(!Rule::Within(1.0, 2.0).allows(&Value::String("1".into())));
        assert!(Rule::ZeroOrWithin("none", 8.0, 9.0).allows(&Value::Integer(0)));
        assert!(!Rule::ZeroOrWithin("none", 8.0, 9.0).allows(&Value::Integer(-1)));
        assert!(Rule::OneOf(FORMATS).allows(&Value::String("flac".into())));
        assert!(!Rule::OneOf(FORMATS).allows(&Value::String("mp3".into())));
        assert!(!Rule::Gpu.allows(&Value::String("gpu1".into())));
        assert!(!Rule::Folder.allows(&Value::String(" ".into())));
    }
}
