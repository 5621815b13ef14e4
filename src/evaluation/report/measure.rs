//! The measures of a report: how each is called, found in an utterance and written.

use serde::{Deserialize, Serialize};

use super::Utterance;

/// A figure that every utterance may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Cosine to the speaker, -1 to 1; more is better.
    SpeakerSimilarity,
    /// Phoneme errors per phoneme; less is better.
    PhonemeErrorRate,
    /// Mel-cepstral distortion in dB; less is better.
    McdDb,
    /// Root-mean-square pitch error in cents; less is better.
    F0RmseCents,
    /// Root-mean-square pitch error in Hz; less is better.
    F0RmseHz,
    /// Correlation of log pitch, -1 to 1; more is better.
    F0Correlation,
    /// Share of frames voiced in one and not in the other; less is better.
    VoicingError,
    /// Seconds on the clock per second of speech; less is better.
    RealTimeFactor,
    /// Processor seconds per second of speech; less is better.
    CpuFactor,
    /// Integrated loudness in LUFS.
    LoudnessLufs,
    /// True peak in dBTP.
    TruePeakDbtp,
    /// Share of the time without speech.
    SilenceShare,
    /// Signal-to-noise ratio in dB; more is better.
    SnrDb,
    /// Share of samples at full scale; less is better.
    ClippedShare,
    /// Mean of the samples, full scale 1.
    DcOffset,
}

/// How a measure is written in a table.
pub(super) struct Format {
    pub heading: &'static str,
    pub decimals: usize,
    /// Shares are kept from 0 to 1 and shown in per cent.
    pub scale: f64,
}

impl Measure {
    /// All, in the order of reports.
    pub const ALL: [Self; 15] = [
        Self::SpeakerSimilarity,
        Self::PhonemeErrorRate,
        Self::McdDb,
        Self::F0RmseCents,
        Self::F0RmseHz,
        Self::F0Correlation,
        Self::VoicingError,
        Self::RealTimeFactor,
        Self::CpuFactor,
        Self::LoudnessLufs,
        Self::TruePeakDbtp,
        Self::SilenceShare,
        Self::SnrDb,
        Self::ClippedShare,
        Self::DcOffset,
    ];

    /// Its value in an utterance, if it could be had.
    pub fn of(self, utterance: &Utterance) -> Option<f64> {
        let f0 = utterance.comparison.and_then(|comparison| comparison.f0);
        let signal = utterance.signal;
        match self {
            Self::SpeakerSimilarity => utterance.speaker_similarity,
            Self::PhonemeErrorRate => utterance.phonemes.and_then(|counts| counts.rate()),
            Self::McdDb => utterance.comparison.and_then(|comparison| comparison.mcd_db),
            Self::F0RmseCents => f0.and_then(|f0| f0.rmse_cents),
            Self::F0RmseHz => f0.and_then(|f0| f0.rmse_hz),
            Self::F0Correlation => f0.and_then(|f0| f0.correlation),
            Self::VoicingError => f0.map(|f0| f0.voicing_error),
            Self::RealTimeFactor => utterance.timing.and_then(|timing| timing.wall()),
            Self::CpuFactor => utterance.timing.and_then(|timing| timing.cpu()),
            Self::LoudnessLufs => signal.and_then(|signal| signal.loudness_lufs),
            Self::TruePeakDbtp => signal.and_then(|signal| signal.true_peak_dbtp),
            Self::SilenceShare => signal.map(|signal| signal.silence_share),
            Self::SnrDb => signal.and_then(|signal| signal.snr_db),
            Self::ClippedShare => signal.map(|signal| signal.clipped_share),
            Self::DcOffset => signal.map(|signal| signal.dc_offset),
        }
    }

    pub(super) fn format(self) -> Format {
        let (heading, decimals, scale) = match self {
            Self::SpeakerSimilarity => ("similarity", 3, 1.0),
            Self::PhonemeErrorRate => ("PER %", 1, 100.0),
            Self::McdDb => ("MCD dB", 2, 1.0),
            Self::F0RmseCents => ("F0 cents", 0, 1.0),
            Self::F0RmseHz => ("F0 Hz", 1, 1.0),
            Self::F0Correlation => ("F0 corr", 2, 1.0),
            Self::VoicingError => ("V/UV %", 1, 100.0),
            Self::RealTimeFactor => ("RTF", 3, 1.0),
            Self::CpuFactor => ("CPU RTF", 3, 1.0),
            Self::LoudnessLufs => ("LUFS", 1, 1.0),
            Self::TruePeakDbtp => ("dBTP", 1, 1.0),
            Self::SilenceShare => ("silence %", 0, 100.0),
            Self::SnrDb => ("SNR dB", 0, 1.0),
            Self::ClippedShare => ("clipped %", 2, 100.0),
            Self::DcOffset => ("DC", 4, 1.0),
        };
        Format { heading, decimals, scale }
    }
}

impl Format {
    /// The value as in a cell.
    pub fn cell(&self, value: f64) -> String {
        let text = format!("{:.*}", self.decimals, value * self.scale);
        // "-0.0" tells nothing that "0.0" does not.
        if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
            text.trim_start_matches('-').to_owned()
        } else {
            text
        }
    }
}
