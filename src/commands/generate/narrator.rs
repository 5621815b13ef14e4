//! Texts to levelled speech, an utterance at a time.

use anyhow::Context;
use tch::Device;

use super::{
    super::{Session, interrupt, paths},
    cast::Voices,
    job::Job,
};
use crate::{
    cli::GenerateArgs,
    config::OutputConfig,
    synthesis::{
        SpeakOptions, SpokenUtterance, Synthesizer,
        level::Leveller,
        manner::{Manner, pause_after},
        models::Models,
        style::SpeakingStyle,
        synthesizer::SpokenWord,
        verify::{Hearing, Verifier},
    },
    text::{FrontEnd, Utterance, token::Unreadable},
    units::Seconds,
};

/// How often an utterance that does not sound like its text is made again.
const RETRIES: u64 = 2;
/// Each time it is said a little slower, which makes it plainer.
const RETRY_RATE: f64 = 0.93;
/// So many utterances tell a voice's own style.
const STYLE_UTTERANCES: usize = 10;
/// A first utterance of more words is cut at a pause where audio is to leave early.
const EARLY_WORDS: usize = 6;

/// The style of the recording that is to be followed.
///
/// # Errors
/// A recording that can't be decoded, or with too little speech.
pub(super) fn style(args: &GenerateArgs, session: &Session) -> anyhow::Result<Option<SpeakingStyle>> {
    let Some(path) = &args.style_from else { return Ok(None) };
    let models = Models::new(&paths::models_dir(session.config()), session.device()?);
    let style = SpeakingStyle::of_recording(path, &models);
    Ok(Some(style.with_context(|| format!("cannot follow {}", path.display()))?))
}

/// Speaks texts. Everything that they have in common is loaded.
pub(super) struct Narrator {
    voices: Box<dyn Voices>,
    front_end: FrontEnd,
    verifier: Option<Verifier>,
    style: Option<SpeakingStyle>,
    output: OutputConfig,
}

/// What is said, by whom and how.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Speech<'a> {
    pub text: &'a str,
    pub voice: &'a str,
    pub manner: Manner,
    pub volume_db: f64,
    pub seed: u64,
    pub early: bool,
}

impl<'a> Speech<'a> {
    /// A text said as the job asks.
    pub fn new(text: &'a str, voice: &'a str, job: &Job) -> Self {
        Self { text, voice, manner: job.manner, volume_db: job.volume_db, seed: job.seed, early: job.early }
    }
}

/// An utterance, levelled, with the pause behind it.
#[derive(Debug)]
pub(super) struct Passage {
    /// Mono samples at [`Synthesizer::RATE`].
    pub samples: Vec<f32>,
    /// Times count from the beginning of the text.
    pub words: Vec<SpokenWord>,
    /// What was heard, where it does not sound like the text.
    pub misheard: Option<Hearing>,
}

impl Narrator {
    /// Loads what does not depend on the voice, onto `device`; `voices` speak.
    ///
    /// # Errors
    /// Base models or a lexicon that can't be used.
    pub fn load(
        args: &GenerateArgs,
        style: Option<SpeakingStyle>,
        device: Device,
        voices: Box<dyn Voices>,
        session: &Session,
    ) -> anyhow::Result<Self> {
        let config = session.config();
        let models = Models::new(&paths::models_dir(config), device);
        let lexicon = || format!("cannot use the lexicon {:?} of the setting text.lexicon", config.text.lexicon);
        Ok(Self {
            front_end: FrontEnd::configured(&config.text).with_context(lexicon)?,
            verifier: args.verify.then(|| Verifier::load(&models)).transpose()?,
            style,
            voices,
            output: config.output.clone(),
        })
    }

    /// What of a text can't be read aloud.
    pub fn unreadable(&self, text: &str) -> Vec<Unreadable> {
        self.front_end.unreadable(text)
    }

    /// Loads a voice, so that one that there is not is found before anything is said.
    ///
    /// # Errors
    /// As [`Voices::find`].
    pub fn find(&self, voice: &str) -> anyhow::Result<()> {
        self.voices.find(voice)
    }

