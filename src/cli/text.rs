//! `voice-clone text`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Show how a text will be read: words, phonemes and prosody.
///
/// The text comes from the argument, from --text-file, or else from stdin. It is plain or SSML.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  voice-clone text \"Dr. Smith paid $3.50 on 5/1/2020.\"
  voice-clone text --json \"I *never* read the [Knollys](/N OW1 L Z/) report.\"
  voice-clone text --alphabet ipa --set text.reading=british \"105 km\"
  echo \"<speak>One <break time='1s'/> two</speak>\" | voice-clone text

With --json every word has its class, phonemes, stress, style, the pause after it, and its characters and bytes.")]
pub struct TextArgs {
    /// What to read.
    #[arg(conflicts_with = "text_file", allow_hyphen_values = true)]
    pub text: Option<String>,

    /// A file with what to read, in UTF-8; - is stdin.
    #[arg(long, value_name = "FILE")]
    pub text_file: Option<PathBuf>,

    /// How phonemes are written.
    #[arg(long, value_enum, default_value = "arpabet")]
    pub alphabet: AlphabetName,
}

/// An alphabet of phonemes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AlphabetName {
    /// HH AH0 L OW1
    Arpabet,
    /// həˈloʊ
    Ipa,
    /// həlˈO
    Misaki,
}
