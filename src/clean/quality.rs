//! How good a recording, or a part of it, is to listen to and to learn from.

use serde::{Deserialize, Serialize};

use super::trace::{BAND_HZ, BANDS, LEVELS_HZ, Trace};
use super::vad::Span;
use crate::features::quantile;
use crate::units::{SampleRate, Seconds};

/// Noise is looked for so far around a part.
const AROUND_S: f64 = 5.0;
/// The edge of a band: the spectrum falls by this much within so many bands, and stays down, further below the loudest
/// band than speech itself falls.
const CLIFF_DB: f32 = 18.0;
const CLIFF_BANDS: usize = 6;
const DOWN_DB: f32 = 50.0;
/// What is this far below the loudest band is not worth a band.
const RANGE_DB: f32 = 85.0;
/// A decay that tells of the room falls by at least so much, over at least so many levels.
const DECAY_DB: f32 = 10.0;
const DECAY_LEVELS: usize = 6;
/// How much of decays fall slower than what is given: speech itself hides the fastest.
const DECAY_QUANTILE: f64 = 0.35;

/// What a part of a recording is like.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Speech over noise: over what the denoiser took away while somebody spoke, or without a denoiser over the median
    /// level between speech. None where there is no speech, or nothing to compare it with.
    pub snr_db: Option<f64>,
    /// Median level between speech, in dB below a full-scale square wave; none if there is nothing but speech.
    pub noise_dbfs: Option<f64>,
    /// Share of clipped samples, from 0 to 1.
    pub clipped_share: f64,
    /// Where the recording's spectrum ends; half its rate if nothing cuts it off.
    pub bandwidth_hz: f64,
    /// How long sound takes to fall by 60 dB, estimated from how speech ends; none where it never does.
    pub decay_s: Option<f64>,
    /// From soft to loud speech: the 10th to the 95th percentile of its levels.
    pub range_db: f64,
    /// Share of speech, from 0 to 1.
    pub speech_share: f64,
    /// From 1 (bad) to 5 (excellent), from all of these.
    pub score: f64,
}

impl Quality {
    /// Of nothing.
    pub const NONE: Self = Self {
        snr_db: None,
        noise_dbfs: None,
        clipped_share: 0.0,
        bandwidth_hz: 0.0,
        decay_s: None,
        range_db: 0.0,
        speech_share: 0.0,
        score: 1.0,
    };
}

/// A part that is to be judged.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// The course of the whole recording.
    pub trace: &'a Trace,
    /// Where speech is in it.
    pub spans: &'a [Span],
    /// The rate of the recording.
    pub rate: SampleRate,
    /// The rate times the channels: samples a second.
    pub samples_per_s: f64,
    /// Where the part begins.
    pub start: Seconds,
    /// Where it ends.
    pub end: Seconds,
}

