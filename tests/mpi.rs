//! Several processes share a job: `cargo test --release --features mpi --test mpi`, with the system's `mpirun`.
#![cfg(feature = "mpi")]

mod support;

use std::{fs, process::Command};

use serde_json::Value;
use support::tiny::{Bench, corpus, record};

/// The command line of the program, by `count` processes that `mpirun` starts.
fn together(bench: &Bench, count: usize, arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new("mpirun");
    command.args(["--allow-run-as-root", "--oversubscribe", "-n", &count.to_string()]);
    command.arg(env!("CARGO_BIN_EXE_voice-clone")).args(arguments).current_dir(bench.path(""));
    let output =
        command.env("VOICE_CLONE_MODELS_DIR", bench.path("models")).output().expect("mpirun, of the system's MPI");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The measures of every validation.
fn curve(bench: &Bench, output: &str) -> Vec<Value> {
    let log = fs::read_to_string(bench.path(&format!("{output}/acoustic/log.jsonl"))).expect("the log");
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
    lines.map(|line| line["validation"].clone()).collect()
}

#[test]
fn two_processes_train_along_the_curve_of_one() {
    let bench = Bench::new();
    corpus(&bench);
    let recipe = "held_out = [\"other\"]\ncollections = [\"mine\", \"other\"]\nreferences = 2\nbatch_frames = 800\n\
                  duration_weight = 0.2\nvariance_weight = 0.1\npitch_weight = 0.2\nvoicing_weight = 0.1\n[built_in]\n\
                  [model]\nchannels = 16\nhidden = 32\nencoder_blocks = 1\nvariance_blocks = 1\ndecoder_blocks = 1\n\
                  [run]\nsteps = 6\nema_decay = 0.9\nvalidate_every = 2\nbatches_per_step = 2\n\
                  [run.schedule]\npeak = 1e-3\nwarmup_steps = 1\nfloor = 0.1\n";
    fs::write(bench.path("recipe.toml"), recipe).expect("a file");
    let train = |output| {
        [
            "train",
            "--base",
            "acoustic",
            "--corpus",
            "corpus",
            "--recipe",
            "recipe.toml",
            "--steps",
            "6",
            "--output",
            output,
        ]
    };
    bench.run(&train("one")).success();
    together(&bench, 2, &train("two"));
    let (one, two) = (curve(&bench, "one"), curve(&bench, "two"));
    assert_eq!((one.len(), two.len()), (3, 3));
    for (one, two) in one.iter().zip(&two) {
        for (one, two) in one.as_array().expect("measures").iter().zip(two.as_array().expect("measures")) {
            let [one, two] = [one, two].map(|measure| measure[1].as_f64().expect("a number"));
            assert!((one - two).abs() < 1e-5 * one.abs().max(1.0), "{one} {two}");
        }
    }
}

#[test]
fn four_processes_share_a_folder_of_recordings() {
    let bench = Bench::new();
    for index in 0u8..9 {
        let (seconds, pitch_hz) = (3.0 + f64::from(index) / 10.0, 120.0 + 5.0 * f32::from(index));
        record(&bench.path(&format!("in/{index}.wav")), seconds, pitch_hz);
    }
    fs::write(bench.path("in/broken.wav"), "no sound").expect("a file");
    let process = |output| ["process", "--input", "in", "--output", output, "--json"];
    let one = bench.json(&process("one"));
    let four = together(&bench, 4, &process("four"));
    let four: Value = serde_json::from_slice(&four.stdout).expect("one document from all of them");
    assert_eq!(four["totals"], one["totals"]);
    assert_eq!(four["totals"]["set_aside"], 1);
    let lines = |report: &Value| report["recordings"].as_array().expect("lines").len();
    assert_eq!(lines(&four), lines(&one));
    // Nothing is left to do.
    assert_eq!(bench.json(&process("four"))["totals"]["unchanged"], one["totals"]["processed"]);
}