    /// Speaks a text, and hands each utterance on as soon as it is made: memory does not grow with the text.
    ///
    /// # Errors
    /// A voice that there is not, or what `each` fails with.
    pub fn say(&self, speech: &Speech, mut each: impl FnMut(Passage) -> anyhow::Result<()>) -> anyhow::Result<()> {
        self.voices.find(speech.voice)?;
        let mut utterances = self.front_end.utterances(speech.text);
        if speech.early {
            begin_early(&mut utterances);
        }
        let manner = self.manner(speech.manner, speech.voice, &utterances)?;
        let rate = Synthesizer::RATE;
        let loudness = self.output.loudness_lufs + speech.volume_db;
        let mut leveller = Leveller::new(rate, loudness, self.output.true_peak_dbtp)?;
        let mut start = 0;
        for (index, utterance) in utterances.iter().enumerate() {
            interrupt::check()?;
            // The text may ask for a voice of its own, by its first word.
            let asked = utterance.words.first().and_then(|word| word.style.voice.as_deref());
            let options = SpeakOptions { manner, seed: speech.seed };
            let (said, misheard) = self.utter(asked.unwrap_or(speech.voice), utterance, options, index as u64)?;
            let volumes: Vec<_> = said.words.iter().map(|word| (word.start, word.volume)).collect();
            let mut samples = leveller.apply(&said.samples, &volumes)?;
            samples.resize(samples.len() + rate.samples(pause_after(utterance)), 0.0);
            let mut words = said.words;
            let offset = rate.duration(start);
            for word in &mut words {
                word.start = Seconds(word.start.0 + offset.0);
                word.end = Seconds(word.end.0 + offset.0);
            }
            start += samples.len();
            each(Passage { samples, words, misheard })?;
        }
        Ok(())
    }

    /// The manner in which the voice follows the recording of the style, on top of what was asked for.
    fn manner(&self, asked: Manner, voice: &str, utterances: &[Utterance]) -> anyhow::Result<Manner> {
        let Some(style) = self.style else { return Ok(asked) };
        let first = &utterances[..utterances.len().min(STYLE_UTTERANCES)];
        let Some(own) = self.voices.own_style(voice, first)? else { return Ok(asked) };
        let styled = style.manner(&own);
        Ok(Manner {
            rate: asked.rate * styled.rate,
            pitch_range: styled.pitch_range,
            energy_range: styled.energy_range,
            ..asked
        })
    }

    /// Says an utterance, again if it does not sound like its text.
    fn utter(
        &self,
        voice: &str,
        utterance: &Utterance,
        options: SpeakOptions,
        index: u64,
    ) -> anyhow::Result<(SpokenUtterance, Option<Hearing>)> {
        let first = self.voices.utterance(voice, utterance, options, index)?;
        let Some(verifier) = &self.verifier else { return Ok((first, None)) };
        let heard = verifier.hear(&first.samples, utterance);
        let mut best = (first, heard);
        for attempt in 1..=RETRIES {
            if best.1.fits() {
                return Ok((best.0, None));
            }
            let rate = options.manner.rate * RETRY_RATE.powi(attempt as i32);
            let again = SpeakOptions {
                manner: Manner { rate, ..options.manner },
                seed: options.seed.wrapping_add(attempt << 48),
            };
            let said = self.voices.utterance(voice, utterance, again, index)?;
            let heard = verifier.hear(&said.samples, utterance);
            if heard.doubt < best.1.doubt {
                best = (said, heard);
            }
        }
        let misheard = (!best.1.fits()).then_some(best.1);
        Ok((best.0, misheard))
    }
}

/// Cuts the first utterance at its first pause that has enough words before it.
fn begin_early(utterances: &mut Vec<Utterance>) {
    let Some(first) = utterances.first().filter(|first| first.words.len() > EARLY_WORDS) else { return };
    if let Some((beginning, rest)) = first.cut_at_pause() {
        utterances.splice(0..1, [beginning, rest]);
    }
}