impl Judged<'_> {
    /// What the part is like.
    pub fn quality(&self) -> Quality {
        let heard = |trace: &Trace, start, end| trace.before(start, end).collect();
        let speech = self.levels(true, 0.0, heard);
        let left = self.levels(true, 0.0, |trace, start, end| trace.after(start, end).collect());
        let removed = self.levels(true, 0.0, |trace, start, end| trace.removed(start, end).collect());
        let noise = quantile(&self.levels(false, AROUND_S, heard), 0.5);
        let length = (self.end.0 - self.start.0).max(1e-3);
        let seconds = (self.end.0.ceil() - self.start.0.floor()).max(1.0);
        let mut quality = Quality {
            snr_db: removed_db(&left, &removed).or_else(|| noise.and_then(|noise| snr_db(&speech, noise))),
            noise_dbfs: noise.map(f64::from),
            clipped_share: (self.trace.clipped(self.start, self.end) as f64 / (seconds * self.samples_per_s)).min(1.0),
            bandwidth_hz: self.bandwidth_hz(),
            decay_s: self.decay_s(),
            range_db: quantile(&speech, 0.95)
                .zip(quantile(&speech, 0.1))
                .map_or(0.0, |(high, low)| f64::from(high - low)),
            speech_share: (speech.len() as f64 / (length * LEVELS_HZ as f64)).min(1.0),
            score: 1.0,
        };
        quality.score = score(&quality);
        quality
    }

    /// Levels within speech or outside of it, of the part and so much around it.
    fn levels(&self, within: bool, around_s: f64, of: impl Fn(&Trace, Seconds, Seconds) -> Vec<f32>) -> Vec<f32> {
        let start = ((self.start.0 - around_s).max(0.0) * LEVELS_HZ as f64).floor() / LEVELS_HZ as f64;
        let end = Seconds(self.end.0 + around_s);
        let mut span = self.spans.partition_point(|span| span.end.0 < start);
        let mut chosen = Vec::new();
        for (index, level) in of(self.trace, Seconds(start), end).into_iter().enumerate() {
            let time = start + (index as f64 + 0.5) / LEVELS_HZ as f64;
            while self.spans.get(span).is_some_and(|span| span.end.0 <= time) {
                span += 1;
            }
            let inside = self.spans.get(span).is_some_and(|span| span.start.0 <= time);
            // Between the two is what a detector can't tell.
            let clear = inside || self.spans.get(span).is_none_or(|span| span.start.0 - time > 0.05);
            if inside == within && clear {
                chosen.push(level);
            }
        }
        chosen
    }

    /// Where the mean spectrum falls off a cliff, or half the rate.
    fn bandwidth_hz(&self) -> f64 {
        let mut mean = [0f64; BANDS];
        let mut count = 0;
        for bands in self.trace.spectra(self.start, self.end) {
            mean.iter_mut().zip(bands).for_each(|(sum, level)| *sum += power(level));
            count += 1;
        }
        let levels = mean.map(|sum| 10.0 * (sum / f64::from(count.max(1))).max(1e-12).log10() as f32);
        let known = ((self.rate.hz() / 2.0 / BAND_HZ).floor() as usize).clamp(1, BANDS);
        edge(&levels[..known]).map_or(self.rate.hz() / 2.0, |bands| bands as f64 * BAND_HZ)
    }

    /// From the decays that are slow, among those that are steady.
    fn decay_s(&self) -> Option<f64> {
        let levels: Vec<f32> = self.trace.before(self.start, self.end).collect();
        let mut slopes = decays(&levels);
        if slopes.len() < 8 {
            return None;
        }
        slopes.sort_by(f32::total_cmp);
        let slope = quantile(&slopes, 1.0 - DECAY_QUANTILE)?;
        Some(60.0 / (f64::from(-slope) * LEVELS_HZ as f64))
    }
}

/// Mean power of what is left of speech over that of what was taken away; none where nothing was.
fn removed_db(left: &[f32], removed: &[f32]) -> Option<f64> {
    let sum = |levels: &[f32]| levels.iter().map(|&level| power(level)).sum::<f64>();
    // Silence is kept as -120 dB.
    let anything = removed.iter().any(|&level| level > -115.0);
    anything.then(|| (10.0 * (sum(left) / sum(removed)).log10()).clamp(-20.0, 60.0))
}

/// Mean power of speech, freed of the noise in it, over the noise's.
fn snr_db(speech: &[f32], noise_db: f32) -> Option<f64> {
    let noise = power(noise_db);
    let speech = speech.iter().map(|&level| power(level)).sum::<f64>() / speech.len() as f64;
    // Noise as strong as the speech leaves nothing to divide; -10 dB is as good as none.
    speech.is_finite().then(|| 10.0 * ((speech - noise).max(0.1 * noise) / noise).log10())
}

fn power(decibels: f32) -> f64 {
    10f64.powf(f64::from(decibels) / 10.0)
}

