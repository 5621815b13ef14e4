//! `voice-clone speaker compare`: one speaker or two.

use serde_json::json;

use super::{calibration, hearing, listener, percent};
use crate::{
    cli::CompareArgs,
    commands::Session,
    speaker::{Verdict, calibration::probability, cosine},
};

/// Compares.
///
/// # Errors
/// A side that can't be used.
pub(super) fn run(args: &CompareArgs, session: &Session) -> anyhow::Result<()> {
    let listener = listener(session)?;
    let first = hearing::hear(&[&args.first], true, &listener, session)?;
    let second = hearing::hear(&[&args.second], true, &listener, session)?;
    first.warn();
    second.warn();
    let cosine = cosine(&first.embedding(), &second.embedding());
    let llr = calibration(&listener).llr(cosine);
    let probability = probability(llr, 0.5);
    let verdict = Verdict::of(probability);
    let document = json!({
        "a": { "path": args.first, "recordings": first.recordings, "set_aside": first.set_aside },
        "b": { "path": args.second, "recordings": second.recordings, "set_aside": second.set_aside },
        "cosine": cosine,
        "llr": llr,
        "probability": probability,
        "verdict": verdict,
        "calibrated": listener.encoder.calibration().is_some(),
    });
    session.print(&document, || {
        let verdict = match verdict {
            Verdict::Same => "same speaker",
            Verdict::Different => "different speakers",
            Verdict::Unsure => "unsure",
        };
        format!(
            "verdict      {verdict}\n\
             probability  {} that the speaker is the same, at equal priors\n\
             LLR          {llr:.2}\n\
             cosine       {cosine:.3}\n\
             speech       {} and {}\n",
            percent(probability),
            first.speech(),
            second.speech(),
        )
    })
}
