//! What only a machine with a GPU can show: `cargo test --release --features gpu --test on_gpu -- --test-threads 1`, with
//! libtorch's CUDA part beside its CPU part (set LIBTORCH to the folder of PyTorch's wheel). Speeds are measured where
//! VOICE_CLONE_CORPUS is set.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};
use support::tiny::{Bench, corpus, record};
use voice_clone::audio::load_mono;
use voice_clone::units::SampleRate;

const RUN: &str = "[run]\nsteps = 30\nema_decay = 0.9\nvalidate_every = 30\nbatches_per_step = 4\n\
                   [run.schedule]\npeak = 1e-3\nwarmup_steps = 1\nfloor = 0.1\n";
const DATA: &str = "held_out = [\"other\"]\ncollections = [\"mine\", \"other\"]\n";

fn denoiser_recipe(batch: usize) -> String {
    format!(
        "{DATA}noise = \"sounds\"\nnoise_held_out = [\"4\"]\nspeeds = [1.0]\nnoise_speeds = [1.0]\nbatch = {batch}\n\
         crop_s = 4.0\nratio_weight = 0.1\nspectrum_weight = 5.0\n\
         [mixing]\nclean = 0.1\nsilent = 0.1\npause = 0.3\nroom = 0.5\nrt60_s = [0.1, 0.2]\nrooms = 2\n\
         dereverb = 0.5\nsnr_db = [0.0, 10.0]\nchannel = 0.5\nclipped = 0.2\n\
         [model]\nbands = [2, 2]\nbins = 2\nchannels = 8\nhidden = 16\nkernel = 3\ndilations = [1, 2]\n{RUN}"
    )
}

fn acoustic_recipe() -> String {
    format!(
        "{DATA}references = 2\nbatch_frames = 2000\nduration_weight = 0.2\nvariance_weight = 0.1\n\
         pitch_weight = 0.2\nvoicing_weight = 0.1\n[built_in]\neva = \"mine\"\n\
         [model]\nchannels = 16\nhidden = 32\nencoder_blocks = 1\nvariance_blocks = 1\ndecoder_blocks = 1\n{RUN}"
    )
}

/// Trains on `gpu`, from the weights of a first step on the CPU; the lines of the log and what was said.
fn train(bench: &Bench, component: &str, recipe: &str, gpu: &str, more: &[&str]) -> (Vec<Value>, String) {
    let file = format!("{component}.toml");
    fs::write(bench.path(&file), recipe).expect("a file");
    let base = ["train", "--base", component, "--corpus", "corpus", "--recipe", &file];
    let start = bench.path(&format!("start/{component}/weights.safetensors"));
    if !start.exists() {
        bench.run(&[&base[..], &["--output", "start", "--steps", "1", "--gpu", "none"]].concat()).success();
    }
    let output = format!("on-{gpu}");
    let start = start.display().to_string();
    let run = [&base[..], &["--output", &output, "--steps", "30", "--gpu", gpu, "--from", &start], more].concat();
    let said = bench.run(&run).success().get_output().stderr.clone();
    let log = fs::read_to_string(bench.path(&format!("{output}/{component}/log.jsonl"))).expect("the log");
    let lines = log.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    (lines, String::from_utf8_lossy(&said).into_owned())
}

fn total(line: &Value) -> f64 {
    line["losses"][0][1].as_f64().expect("a loss")
}

#[test]
fn the_gpu_is_listed_and_planned() {
    let listed = Bench::new().json(&["gpu", "--json"]);
    assert!(listed["gpus"].as_array().is_some_and(|gpus| !gpus.is_empty()), "{listed}");
    assert!(listed["plan"]["gpus"].as_array().is_some_and(|gpus| !gpus.is_empty()), "{listed}");
}

/// The same losses on the same batches, to what bfloat16 and TF32 leave of them.
#[test]
fn the_gpu_learns_what_the_cpu_learns() {
    let bench = Bench::new();
    corpus(&bench);
    sounds(&bench);
    for (component, recipe) in [("denoiser", denoiser_recipe(2)), ("acoustic", acoustic_recipe())] {
        let recipe = recipe.replace("batches_per_step = 4", "batches_per_step = 1");
        let [cpu, gpu] = ["none", "0"].map(|gpu| train(&bench, component, &recipe, gpu, &[]).0);
        assert_eq!(cpu.len(), gpu.len());
        for (cpu, gpu) in cpu.iter().zip(&gpu) {
            let gap = (total(cpu) / total(gpu) - 1.0).abs();
            assert!(gap < 0.05, "{component}: {cpu} {gpu}");
        }
    }
}

