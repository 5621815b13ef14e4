//! `voice-clone text`: how a text will be read.

use std::{fs, io};

use anyhow::Context;

use super::{Session, generate::read_limited, text_report::Report};
use crate::{
    cli::{AlphabetName, TextArgs},
    text::{FrontEnd, alphabets::Alphabet},
};

/// Prints the three steps.
///
/// # Errors
/// A text that can't be read, SSML that is malformed, or a user lexicon that is none.
pub fn run(args: &TextArgs, session: &Session) -> anyhow::Result<()> {
    let text = read_text(args)?;
    FrontEnd::check(&text)?;
    let config = &session.config().text;
    let lexicon = || format!("cannot use the lexicon {} of the setting text.lexicon", config.lexicon);
    let front_end = FrontEnd::configured(config).with_context(lexicon)?;
    let alphabet = match args.alphabet {
        AlphabetName::Arpabet => Alphabet::Arpabet,
        AlphabetName::Ipa => Alphabet::Ipa,
        AlphabetName::Misaki => Alphabet::Misaki,
    };
    let report = Report::new(&text, &front_end, alphabet);
    session.print(&report, || report.lines())
}

fn read_text(args: &TextArgs) -> anyhow::Result<String> {
    match (&args.text, &args.text_file) {
        (Some(text), _) => Ok(text.clone()),
        (None, Some(path)) if path.as_os_str() != "-" => {
            let context = || format!("cannot read the text from {}", path.display());
            read_limited(fs::File::open(path).with_context(context)?).with_context(context)
        }
        _ => read_limited(io::stdin()).context("cannot read the text from stdin"),
    }
}
