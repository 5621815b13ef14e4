//! From stretches of speech to utterances of a length to train on.

use super::{
    config::SegmentsConfig,
    vad::{Span, Speech},
};
use crate::units::Seconds;

/// An utterance too short on its own joins a neighbour that is no further away than this.
const JOIN_WITHIN_S: f64 = 1.0;

/// A part of a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Where it begins.
    pub start: Seconds,
    /// Where it ends.
    pub end: Seconds,
}

impl Cut {
    /// How long it is.
    pub fn duration(&self) -> Seconds {
        Seconds(self.end.0 - self.start.0)
    }
}

/// What is to be written of a recording.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cuts {
    /// Utterances, in order and not overlapping.
    pub segments: Vec<Cut>,
    /// Utterances left out because they are too short.
    pub too_short: usize,
}

/// From the first speech to the last, with padding; none without speech.
pub fn trimmed(speech: &Speech, config: &SegmentsConfig) -> Option<Cut> {
    let (first, last) = (speech.spans.first()?, speech.spans.last()?);
    let start = Seconds((first.start.0 - config.padding_s).max(0.0));
    let end = Seconds((last.end.0 + config.padding_s).min(speech.duration.0));
    Some(Cut { start, end })
}

/// Utterances between pauses, each from `min_s` to `max_s` long, padding included.
pub fn utterances(speech: &Speech, config: &SegmentsConfig) -> Cuts {
    let extents: Vec<Cut> = pieces(speech, config).iter().filter_map(|piece| extent(piece)).collect();
    let joined = join_short(&extents, limit_s(config), config.min_s);
    let padded = pad(&joined, config.padding_s, speech.duration);
    // What padding brings to the shortest length is long enough.
    let (segments, short): (Vec<_>, Vec<_>) = padded.into_iter().partition(|cut| cut.duration().0 >= config.min_s);
    Cuts { segments, too_short: short.len() }
}

/// All speech in pieces that utterances are made of: apart by pauses, and none longer than an utterance may be.
pub fn pieces(speech: &Speech, config: &SegmentsConfig) -> Vec<Vec<Span>> {
    let mut pieces = Vec::new();
    for group in speech.spans.chunk_by(|a, b| b.start.0 - a.end.0 < config.pause_s) {
        split(group.to_vec(), limit_s(config), config.min_s, &mut pieces);
    }
    pieces
}

/// The longest utterance without its padding.
fn limit_s(config: &SegmentsConfig) -> f64 {
    (config.max_s - 2.0 * config.padding_s).max(0.5 * config.max_s)
}

fn extent(spans: &[Span]) -> Option<Cut> {
    Some(Cut { start: spans.first()?.start, end: spans.last()?.end })
}

/// Cuts `spans` at their longest pause, or else at their weakest moment, until no piece is longer than the limit.
fn split(spans: Vec<Span>, limit_s: f64, min_s: f64, pieces: &mut Vec<Vec<Span>>) {
    let mut open = vec![spans];
    while let Some(piece) = open.pop() {
        let fits = extent(&piece).is_none_or(|cut| cut.duration().0 <= limit_s);
        // Where both sides can't be long enough, one will be left out as too short.
        match if fits { None } else { halves(&piece, min_s).or_else(|| halves(&piece, 0.0)) } {
            // The later half goes below the earlier one, so that pieces come out in order.
            Some((early, late)) => open.extend([late, early]),
            None => pieces.push(piece),
        }
    }
}

/// The best cut that leaves at least `min_s` on both sides.
fn halves(piece: &[Span], min_s: f64) -> Option<(Vec<Span>, Vec<Span>)> {
    let whole = extent(piece)?;
    let fits =
        |early_end: f64, late_start: f64| early_end - whole.start.0 >= min_s && whole.end.0 - late_start >= min_s;
    let pause = |i: usize| piece[i].start.0 - piece[i - 1].end.0;
    let longest = (1..piece.len())
        .filter(|&i| fits(piece[i - 1].end.0, piece[i].start.0))
        .max_by(|&a, &b| pause(a).total_cmp(&pause(b)));
    if let Some(i) = longest {
        return Some((piece[..i].to_vec(), piece[i..].to_vec()));
    }
    let dips = piece.iter().enumerate().flat_map(|(i, span)| span.dips.iter().map(move |dip| (i, *dip)));
    let (i, weakest) = dips
        .filter(|(_, dip)| fits(dip.time.0, dip.time.0))
        .min_by(|(_, a), (_, b)| a.level_db.total_cmp(&b.level_db))?;
    let (before, after) = cut_span(&piece[i], weakest.time);
    let early = piece[..i].iter().cloned().chain([before]).collect();
    let late = [after].into_iter().chain(piece[i + 1..].iter().cloned()).collect();
    Some((early, late))
}

fn cut_span(span: &Span, time: Seconds) -> (Span, Span) {
    let side = |keep: &dyn Fn(f64) -> bool| span.dips.iter().filter(|dip| keep(dip.time.0)).copied().collect();
    let before = Span { start: span.start, end: time, dips: side(&|at| at < time.0) };
    let after = Span { start: time, end: span.end, dips: side(&|at| at > time.0) };
    (before, after)
}

