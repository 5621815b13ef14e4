//! The main job from end to end on tiny models with random weights: what is checked is the chain, not the sound.

mod support;

use std::fs;
use std::time::Duration;

use proptest::prelude::*;
use support::tiny::{Bench, Silent, TRANSCRIPT, record, tiny_models};
use tch::Device;
use voice_clone::audio::load_mono;
use voice_clone::synthesis::models::Models;
use voice_clone::synthesis::{SpeakOptions, Synthesizer, Voice};
use voice_clone::train::voice::{Rights, VoiceTrainConfig, VoiceTraining};

#[test]
fn recordings_become_a_voice_that_speaks_and_is_measured() {
    let bench = Bench::new();
    for (index, seconds) in [9.0, 8.0, 7.0].into_iter().enumerate() {
        record(&bench.path(&format!("recordings/{index}.wav")), seconds, 150.0);
        fs::write(bench.path(&format!("recordings/{index}.txt")), TRANSCRIPT).expect("a file");
    }
    bench.run(&["process", "--input", "recordings", "--output", "data", "--speaker", "eva"]).success();
    let trained = bench.json(&["train", "--input", "data", "--model", "eva", "--steps", "3", "--json"]);
    assert_eq!(trained["voice"]["name"], "eva");
    assert_eq!(trained["voice"]["steps"], 3);
    assert!(trained["voice"]["minutes"].as_f64().is_some_and(|minutes| minutes > 0.1), "{trained}");
    let after = trained["voice"]["figures"]["held_out_after"]["mel"].as_f64().expect("a figure");
    assert!(after < trained["voice"]["figures"]["held_out_before"]["mel"].as_f64().expect("a figure"));

    let quick = bench.json(&[
        "train",
        "--input",
        "data",
        "--model",
        "quick",
        "--quick",
        "--consent",
        "Eva",
        "--licence",
        "CC0",
        "--json",
    ]);
    assert_eq!((&quick["voice"]["steps"], &quick["voice"]["consent"]), (&0.into(), &"Eva".into()));
    assert_eq!(quick["voice"]["licence"], "CC0");
    bench.run(&["generate", "--text", "Hello", "--voice", "quick:1+eva:1", "--output", "both.wav"]).success();

    let listed = bench.json(&["voices", "--json"]);
    assert_eq!(listed["trained"][0]["name"], "eva");
    assert_eq!(listed["built_in"][0], "tiny");

    let said =
        bench.json(&["generate", "--text", "Hello, world.", "--voice", "eva", "--output", "hello.wav", "--json"]);
    let samples = load_mono(&bench.path("hello.wav"), Synthesizer::RATE).expect("a recording");
    let seconds = Synthesizer::RATE.duration(samples.len()).0;
    assert!((seconds - said["duration_s"].as_f64().expect("a duration")).abs() < 1e-3);
    assert_eq!(said["words"].as_array().map(Vec::len), Some(2));

    let report = bench.json(&["evaluate", "--model", "eva", "--test-data", "recordings", "--json"]);
    assert_eq!(report["utterances"].as_array().map(Vec::len), Some(3));
    for measure in ["speaker_similarity", "phonemes", "comparison", "timing", "signal"] {
        assert!(!report["utterances"][0][measure].is_null(), "{measure}: {report}");
    }
}

#[test]
fn the_same_seed_says_the_same_and_another_does_not() {
    let bench = Bench::new();
    let say = |seed: &str, output: &str| {
        bench.run(&["generate", "--text", "Hello", "--voice", "tiny", "--output", output, "--seed", seed]).success();
        fs::read(bench.path(output)).expect("the file")
    };
    let first = say("1", "a.wav");
    assert_eq!(first, say("1", "b.wav"));
    assert_ne!(first, say("2", "c.wav"));
}

#[test]
fn audio_on_stdout_is_wav_and_a_text_may_come_from_stdin() {
    let bench = Bench::new();
    let assert =
        bench.program().args(["generate", "--voice", "tiny", "--output", "-"]).write_stdin("Hello").assert().success();
    let bytes = &assert.get_output().stdout;
    assert_eq!(&bytes[..4], b"RIFF");
    assert!(bytes.len() > 2_000, "{} bytes", bytes.len());
}

#[test]
fn a_recording_is_imitated_at_once() {
    let bench = Bench::new();
    record(&bench.path("reference.wav"), 4.0, 110.0);
    bench.run(&["generate", "--text", "Hello", "--voice", "reference.wav", "--output", "x.flac"]).success();
    assert!(load_mono(&bench.path("x.flac"), Synthesizer::RATE).is_ok());
}