/// Where there is room the batches of a step are put together.
#[test]
fn batches_fill_the_gpu() {
    let bench = Bench::new();
    corpus(&bench);
    sounds(&bench);
    let (lines, said) = train(&bench, "denoiser", &denoiser_recipe(2), "0", &["--verbose"]);
    assert!(said.contains("a step now has 1 batches"), "{said}");
    assert!(lines.iter().all(|line| line["gpus"][0]["memory_bytes"].as_u64() > Some(0)), "{lines:?}");
}

fn sounds(bench: &Bench) {
    record(&bench.path("corpus/sounds/1-hum.wav"), 6.0, 50.0);
    record(&bench.path("corpus/sounds/4-hum.wav"), 6.0, 60.0);
}

/// Batches that are far too large for what the limit leaves are made smaller; the limit is kept, and the run ends well.
#[test]
fn too_large_a_batch_is_halved_and_the_limit_kept() {
    let bench = Bench::new();
    corpus(&bench);
    sounds(&bench);
    let listed = bench.json(&["gpu", "--json"]);
    let gpu = &listed["gpus"][0];
    let bytes = |name: &str| gpu[name].as_f64().expect("bytes");
    let gib = f64::from(1 << 30);
    let limit = (100.0 * (bytes("used_bytes") + 2.5 * gib) / bytes("memory_bytes")).ceil();
    let limit = format!("{limit:.0}");
    let (lines, said) = train(&bench, "denoiser", &denoiser_recipe(1_024), "0", &["--gpu-memory-limit", &limit]);
    assert!(said.contains("out of memory: a step now has"), "{said}");
    let most = lines.iter().filter_map(|line| line["gpus"][0]["memory_percent"].as_f64()).fold(0.0, f64::max);
    assert!(most > 0.0 && most <= limit.parse::<f64>().expect("a number"), "{most} % of {limit} %");
}

#[test]
fn the_gpu_says_what_the_cpu_says() {
    let bench = Bench::new();
    let text = "The quick brown fox, which was never seen before, jumps over the lazy dogs of the village.";
    let said = |gpu: &str| {
        let file = format!("{gpu}.wav");
        let args = ["generate", "--voice", "tiny", "--text", text, "--seed", "3", "--output", &file, "--gpu", gpu];
        bench.run(&args).success();
        load_mono(&bench.path(&file), SampleRate::SYNTHESIS).expect("a recording")
    };
    let (cpu, gpu) = (said("none"), said("0"));
    assert_eq!(cpu.len(), gpu.len());
    let power = |samples: &[f32]| samples.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>();
    let gap: Vec<f32> = cpu.iter().zip(&gpu).map(|(a, b)| a - b).collect();
    let gap_db = 10.0 * (power(&gap) / power(&cpu)).log10();
    assert!(gap_db < -20.0, "{gap_db} dB");
}

/// The folder of the shipped models, from the root of the repository.
fn models() -> PathBuf {
    fs::canonicalize("models").expect("the models")
}

/// 240 utterances of the corpus' readers, linked; nothing without a corpus.
fn readers(bench: &Bench) -> Option<()> {
    const UTTERANCES: usize = 240;
    let source = PathBuf::from(std::env::var_os("VOICE_CLONE_CORPUS")?).join("librispeech");
    let table = fs::read_to_string(source.join("utterances.tsv")).expect("its table");
    let (mut lines, count) = (table.lines(), table.lines().count());
    let mut kept = vec![lines.next().expect("a header")];
    kept.extend(lines.step_by(count / UTTERANCES));
    fs::create_dir_all(bench.path("readers/librispeech")).expect("a folder");
    for line in &kept[1..] {
        let mut fields = line.split('\t');
        let (id, speaker) = (fields.next().expect("an id"), fields.next().expect("a speaker"));
        let file = format!("{id}.opus");
        let link = bench.path(&format!("readers/librispeech/{file}"));
        fs::copy(source.join(speaker).join(&file), link).expect("a recording");
    }
    fs::write(bench.path("readers/librispeech/utterances.tsv"), kept.join("\n")).expect("a table");
    Some(())
}

