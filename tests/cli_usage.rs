//! Help, wrong usage, and where output goes.

mod support;

use std::time::{Duration, Instant};

use support::Place;

const COMMANDS: [&str; 10] =
    ["process", "train", "generate", "evaluate", "diarize", "speaker", "text", "voices", "models", "config"];
const SPEAKER_COMMANDS: [&str; 6] = ["embed", "compare", "enroll", "identify", "list", "forget"];

#[test]
fn help_has_examples_and_is_quick() {
    let place = Place::new();
    let nested = SPEAKER_COMMANDS.map(|command| format!("speaker {command}"));
    for command in COMMANDS.map(str::to_owned).iter().chain(&nested) {
        let run = place.run(&format!("{command} --help")).exits(0);
        assert!(run.stdout.contains("Examples:") && run.stdout.contains(&format!("voice-clone {command}")), "{run:?}");
        assert_eq!(run.stderr, "");
    }
    let run = place.run("--help").exits(0);
    assert!(COMMANDS.iter().all(|command| run.stdout.contains(command)), "{run:?}");
    // The quickest of several: the machine may be busy with something else.
    let quickest = (0..10).map(|_| {
        let start = Instant::now();
        place.run("--help").exits(0);
        start.elapsed()
    });
    let quickest = quickest.min().unwrap();
    assert!(quickest < Duration::from_millis(50), "{quickest:?}");
}

#[test]
fn version_is_that_of_the_crate() {
    let run = Place::new().run("--version").exits(0);
    assert_eq!(run.stdout.trim(), concat!("voice-clone ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_slip_is_wrong_usage_and_names_what_was_meant() {
    let place = Place::new();
    for (line, hint) in [
        ("proces --input a --output b", "'process'"),
        ("process --inptu a --output b", "'--input'"),
        ("process --input a", "--output"),
        ("", "Usage:"),
        ("train --input a", "--model"),
        ("train --model a", "--input"),
        ("train --base vocder --corpus c", "'vocoder'"),
        ("train --base vocoder", "--corpus"),
        ("train --base vocoder --corpus c --input a --model m", "cannot be used with"),
        ("train --input a --model ../m", "can't be part of a name"),
        ("train --input a --model m --gpu two", "range:0-3"),
        ("train --input a --model m --gpu range:3-1", "runs backwards"),
        ("train --input a --model m --minutes 0", "above zero"),
        ("generate --text hi --text-file a --voice v --output o.wav", "cannot be used with"),
        ("generate --text hi --output o.wav", "--voice"),
        ("config --cpu-limit 0", "1..=100"),
        ("config --set a", "key=value"),
        ("config -v -q", "cannot be used with"),
        ("models import a.ckpt", "--kind"),
        ("models import --kind ecpa a.ckpt", "'ecapa'"),
    ] {
        let run = place.run(line).exits(2).says(hint);
        assert_eq!(run.stdout, "", "{line}");
    }
}

#[test]
fn wrong_usage_that_needs_the_settings_is_code_2_as_well() {
    let place = Place::new();
    place.run("generate --text hi --voice v --output - --json").exits(2).says("both want stdout");
    place.run("generate --text hi --voice v --output a.mp3").exits(2).says(".mp3");
    place.run("train --base vocoder --corpus c").exits(2).says("--minutes or --steps");
}

#[test]
fn failures_are_documents_with_json() {
    let run = Place::new().run("process --input none --output out --json").exits(1).says("error: cannot read none");
    let document = run.json();
    assert!(document["error"].as_str().unwrap().contains("none"), "{document}");
    assert_eq!(document["exit_code"], 1);
}

#[test]
fn quiet_and_verbose_change_the_logs_and_not_the_data() {
    let place = Place::new();
    let plain = place.run("config").exits(0);
    let verbose = place.run("config -vv").exits(0);
    let quiet = place.run("config -q").exits(0);
    assert_eq!(plain.stdout, verbose.stdout);
    assert_eq!(plain.stdout, quiet.stdout);
    assert_eq!(quiet.stderr, "");
}

#[cfg(unix)]
#[test]
fn a_reader_that_went_away_is_no_failure() {
    use std::process::{Command, Stdio};

    let mut child = Command::new(env!("CARGO_BIN_EXE_voice-clone"))
        .arg("config")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}