#[test]
fn what_cannot_be_done_is_said_and_leaves_no_file() {
    let bench = Bench::new();
    let fails = |args: &[&str], message: &str| {
        let output = bench.run(args).code(1).get_output().stderr.clone();
        let text = String::from_utf8_lossy(&output).into_owned();
        assert!(text.contains(message), "{text}");
    };
    fails(&["generate", "--text", "Hi", "--voice", "tiney", "--output", "x.wav"], "did you mean \"tiny\"?");
    fails(&["generate", "--text", "Hi", "--voice", "none.wav", "--output", "x.wav"], "cannot imitate");
    fails(&["generate", "--text", "", "--voice", "tiny", "--output", "x.wav"], "the text has no words");
    fails(&["generate", "--text", "Hi", "--voice", "tiny", "--output", "no/such/folder/x.wav"], "no/such/folder");
    fs::create_dir(bench.path("empty")).expect("a folder");
    fails(&["train", "--input", "empty", "--model", "eva"], "holds no recordings");
    fails(&["evaluate", "--model", "tiny", "--test-data", "empty"], "holds no recordings");
    fails(&["evaluate", "--model", "nobody", "--test-data", "empty"], "there is no voice \"nobody\"");
    record(&bench.path("short/a.wav"), 2.0, 150.0);
    fails(&["train", "--input", "short", "--model", "eva"], "of speech can be used, at least 10 s are needed");
    assert!(!bench.path("x.wav").exists() && !bench.path("voices/eva").exists());
}

/// Half a minute of one speaker, with transcripts.
fn speech(bench: &Bench) {
    for index in 0..3 {
        record(&bench.path(&format!("data/{index}.wav")), 8.0, 150.0);
        fs::write(bench.path(&format!("data/{index}.txt")), TRANSCRIPT).expect("a file");
    }
}

/// A training that was killed leaves no half-made voice, and goes on where it was when it is started again.
#[cfg(unix)]
#[test]
fn a_killed_training_goes_on() {
    let bench = Bench::new();
    speech(&bench);
    let train = |name| ["train", "--input", "data", "--model", name, "--steps", "72", "--gpu", "none", "--json"];
    let whole = bench.json(&train("ann"));
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_voice-clone"))
        .args(train("eva"))
        .current_dir(bench.path(""))
        .env("VOICE_CLONE_MODELS_DIR", bench.path("models"))
        .env("VOICE_CLONE_VOICES_DIR", bench.path("voices"))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program");
    let checkpoint = bench.path("voices/.training-eva/checkpoint.safetensors");
    let start = std::time::Instant::now();
    while !checkpoint.exists() && start.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    child.kill().expect("a running program");
    assert!(!child.wait().expect("its end").success(), "it was done before it could be killed");
    assert!(!bench.path("voices/eva").exists());
    let log = || fs::read_to_string(bench.path("voices/.training-eva/log.jsonl")).expect("the log");
    let done = log().lines().count();
    assert!(done > 0);

    let trained = bench.json(&train("eva"));
    assert_eq!(trained["voice"]["steps"], 72);
    assert!(!bench.path("voices/.training-eva").exists());
    assert_eq!(whole["voice"]["figures"], trained["voice"]["figures"]);
}

/// Two devices share the speech of every step, and make one voice.
#[test]
fn a_voice_is_trained_on_several_devices() {
    let bench = Bench::new();
    speech(&bench);
    let voice = VoiceTraining {
        input: &bench.path("data"),
        name: "eva",
        output: &bench.path("voices/eva"),
        models: &Models::new(&bench.path("models"), Device::Cpu),
        devices: &[Device::Cpu, Device::Cpu],
        gauge: None,
        config: VoiceTrainConfig {
            time_limit: Duration::from_secs(600),
            steps: 6,
            learning_rate: 3e-4,
            seed: 1,
            quick: false,
        },
        rights: Rights::default(),
        observer: &Silent,
    };
    let made = voice.run().expect("a voice");
    let mel = |when: &str| made.figures[when]["mel"].as_f64().expect("a figure");
    assert!(made.steps == 6 && mel("held_out_after") < mel("held_out_before"), "{made:?}");
    bench.run(&["generate", "--text", "Hello", "--voice", "eva", "--output", "a.wav"]).success();
}

fn tiny_synthesizer() -> (tempfile::TempDir, Synthesizer) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    tiny_models(folder.path());
    let models = Models::new(folder.path(), Device::Cpu);
    let voice = Voice::named("tiny", folder.path(), &models).expect("the built-in voice");
    let synthesizer = Synthesizer::load(&models, &voice).expect("the models");
    (folder, synthesizer)
}

#[test]
fn no_text_is_too_strange_or_too_long() {
    let (_folder, synthesizer) = tiny_synthesizer();
    let repeats = 100_000 / 45 + 1;
    let long = "The quick brown fox jumps over 13 lazy dogs. ".repeat(repeats);
    let letters = "a".repeat(100_000);
    for text in ["", " \n\t", "🙂🙃", "\u{0}\u{1}\u{7f}", "e\u{301}\u{301}\u{301}", "שלום", &letters] {
        for utterance in synthesizer.speak(text, SpeakOptions::default()).take(20) {
            assert!(utterance.samples.iter().all(|sample| sample.is_finite()));
        }
    }
    let words: usize = synthesizer.speak(&long, SpeakOptions::default()).map(|utterance| utterance.words.len()).sum();
    assert_eq!(words, 9 * repeats);
}

#[test]
fn any_text_is_spoken_or_silent() {
    let (_folder, synthesizer) = tiny_synthesizer();
    proptest!(ProptestConfig::with_cases(48), |(text in "\\PC{0,120}")| {
        for utterance in synthesizer.speak(&text, SpeakOptions::default()) {
            prop_assert!(utterance.samples.iter().all(|sample| sample.is_finite()));
            prop_assert!(utterance.words.iter().all(|word| text.is_char_boundary(word.source.start)));
        }
    });
}
