//! Who is speaking, while the recording comes in.

use super::{SpeakerEncoder, SpeakerError, mean_embedding, speech::append_speech};
use crate::{
    clean::{
        config::VadConfig,
        vad::{self, Vad},
    },
    units::{SampleRate, Seconds},
};

/// The rate of the stream.
const RATE: SampleRate = vad::RATE;
/// Speech is looked for in so many times the window, so that pauses may lie between.
const CONTEXT: f64 = 3.0;
/// The least context: the noise below the speech must be heard too.
const MIN_CONTEXT: Seconds = Seconds(6.0);

/// How a stream is listened to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StreamConfig {
    /// How much of the latest speech is embedded.
    pub window: Seconds,
    /// From update to update.
    pub hop: Seconds,
}

impl Default for StreamConfig {
    fn default() -> Self {
        Self { window: Seconds(3.0), hop: Seconds(0.5) }
    }
}

/// What is known of the speaker at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// When, from the start of the stream.
    pub time: Seconds,
    /// How much speech was embedded.
    pub speech: Seconds,
    /// Whether somebody spoke since the update before.
    pub speaking: bool,
    /// The embedding of the latest speech; none if there is too little.
    pub embedding: Option<Vec<f32>>,
    /// The mean direction of the embeddings of all updates in which somebody spoke; empty before the first.
    pub mean: Vec<f32>,
}

/// Embeds the latest speech of a stream at 16 kHz again and again. Memory does not grow with its length.
///
/// Each update looks for speech in what was heard lately (three windows, at least 6 s) with all that is known by then,
/// so speech is known when it is heard and not when it has ended.
#[derive(Debug)]
pub struct SpeakerStream<'a> {
    encoder: &'a SpeakerEncoder,
    vad: &'a VadConfig,
    config: StreamConfig,
    /// The latest samples, at most the context.
    recent: Vec<f32>,
    /// Samples since the last update, which `recent` ends with.
    new: usize,
    heard: usize,
    /// The sum of the embeddings so far.
    sum: Vec<f32>,
}

impl<'a> SpeakerStream<'a> {
    /// At the start of a stream.
    pub fn new(encoder: &'a SpeakerEncoder, vad: &'a VadConfig, config: StreamConfig) -> Self {
        Self { encoder, vad, config, recent: Vec::new(), new: 0, heard: 0, sum: Vec::new() }
    }

    /// How many more samples the next update needs; at least one.
    pub fn wanted(&self) -> usize {
        RATE.samples(self.config.hop).max(1) - self.new
    }

    /// Takes up to [`Self::wanted`] samples; gives an update if they complete one.
    ///
    /// # Errors
    /// Samples that are not finite.
    ///
    /// # Panics
    /// If there are more than are wanted.
    pub fn push(&mut self, samples: &[f32]) -> Result<Option<Update>, SpeakerError> {
        assert!(samples.len() <= self.wanted(), "{} samples, wanted {}", samples.len(), self.wanted());
        self.recent.extend_from_slice(samples);
        self.new += samples.len();
        self.heard += samples.len();
        if self.wanted() > 0 { Ok(None) } else { self.update().map(Some) }
    }

    fn update(&mut self) -> Result<Update, SpeakerError> {
        let context = RATE.samples(Seconds((self.config.window.0 * CONTEXT).max(MIN_CONTEXT.0)));
        self.recent.drain(..self.recent.len().saturating_sub(context));
        let mut detector = Vad::new(self.vad);
        detector.push(&self.recent);
        let spans = detector.finish().spans;
        let mut speech = Vec::new();
        append_speech(&spans, 0, &self.recent, &mut speech);
        speech.drain(..speech.len().saturating_sub(RATE.samples(self.config.window)));
        let before = RATE.duration(self.recent.len() - self.new);
        let speaking = spans.last().is_some_and(|span| span.end > before);
        self.new = 0;
        let embedding = match self.encoder.embed(&speech) {
            Ok(embedding) => Some(embedding),
            Err(SpeakerError::TooShort { .. } | SpeakerError::Silent { .. }) => None,
            Err(error) => return Err(error),
        };
        if let Some(embedding) = embedding.as_ref().filter(|_| speaking) {
            self.sum.resize(embedding.len(), 0.0);
            self.sum.iter_mut().zip(embedding).for_each(|(sum, value)| *sum += value);
        }
        let mean = if self.sum.is_empty() { Vec::new() } else { mean_embedding([self.sum.as_slice()]) };
        let (time, speech) = (RATE.duration(self.heard), RATE.duration(speech.len()));
        Ok(Update { time, speech, speaking, embedding, mean })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speaker::{
        cosine,
        encoder::tests::{encoder, tone},
    };

    /// Half a second of each, again and again.
    fn updates(stream: &mut SpeakerStream, samples: &[f32]) -> Vec<Update> {
        let hop = stream.wanted();
        samples.chunks_exact(hop).filter_map(|chunk| stream.push(chunk).expect("finite samples")).collect()
    }

    #[test]
    fn memory_is_bounded_and_the_speaker_is_forgotten_in_silence() {
        let (encoder, vad) = (encoder(), VadConfig::default());
        let mut stream = SpeakerStream::new(&encoder, &vad, StreamConfig::default());
        // Words of a second, with pauses.
        let word = |i: usize| if (i / 16_000).is_multiple_of(2) { 1.0 } else { 1e-3 };
        let speech: Vec<f32> = tone(160_000, 150.0).iter().enumerate().map(|(i, sample)| sample * word(i)).collect();
        let spoken = updates(&mut stream, &speech);
        assert_eq!((spoken.len(), spoken[19].time), (20, Seconds(10.0)));
        let last = spoken[19].embedding.as_ref().expect("enough speech");
        assert!(cosine(&spoken[19].mean, last) > 0.5);
        assert!(spoken[19].speech > Seconds(2.0) && spoken[19].speech <= Seconds(3.0), "{}", spoken[19].speech);
        let silent = updates(&mut stream, &[0.0; 320_000]);
        assert!(silent[39].embedding.is_none() && !silent[39].speaking);
        assert_eq!(silent[39].mean, silent[20].mean);
        assert!(stream.recent.len() <= RATE.samples(Seconds(9.0)) && stream.recent.capacity() < 400_000);
    }
}