/// The number of bands before the spectrum ends; none if it doesn't.
fn edge(levels: &[f32]) -> Option<usize> {
    let peak = levels.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    // From below: the first place after which all that follows lies low.
    let highest_after = |from: usize| levels[from..].iter().copied().fold(f32::NEG_INFINITY, f32::max);
    (2..levels.len().saturating_sub(CLIFF_BANDS)).find_map(|band| {
        let after = band + CLIFF_BANDS;
        let highest = highest_after(after);
        let falls = levels[band - 1] - highest >= CLIFF_DB && highest < peak - DOWN_DB;
        let falls = falls && levels[band - 1] > peak - RANGE_DB;
        // The steepest step near by is the edge.
        falls.then(|| {
            (band..=after).max_by(|&a, &b| (levels[a - 1] - levels[a]).total_cmp(&(levels[b - 1] - levels[b])))
        })?
    })
}

/// Slopes of falling levels, in dB a step, by least squares.
fn decays(levels: &[f32]) -> Vec<f32> {
    // Levels of 10 ms jump; over 50 ms they fall.
    let levels: Vec<f32> = levels.windows(5).map(|near| near.iter().sum::<f32>() / 5.0).collect();
    let mut slopes = Vec::new();
    let mut start = 0;
    for end in 1..=levels.len() {
        if end < levels.len() && levels[end] < levels[end - 1] {
            continue;
        }
        let run = &levels[start..end];
        if run.len() >= DECAY_LEVELS && run[0] - run[run.len() - 1] >= DECAY_DB {
            let centre = (run.len() - 1) as f32 / 2.0;
            let (mut over, mut under) = (0.0, 0.0);
            for (index, level) in run.iter().enumerate() {
                over += (index as f32 - centre) * level;
                under += (index as f32 - centre).powi(2);
            }
            slopes.push(over / under);
        }
        start = end;
    }
    slopes
}

/// A listener's opinion, guessed from the measures: fitted to DNSMOS (see `scripts/quality_score.py`).
fn score(quality: &Quality) -> f64 {
    let snr = quality.snr_db.unwrap_or(40.0).clamp(-5.0, 40.0);
    let octaves = (quality.bandwidth_hz.clamp(1_000.0, 8_000.0) / 8_000.0).log2();
    let decay = quality.decay_s.unwrap_or(0.2).clamp(0.1, 1.5);
    let clipped = (1.0 + 1_000.0 * quality.clipped_share).log10();
    let [constant, per_snr, per_octave, per_decay, per_clipped] = SCORE;
    (constant + per_snr * snr + per_octave * octaves + per_decay * decay + per_clipped * clipped).clamp(1.0, 5.0)
}

