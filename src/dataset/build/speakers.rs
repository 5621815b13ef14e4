//! Who speaks in a recording, and which parts are theirs alone.

use std::path::Path;

use serde_json::{Value, json};

use super::{BuildError, CleanError, Layout};
use crate::{
    clean::{
        config::SegmentsConfig,
        segments::{self, Cut, Cuts},
        vad::{Span, Speech},
    },
    dataset::manifest::{Basis, Speaker},
    diarization::{
        Diarized, Diarizer, SpeakerCount, Turn, TurnRules, clustering::Clustering, hearing::NetworkHearing,
        pipeline::KnownVoice, rttm, side_by_side::SideBySide,
    },
    error::FileError,
    files,
    nn::pool::Pool,
    speaker::Calibration,
    units::Seconds,
};

/// What tells speakers apart.
#[derive(Debug)]
pub struct Diarization<'a> {
    /// Hears windows.
    pub hearing: &'a Pool<NetworkHearing>,
    /// Says which voices are one speaker's.
    pub clustering: &'a (dyn Clustering + Sync),
    /// How sure likeness makes that it is somebody known.
    pub calibration: Calibration,
    /// How many speakers a recording may have.
    pub count: SpeakerCount,
    /// Who gets their own name.
    pub known: &'a [KnownVoice],
    /// The version of all this: another one makes another result.
    pub version: &'a str,
}

impl Diarization<'_> {
    /// Who speaks when in the recording as it came, heard by so many threads at most.
    pub(super) fn of(&self, path: &Path, threads: usize) -> Result<Diarized, BuildError> {
        let take = || self.hearing.take().map_err(BuildError::Hearing);
        let hearing = SideBySide::new(take()?, threads, take)?;
        let diarizer = Diarizer {
            hearing: &hearing,
            clustering: self.clustering,
            calibration: self.calibration,
            count: self.count,
            known: self.known,
            rules: TurnRules::default(),
        };
        diarizer.diarize(path).map_err(|error| BuildError::Clean(CleanError::Source(error)))
    }

    /// What the result depends on.
    pub(super) fn settings(&self) -> Value {
        let known: Vec<&str> = self.known.iter().map(|voice| voice.name.as_str()).collect();
        json!({
            "version": self.version, "least": self.count.least, "most": self.count.most, "known": known,
        })
    }

    /// The folder's name for a speaker of the recording `id`, and how they are known.
    pub(super) fn speaker(&self, name: &str, id: &str) -> Speaker {
        match self.known.iter().any(|voice| voice.name == name) {
            true => Speaker { label: name.to_owned(), basis: Basis::Recognized },
            false => Speaker { label: format!("{id}_{name}"), basis: Basis::Diarized },
        }
    }
}

/// Writes the turns of the recording `id` beside its manifest and gives the path in the dataset.
pub(super) fn write_turns(found: &Diarized, id: &str, layout: &Layout) -> Result<String, FileError> {
    let path = layout.turns(id);
    // RTTM separates fields by blanks.
    let file = id.replace(char::is_whitespace, "_");
    let named: Vec<Turn> = found.turns.iter().map(|turn| Turn { file: file.clone(), ..turn.clone() }).collect();
    files::write_atomically(&path, rttm::write(&named, true).as_bytes())?;
    Ok(layout.relative(&path))
}

/// A part in which one person speaks and nobody else, with the silence around it.
#[derive(Debug, Clone, PartialEq)]
struct Alone<'a> {
    speaker: &'a str,
    /// Where the others end before it, and begin after it.
    free: Cut,
    /// What the person says.
    said: Vec<Cut>,
}

/// The utterances of each speaker, in the order of time: speech within their turns, where nobody else speaks.
pub(super) fn utterances(speech: &Speech, found: &Diarized, config: &SegmentsConfig) -> (Vec<(String, Cut)>, usize) {
    let (mut all, mut too_short) = (Vec::new(), 0);
    for alone in alone(&found.turns, speech.duration) {
        let own = Speech { spans: within(&speech.spans, &alone.said), duration: alone.free.end, ..Speech::default() };
        let Cuts { segments, too_short: short } = segments::utterances(&own, config);
        too_short += short;
        let from_free = |cut: Cut| Cut { start: Seconds(cut.start.0.max(alone.free.start.0)), end: cut.end };
        all.extend(segments.into_iter().map(|cut| (alone.speaker.to_owned(), from_free(cut))));
    }
    (all, too_short)
}

