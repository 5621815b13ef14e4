//! The speech that a voice is trained on: prepared, labelled, and sorted.

use std::{collections::BTreeMap, path::Path};

use super::{VoiceTrainError, VoiceTraining, company::Company};
use crate::acoustic::variance::pitch_hz;
use crate::dataset::corpus::CorpusUtterance;
use crate::dataset::prepared::{Prepared, Preparer};
use crate::dataset::utterances::Utterance;
use crate::error::FileError;
use crate::nn::host::floats;
use crate::speaker::SpeakerEncoder;
use crate::synthesis::correction::{Heard, Impression};
use crate::text::FrontEnd;
use crate::train::acoustic::{Speakers, mean_direction};
use crate::train::labels::{Labelled, embed_beginning};

/// Speech sorted into what is learnt from and what is measured on.
pub(super) struct Speech {
    /// To learn from.
    pub(super) training: Vec<Labelled>,
    /// To measure on.
    pub(super) validation: Vec<Labelled>,
    /// Embeddings of the speaker's utterances.
    pub(super) speakers: Speakers,
    /// Their mean.
    pub(super) embedding: Vec<f32>,
    /// Usable speech.
    pub(super) minutes: f64,
    /// Speech that cannot be used, as far as it could be read.
    pub(super) minutes_left_out: f64,
    /// Utterances that cannot be used.
    pub(super) left_out: usize,
}

impl Speech {
    /// What the speaker sounds like on the whole.
    pub(super) fn impression(&self) -> Option<Impression> {
        Impression::of(self.training.iter().chain(&self.validation).map(|utterance| Heard {
            mel: utterance.mel.shallow_clone(),
            f0_hz: floats(&(pitch_hz(&utterance.frame_pitch) * &*utterance.voicing)),
        }))
    }
}

/// Less speech than this cannot be told from its noise.
const LEAST_S: f64 = 10.0;
/// Every so many-th utterance is kept for measuring.
const HELD_OUT_EVERY: usize = 12;
/// Less speech than this gives a voice that is like its owner's in little more than its colour.
const LITTLE_S: f64 = 120.0;
/// An utterance whose mean log score is this far below the folder's median does not say its transcript.
const MISFIT: f64 = 1.5;