/// Joins what is too short with the next one, or the one before, where that is near and leaves it short enough.
fn join_short(cuts: &[Cut], limit_s: f64, min_s: f64) -> Vec<Cut> {
    let mut joined: Vec<Cut> = Vec::with_capacity(cuts.len());
    for &cut in cuts {
        if let Some(last) = joined.last_mut() {
            let one_is_short = last.duration().0 < min_s || cut.duration().0 < min_s;
            let near = cut.start.0 - last.end.0 <= JOIN_WITHIN_S;
            if one_is_short && near && cut.end.0 - last.start.0 <= limit_s {
                last.end = cut.end;
                continue;
            }
        }
        joined.push(cut);
    }
    joined
}

/// Adds silence on both sides: up to `padding_s`, and no more than half of the way to the neighbour.
fn pad(cuts: &[Cut], padding_s: f64, duration: Seconds) -> Vec<Cut> {
    let room = |from: f64, to: f64| padding_s.min(0.5 * (to - from)).max(0.0);
    (0..cuts.len())
        .map(|i| {
            let before = match i.checked_sub(1) {
                Some(previous) => room(cuts[previous].end.0, cuts[i].start.0),
                None => padding_s.min(cuts[i].start.0),
            };
            let after = match cuts.get(i + 1) {
                Some(next) => room(cuts[i].end.0, next.start.0),
                None => padding_s.min(duration.0 - cuts[i].end.0).max(0.0),
            };
            Cut { start: Seconds(cuts[i].start.0 - before), end: Seconds(cuts[i].end.0 + after) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clean::vad::Dip;

    fn config() -> SegmentsConfig {
        SegmentsConfig { min_s: 1.0, max_s: 15.0, pause_s: 0.4, padding_s: 0.1, ..SegmentsConfig::default() }
    }

    /// Speech with a dip in the middle of every second.
    fn speech(spans: &[(f64, f64)], duration_s: f64) -> Speech {
        let span = |&(start, end): &(f64, f64)| {
            let dips = (0..(end - start) as usize).map(|second| {
                let time = Seconds(start + second as f64 + 0.5);
                Dip { time, level_db: 30.0 - 10.0 * ((second * 7) % 5) as f32 }
            });
            Span { start: Seconds(start), end: Seconds(end), dips: dips.collect() }
        };
        Speech { spans: spans.iter().map(span).collect(), duration: Seconds(duration_s), ..Speech::default() }
    }

    fn cuts(spans: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let rounded = |x: f64| (x * 1000.0).round() / 1000.0;
        let cuts = utterances(&speech(spans, 100.0), &config());
        cuts.segments.iter().map(|cut| (rounded(cut.start.0), rounded(cut.end.0))).collect()
    }

    #[test]
    fn pauses_separate_and_padding_stays_between() {
        assert_eq!(cuts(&[(1.0, 3.0), (3.2, 5.0), (6.0, 9.0)]), [(0.9, 5.1), (5.9, 9.1)]);
        assert_eq!(cuts(&[(0.05, 3.0), (3.45, 5.0)]), [(0.0, 3.1), (3.35, 5.1)]);
        assert_eq!(cuts(&[(97.0, 100.0)]), [(96.9, 100.0)]);
    }

    #[test]
    fn long_speech_is_cut_at_its_longest_pause() {
        assert_eq!(cuts(&[(0.0, 8.0), (8.1, 12.0), (12.3, 20.0)]), [(0.0, 12.1), (12.2, 20.1)]);
    }

    #[test]
    fn speech_without_pause_is_cut_where_it_is_weakest() {
        // Of the dips, those after 2, 7 and 12 seconds are the weakest; the first of equals is taken.
        assert_eq!(cuts(&[(0.0, 16.0)]), [(0.0, 2.5), (2.5, 16.1)]);
    }

    #[test]
    fn a_short_word_joins_its_neighbour_or_is_left_out() {
        assert_eq!(cuts(&[(1.0, 1.4), (2.0, 4.0)]), [(0.9, 4.1)]);
        assert_eq!(cuts(&[(2.0, 4.0), (4.6, 5.0)]), [(1.9, 5.1)]);
        let alone = utterances(&speech(&[(1.0, 1.4), (3.0, 5.0)], 9.0), &config());
        assert_eq!((alone.segments.len(), alone.too_short), (1, 1));
    }

    #[test]
    fn silence_gives_nothing() {
        assert_eq!(utterances(&Speech::default(), &config()), Cuts::default());
        assert_eq!(trimmed(&Speech::default(), &config()), None);
    }

    proptest! {
        #[test]
        fn cuts_are_in_order_and_of_the_right_length(lengths in prop::collection::vec((0.05f64..2.0, 0.1f64..40.0), 0..12)) {
            let mut spans = Vec::new();
            let mut at = 0.0;
            for (gap, length) in lengths {
                spans.push((at + gap, at + gap + length));
                at += gap + length;
            }
            let config = config();
            let cuts = utterances(&speech(&spans, at + 0.03), &config).segments;
            for cut in &cuts {
                prop_assert!(cut.start.0 >= 0.0 && cut.end.0 <= at + 0.03);
                prop_assert!((config.min_s..=config.max_s + 1e-9).contains(&cut.duration().0), "{cut:?}");
            }
            prop_assert!(cuts.windows(2).all(|pair| pair[0].end.0 <= pair[1].start.0 + 1e-9));
        }
    }
}
