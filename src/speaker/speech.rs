//! The speech of a recording, and whose it is.

use std::{io::Cursor, path::Path, sync::Arc};

use super::{Calibration, Companions, SpeakerEncoder, SpeakerError, companions};
use crate::{
    audio::{AudioError, Decoder, MonoStream},
    clean::{
        config::VadConfig,
        vad::{self, Span, Vad},
    },
    units::{SampleRate, Seconds},
};

/// The rate of all samples here.
const RATE: SampleRate = vad::RATE;
/// More speech than this says nothing new of a speaker; it is not heard, so that memory and time stay bounded.
pub const MAX_SPEECH: Seconds = Seconds(1800.0);
/// A recording with a lower level, as a root mean square, is silent.
const SILENT_DB: f64 = -70.0;

/// Why a recording doesn't tell who is speaking.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// It can't be decoded.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// It is shorter than the shortest speech.
    #[error("too short: it lasts {actual}, and a voice needs at least {min} of speech to be recognised")]
    TooShort {
        /// The least that is accepted.
        min: Seconds,
        /// The length of the recording.
        actual: Seconds,
    },
    /// Nothing can be heard.
    #[error("no speech: the recording is silent")]
    Silent,
    /// There are sounds, but nobody speaks.
    #[error("no speech was found in its {duration}")]
    NoSpeech {
        /// The length of the recording.
        duration: Seconds,
    },
    /// Somebody speaks, but not enough.
    #[error("too little speech: {actual} of {duration}, and a voice needs at least {min} to be recognised")]
    TooLittle {
        /// The least that is accepted.
        min: Seconds,
        /// How much speech there is.
        actual: Seconds,
        /// The length of the recording.
        duration: Seconds,
    },
    /// The encoder refuses the speech.
    #[error(transparent)]
    Speaker(#[from] SpeakerError),
}

/// What is spoken in a recording, without what lies between: mono at 16 kHz.
#[derive(Debug, Clone, PartialEq)]
pub struct SpokenAudio {
    /// The samples of all speech, joined; at most [`MAX_SPEECH`] from the beginning.
    pub samples: Vec<f32>,
    /// How much speech was found.
    pub speech: Seconds,
    /// The length of the recording.
    pub duration: Seconds,
}

impl SpokenAudio {
    /// The speech in a file. Memory does not grow with its length.
    ///
    /// # Errors
    /// A file that can't be decoded, or with too little speech in it.
    pub fn read(path: &Path, vad: &VadConfig) -> Result<Self, ListenError> {
        Self::from_stream(|| MonoStream::open(path, RATE), vad)
    }

    /// The speech in the content of a file.
    ///
    /// # Errors
    /// Bytes that can't be decoded, or with too little speech in them.
    pub fn decode(bytes: Vec<u8>, vad: &VadConfig) -> Result<Self, ListenError> {
        let bytes: Arc<[u8]> = bytes.into();
        Self::from_stream(|| MonoStream::new(Decoder::from_source(Cursor::new(bytes.clone()))?, RATE), vad)
    }

    /// Reads the stream twice: where speech is, is known at its end.
    fn from_stream(open: impl Fn() -> Result<MonoStream, AudioError>, vad: &VadConfig) -> Result<Self, ListenError> {
        let mut detector = Vad::new(vad);
        let (mut energy, mut count) = (0.0, 0usize);
        for block in open()? {
            let block = block?;
            energy += block.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>();
            count += block.len();
            detector.push(&block);
        }
        let found = detector.finish();
        let (min, duration) = (SpeakerEncoder::MIN_DURATION, RATE.duration(count));
        let speech = found.length();
        let silent = 10.0 * (energy / count.max(1) as f64).log10() < SILENT_DB;
        if duration < min {
            return Err(ListenError::TooShort { min, actual: duration });
        }
        if found.spans.is_empty() {
            return Err(if silent { ListenError::Silent } else { ListenError::NoSpeech { duration } });
        }
        let mut samples = Vec::with_capacity(RATE.samples(Seconds(speech.0.min(MAX_SPEECH.0))));
        let mut start = 0;
        for block in open()? {
            let block = block?;
            append_speech(&found.spans, start, &block, &mut samples);
            start += block.len();
            if samples.len() >= RATE.samples(MAX_SPEECH) {
                break;
            }
        }
        samples.truncate(RATE.samples(MAX_SPEECH));
        if samples.len() < RATE.samples(min) {
            return Err(ListenError::TooLittle { min, actual: speech, duration });
        }
        Ok(Self { samples, speech, duration })
    }
}

