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
        SharedModels, SpeakOptions, SpokenUtterance, Synthesizer, Voice,
        blend::{self, Share},
        models::{ModelError, Models},
        style::SpeakingStyle,
    },
    text::Utterance,
};

/// Those who speak, each known by what was typed for it.
pub(super) trait Voices {
    /// Whether there is such a voice.
    ///
    /// # Errors
    /// A voice that there is not, or a recording that can't be imitated.
    fn find(&self, voice: &str) -> anyhow::Result<()>;

    /// How the voice would say these utterances in its own way; none if they are too short to tell.
    ///
    /// # Errors
    /// As [`Voices::find`].
    fn own_style(&self, voice: &str, utterances: &[Utterance]) -> anyhow::Result<Option<SpeakingStyle>>;

    /// The voice says an utterance, see [`Synthesizer::utterance`].
    ///
    /// # Errors
    /// As [`Voices::find`].
    fn utterance(
        &self,
        voice: &str,
        utterance: &Utterance,
        options: SpeakOptions,
        index: u64,
    ) -> anyhow::Result<SpokenUtterance>;
}

/// Voices that speak one utterance after the other.
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
        let synthesizer = Rc::new(Synthesizer::sharing(&self.shared, &self.load(typed)?)?);
        self.loaded.borrow_mut().insert(typed.to_owned(), synthesizer.clone());
        Ok(synthesizer)
    }

    fn load(&self, typed: &str) -> anyhow::Result<Voice> {
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

impl Voices for Cast {
    fn find(&self, voice: &str) -> anyhow::Result<()> {
        self.voice(voice).map(drop)
    }

    fn own_style(&self, voice: &str, utterances: &[Utterance]) -> anyhow::Result<Option<SpeakingStyle>> {
        Ok(self.voice(voice)?.own_style(utterances))
    }

    fn utterance(
        &self,
        voice: &str,
        utterance: &Utterance,
        options: SpeakOptions,
        index: u64,
    ) -> anyhow::Result<SpokenUtterance> {
        Ok(self.voice(voice)?.utterance(utterance, options, index))
    }
}
