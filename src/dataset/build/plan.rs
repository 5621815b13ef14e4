//! Decides which parts of a recording become which files.

use std::fs;

use super::recording::{Context, Job, output_error};
use crate::{
    clean::{
        analysis::Analysis,
        render::{Part, RenderError},
        segments::{self, Cut},
    },
    dataset::manifest::{Basis, Speaker},
    error::FileError,
};

/// What is to be written.
pub(super) struct Plan {
    /// All speech; none if there is none.
    pub(super) whole: Option<Cut>,
    /// Utterances.
    pub(super) parts: Vec<Part>,
    /// Whether the one part holds all that the transcript says.
    pub(super) transcribed: bool,
    /// Utterances left out.
    pub(super) too_short: usize,
    /// Who speaks in all of them.
    pub(super) speaker: Speaker,
}

impl Plan {
    pub(super) fn new(job: &Job, context: &Context, analysis: &Analysis) -> Result<Self, RenderError> {
        let (config, id) = (&context.config().segments, &job.named.id);
        let whole = segments::trimmed(&analysis.speech, config);
        let fits = |cut: &Cut| job.transcript.is_some() && cut.duration().0 <= config.max_transcribed_s;
        let transcribed = whole.filter(fits);
        let cuts = match transcribed {
            Some(whole) => segments::Cuts { segments: vec![whole], too_short: 0 },
            None => segments::utterances(&analysis.speech, config),
        };
        let speaker = match context.request.speaker {
            Some(name) => Speaker { label: name.to_owned(), basis: Basis::Stated },
            None => Speaker { label: format!("unknown_{id}"), basis: Basis::Assumed },
        };
        let folder = context.layout.speaker_segments().join(&speaker.label);
        if !cuts.segments.is_empty() {
            let created = fs::create_dir_all(&folder).map_err(FileError::on("create folder", &folder));
            created.map_err(|error| output_error(&folder, error))?;
        }
        let extension = context.format.extension();
        let part = |(i, cut)| Part { cut, path: folder.join(format!("{id}_{:04}.{extension}", i + 1)) };
        let parts = cuts.segments.into_iter().enumerate().map(part).collect();
        Ok(Self { whole, parts, transcribed: transcribed.is_some(), too_short: cuts.too_short, speaker })
    }
}