/// Appends what lies in `spans` of `block`, which begins at sample `start`.
pub fn append_speech(spans: &[Span], start: usize, block: &[f32], speech: &mut Vec<f32>) {
    for span in spans {
        let clip = |time| RATE.samples(time).clamp(start, start + block.len()) - start;
        speech.extend_from_slice(&block[clip(span.start)..clip(span.end)]);
    }
}

/// What was heard of a speaker.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The embedding of the speech, of unit length.
    pub embedding: Vec<f32>,
    /// How much speech there is.
    pub speech: Seconds,
    /// The length of the recording.
    pub duration: Seconds,
    /// Set if more than one person seems to speak.
    pub companions: Option<Companions>,
}

/// Listens to recordings: finds the speech and embeds it.
#[derive(Debug)]
pub struct Listener {
    /// The encoder.
    pub encoder: SpeakerEncoder,
    /// How speech is found.
    pub vad: VadConfig,
}

impl Listener {
    /// How cosines are to be read: the encoder's calibration, or else a general one.
    pub fn calibration(&self) -> Calibration {
        self.encoder.calibration().unwrap_or_default()
    }

    /// Embeds the speech of `spoken`; with `alone`, finds out whether one person speaks.
    ///
    /// # Errors
    /// Speech that the encoder refuses.
    pub fn hear(&self, spoken: &SpokenAudio, alone: bool) -> Result<Heard, ListenError> {
        let embedding = self.encoder.embed(&spoken.samples)?;
        let companions =
            if alone { companions::find(&self.encoder, &spoken.samples, self.calibration())? } else { None };
        Ok(Heard { embedding, speech: spoken.speech, duration: spoken.duration, companions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: f64, end: f64) -> Span {
        Span { start: Seconds(start), end: Seconds(end), dips: Vec::new() }
    }

    #[test]
    fn speech_is_cut_across_blocks() {
        let spans = [span(0.5, 1.25), span(1.5, 3.0)];
        let samples: Vec<f32> = (0..40_000).map(|i| i as f32).collect();
        let mut speech = Vec::new();
        for (index, block) in samples.chunks(7_001).enumerate() {
            append_speech(&spans, index * 7_001, block, &mut speech);
        }
        assert_eq!(speech, [&samples[8_000..20_000], &samples[24_000..]].concat());
    }

    fn wav(samples: &[f32]) -> Vec<u8> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: RATE.0,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).expect("a header");
        samples.iter().for_each(|sample| writer.write_sample((sample * 32_767.0) as i16).expect("a sample"));
        writer.finalize().expect("the sizes");
        bytes.into_inner()
    }

    fn message(samples: &[f32]) -> String {
        SpokenAudio::decode(wav(samples), &VadConfig::default()).expect_err("no speech").to_string()
    }

    #[test]
    fn what_is_missing_is_said() {
        assert!(message(&[0.1; 3_200]).starts_with("too short: it lasts 0.20 s"), "{}", message(&[0.1; 3_200]));
        assert_eq!(message(&[0.0; 32_000]), "no speech: the recording is silent");
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (f64::from(state) / f64::from(u32::MAX) - 0.5) as f32 * 0.2
        };
        let noise: Vec<f32> = (0..48_000).map(|_| noise()).collect();
        assert_eq!(message(&noise), "no speech was found in its 3.00 s");
        let error = SpokenAudio::decode(Vec::new(), &VadConfig::default()).expect_err("no bytes");
        assert_eq!(error.to_string(), "no audio in it: it has no bytes");
    }
}
