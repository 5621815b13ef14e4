use std::{collections::HashMap, path::Path};

use serde::Deserialize;

use super::*;
use crate::diarization::rttm;

/// Made by `scripts/golden/diarization.py` with `pyannote.metrics`.
#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
    meetings: HashMap<String, Expected>,
}

#[derive(Deserialize)]
struct Case {
    reference: String,
    hypothesis: String,
    collar: f64,
    skip_overlap: bool,
    until: Option<f64>,
    expected: Expected,
}

#[derive(Debug, Deserialize)]
struct Expected {
    speech_s: f64,
    missed_s: f64,
    false_alarm_s: f64,
    confusion_s: f64,
    jaccard_error_rate: f64,
}

fn golden() -> Golden {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden/diarization.json");
    serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON")
}

fn until(file: &str, end: Option<f64>) -> BTreeMap<String, Vec<(Seconds, Seconds)>> {
    end.map(|end| (file.to_owned(), vec![(Seconds(0.0), Seconds(end))])).into_iter().collect()
}

#[track_caller]
fn check(found: &Score, expected: &Expected, name: &str) {
    let Errors { speech_s, missed_s, false_alarm_s, confusion_s } = found.errors;
    for (found, expected) in [
        (speech_s, expected.speech_s),
        (missed_s, expected.missed_s),
        (false_alarm_s, expected.false_alarm_s),
        (confusion_s, expected.confusion_s),
    ] {
        assert!((found - expected).abs() < 1e-4 * speech_s.max(1.0), "{name}: {found} {expected}");
    }
    let jaccard = found.jaccard_error_rate().expect("speakers");
    assert!((jaccard - expected.jaccard_error_rate).abs() < 1e-4, "{name}: {jaccard} {expected:?}");
}

#[test]
fn scores_of_random_turns_equal_those_of_pyannote() {
    for (number, case) in golden().cases.iter().enumerate() {
        let [reference, hypothesis] = [&case.reference, &case.hypothesis].map(|text| rttm::read(text).expect("turns"));
        let rules = ScoringRules {
            collar: Seconds(case.collar),
            skip_overlap: case.skip_overlap,
            scored: until("x", case.until),
        };
        check(&score(&reference, &hypothesis, &rules)["x"], &case.expected, &number.to_string());
    }
}

#[test]
fn scores_of_meetings_equal_those_of_pyannote() {
    let Some(corpus) = std::env::var_os("VOICE_CLONE_CORPUS") else {
        eprintln!("skipped: VOICE_CLONE_CORPUS is not set");
        return;
    };
    for (name, expected) in &golden().meetings {
        let path = Path::new(&corpus).join(format!("meetings/{name}.rttm"));
        let reference = rttm::read(&std::fs::read_to_string(path).expect("a file")).expect("turns");
        let rules = ScoringRules { scored: until(name, Some(30.0)), ..ScoringRules::default() };
        check(&score(&reference, &spoilt(&reference), &rules)[name], expected, name);
    }
}

/// As the script's function of that name.
fn spoilt(turns: &[Turn]) -> Vec<Turn> {
    let late = |(index, turn): (usize, &Turn)| Turn {
        start: Seconds(turn.start.0 + 0.3),
        speaker: if index % 7 == 6 { format!("other{index}") } else { turn.speaker.clone() },
        ..turn.clone()
    };
    turns.iter().enumerate().filter(|(index, _)| index % 5 != 4).map(late).collect()
}

#[test]
fn a_perfect_hypothesis_has_no_error_whatever_its_names() {
    let turns = rttm::read(&golden().cases[3].reference).expect("turns");
    let renamed: Vec<Turn> =
        turns.iter().map(|turn| Turn { speaker: format!("not {}", turn.speaker), ..turn.clone() }).collect();
    let found = score(&turns, &renamed, &ScoringRules::default())["x"];
    assert_eq!(
        (found.errors.rate(), found.jaccard_error_rate(), found.speaker_count_error()),
        (Some(0.0), Some(0.0), 0)
    );
}

#[test]
fn an_empty_hypothesis_misses_everything_and_recordings_add_up() {
    let text = "SPEAKER x 1 0 2 <NA> <NA> a <NA> <NA>\nSPEAKER y 1 1 6 <NA> <NA> a <NA> <NA>\n";
    let reference = rttm::read(text).expect("turns");
    let found = score(&reference, &reference[..1], &ScoringRules::default());
    let mut total = Score::default();
    found.values().for_each(|score| total.add(score));
    assert_eq!(
        (found["x"].errors.rate(), found["y"].errors.rate(), total.errors.rate()),
        (Some(0.0), Some(1.0), Some(0.75))
    );
    assert_eq!((total.jaccard_error_rate(), total.speaker_count_error()), (Some(0.5), -1));
}
