//! Decides which parts of a recording become which files.

use std::{fs, path::PathBuf};

use super::{
    recording::{Context, Job, output_error},
    speakers,
};
use crate::{
    clean::{
        analysis::Analysis,
        error::CleanError,
        pauses,
        quality::Quality,
        render::Part,
        segments::{self, Cut, Cuts},
    },
    dataset::manifest::{Basis, Speaker},
    diarization::Diarized,
    error::FileError,
};

/// An utterance and the file that it becomes.
pub(super) struct Utterance {
    /// Where it lies in the recording.
    pub(super) cut: Cut,
    /// The file.
    pub(super) path: PathBuf,
    /// How good it was before cleaning.
    pub(super) quality: Quality,
    /// The label of who speaks.
    pub(super) speaker: String,
}

/// What is to be written.
pub(super) struct Plan {
    /// All speech, without the middle of long pauses; nothing if there is none.
    pub(super) whole: Vec<Cut>,
    /// Utterances.
    pub(super) utterances: Vec<Utterance>,
    /// Whether the one part holds all that the transcript says.
    pub(super) transcribed: bool,
    /// Utterances left out: too short, and of too low a quality.
    pub(super) too_short: usize,
    pub(super) too_bad: usize,
    /// Who speaks.
    pub(super) speakers: Vec<Speaker>,
}

impl Plan {
    /// `found` is who speaks when, if somebody looked.
    pub(super) fn new(
        job: &Job,
        context: &Context,
        analysis: &Analysis,
        found: Option<&Diarized>,
    ) -> Result<Self, CleanError> {
        let (config, id) = (&context.config().segments, &job.named.id);
        let trimmed = segments::trimmed(&analysis.speech, config);
        let fits = |cut: &Cut| job.transcript.is_some() && cut.duration().0 <= config.max_transcribed_s;
        let transcribed = trimmed.filter(fits);
        let speakers = who(job, context, found);
        let label = |name: &str| speakers.iter().find(|(heard, _)| heard == name).map(|(_, speaker)| &speaker.label);
        // What has one transcript stays in one piece, and is filed under who says most of it.
        let (cuts, too_short) = match (transcribed, found) {
            (Some(whole), _) => (vec![(most_talkative(found), whole)], 0),
            (None, Some(found)) if !found.turns.is_empty() => speakers::utterances(&analysis.speech, found, config),
            (None, _) => {
                let Cuts { segments, too_short } = segments::utterances(&analysis.speech, config);
                (segments.into_iter().map(|cut| (String::new(), cut)).collect(), too_short)
            }
        };
        let judged = cuts.into_iter().map(|(name, cut)| (name, cut, analysis.quality_of(cut.start, cut.end)));
        let (good, bad): (Vec<_>, Vec<_>) =
            judged.partition(|(.., quality)| quality.score >= context.config().min_quality);
        let extension = context.format.extension();
        let utterance = |(i, (name, cut, quality)): (usize, (String, Cut, Quality))| {
            let speaker = label(&name).cloned().unwrap_or_default();
            let folder = context.layout.speaker_segments().join(&speaker);
            Utterance { cut, quality, path: folder.join(format!("{id}_{:04}.{extension}", i + 1)), speaker }
        };
        let utterances: Vec<Utterance> = good.into_iter().enumerate().map(utterance).collect();
        for folder in utterances.iter().filter_map(|utterance| utterance.path.parent()) {
            let created = fs::create_dir_all(folder).map_err(FileError::on("create folder", folder));
            created.map_err(|error| output_error(folder, error))?;
        }
        let longest_s = context.config().max_pause_s;
        let whole = trimmed.map(|whole| pauses::shortened(whole, &analysis.speech.spans, longest_s));
        Ok(Self {
            whole: whole.unwrap_or_default(),
            utterances,
            transcribed: transcribed.is_some(),
            too_short,
            too_bad: bad.len(),
            speakers: speakers.into_iter().map(|(_, speaker)| speaker).collect(),
        })
    }

    /// The utterances as parts to be written.
    pub(super) fn parts(&self) -> Vec<Part> {
        self.utterances.iter().map(|utterance| Part::new(utterance.cut, utterance.path.clone())).collect()
    }
}

/// The speakers by the names that they have in the turns; one without a name where nobody looked or nobody was found.
fn who(job: &Job, context: &Context, found: Option<&Diarized>) -> Vec<(String, Speaker)> {
    let id = &job.named.id;
    let names = found.map(Diarized::speakers).unwrap_or_default();
    match (context.request.speaker, context.request.diarization) {
        (Some(name), _) => vec![(String::new(), Speaker { label: name.to_owned(), basis: Basis::Stated })],
        (None, Some(diarization)) if !names.is_empty() => {
            names.into_iter().map(|name| (name.to_owned(), diarization.speaker(name, id))).collect()
        }
        (None, _) => vec![(String::new(), Speaker { label: format!("unknown_{id}"), basis: Basis::Assumed })],
    }
}

/// Who speaks longest; nobody has a name where nobody was found.
fn most_talkative(found: Option<&Diarized>) -> String {
    let Some(found) = found else { return String::new() };
    let said = |name: &str| found.turns.iter().filter(|turn| turn.speaker == name).map(|turn| turn.duration.0).sum();
    let speakers: Vec<(f64, &str)> = found.speakers().into_iter().map(|name| (said(name), name)).collect();
    speakers.iter().max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| (*name).to_owned()).unwrap_or_default()
}
