//! Puts what is known of a recording into the words of its manifest.

use serde_json::json;

use super::{
    plan::{Plan, Utterance},
    recording::{Job, METHOD_VERSION},
};
use crate::{
    clean::{
        analysis::{Analysis, Loudness},
        config::Config,
        hum::Hum,
        level::Level,
        pauses::{self, Kept},
        quality::Quality,
        segments::Cut,
    },
    dataset::{
        layout::Layout,
        manifest::{Normalized, Segment, Signal, Source, Step},
    },
    units::SampleRate,
};

pub(super) fn source(job: &Job, analysis: &Analysis) -> Source {
    let info = &analysis.source.info;
    Source {
        path: job.named.source.absolute.clone(),
        blake3: job.named.source.blake3.clone(),
        bytes: job.named.source.bytes,
        container: info.container.clone(),
        codec: info.codec.clone(),
        sample_rate_hz: info.rate.0,
        channels: info.channels,
        bits_per_sample: info.bits_per_sample,
        duration_s: rounded(analysis.source.duration.0, 4),
        damaged_packets: analysis.source.damaged_packets,
        lost_s: rounded(analysis.source.lost.0, 3),
        tags: info.tags.clone(),
    }
}

pub(super) fn signal(analysis: &Analysis) -> Signal {
    let hundredths = |value: Option<f64>| value.map(|value| rounded(value, 2));
    Signal {
        loudness_lufs: hundredths(analysis.source.loudness_lufs),
        true_peak_dbtp: hundredths(analysis.source.true_peak_dbtp),
        loudness_range_lu: rounded(analysis.source.loudness_range_lu, 1),
        mended_samples: analysis.source.mended_samples,
        hum: analysis.source.hum.map(|hum| Hum { mains_hz: hum.mains_hz, dbfs: rounded(hum.dbfs, 1) }),
        quality: readable(analysis.quality),
    }
}

/// The levelled whole, of which `whole` was written to `path`.
pub(super) fn normalized(path: String, rate: SampleRate, cuts: &[Cut], level: Level, loudness: Loudness) -> Normalized {
    let end = |cut: Option<&Cut>, of: fn(&Cut) -> f64| cut.map_or(0.0, of);
    let exact = |kept: Kept| Kept {
        at_s: rounded(kept.at_s, 4),
        start_s: rounded(kept.start_s, 4),
        end_s: rounded(kept.end_s, 4),
    };
    Normalized {
        path,
        sample_rate_hz: rate.0,
        start_s: rounded(end(cuts.first(), |cut| cut.start.0), 4),
        end_s: rounded(end(cuts.last(), |cut| cut.end.0), 4),
        kept: pauses::map(cuts).into_iter().map(exact).collect(),
        loudness_lufs: loudness.lufs.map(|lufs| rounded(lufs, 2)),
        true_peak_dbtp: loudness.peak_dbtp.map(|peak| rounded(peak, 2)),
        level: Level { gain_db: rounded(level.gain_db, 3), ..level },
    }
}

/// The utterances; `text` is what is said in each.
pub(super) fn segments(layout: &Layout, plan: &Plan, text: Option<&str>) -> Vec<Segment> {
    let segment = |utterance: &Utterance| Segment {
        path: layout.relative(&utterance.path),
        start_s: rounded(utterance.cut.start.0, 4),
        end_s: rounded(utterance.cut.end.0, 4),
        speaker: utterance.speaker.clone(),
        text: text.map(str::to_owned),
        quality: readable(utterance.quality),
    };
    plan.utterances.iter().map(segment).collect()
}

pub(super) fn history(config: &Config, listened: bool, written: bool) -> Vec<Step> {
    let step = |name: &str, settings| Step { step: name.to_owned(), version: METHOD_VERSION, settings };
    let mut history = vec![step("voice activity", json!(config.vad))];
    if listened {
        history.push(step("leave out music", json!({ "leave_out_music": config.leave_out_music })));
    }
    if written {
        history.extend([
            step("mean of the channels", json!({})),
            step("mend clipping", json!({ "mend_clipping": config.mend_clipping })),
            step("resample", json!({ "sample_rate": config.sample_rate })),
            step("remove hum", json!({ "remove_hum": config.remove_hum })),
            step("high-pass", json!({ "high_pass": config.high_pass })),
            step("denoise", json!(config.denoise)),
            step("trim and cut", json!({ "segments": config.segments, "max_pause_s": config.max_pause_s })),
            step("level", json!({ "loudness_lufs": config.loudness_lufs, "true_peak_dbtp": config.true_peak_dbtp })),
            step("encode", json!({ "format": config.format })),
        ]);
    }
    history
}

fn readable(quality: Quality) -> Quality {
    Quality {
        snr_db: quality.snr_db.map(|snr| rounded(snr, 2)),
        noise_dbfs: quality.noise_dbfs.map(|noise| rounded(noise, 1)),
        clipped_share: rounded(quality.clipped_share, 6),
        bandwidth_hz: rounded(quality.bandwidth_hz, 0),
        decay_s: quality.decay_s.map(|decay| rounded(decay, 2)),
        range_db: rounded(quality.range_db, 1),
        speech_share: rounded(quality.speech_share, 4),
        score: rounded(quality.score, 2),
    }
}

/// `value` to so many decimal places, for files that people read.
pub(super) fn rounded(value: f64, places: i32) -> f64 {
    let scale = 10f64.powi(places);
    (value * scale).round() / scale
}
