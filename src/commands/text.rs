//! `voice-clone text`: how a text will be read.

use anyhow::Context;

use super::{Session, input, text_report::Report};
use crate::{
    cli::{AlphabetName, TextArgs},
    text::{FrontEnd, alphabets::Alphabet},
};

/// Prints the three steps.
///
/// # Errors
/// A text that can't be read, SSML that is malformed, or a user lexicon that is none.
pub fn run(args: &TextArgs, session: &Session) -> anyhow::Result<()> {
    let text = input::read_text(args.text.as_deref(), args.text_file.as_deref())?;
    FrontEnd::check(&text)?;
    let config = &session.config().text;
    let lexicon = || format!("cannot use the lexicon {:?} of the setting text.lexicon", config.lexicon);
    let front_end = FrontEnd::configured(config).with_context(lexicon)?;
    let alphabet = match args.alphabet {
        AlphabetName::Arpabet => Alphabet::Arpabet,
        AlphabetName::Ipa => Alphabet::Ipa,
        AlphabetName::Misaki => Alphabet::Misaki,
    };
    let report = Report::new(&text, &front_end, alphabet);
    session.print(&report, || report.lines())
}