/// The score's constant, and what each measure adds.
const SCORE: [f64; 5] = [2.3653, 0.037, -0.2567, -2.1175, -0.0898];

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use tch::Tensor;

    use super::*;
    use crate::audio::Resampler;
    use crate::augment::{Room, convolve};
    use crate::clean::trace::{LevelTracer, SourceTracer};
    use crate::nn::host::floats;

    const RATE: SampleRate = SampleRate::ANALYSIS;

    fn noise(length: usize, level: f32) -> Vec<f32> {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        (0..length).map(|_| level * 3f32.sqrt() * random.random_range(-1.0f32..1.0)).collect()
    }

    fn judged(before: &[f32], after: &[f32], rate: SampleRate, speech: &[(f64, f64)]) -> Quality {
        let (mut source, mut levels) = (SourceTracer::new(rate), LevelTracer::new(rate));
        source.push(before, before.iter().filter(|x| x.abs() >= 1.0).count() as u64);
        levels.push(before, after);
        let trace = levels.finish(source.finish());
        let span = |&(start, end): &(f64, f64)| Span { start: Seconds(start), end: Seconds(end), dips: Vec::new() };
        let spans: Vec<Span> = speech.iter().map(span).collect();
        let end = rate.duration(before.len());
        Judged { trace: &trace, spans: &spans, rate, samples_per_s: rate.hz(), start: Seconds(0.0), end }.quality()
    }

    #[test]
    fn a_band_that_ends_early_is_recognised() {
        let wide = SampleRate(48_000);
        let through = |narrow: u32| {
            let resampled = |from: SampleRate, to: SampleRate, samples: &[f32]| {
                let mut resampler = Resampler::new(from, to).unwrap();
                let mut output = resampler.process(samples);
                output.extend(resampler.finish());
                output
            };
            let narrow = SampleRate(narrow);
            resampled(narrow, wide, &resampled(wide, narrow, &noise(144_000, 0.1)))
        };
        for (rate, bandwidth_hz) in [(8_000, 4_000.0), (16_000, 8_000.0), (22_050, 11_000.0), (48_000, 24_000.0)] {
            let samples = through(rate);
            let found = judged(&samples, &samples, wide, &[(0.0, 3.0)]).bandwidth_hz;
            assert!((found - bandwidth_hz).abs() <= 300.0, "{rate}: {found}");
        }
    }

    #[test]
    fn the_decay_follows_the_room() {
        let mut bursts = noise(160_000, 0.2);
        // Half a second each: the latter half of it is silence.
        bursts.iter_mut().enumerate().filter(|(i, _)| i / 4_000 % 2 == 1).for_each(|(_, x)| *x = 0.0);
        let decay_s = |rt60_s: f64| {
            let room =
                Room { size_m: [5.0, 4.0, 2.7], source_m: [1.2, 1.5, 1.4], microphone_m: [3.1, 2.2, 1.1], rt60_s };
            let response = room.impulse_response(RATE);
            let heard = floats(&convolve(&Tensor::from_slice(&bursts), &Tensor::from_slice(&response)));
            judged(&heard, &heard, RATE, &[(0.0, 10.0)]).decay_s.expect("decays")
        };
        let found = [0.2, 0.4, 0.8].map(decay_s);
        assert!(found[0] < found[1] && found[1] < found[2], "{found:?}");
        assert!(
            found.iter().zip([0.2, 0.4, 0.8]).all(|(found, true_s)| (0.5..1.6).contains(&(found / true_s))),
            "{found:?}"
        );
    }

    #[test]
    fn the_ratio_is_that_of_speech_to_pauses_or_to_what_was_taken_away() {
        let mut voice = noise(64_000, 0.1);
        voice.iter_mut().enumerate().filter(|(i, _)| !(16_000..48_000).contains(i)).for_each(|(_, x)| *x = 0.0);
        let hiss = noise(64_001, 0.01)[1..].to_vec();
        let both: Vec<f32> = voice.iter().zip(&hiss).map(|(a, b)| a + b).collect();
        let by_pauses = judged(&both, &both, RATE, &[(1.0, 3.0)]);
        let by_denoiser = judged(&both, &voice, RATE, &[(1.0, 3.0)]);
        assert!((by_pauses.snr_db.unwrap() - 20.0).abs() < 0.7, "{by_pauses:?}");
        assert!((by_denoiser.snr_db.unwrap() - 20.0).abs() < 0.7, "{by_denoiser:?}");
        assert!((by_pauses.noise_dbfs.unwrap() + 40.0).abs() < 1.0 && (by_pauses.speech_share - 0.5).abs() < 0.02);
        assert!(by_pauses.score > 1.0 && by_pauses.score <= 5.0);
    }

    #[test]
    fn nothing_is_judged_without_trouble() {
        let nothing = judged(&[], &[], RATE, &[]);
        assert_eq!((nothing.snr_db, nothing.decay_s, nothing.clipped_share), (None, None, 0.0));
        let clipped = judged(&[1.0; 16_000], &[1.0; 16_000], RATE, &[(0.0, 1.0)]);
        assert_eq!((clipped.clipped_share, clipped.snr_db), (1.0, None));
    }
}
