//! `voice-clone speaker embed`: recordings to embeddings.

use serde_json::json;

use super::{hearing, listener};
use crate::{
    cli::EmbedArgs,
    commands::{Session, failure::Usage, table},
    units::Seconds,
};

/// Values of an embedding that are shown to people.
const SHOWN: usize = 4;

/// Embeds.
///
/// # Errors
/// Nothing usable in the input.
pub(super) fn run(args: &EmbedArgs, session: &Session) -> anyhow::Result<()> {
    if args.decision.prior.is_some() || args.decision.threshold.is_some() {
        return Err(Usage("--prior and --threshold need --stream --identify".to_owned()).into());
    }
    let listener = listener(session)?;
    let heard = hearing::hear(&[&args.input], false, &listener, session)?;
    heard.warn();
    let recordings: Vec<_> = heard
        .recordings
        .iter()
        .map(|recording| {
            json!({
                "path": recording.path,
                "duration_s": recording.duration_s,
                "speech_s": recording.speech_s,
                "warnings": recording.warnings,
                "embedding": recording.heard.embedding,
            })
        })
        .collect();
    let document = json!({
        "encoder": listener.encoder.fingerprint(),
        "recordings": recordings,
        "mean": heard.embedding(),
        "set_aside": heard.set_aside,
    });
    session.print(&document, || {
        let rows = heard.recordings.iter().map(|recording| {
            let speech = Seconds(recording.speech_s).to_string();
            [recording.path.display().to_string(), speech, shown(&recording.heard.embedding)]
        });
        let mut rows: Vec<_> = rows.collect();
        if rows.len() > 1 {
            rows.push(["mean".to_owned(), heard.speech().to_string(), shown(&heard.embedding())]);
        }
        table::layout(["RECORDING", "SPEECH", "EMBEDDING"], &rows)
    })
}

fn shown(embedding: &[f32]) -> String {
    let first: Vec<String> = embedding.iter().take(SHOWN).map(|value| format!("{value:.3}")).collect();
    format!("{} … ({} values; all of them with --json)", first.join(" "), embedding.len())
}