fn alone(turns: &[Turn], duration: Seconds) -> Vec<Alone<'_>> {
    let mut edges: Vec<f64> = turns.iter().flat_map(|turn| [turn.start.0, turn.end().0]).collect();
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    let mut parts: Vec<Alone> = Vec::new();
    // Where somebody else was last heard, and whether the last part may go on.
    let (mut free_from, mut open) = (0.0, false);
    for pair in edges.windows(2) {
        let (start, end) = (pair[0], pair[1]);
        let middle = 0.5 * (start + end);
        let speaking: Vec<&str> = turns
            .iter()
            .filter(|turn| turn.start.0 < middle && middle < turn.end().0)
            .map(|turn| turn.speaker.as_str())
            .collect();
        let one = match speaking.as_slice() {
            [] => continue,
            [one] => Some(*one),
            _ => None,
        };
        let cut = Cut { start: Seconds(start), end: Seconds(end) };
        match parts.last_mut() {
            Some(last) if open && one == Some(last.speaker) => last.said.push(cut),
            last => {
                if let Some(last) = last.filter(|_| open) {
                    last.free.end = Seconds(start);
                    free_from = last.said.last().map_or(free_from, |said| said.end.0);
                }
                open = one.is_some();
                match one {
                    Some(speaker) => {
                        let free = Cut { start: Seconds(free_from), end: duration };
                        parts.push(Alone { speaker, free, said: vec![cut] });
                    }
                    None => free_from = end,
                }
            }
        }
    }
    parts
}

/// What of the spans lies within the cuts.
fn within(spans: &[Span], cuts: &[Cut]) -> Vec<Span> {
    let common = |span: &Span, cut: &Cut| {
        let (start, end) = (span.start.0.max(cut.start.0), span.end.0.min(cut.end.0));
        let dips = span.dips.iter().filter(|dip| start < dip.time.0 && dip.time.0 < end).copied().collect();
        (end > start).then_some(Span { start: Seconds(start), end: Seconds(end), dips })
    };
    cuts.iter().flat_map(|cut| spans.iter().filter_map(move |span| common(span, cut))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(speaker: &str, start: f64, end: f64) -> Turn {
        Turn {
            file: "a".into(),
            start: Seconds(start),
            duration: Seconds(end - start),
            speaker: speaker.into(),
            confidence: None,
        }
    }

    fn span(start: f64, end: f64) -> Span {
        Span { start: Seconds(start), end: Seconds(end), dips: Vec::new() }
    }

    #[test]
    fn nobody_else_is_heard_in_an_utterance() {
        let turns = vec![
            turn("ann", 1.0, 4.0),
            turn("ann", 4.2, 7.0),
            turn("ben", 6.0, 9.0),
            turn("ann", 9.05, 12.0),
            turn("ben", 20.0, 20.5),
        ];
        let speech =
            Speech { spans: vec![span(0.9, 12.1), span(19.8, 20.6)], duration: Seconds(30.0), ..Speech::default() };
        let found = Diarized { turns: turns.clone(), evidence: Vec::new(), duration: Seconds(30.0) };
        let (cuts, too_short) = utterances(&speech, &found, &SegmentsConfig::default());
        let names: Vec<&str> = cuts.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((names.as_slice(), too_short), (["ann", "ben", "ann"].as_slice(), 1));
        for (name, cut) in &cuts {
            let others = turns.iter().filter(|turn| turn.speaker != *name);
            for other in others {
                assert!(cut.end.0 <= other.start.0 + 1e-9 || cut.start.0 >= other.end().0 - 1e-9, "{name} {cut:?}");
            }
        }
        assert!(cuts[0].1.start.0 < 1.0 && (cuts[0].1.end.0 - 6.0).abs() < 1e-9, "{cuts:?}");
    }

    #[test]
    fn one_speaker_keeps_all_speech() {
        let speech =
            Speech { spans: vec![span(1.0, 5.0), span(6.0, 9.0)], duration: Seconds(10.0), ..Speech::default() };
        let found = Diarized { turns: vec![turn("ann", 0.8, 9.3)], evidence: Vec::new(), duration: Seconds(10.0) };
        let config = SegmentsConfig::default();
        let cuts: Vec<Cut> = utterances(&speech, &found, &config).0.into_iter().map(|(_, cut)| cut).collect();
        assert_eq!(cuts, segments::utterances(&speech, &config).segments);
    }
}
