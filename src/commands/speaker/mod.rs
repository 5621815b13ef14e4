//! `voice-clone speaker`: one file a subcommand.

mod compare;
mod embed;
mod enroll;
mod hearing;
mod identify;
mod known;
mod stream;

use super::{Session, paths};
use crate::{
    cli::{SpeakerArgs, SpeakerCommand},
    speaker::{Calibration, Companions, Listener, enrolment::Enrolments},
    synthesis::models::Models,
    units::Seconds,
};

/// Speech shorter than this is embedded, but the answer is not to be relied on.
const LITTLE_SPEECH: Seconds = Seconds(2.0);

/// Carries out the subcommand.
///
/// # Errors
/// As the subcommand.
pub fn run(args: &SpeakerArgs, session: &Session) -> anyhow::Result<()> {
    match &args.command {
        SpeakerCommand::Embed(args) if args.stream => stream::run(args, session),
        SpeakerCommand::Embed(args) => embed::run(args, session),
        SpeakerCommand::Compare(args) => compare::run(args, session),
        SpeakerCommand::Enroll(args) => enroll::run(args, session),
        SpeakerCommand::Identify(args) => identify::run(args, session),
        SpeakerCommand::List(_) => known::list(session),
        SpeakerCommand::Forget(args) => known::forget(args, session),
    }
}

/// The encoder with the settings in force.
fn listener(session: &Session) -> anyhow::Result<Listener> {
    let models = Models::new(&paths::models_dir(session.config()), session.device()?);
    Ok(Listener {
        encoder: models.speaker_at(&paths::speaker_encoder(session.config()))?,
        vad: session.config().process.vad.clone(),
    })
}

/// How cosines are to be read; says where that is a guess.
fn calibration(listener: &Listener) -> Calibration {
    if listener.encoder.calibration().is_none() {
        tracing::info!("the speaker encoder carries no calibration: probabilities are a guess");
    }
    listener.calibration()
}

fn enrolments(session: &Session) -> Enrolments {
    Enrolments::new(&paths::speakers_dir(session.config()))
}

/// What is to be said of a recording in which more than one person seems to speak.
fn company(companions: &Companions) -> String {
    let [first, second] = companions.seconds.map(Seconds);
    format!("this recording seems to hold more than one speaker (about {first} and {second} of speech)")
}

/// A share as people read it: a probability is never certain.
fn percent(probability: f64) -> String {
    match 100.0 * probability {
        high if high > 99.9 => ">99.9 %".to_owned(),
        low if low < 0.1 => "<0.1 %".to_owned(),
        percent => format!("{percent:.1} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_certain() {
        assert_eq!([1.0, 0.5, 0.0].map(percent), [">99.9 %", "50.0 %", "<0.1 %"]);
    }
}
