//! Base training from a corpus, on tiny networks: every component trains, is loaded by the program, and goes on.

mod support;

use std::fs;

use serde_json::Value;
use support::tiny::{Bench, TRANSCRIPT, record};
use tch::Device;
use voice_clone::synthesis::models::Models;

const RUN: &str = "[run]\nsteps = 4\nema_decay = 0.9\nvalidate_every = 2\n[run.schedule]\npeak = 1e-3\nwarmup_steps = 1\nfloor = 0.1\n";
const DATA: &str = "held_out = [\"other\"]\ncollections = [\"mine\", \"other\"]\n";
const ADVERSARY: &str = "[adversary]\nchannels = 4\nlearning_rate = 1e-3\nweight = 0.1\nfeature_weight = 0.1\nbegin = 0.0\nwarmup_steps = 1\n";

/// A corpus of two collections, one speaker each.
fn corpus(bench: &Bench) {
    for (collection, pitch_hz) in [("mine", 150.0), ("other", 110.0)] {
        let mut table = String::new();
        for index in 0..3 {
            record(&bench.path(&format!("corpus/{collection}/{collection}-{index}.wav")), 8.0, pitch_hz);
            table += &format!("{collection}-{index}|{TRANSCRIPT}|{TRANSCRIPT}\n");
        }
        fs::write(bench.path(&format!("corpus/{collection}/metadata.csv")), table).expect("a file");
    }
}

fn train(bench: &Bench, component: &str, recipe: &str, more: &[&str]) -> Value {
    let file = format!("{component}.toml");
    fs::write(bench.path(&file), recipe).expect("a file");
    let base = ["train", "--base", component, "--corpus", "corpus", "--output", "runs", "--recipe", &file, "--json"];
    bench.json(&[&base[..], more].concat())
}

/// Loss of every logged step.
fn log(bench: &Bench, component: &str) -> Vec<Value> {
    let text = fs::read_to_string(bench.path(&format!("runs/{component}/log.jsonl"))).expect("the log");
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// Puts what was trained where the program looks for it.
fn publish(bench: &Bench, component: &str) {
    let weights = bench.path(&format!("runs/{component}/weights.safetensors"));
    fs::copy(weights, bench.path(&format!("models/{component}.safetensors"))).expect("the weights");
}

#[test]
fn every_component_is_trained_and_used() {
    let bench = Bench::new();
    corpus(&bench);
    let models = Models::new(&bench.path("models"), Device::Cpu);

    let recipe = format!(
        "{DATA}batch_frames = 2000\nbootstrap_rounds = 1\nbootstrap_utterances = 3\nbootstrap_steps = 2\n\
         prior_weight = 0.8\nchange_cost = 0.5\n[model]\nchannels = 16\nhidden = 32\nblocks = 1\n{RUN}"
    );
    assert_eq!(train(&bench, "aligner", &recipe, &["--steps", "4"])["steps"], 4);
    publish(&bench, "aligner");
    assert!(models.aligner().is_ok());

    let recipe = format!(
        "{DATA}references = 2\nbatch_frames = 2000\nduration_weight = 0.2\nvariance_weight = 0.1\n\
         pitch_weight = 0.2\nvoicing_weight = 0.1\n[built_in]\neva = \"mine\"\n{ADVERSARY}\
         [model]\nchannels = 16\nhidden = 32\nencoder_blocks = 1\nvariance_blocks = 1\ndecoder_blocks = 1\n{RUN}"
    );
    train(&bench, "acoustic", &recipe, &["--steps", "4"]);
    assert!(log(&bench, "acoustic").iter().all(|line| line.to_string().contains("discriminator")));
    publish(&bench, "acoustic");
    assert!(models.built_in_voices().expect("the voices").contains_key("eva"));

    let recipe = format!(
        "{DATA}batch = 2\nframes = 32\nacoustic_share = 0.5\n{ADVERSARY}\
         [model]\nchannels = 16\nhidden = 32\nblocks = 1\n{RUN}"
    );
    train(&bench, "vocoder", &recipe, &["--steps", "4"]);
    publish(&bench, "vocoder");
    bench.run(&["generate", "--text", "Hello", "--voice", "eva", "--output", "hello.wav"]).success();
}

/// A run with a discriminator that stopped half-way ends where one that never stopped ends.
#[test]
fn a_resumed_run_goes_on_along_the_same_curve() {
    let bench = Bench::new();
    corpus(&bench);
    let recipe =
        format!("{DATA}batch = 2\nframes = 32\n{ADVERSARY}[model]\nchannels = 16\nhidden = 32\nblocks = 1\n{RUN}");
    // A learning rate that does not follow the length of the run.
    let recipe = recipe.replace("floor = 0.1", "floor = 1.0");
    train(&bench, "vocoder", &recipe, &["--steps", "4"]);
    let whole = log(&bench, "vocoder");
    fs::remove_dir_all(bench.path("runs/vocoder")).expect("the run");
    train(&bench, "vocoder", &recipe, &["--steps", "2"]);
    train(&bench, "vocoder", &recipe, &["--steps", "4", "--resume"]);
    let parts = log(&bench, "vocoder");
    let last = |lines: &[Value]| lines[lines.len() - 1]["losses"].clone();
    assert_eq!(parts[parts.len() - 1]["step"], 4);
    assert_eq!(last(&parts), last(&whole));

    train(&bench, "vocoder", &recipe, &["--steps", "2", "--from", "runs/vocoder/weights.safetensors"]);
    let warm = log(&bench, "vocoder");
    let total = |line: &Value| line["losses"][0][1].as_f64().expect("a loss");
    assert!(total(&warm[warm.len() - 1]) < total(&whole[0]), "{warm:?}");
}
