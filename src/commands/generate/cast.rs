//! The voices of a run, each loaded when it first speaks.

use std::{
    cell::RefCell,
    collections::HashMap,
    path::{Path, PathBuf},
    rc::Rc,
};

use super::super::failure::Usage;
use crate::{
    audio::is_audio_path,
    synthesis::{
        Synthesizer, Voice,
        blend::{self, Share},
        models::{ModelError, Models},
    },
    vocoder::harmonic::HarmonicVocoder,
};

/// Voices by what was typed for them.
pub(super) struct Cast {
    models: Models,
    /// The folder of trained voices.
    folder: PathBuf,
    vocoder: Rc<HarmonicVocoder>,
    loaded: RefCell<HashMap<String, Rc<Synthesizer>>>,
}

impl Cast {
    /// # Errors
    /// A vocoder that can't be used.
    pub fn new(models: Models, folder: PathBuf) -> Result<Self, ModelError> {
        let vocoder = Rc::new(models.vocoder()?);
        Ok(Self { models, folder, vocoder, loaded: RefCell::default() })
    }

    /// The voice by this name, recording or blend.
    ///
    /// # Errors
    /// A voice that there is not, or a recording that can't be imitated.
    pub fn voice(&self, typed: &str) -> anyhow::Result<Rc<Synthesizer>> {
        if let Some(known) = self.loaded.borrow().get(typed) {
            return Ok(known.clone());
        }
        let voice = find(typed, &self.folder, &self.models)?;
        let synthesizer = Rc::new(Synthesizer::with_vocoder(&self.models, &voice, self.vocoder.clone())?);
        self.loaded.borrow_mut().insert(typed.to_owned(), synthesizer.clone());
        Ok(synthesizer)
    }
}

fn find(typed: &str, folder: &Path, models: &Models) -> anyhow::Result<Voice> {
    // A recording's name may well hold '+' and ':'.
    if Path::new(typed).is_file() {
        return Ok(Voice::imitated(Path::new(typed), &models.speaker()?)?);
    }
    let shares = blend::parse(typed).map_err(Usage)?;
    if let [Share { voice, .. }] = shares.as_slice() {
        return single(voice, folder, models);
    }
    let parts = shares.iter().map(|share| Ok((single(&share.voice, folder, models)?, share.weight)));
    Ok(blend::blend(parts.collect::<anyhow::Result<_>>()?, models)?)
}

/// A path (with a separator, an extension of audio, or of an existing file) is a recording; anything else is a name.
fn single(typed: &str, folder: &Path, models: &Models) -> anyhow::Result<Voice> {
    let path = Path::new(typed);
    let is_recording = path.is_file() || path.components().count() > 1 || path.is_absolute() || is_audio_path(path);
    Ok(if is_recording { Voice::imitated(path, &models.speaker()?)? } else { Voice::named(typed, folder, models)? })
}
