//! Long pauses made shorter, and where everything came from.

use serde::{Deserialize, Serialize};

use super::segments::Cut;
use super::vad::Span;
use crate::units::Seconds;

/// A stretch of a recording in what was written of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Where it begins in what was written, in seconds.
    pub at_s: f64,
    /// Where it begins in the recording.
    pub start_s: f64,
    /// Where it ends in the recording.
    pub end_s: f64,
}

/// The parts of `whole` that stay when no pause is longer than `longest_s`: of a longer one the middle is left out.
/// With 0 all of it stays.
pub fn shortened(whole: Cut, spans: &[Span], longest_s: f64) -> Vec<Cut> {
    let mut cuts = vec![whole];
    if longest_s <= 0.0 {
        return cuts;
    }
    for pair in spans.windows(2) {
        let (from, to) = (pair[0].end.0, pair[1].start.0);
        if to - from > longest_s
            && let Some(last) = cuts.last_mut()
        {
            let end = last.end;
            last.end = Seconds(from + 0.5 * longest_s);
            cuts.push(Cut { start: Seconds(to - 0.5 * longest_s), end });
        }
    }
    cuts
}

/// Where the parts come to lie when they follow each other.
pub fn map(cuts: &[Cut]) -> Vec<Kept> {
    let mut at = 0.0;
    let mut kept = |cut: &Cut| {
        let kept = Kept { at_s: at, start_s: cut.start.0, end_s: cut.end.0 };
        at += cut.duration().0;
        kept
    };
    cuts.iter().map(&mut kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(list: &[(f64, f64)]) -> Vec<Span> {
        list.iter().map(|&(start, end)| Span { start: Seconds(start), end: Seconds(end), dips: Vec::new() }).collect()
    }

    #[test]
    fn long_pauses_lose_their_middle_and_every_second_is_found_again() {
        let whole = Cut { start: Seconds(0.8), end: Seconds(20.2) };
        let speech = spans(&[(1.0, 3.0), (4.0, 6.0), (14.0, 20.0)]);
        let cuts = shortened(whole, &speech, 2.0);
        let kept = map(&cuts);
        assert_eq!(
            kept,
            [Kept { at_s: 0.0, start_s: 0.8, end_s: 7.0 }, Kept { at_s: 6.2, start_s: 13.0, end_s: 20.2 },]
        );
        assert_eq!(shortened(whole, &speech, 0.0), [whole]);
        assert_eq!(shortened(whole, &spans(&[(1.0, 20.0)]), 1.0), [whole]);
    }
}
