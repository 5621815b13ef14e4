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
        SharedModels, Synthesizer, Voice,
        blend::{self, Share},
        models::{ModelError, Models},
    },
};

/// Voices by what was typed for them.
pub(super) struct Cast {
    shared: SharedModels,
    /// The folder of trained voices.
    folder: PathBuf,
    loaded: RefCell<HashMap<String, Rc<Synthesizer>>>,
}

impl Cast {
    /// # Errors
    /// A vocoder that can't be used.
    pub fn new(models: Models, folder: PathBuf) -> Result<Self, ModelError> {
        Ok(Self { shared: SharedModels::load(models)?, folder, loaded: RefCell::default() })
    }

    /// The voice by this name, recording or blend.
    ///
    /// # Errors
    /// A voice that there is not, or a recording that can't be imitated.
    pub fn voice(&self, typed: &str) -> anyhow::Result<Rc<Synthesizer>> {
        if let Some(known) = self.loaded.borrow().get(typed) {
            return Ok(known.clone());
        }
        let synthesizer = Rc::new(Synthesizer::sharing(&self.shared, &self.find(typed)?)?);
        self.loaded.borrow_mut().insert(typed.to_owned(), synthesizer.clone());
        Ok(synthesizer)
    }

    fn find(&self, typed: &str) -> anyhow::Result<Voice> {
        // A recording's name may well hold '+' and ':'.
        if Path::new(typed).is_file() {
            return self.imitated(Path::new(typed));
        }
        let shares = blend::parse(typed).map_err(Usage)?;
        if let [Share { voice, .. }] = shares.as_slice() {
            return self.single(voice);
        }
        let parts = shares.iter().map(|share| Ok((self.single(&share.voice)?, share.weight)));
        Ok(blend::blend(parts.collect::<anyhow::Result<_>>()?, self.shared.models())?)
    }

    /// A path (with a separator, an extension of audio, or of an existing file) is a recording; anything else is a name.
    fn single(&self, typed: &str) -> anyhow::Result<Voice> {
        let path = Path::new(typed);
        let is_recording = path.is_file() || path.components().count() > 1 || path.is_absolute() || is_audio_path(path);
        match is_recording {
            true => self.imitated(path),
            false => Ok(Voice::named(typed, &self.folder, self.shared.models())?),
        }
    }

    fn imitated(&self, recording: &Path) -> anyhow::Result<Voice> {
        Ok(Voice::imitated(recording, &self.shared.models().speaker()?, &*self.shared.acoustic()?)?)
    }
}
