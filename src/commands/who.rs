//! Who may speak in a recording, as it was typed.

use super::{Session, failure::Usage, paths};
use crate::{
    cli::WhoArgs, diarization::SpeakerCount, diarization::pipeline::KnownVoice, speaker::enrolment::Enrolments,
};

/// How many speakers there may be.
///
/// # Errors
/// A minimum above the maximum.
pub(super) fn speaker_count(args: &WhoArgs) -> Result<SpeakerCount, Usage> {
    let least = args.speakers.or(args.min_speakers).unwrap_or(1);
    let most = args.speakers.or(args.max_speakers).unwrap_or(usize::MAX);
    match least <= most {
        true => Ok(SpeakerCount { least, most }),
        false => Err(Usage(format!("--min-speakers {least} is more than --max-speakers {most}"))),
    }
}

/// Those who were enrolled with the encoder of this fingerprint, if they are to be named.
///
/// # Errors
/// A folder of enrolled speakers that can't be read.
pub(super) fn known_voices(args: &WhoArgs, session: &Session, encoder: &str) -> anyhow::Result<Vec<KnownVoice>> {
    if !args.known {
        return Ok(Vec::new());
    }
    let enrolled = Enrolments::new(&paths::speakers_dir(session.config())).all_of(encoder)?;
    Ok(enrolled.iter().map(|one| KnownVoice { name: one.name.clone(), embedding: one.embedding() }).collect())
}
