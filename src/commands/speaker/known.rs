//! `voice-clone speaker list` and `forget`.

use serde_json::json;

use super::{enrolments, listener};
use crate::{
    cli::ForgetArgs,
    commands::{Session, table},
    speaker::enrolment::Enrolment,
};

/// Lists the known speakers.
///
/// # Errors
/// A folder or file that can't be read.
pub(super) fn list(session: &Session) -> anyhow::Result<()> {
    let known = enrolments(session);
    let enrolled = known.all()?;
    let encoder = listener(session)?.encoder;
    let usable = |one: &Enrolment| one.check_encoder(encoder.fingerprint()).is_ok();
    let speakers: Vec<_> = enrolled
        .iter()
        .map(|one| {
            json!({
                "name": one.name,
                "utterances": one.utterances.len(),
                "speech_s": one.speech().0,
                "usable": usable(one),
                "files": one.utterances.iter().map(|utterance| &utterance.file).collect::<Vec<_>>(),
            })
        })
        .collect();
    session.print(&json!({ "folder": known.folder(), "speakers": speakers }), || {
        if enrolled.is_empty() {
            return format!("nobody is enrolled in {}", known.folder().display());
        }
        let row = |one: &Enrolment| {
            let note = if usable(one) { "" } else { "another encoder; enroll again with --replace" };
            [one.name.clone(), one.utterances.len().to_string(), one.speech().to_string(), note.to_owned()]
        };
        table::layout(["SPEAKER", "UTTERANCES", "SPEECH", "NOTE"], &enrolled.iter().map(row).collect::<Vec<_>>())
    })
}

/// Forgets a known speaker.
///
/// # Errors
/// An unknown name.
pub(super) fn forget(args: &ForgetArgs, session: &Session) -> anyhow::Result<()> {
    let name = args.name.as_str();
    enrolments(session).forget(name)?;
    session.print(&json!({ "forgotten": name }), || format!("{name} is forgotten"))
}
