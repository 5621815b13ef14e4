//! Scoring of diarization from the command line.

mod support;

use std::fs;

use support::Place;

const REFERENCE: &str = "SPEAKER a 1 0.000 4.000 <NA> <NA> ann <NA> <NA>\n\
                         SPEAKER a 1 4.000 4.000 <NA> <NA> ben <NA> <NA>\n\
                         SPEAKER b 1 1.000 2.000 <NA> <NA> ann <NA> <NA>\n";

fn place() -> Place {
    let place = Place::new();
    fs::create_dir(place.path("ref")).expect("a folder");
    fs::write(place.path("ref/all.rttm"), REFERENCE).expect("a file");
    // One second too late from ann to ben, and one second too much at the end.
    let hypothesis = "SPEAKER a 1 0.000 5.000 <NA> <NA> s1 <NA> <NA>\nSPEAKER a 1 5.000 4.000 <NA> <NA> s2 0.5 <NA>\n";
    fs::write(place.path("hyp.rttm"), hypothesis).expect("a file");
    place
}

#[test]
fn scores_are_a_table_and_json() {
    let place = place();
    let run = place.run("evaluate --rttm-ref ref --rttm-hyp hyp.rttm").exits(0);
    // Of a: 1 s false alarm and 1 s confused of 8 s; of b: everything is missed.
    assert!(run.stdout.contains("a          25.00   0.00      12.50          12.50"), "{}", run.stdout);
    assert!(run.stdout.contains("all        40.00"), "{}", run.stdout);
    assert!(run.stdout.contains("right in 1 of 2 recordings") && run.stderr.contains("b is not in the hypothesis"));
    let json = place.run("evaluate --rttm-ref ref --rttm-hyp hyp.rttm --json").exits(0);
    let document: serde_json::Value = serde_json::from_str(&json.stdout).expect("one document");
    assert_eq!(document["recordings"]["a"]["diarization_error_rate"], 0.25);
    assert_eq!(document["total"]["speaker_count_error"], -1);
}

#[test]
fn collars_and_maps_leave_time_out() {
    let place = place();
    fs::write(place.path("map.uem"), "a 1 0 8\nb 1 5 6\n").expect("a file");
    let rate = |args: &str| {
        let run = place.run(&format!("evaluate --rttm-ref ref --rttm-hyp hyp.rttm --json {args}")).exits(0);
        let document: serde_json::Value = serde_json::from_str(&run.stdout).expect("one document");
        document["recordings"]["a"]["diarization_error_rate"].as_f64().expect("a rate")
    };
    assert_eq!(rate("--uem map.uem"), 0.125);
    assert_eq!(rate("--collar 1 --uem map.uem"), 0.0);
}

#[test]
fn what_cannot_be_scored_is_said() {
    let place = place();
    fs::write(place.path("bad.rttm"), "SPEAKER a 1 x 1 <NA> <NA> s <NA> <NA>\n").expect("a file");
    fs::create_dir(place.path("empty")).expect("a folder");
    let fails = |args: &str, code: i32, message: &str| {
        let run = place.run(&format!("evaluate {args}")).exits(code);
        assert!(run.stderr.contains(message), "{}", run.stderr);
    };
    fails("--rttm-ref ref --rttm-hyp bad.rttm", 1, "cannot read bad.rttm: line 1: the start \"x\" is no time");
    fails("--rttm-ref empty --rttm-hyp hyp.rttm", 1, "empty holds no .rttm files");
    fails("--rttm-ref none.rttm --rttm-hyp hyp.rttm", 1, "none.rttm");
    fails("--rttm-ref ref", 2, "--rttm-hyp");
    fails("--rttm-ref ref --rttm-hyp hyp.rttm --collar x", 2, "expected a number from 0 to 10");
    fails("--collar 1", 2, "required");
}