/// The acoustic model of the shipped recipe, discriminators included: at least 25 times as fast as on two cores of the
/// same machine, the GPU busy for 80 % of the time, its memory within the limit.
#[test]
fn the_gpu_is_filled_and_fast() {
    let bench = Bench::new();
    if readers(&bench).is_none() {
        return;
    }
    let shipped = fs::read_to_string("models/recipes/acoustic.toml").expect("the recipe");
    let line = shipped.lines().find(|line| line.starts_with("collections")).expect("collections");
    let recipe = shipped
        .replace(line, "collections = [\"librispeech\"]")
        .replace("[run]\n", "[run]\nbatches_per_step = 8\n")
        .replace("validate_every = 200", "validate_every = 1000000");
    fs::write(bench.path("acoustic.toml"), recipe).expect("a file");
    let run = |gpu: &str, threads: &str| -> Vec<Value> {
        let folder = format!("speed-{gpu}");
        let models = models().display().to_string();
        let start = format!("{models}/acoustic.safetensors");
        let args = [
            "train",
            "--base",
            "acoustic",
            "--corpus",
            "readers",
            "--output",
            &folder,
            "--recipe",
            "acoustic.toml",
            "--from",
            &start,
            "--minutes",
            "0.5",
            "--gpu",
            gpu,
            "--threads",
            threads,
        ];
        bench.program().env("VOICE_CLONE_MODELS_DIR", &models).args(args).assert().success();
        let log = fs::read_to_string(bench.path(&format!("{folder}/acoustic/log.jsonl"))).expect("the log");
        log.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    };
    let (gpu, cpu) = (run("0", "16"), run("none", "2"));
    let median = |lines: &[Value], of: &dyn Fn(&Value) -> Option<f64>| {
        let mut values: Vec<f64> = lines.iter().filter_map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let speed = |lines: &[Value]| median(lines, &|line| line["speed"].as_f64());
    // While batches are put together and kernels chosen it is not filled yet.
    let filled = &gpu[gpu.len() / 2..];
    let busy = median(filled, &|line| line["gpus"][0]["busy_percent"].as_f64());
    let memory = median(filled, &|line| line["gpus"][0]["memory_percent"].as_f64());
    let (gpu, cpu) = (speed(filled), speed(&cpu));
    println!("{gpu:.0} and {cpu:.1} s of speech a second, {busy:.0} % busy, {memory:.0} % of memory");
    assert!(gpu >= 25.0 * cpu && busy >= 80.0 && memory <= 80.0);
}

/// 800 lines, without the start of the program: a real-time factor of at most 0.002.
#[test]
fn a_batch_is_spoken_500_times_as_fast_as_it_sounds() {
    let bench = Bench::new();
    let lines = fs::read_to_string(Path::new("scripts/sentences.jsonl")).expect("sentences");
    let spoken = |copies: usize| {
        let copy = |copy: usize| {
            let renamed = move |line: &str| {
                let mut line: Value = serde_json::from_str(line).expect("a line of JSON");
                line["id"] = json!(format!("{}-{copy}", line["id"].as_str().expect("an id")));
                line.to_string() + "\n"
            };
            lines.lines().map(renamed).collect::<String>()
        };
        let batch: String = (0..copies).map(copy).collect();
        let name = format!("{copies}.jsonl");
        fs::write(bench.path(&name), batch).expect("a file");
        let start = Instant::now();
        let output = copies.to_string();
        let args = ["generate", "--batch", &name, "--voice", "heart", "--output", &output, "--gpu", "0", "--json"];
        let mut program = bench.program();
        let done = program.env("VOICE_CLONE_MODELS_DIR", models()).args(args).args(["--cpu-limit", "100"]).assert();
        let report: Value = serde_json::from_slice(&done.success().get_output().stdout).expect("JSON");
        (start.elapsed().as_secs_f64(), report["duration_s"].as_f64().expect("a duration"))
    };
    let ((few_s, few_audio_s), (many_s, many_audio_s)) = (spoken(1), spoken(8));
    let factor = (many_s - few_s) / (many_audio_s - few_audio_s);
    println!("{many_s:.1} s for {many_audio_s:.0} s of speech, {few_s:.1} s for {few_audio_s:.0} s: {factor:.5}");
    assert!(factor <= 0.002, "a real-time factor of {factor:.5}");
}
