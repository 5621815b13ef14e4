//! A recording to turns.

use std::path::Path;

use super::{
    Turn,
    activity::{self, Activity, Stretch, TurnRules},
    clustering::{Clustering, SpeakerCount, Speakers},
    confidence::Evidence,
    hearing::Hearing,
    rttm,
    sounds::TakingPart,
    windows::{self, Heard, Window},
};
use crate::audio::{AudioError, MonoStream};
use crate::speaker::{Calibration, cosine};
use crate::units::{SampleRate, Seconds};

/// Someone whose voice is known.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownVoice {
    /// The name.
    pub name: String,
    /// Of unit length, by the same encoder.
    pub embedding: Vec<f32>,
}

/// Diarizes recordings, in stages of which each can be replaced.
#[derive(Debug)]
pub struct Diarizer<'a> {
    /// Says who speaks in a window, and what their voices are like.
    pub hearing: &'a dyn Hearing,
    /// Says which voices are of one speaker.
    pub clustering: &'a dyn Clustering,
    /// How sure likeness makes that it is somebody known.
    pub calibration: Calibration,
    /// How many speakers there may be.
    pub count: SpeakerCount,
    /// Who gets their own name.
    pub known: &'a [KnownVoice],
    /// What a turn is.
    pub rules: TurnRules,
}

/// Who spoke when in a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Diarized {
    /// In order of time.
    pub turns: Vec<Turn>,
    /// What each turn's confidence is made of.
    pub evidence: Vec<Evidence>,
    /// The length of the recording.
    pub duration: Seconds,
}

/// What each stage made of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Stages {
    /// Who speaks in each window, and what their voices are like.
    pub heard: Heard,
    /// Whose the voices are.
    pub speakers: Speakers,
    /// The turns that follow.
    pub turns: Diarized,
}

impl Diarized {
    /// The speakers, in order of appearance.
    pub fn speakers(&self) -> Vec<&str> {
        rttm::speakers(&self.turns)
    }
}

impl Diarizer<'_> {
    /// Who spoke when in a file.
    ///
    /// # Errors
    /// A file that can't be decoded.
    pub fn diarize(&self, path: &Path) -> Result<Diarized, AudioError> {
        Ok(self.in_stages(path)?.turns)
    }

    /// The same with what each stage made of it. Memory grows with what is heard, by some 5 MB an hour, and not with the
    /// samples.
    ///
    /// # Errors
    /// A file that can't be decoded.
    pub fn in_stages(&self, path: &Path) -> Result<Stages, AudioError> {
        let heard = windows::hear(MonoStream::open(path, SampleRate::ANALYSIS)?, self.hearing)?;
        let speakers = self.cluster(&heard.windows, self.count);
        let file = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let turns = self.turns(&heard, &speakers, &file, &[]);
        Ok(Stages { heard, speakers, turns })
    }

    /// Whose the voices of windows are; sounds are nobody's.
    pub(super) fn cluster(&self, windows: &[Window], count: SpeakerCount) -> Speakers {
        let taking_part = TakingPart::of(windows);
        match taking_part.voices_alone(windows) {
            Some(left) => taking_part.with_sounds(self.clustering.cluster(&left, count)),
            None => self.clustering.cluster(windows, count),
        }
    }

    /// `called` is what each speaker is called already.
    pub(super) fn turns(&self, heard: &Heard, speakers: &Speakers, file: &str, called: &[Option<String>]) -> Diarized {
        let windows = heard.windows.iter().zip(speakers.owners.iter().map(Vec::as_slice));
        let activity = Activity::new(windows, speakers.centroids.len());
        let stretches = activity::stretches(&activity, self.rules, heard.duration);
        let names = self.names(&stretches, &speakers.centroids, called);
        let evidence: Vec<Evidence> = stretches.iter().map(|one| Evidence::of(one, &heard.windows, speakers)).collect();
        let turn = |(one, evidence): (&Stretch, &Evidence)| Turn {
            file: file.to_owned(),
            start: one.start,
            duration: Seconds(one.end.0 - one.start.0),
            speaker: names[one.speaker].clone(),
            confidence: Some(evidence.confidence()),
        };
        let turns = stretches.iter().zip(&evidence).map(turn).collect();
        Diarized { turns, evidence, duration: heard.duration }
    }

    /// Known voices by their names, each once; the others as they are called already, or else numbered in order of
    /// appearance.
    fn names(&self, stretches: &[Stretch], speakers: &[Vec<f32>], called: &[Option<String>]) -> Vec<String> {
        let mut names: Vec<Option<String>> = vec![None; speakers.len()];
        names[..called.len()].clone_from_slice(called);
        let mut pairs: Vec<(f64, usize, &str)> = Vec::new();
        for (index, speaker) in speakers.iter().enumerate() {
            let llr = |voice: &KnownVoice| self.calibration.llr(cosine(speaker, &voice.embedding));
            pairs.extend(
                self.known.iter().map(|voice| (llr(voice), index, voice.name.as_str())).filter(|(llr, ..)| *llr > 0.0),
            );
        }
        give_names(&mut names, pairs);
        for stretch in stretches {
            if names[stretch.speaker].is_none() {
                let free = |name: &String| !names.contains(&Some(name.clone()));
                let name = (1..).map(|number| format!("speaker{number}")).find(free);
                names[stretch.speaker] = name;
            }
        }
        names.into_iter().map(Option::unwrap_or_default).collect()
    }
}

/// Names those who have none yet, the likeliest first, each name once. `pairs` are how likely it is, whose, and the name.
pub(super) fn give_names(names: &mut [Option<String>], mut pairs: Vec<(f64, usize, &str)>) {
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (_, index, name) in pairs {
        if names[index].is_none() && !names.iter().flatten().any(|taken| taken == name) {
            names[index] = Some(name.to_owned());
        }
    }
}
