//! Stretches in which a speaker is alone. What a window's network takes for one speaker may be two who sound alike to it,
//! so that each stretch is a voice of its own, and long ones are several.

use std::ops::Range;

/// Shorter stretches tell nothing, in frames: 0.5 s.
pub(super) const TELLING: usize = 25;
/// The least that a part of a longer stretch has: 1.5 s.
const PART: usize = 75;
/// Shorter silences don't end a stretch: 0.3 s.
const BRIDGED: usize = 15;

/// The frames of stretches that tell who speaks; `alone` says in which frames the speaker is alone.
pub(super) fn stretches(alone: &[bool]) -> Vec<Range<usize>> {
    spans(alone).into_iter().filter(|one| one.len() >= TELLING).flat_map(|one| parts(&one)).collect()
}

/// As many equal parts as there can be.
fn parts(stretch: &Range<usize>) -> Vec<Range<usize>> {
    let count = (stretch.len() / PART).max(1);
    let edge = |part: usize| stretch.start + stretch.len() * part / count;
    (0..count).map(|part| edge(part)..edge(part + 1)).collect()
}

/// All of `0..frames`, cut in the middle between neighbouring stretches: a piece for each.
pub(super) fn pieces(stretches: &[Range<usize>], frames: usize) -> Vec<Range<usize>> {
    let middle = |pair: &[Range<usize>]| (pair[0].end + pair[1].start) / 2;
    let mut edges: Vec<usize> = stretches.windows(2).map(middle).collect();
    edges.insert(0, 0);
    edges.push(frames);
    edges.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// The longest span, widened to what tells who speaks; none if nothing is on for long.
pub(super) fn longest(on: &[bool], least: usize) -> Option<Range<usize>> {
    let one = spans(on).into_iter().max_by_key(|one| one.len()).filter(|one| one.len() >= least)?;
    let missing = TELLING.saturating_sub(one.len());
    let start = one.start.saturating_sub(missing / 2).min(on.len().saturating_sub(TELLING));
    Some(start..one.end.max(start + TELLING).min(on.len()))
}

fn spans(alone: &[bool]) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = Vec::new();
    for (frame, _) in alone.iter().enumerate().filter(|(_, on)| **on) {
        match all.last_mut() {
            Some(last) if frame - last.end < BRIDGED => last.end = frame + 1,
            _ => all.push(frame..frame + 1),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_silences_end_no_stretch() {
        // Alone from 0 to 100 but for a short silence, and from 200 to 220 and 300 to 340.
        let alone: Vec<bool> = (0..500).map(|frame| matches!(frame, 0..50 | 60..100 | 200..220 | 300..340)).collect();
        assert_eq!(stretches(&alone), [0..100, 300..340]);
        // Of 3.2 s there are two, of which nothing is lost.
        assert_eq!(stretches(&[true; 161]), [0..80, 80..161]);
        assert_eq!([&[true; 149][..], &[true; 500]].map(|alone| stretches(alone).len()), [1, 6]);
        assert_eq!(pieces(&stretches(&alone), 500), [0..200, 200..500]);
        assert_eq!((longest(&alone, 10), longest(&alone[200..225], 10)), (Some(0..100), Some(0..25)));
        assert_eq!((longest(&alone[190..225], 10), longest(&alone, 101)), (Some(8..33), None));
    }
}
