//! Decides which parts of a recording become which files.

use std::{fs, path::PathBuf};

use super::recording::{Context, Job, output_error};
use crate::{
    clean::{
        analysis::Analysis,
        error::CleanError,
        pauses,
        quality::Quality,
        render::Part,
        segments::{self, Cut},
    },
    dataset::manifest::{Basis, Speaker},
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
    /// Who speaks in all of them.
    pub(super) speaker: Speaker,
}

impl Plan {
    pub(super) fn new(job: &Job, context: &Context, analysis: &Analysis) -> Result<Self, CleanError> {
        let (config, id) = (&context.config().segments, &job.named.id);
        let trimmed = segments::trimmed(&analysis.speech, config);
        let fits = |cut: &Cut| job.transcript.is_some() && cut.duration().0 <= config.max_transcribed_s;
        let transcribed = trimmed.filter(fits);
        let cuts = match transcribed {
            Some(whole) => segments::Cuts { segments: vec![whole], too_short: 0 },
            None => segments::utterances(&analysis.speech, config),
        };
        let speaker = match context.request.speaker {
            Some(name) => Speaker { label: name.to_owned(), basis: Basis::Stated },
            None => Speaker { label: format!("unknown_{id}"), basis: Basis::Assumed },
        };
        let judged = cuts.segments.into_iter().map(|cut| (cut, analysis.quality_of(cut.start, cut.end)));
        let (good, bad): (Vec<_>, Vec<_>) =
            judged.partition(|(_, quality)| quality.score >= context.config().min_quality);
        let folder = context.layout.speaker_segments().join(&speaker.label);
        if !good.is_empty() {
            let created = fs::create_dir_all(&folder).map_err(FileError::on("create folder", &folder));
            created.map_err(|error| output_error(&folder, error))?;
        }
        let extension = context.format.extension();
        let utterance = |(i, (cut, quality))| Utterance {
            cut,
            quality,
            path: folder.join(format!("{id}_{:04}.{extension}", i + 1)),
        };
        let longest_s = context.config().max_pause_s;
        let whole = trimmed.map(|whole| pauses::shortened(whole, &analysis.speech.spans, longest_s));
        Ok(Self {
            whole: whole.unwrap_or_default(),
            utterances: good.into_iter().enumerate().map(utterance).collect(),
            transcribed: transcribed.is_some(),
            too_short: cuts.too_short,
            too_bad: bad.len(),
            speaker,
        })
    }

    /// The utterances as parts to be written.
    pub(super) fn parts(&self) -> Vec<Part> {
        self.utterances.iter().map(|utterance| Part::new(utterance.cut, utterance.path.clone())).collect()
    }
}