impl VoiceTraining<'_> {
    /// Prepares, labels and sorts the speech.
    pub(super) fn listen(&self, utterances: &[Utterance], work: &Path) -> Result<Speech, VoiceTrainError> {
        let named: Vec<CorpusUtterance> =
            utterances.iter().enumerate().map(|(index, utterance)| self.named(index, utterance)).collect();
        let total = named.len();
        let synthesis = Preparer::synthesis(work);
        let (prepared, unprepared) = synthesis.prepare_all(named.clone(), || ());
        for failed in unprepared {
            self.observer.left_out(&failed.utterance.path.display().to_string(), &failed.error.to_string());
        }
        let (references, _) = Preparer::analysis(work).prepare_all(named, || ());
        let encoder = self.models.speaker()?;
        let own = self.own_utterances(&references, &encoder);
        let embedding = mean_direction(&own.values().cloned().collect::<Vec<_>>());
        let aligner = self.models.aligner()?;
        let front_end = FrontEnd::new();
        let mut labelled = Vec::new();
        for (index, item) in prepared.iter().enumerate() {
            self.observer.prepared(index + 1, prepared.len());
            if !own.contains_key(&item.utterance.key) {
                continue;
            }
            match Labelled::new(item, &aligner, &front_end) {
                Ok(label) => labelled.push((label, item.seconds())),
                Err(error) => self.observer.left_out(&item.utterance.key, &error.to_string()),
            }
        }
        let labelled = self.fitting(labelled);
        let usable_s: f64 = labelled.iter().map(|(_, seconds)| seconds).sum();
        let all_s: f64 = prepared.iter().map(Prepared::seconds).sum();
        if usable_s < LEAST_S || labelled.len() < 2 {
            return Err(VoiceTrainError::TooLittle { usable_s, needed_s: LEAST_S });
        }
        if usable_s < LITTLE_S {
            let advice =
                "with less than 2 minutes a voice is like its owner's in little more than its colour; record more";
            self.observer.notice(&format!("only {usable_s:.0} s of speech can be used: {advice}"));
        }
        let left_out = total - labelled.len();
        let every = HELD_OUT_EVERY.min(labelled.len());
        let (mut training, mut validation) = (Vec::new(), Vec::new());
        for (index, (label, _)) in labelled.into_iter().enumerate() {
            if index % every == every - 1 { validation.push(label) } else { training.push(label) }
        }
        let speakers = Speakers::from([(self.name.to_string(), own.into_values().collect())]);
        let (minutes, minutes_left_out) = (usable_s / 60.0, (all_s - usable_s).max(0.0) / 60.0);
        Ok(Speech { training, validation, speakers, embedding, minutes, minutes_left_out, left_out })
    }

    /// Embeddings of the utterances that are the speaker's, by key; says which are not.
    fn own_utterances(&self, recordings: &[Prepared], encoder: &SpeakerEncoder) -> BTreeMap<String, Vec<f32>> {
        let embed = |recording: &Prepared| {
            embed_beginning(recording, encoder)
                .map_err(|error| self.observer.left_out(&recording.utterance.key, &error.to_string()))
                .ok()
        };
        let embeddings: Vec<Option<Vec<f32>>> = recordings.iter().map(embed).collect();
        let company = Company::of(&embeddings, encoder.calibration().unwrap_or_default());
        if company.is_mixed() {
            let share = 100.0 * company.unlike_pairs;
            self.observer.notice(&format!(
                "the folder seems to hold more than one speaker ({share:.0} % of pairs of utterances sound like two \
                 people); `process` and a folder for each speaker help"
            ));
        }
        for &index in &company.strangers {
            self.observer.left_out(&recordings[index].utterance.key, "it sounds like another person than the rest");
        }
        let own = recordings.iter().zip(embeddings).enumerate();
        own.filter(|(index, _)| !company.strangers.contains(index))
            .filter_map(|(_, (recording, embedding))| Some((recording.utterance.key.clone(), embedding?)))
            .collect()
    }

    /// Leaves out utterances whose transcript is not what is said.
    fn fitting(&self, labelled: Vec<(Labelled, f64)>) -> Vec<(Labelled, f64)> {
        let mut scores: Vec<f64> = labelled.iter().map(|(label, _)| label.score).collect();
        scores.sort_by(f64::total_cmp);
        let median = scores.get(scores.len() / 2).copied().unwrap_or(0.0);
        let fits = |(label, _): &(Labelled, f64)| {
            let fits = label.score > median - MISFIT;
            if !fits {
                self.observer.left_out(&label.key, "the transcript is not what is said");
            }
            fits
        };
        labelled.into_iter().filter(fits).collect()
    }

    fn named(&self, index: usize, utterance: &Utterance) -> CorpusUtterance {
        let file = utterance.path.file_stem().unwrap_or_default().to_string_lossy();
        CorpusUtterance {
            key: format!("voice/{index:05}-{file}"),
            collection: "voice".to_string(),
            speaker: self.name.to_string(),
            path: utterance.path.clone(),
            text: utterance.text.clone(),
        }
    }
}

/// Refuses a folder whose subfolders name several speakers.
pub(super) fn one_speaker(utterances: &[Utterance]) -> Result<(), VoiceTrainError> {
    let mut names: Vec<String> = utterances.iter().filter_map(|utterance| utterance.speaker.clone()).collect();
    names.sort();
    names.dedup();
    if names.len() < 2 {
        return Ok(());
    }
    let first = utterances.iter().find(|utterance| utterance.speaker.as_ref() == names.first());
    let folder = first.and_then(|utterance| utterance.path.parent()).unwrap_or(Path::new(""));
    Err(VoiceTrainError::Speakers { names, example: format!("--input {}", folder.display()) })
}

/// A hash over the contents and transcripts of all recordings.
pub(super) fn dataset_hash(utterances: &[Utterance]) -> Result<String, FileError> {
    let mut hasher = blake3::Hasher::new();
    for utterance in utterances {
        let bytes = std::fs::read(&utterance.path).map_err(FileError::on("read", &utterance.path))?;
        hasher.update(blake3::hash(&bytes).as_bytes());
        hasher.update(utterance.text.as_deref().unwrap_or_default().as_bytes());
    }
    Ok(hasher.finalize().to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn utterance(speaker: Option<&str>) -> Utterance {
        Utterance { path: PathBuf::from("a/x.wav"), text: None, speaker: speaker.map(str::to_string) }
    }

    #[test]
    fn two_speakers_are_an_error_that_says_what_to_do() {
        assert!(one_speaker(&[utterance(None), utterance(Some("eva")), utterance(Some("eva"))]).is_ok());
        let error = one_speaker(&[utterance(Some("eva")), utterance(Some("tom"))]).expect_err("two speakers");
        assert_eq!(error.to_string(), "the folder holds 2 speakers (eva, tom); train on one of them: --input a");
    }

    #[test]
    fn the_mean_of_directions() {
        assert_eq!(mean_direction(&[vec![1.0, 0.0], vec![1.0, 0.0]]), [1.0, 0.0]);
        assert!(mean_direction(&[]).is_empty());
    }
}
