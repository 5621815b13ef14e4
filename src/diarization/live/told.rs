//! What was said of a stream so far, and what it is replaced by.

use std::collections::VecDeque;

use super::super::activity::{self, Activity, TurnRules, frames};
use super::super::segmentation::Segmentation;
use crate::units::{SampleRate, Seconds};

/// How often labels are revised, and how old those are that are.
const EVERY: Seconds = Seconds(2.5);
/// Differences that are shorter are not told.
const SHORTEST: Seconds = Seconds(0.1);
/// What began before the first window that is remembered may look shorter than it was.
const UNSURE: Seconds = Seconds(10.0);

/// Who speaks in a stretch of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// When it begins.
    pub start: Seconds,
    /// When it ends.
    pub end: Seconds,
    /// Who speaks; several where they speak at once.
    pub speakers: Vec<String>,
    /// Whether it replaces what was said before.
    pub revised: bool,
}

/// What was said.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Who was said to speak in each frame that may be revised, and the number of the first.
    said: VecDeque<Vec<usize>>,
    first: usize,
    /// The frame at which labels were revised last.
    revised: usize,
}

impl Told {
    /// Tells of the frames before `until` that are new, and every so often of those that are different now.
    pub fn tell(
        &mut self,
        activity: &Activity,
        rules: TurnRules,
        until: usize,
        name: impl Fn(usize) -> String,
        labels: &mut Vec<Label>,
    ) {
        let sets = sets(activity, rules);
        let now =
            |frame: usize| frame.checked_sub(activity.start()).and_then(|at| sets.get(at)).cloned().unwrap_or_default();
        let known = self.first + self.said.len();
        let fresh: Vec<Vec<usize>> = (known..until.max(known)).map(now).collect();
        tell(known, &fresh, false, &name, labels);
        self.said.extend(fresh);
        let unsure = if activity.start() == 0 { 0 } else { activity.start() + frames(UNSURE) };
        let gone = unsure.saturating_sub(self.first).min(self.said.len());
        self.said.drain(..gone);
        self.first += gone;
        if until < self.revised + frames(EVERY) {
            return;
        }
        self.revised = until;
        let old = until.saturating_sub(frames(EVERY)).saturating_sub(self.first).min(self.said.len());
        let mut from = 0;
        while from < old {
            let frame = self.first + from;
            let new = now(frame);
            let changed = |at: &usize| self.said[*at] != new && now(self.first + at) == new;
            let run = (from..old).take_while(changed).count();
            if run >= frames(SHORTEST) {
                tell(frame, &vec![new.clone(); run], true, &name, labels);
                self.said.range_mut(from..from + run).for_each(|set| set.clone_from(&new));
            }
            from += run.max(1);
        }
    }
}

/// Who speaks in each frame.
fn sets(activity: &Activity, rules: TurnRules) -> Vec<Vec<usize>> {
    let total = activity.frames();
    let length = Seconds(total as f64 * activity::frame().0);
    let mut sets: Vec<Vec<usize>> = vec![Vec::new(); total];
    for one in activity::stretches(activity, rules, length) {
        let at = |time: Seconds| frames(time).min(total);
        sets[at(one.start)..at(one.end)].iter_mut().for_each(|set| set.push(one.speaker));
    }
    sets.iter_mut().for_each(|set| set.sort_unstable());
    sets
}

/// Runs of frames with the same speakers.
fn tell(first: usize, sets: &[Vec<usize>], revised: bool, name: &impl Fn(usize) -> String, labels: &mut Vec<Label>) {
    let mut from = first;
    for run in sets.chunk_by(|a, b| a == b) {
        let to = from + run.len();
        if revised || !run[0].is_empty() {
            let time = |frame: usize| SampleRate::ANALYSIS.duration(frame * Segmentation::HOP as usize);
            let speakers = run[0].iter().map(|&who| name(who)).collect();
            labels.push(Label { start: time(from), end: time(to), speakers, revised });
        }
        from = to;
    }
}
