//! `voice-clone speaker enroll`: recordings to a known speaker.

use std::path::Path;

use anyhow::bail;
use serde_json::json;

use super::{
    calibration, company, enrolments,
    hearing::{self, Hearing, Recording},
    listener,
};
use crate::{
    cli::EnrollArgs,
    commands::{Session, failure::Usage},
    files,
    speaker::{
        Calibration, Verdict,
        calibration::probability,
        cosine,
        enrolment::{EnrolledUtterance, Enrolment},
        mean_embedding,
    },
};

/// Enrolls.
///
/// # Errors
/// Recordings that can't be used or, without `--force`, that are not of one speaker; a speaker of another encoder.
pub(super) fn run(args: &EnrollArgs, session: &Session) -> anyhow::Result<()> {
    if args.inputs.iter().any(|path| path.as_os_str() == "-") {
        return Err(Usage("enroll takes files and folders, not stdin".to_owned()).into());
    }
    let known = enrolments(session);
    let before = if args.replace { None } else { known.find(args.name.as_str())? };
    let listener = listener(session)?;
    let encoder = listener.encoder.fingerprint();
    let mut enrolment = match before {
        Some(before) => before.check_encoder(encoder).map(|()| before)?,
        None => Enrolment::new(args.name.as_str(), encoder),
    };
    let inputs: Vec<&Path> = args.inputs.iter().map(|path| path.as_path()).collect();
    let heard = hearing::hear(&inputs, true, &listener, session)?;
    if !args.force {
        refuse_company(&heard)?;
    }
    heard.warn();
    let had = enrolment.utterances.len();
    for recording in &heard.recordings {
        let utterance = utterance(recording)?;
        if enrolment.utterances.iter().any(|known| known.hash == utterance.hash) {
            tracing::warn!("{}: enrolled already", recording.path.display());
        } else {
            enrolment.utterances.push(utterance);
        }
    }
    if !args.force {
        refuse_stranger(&enrolment, had, calibration(&listener))?;
    }
    let added = enrolment.utterances.len() - had;
    let path = known.keep(&enrolment)?;
    let document = json!({
        "name": enrolment.name,
        "file": path,
        "added": added,
        "utterances": enrolment.utterances.len(),
        "speech_s": enrolment.speech().0,
        "warnings": heard.warnings(),
        "set_aside": heard.set_aside,
    });
    session.print(&document, || {
        let count = enrolment.utterances.len();
        format!("{} is known by {count} recordings, {} of speech ({added} new)", enrolment.name, enrolment.speech())
    })
}

/// Recordings in which more than one person seems to speak.
fn refuse_company(heard: &Hearing) -> anyhow::Result<()> {
    let mixed = |one: &&Recording| one.heard.companions.is_some();
    match heard.recordings.iter().find(mixed).map(|one| (one, one.heard.companions.as_ref())) {
        Some((one, Some(companions))) => {
            bail!("{}: {}; enroll another, or insist with --force", one.path.display(), company(companions))
        }
        _ => Ok(()),
    }
}

/// A new recording (all but the first `had`) whose speaker is not that of what was known before or, where that is
/// nothing, of the other recordings.
fn refuse_stranger(enrolment: &Enrolment, had: usize, calibration: Calibration) -> anyhow::Result<()> {
    let all = &enrolment.utterances;
    for (index, new) in all.iter().enumerate().skip(had) {
        let rest = all.iter().enumerate().filter(|&(other, _)| if had > 0 { other < had } else { other != index });
        let mean = mean_embedding(rest.map(|(_, other)| other.embedding.as_slice()));
        let likeness = probability(calibration.llr(cosine(&new.embedding, &mean)), 0.5);
        if !mean.is_empty() && Verdict::of(likeness) == Verdict::Different {
            let (file, name) = (&new.file, &enrolment.name);
            let rest = if had > 0 { "what is known of them" } else { "the other recordings" };
            bail!("{file} sounds like another speaker than {rest}; leave it out of {name}, or insist with --force");
        }
    }
    Ok(())
}

fn utterance(recording: &Recording) -> anyhow::Result<EnrolledUtterance> {
    let (hash, _) = files::hash(&recording.path)?;
    let file = recording.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(EnrolledUtterance { file, hash, speech_s: recording.speech_s, embedding: recording.heard.embedding.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_don_t_outvote_what_is_known() {
        let utterance = |embedding: [f32; 2]| EnrolledUtterance {
            file: "a.wav".to_owned(),
            hash: "h".to_owned(),
            speech_s: 3.0,
            embedding: embedding.to_vec(),
        };
        let (known, other) = (utterance([1.0, 0.0]), utterance([0.0, 1.0]));
        let of = |utterances: &[&EnrolledUtterance], had| {
            let utterances = utterances.iter().map(|&one| one.clone()).collect();
            let enrolment = Enrolment { utterances, ..Enrolment::new("anna", "encoder") };
            refuse_stranger(&enrolment, had, Calibration { scale: 25.0, offset: -12.5 }).is_ok()
        };
        assert!(of(&[&known], 0) && of(&[&known, &known], 0) && of(&[&known, &known], 1));
        assert!(!of(&[&known, &other], 0) && !of(&[&known, &other], 1));
        assert!(!of(&[&known, &known, &other, &other, &other], 2));
    }
}
