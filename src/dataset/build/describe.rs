//! Puts what is known of a recording into the words of its manifest.

use serde_json::json;

use super::{
    plan::Plan,
    recording::{Job, METHOD_VERSION},
};
use crate::{
    clean::{
        analysis::{Analysis, Loudness},
        config::Config,
        level::Level,
        render::Part,
        segments::Cut,
    },
    dataset::{
        layout::Layout,
        manifest::{Normalized, Segment, Signal, Source, Step},
    },
    units::SampleRate,
};

pub(super) fn source(job: &Job, analysis: &Analysis) -> Source {
    let info = &analysis.info;
    Source {
        path: job.named.source.absolute.clone(),
        blake3: job.named.source.blake3.clone(),
        bytes: job.named.source.bytes,
        container: info.container.clone(),
        codec: info.codec.clone(),
        sample_rate_hz: info.rate.0,
        channels: info.channels,
        bits_per_sample: info.bits_per_sample,
        duration_s: rounded(analysis.duration.0, 4),
        damaged_packets: analysis.damaged_packets,
    }
}

pub(super) fn signal(analysis: &Analysis) -> Signal {
    let hundredths = |value: Option<f64>| value.map(|value| rounded(value, 2));
    Signal {
        loudness_lufs: hundredths(analysis.loudness_lufs),
        true_peak_dbtp: hundredths(analysis.true_peak_dbtp),
        snr_db: hundredths(analysis.speech.snr_db),
        noise_dbfs: hundredths(analysis.speech.noise_dbfs),
        clipped_share: rounded(analysis.clipped_share, 6),
        speech_share: rounded(analysis.speech.share(), 4),
    }
}

/// The levelled whole, of which `whole` was written to `path`.
pub(super) fn normalized(path: String, rate: SampleRate, whole: Cut, level: Level, loudness: Loudness) -> Normalized {
    Normalized {
        path,
        sample_rate_hz: rate.0,
        start_s: rounded(whole.start.0, 4),
        end_s: rounded(whole.end.0, 4),
        loudness_lufs: loudness.lufs.map(|lufs| rounded(lufs, 2)),
        true_peak_dbtp: loudness.peak_dbtp.map(|peak| rounded(peak, 2)),
        level: Level { gain_db: rounded(level.gain_db, 3), ..level },
    }
}

/// The utterances; `text` is what is said in each.
pub(super) fn segments(layout: &Layout, plan: &Plan, text: Option<&str>) -> Vec<Segment> {
    let segment = |part: &Part| Segment {
        path: layout.relative(&part.path),
        start_s: rounded(part.cut.start.0, 4),
        end_s: rounded(part.cut.end.0, 4),
        speaker: plan.speaker.label.clone(),
        text: text.map(str::to_owned),
    };
    plan.parts.iter().map(segment).collect()
}

pub(super) fn history(config: &Config, written: bool) -> Vec<Step> {
    let step = |name: &str, settings| Step { step: name.to_owned(), version: METHOD_VERSION, settings };
    let mut history = vec![step("voice activity", json!(config.vad))];
    if written {
        history.extend([
            step("mean of the channels", json!({})),
            step("resample", json!({ "sample_rate": config.sample_rate })),
            step("trim and cut", json!(config.segments)),
            step("level", json!({ "loudness_lufs": config.loudness_lufs, "true_peak_dbtp": config.true_peak_dbtp })),
            step("encode", json!({ "format": config.format })),
        ]);
    }
    history
}

/// `value` to so many decimal places, for files that people read.
fn rounded(value: f64, places: i32) -> f64 {
    let scale = 10f64.powi(places);
    (value * scale).round() / scale
}
