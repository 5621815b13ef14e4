//! The speaker commands, on a tiny encoder with random weights: what is checked is the chain, not who is recognised.

mod support;

use std::{
    fs,
    io::{Read, Write},
    process::{Command, Stdio},
};

use serde_json::Value;
use support::tiny::{Bench, record, speech_like};
use voice_clone::{
    nn::checkpoint::{Precision, Weights},
    speaker::{Calibration, EcapaConfig, EcapaTdnn, SpeakerEncoder},
};

/// A bench whose encoder says by its calibration whether all are the same (scale 1, offset 50) or all are different.
fn bench(offset: f64) -> Bench {
    let bench = Bench::new();
    let path = bench.path("models/speaker.safetensors");
    let mut weights = Weights::read(&path).expect("the tiny encoder");
    weights.set_json(Calibration::KEY, &Calibration { scale: 1.0, offset }).expect("JSON");
    weights.write(&path, Precision::Half).expect("a writable folder");
    for (name, pitch) in [("a", 120.0), ("b", 125.0), ("people/anna/1", 110.0), ("people/anna/2", 115.0)] {
        record(&bench.path(&format!("{name}.wav")), 4.0, pitch);
    }
    bench
}

fn speaker(args: &str) -> Vec<&str> {
    std::iter::once("speaker").chain(args.split_whitespace()).collect()
}

fn program(bench: &Bench) -> assert_cmd::Command {
    let mut program = bench.program();
    program.env("VOICE_CLONE_SPEAKERS_DIR", bench.path("known"));
    program
}

fn json(bench: &Bench, args: &str) -> Value {
    let output = program(bench).args(speaker(args)).arg("--json").assert().success().get_output().stdout.clone();
    serde_json::from_slice(&output).expect("one JSON document")
}

#[track_caller]
fn text(bench: &Bench, args: &str) -> String {
    let output = program(bench).args(speaker(args)).assert().success().get_output().stdout.clone();
    String::from_utf8(output).expect("UTF-8")
}

#[track_caller]
fn fails(bench: &Bench, args: &str, code: i32, message: &str) {
    let output = program(bench).args(speaker(args)).assert().code(code).get_output().stderr.clone();
    let stderr = String::from_utf8_lossy(&output).into_owned();
    assert!(stderr.contains(message), "no {message:?} in {stderr}");
    let errors = stderr.lines().filter(|line| line.starts_with("error")).count();
    assert_eq!(errors, 1, "{stderr}");
}

fn values(embedding: &Value) -> Vec<f64> {
    embedding.as_array().expect("a list").iter().map(|value| value.as_f64().expect("a number")).collect()
}

#[test]
fn files_and_folders_are_embedded() {
    let bench = bench(50.0);
    let one = json(&bench, "embed a.wav");
    assert_eq!(values(&one["recordings"][0]["embedding"]).len(), 192);
    assert_eq!(one["mean"].as_array().map(Vec::len), Some(192));
    assert!(one["recordings"][0]["speech_s"].as_f64().is_some_and(|s| (2.0..4.0).contains(&s)), "{one}");
    fs::write(bench.path("people/anna/3.wav"), "").expect("a file");
    let all = json(&bench, "embed people");
    assert_eq!(all["recordings"].as_array().map(Vec::len), Some(2));
    assert!(all["set_aside"][0]["reason"].as_str().expect("a reason").contains("no bytes"), "{all}");
    assert!(text(&bench, "embed people").contains("\nmean "));
    let stdin = fs::read(bench.path("a.wav")).expect("the file");
    let piped = program(&bench).args(speaker("embed - --json")).write_stdin(stdin).assert().success();
    let piped: Value = serde_json::from_slice(&piped.get_output().stdout).expect("JSON");
    assert_eq!(piped["mean"], one["mean"]);
}

#[test]
fn two_recordings_are_compared() {
    let same = bench(50.0);
    let document = json(&same, "compare a.wav b.wav");
    assert_eq!(document["verdict"], "same");
    assert_eq!(document["calibrated"], true);
    let (llr, cosine) = (document["llr"].as_f64().expect("a number"), document["cosine"].as_f64().expect("a number"));
    assert!((llr - cosine - 50.0).abs() < 1e-4);
    assert!(text(&same, "compare a.wav people").starts_with("verdict      same speaker\nprobability  >99.9 %"));
    let different = bench(-50.0);
    assert_eq!(json(&different, "compare a.wav b.wav")["verdict"], "different");
    let unsure = bench(-1.0);
    assert!(text(&unsure, "compare a.wav b.wav").starts_with("verdict      unsure"));
}

#[test]
fn speakers_are_enrolled_identified_listed_and_forgotten() {
    let bench = bench(50.0);
    fails(&bench, "identify a.wav", 1, "nobody is enrolled in ");
    assert!(text(&bench, "list").starts_with("nobody is enrolled in "));
    let enrolled = json(&bench, "enroll --name anna people/anna");
    assert_eq!((enrolled["added"].as_u64(), enrolled["utterances"].as_u64()), (Some(2), Some(2)));
    let again = json(&bench, "enroll --name anna people/anna a.wav");
    assert_eq!((again["added"].as_u64(), again["utterances"].as_u64()), (Some(1), Some(3)));
    let replaced = json(&bench, "enroll --name anna people/anna --replace");
    assert_eq!(replaced["utterances"], 2);
    json(&bench, "enroll --name bo b.wav");

    let found = json(&bench, "identify b.wav people");
    assert_eq!(found["recordings"].as_array().map(Vec::len), Some(3));
    assert_eq!(found["recordings"][0]["speaker"], "bo");
    assert_eq!(found["recordings"][0]["candidates"].as_array().map(Vec::len), Some(2));
    let nobody = json(&bench, "identify b.wav --threshold 60");
    assert_eq!(nobody["recordings"][0]["speaker"], Value::Null);
    assert!(text(&bench, "identify b.wav --threshold 60").contains("unknown (nearest: bo)"));

    let list = json(&bench, "list");
    assert_eq!(
        (list["speakers"][0]["name"].as_str(), list["speakers"][1]["usable"].as_bool()),
        (Some("anna"), Some(true))
    );
    fails(&bench, "forget --name ana", 1, "did you mean \"anna\"?");
    text(&bench, "forget --name anna");
    assert_eq!(json(&bench, "list")["speakers"].as_array().map(Vec::len), Some(1));
    assert_eq!(support::files_below(&bench.path("known")), ["bo.json"]);
}

#[test]
fn strangers_and_other_encoders_are_refused() {
    let bench = bench(-50.0);
    fails(&bench, "enroll --name anna people/anna", 1, "sounds like another speaker than the other recordings");
    assert!(!bench.path("known").exists());
    text(&bench, "enroll --name anna people/anna --force");
    fails(&bench, "enroll --name anna b.wav", 1, "b.wav sounds like another speaker than what is known of them");
    assert!(text(&bench, "identify b.wav").contains("unknown (nearest: anna)"));

    tch::manual_seed(10);
    let config = EcapaConfig { attention_channels: 8, se_channels: 8, ..EcapaConfig::with_channels(16) };
    let store = tch::nn::VarStore::new(tch::Device::Cpu);
    EcapaTdnn::new(store.root(), &config).expect("a valid configuration");
    let mut weights = Weights::from_store(&store);
    weights.set_json(SpeakerEncoder::CONFIG_KEY, &config).expect("JSON");
    weights.write(&bench.path("models/speaker.safetensors"), Precision::Half).expect("a writable folder");
    let message = "anna was enrolled with another speaker encoder than the one in use; enroll again with --replace";
    fails(&bench, "identify a.wav", 1, message);
    fails(&bench, "enroll --name anna a.wav", 1, message);
    assert!(text(&bench, "list").contains("another encoder"));
    text(&bench, "enroll --name anna a.wav --replace");
    json(&bench, "identify a.wav");
}

#[test]
fn what_is_no_speech_is_said_in_one_line() {
    let bench = bench(50.0);
    let write = |name: &str, samples: &[f32]| {
        let path = bench.path(name);
        let format = voice_clone::audio::OutputFormat::Wav16;
        let mut writer =
            voice_clone::audio::AudioWriter::create(&path, format, SpeakerEncoder::SAMPLE_RATE, 1).expect("a file");
        writer.write(samples).expect("samples");
        writer.finish().expect("a file");
    };
    write("silent.wav", &[0.0; 32_000]);
    write("short.wav", &speech_like(0.2, 120.0));
    let mut state = 1u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        0.1 * (f64::from(state) / f64::from(u32::MAX) - 0.5) as f32
    };
    write("noise.wav", &(0..48_000).map(|_| noise()).collect::<Vec<_>>());
    fs::write(bench.path("broken.wav"), b"RIFF\x10\0\0\0WAVEfmt garbage").expect("a file");
    fs::write(bench.path("empty.wav"), b"").expect("a file");
    fs::create_dir(bench.path("nothing")).expect("a folder");
    for command in ["embed", "identify", "compare a.wav", "enroll --name eva"] {
        if command == "identify" {
            text(&bench, "enroll --name anna a.wav");
        }
        fails(&bench, &format!("{command} silent.wav"), 1, "error: silent.wav: no speech: the recording is silent");
        fails(&bench, &format!("{command} short.wav"), 1, "error: short.wav: too short: it lasts 0.20 s");
        fails(&bench, &format!("{command} noise.wav"), 1, "error: noise.wav: no speech was found in its 3.00 s");
        fails(&bench, &format!("{command} broken.wav"), 1, "error: broken.wav: ");
        fails(&bench, &format!("{command} empty.wav"), 1, "error: empty.wav: no audio in it: it has no bytes");
        fails(&bench, &format!("{command} none.wav"), 1, "error: none.wav: No such file");
        fails(&bench, &format!("{command} nothing"), 1, "error: nothing holds no recordings");
    }
    fails(&bench, "identify silent.wav noise.wav", 1, "error: none of the 2 recordings could be used");
    fs::write(bench.path("known/anna.json"), "{}").expect("a file");
    fails(&bench, "identify a.wav", 1, "anna.json is not a valid enrolment");
}

#[test]
fn wrong_usage_is_code_2() {
    let bench = bench(50.0);
    for (args, hint) in [
        ("", "Usage:"),
        ("embed", "<FILE|DIR|->"),
        ("embed a.wav --raw", "--stream"),
        ("embed a.wav --identify", "--stream"),
        ("embed a.wav --stream --window 0.2", "from 1 to 10"),
        ("embed a.wav --threshold 1", "need --stream --identify"),
        ("embed a.wav --stream --prior 0.1", "need --identify"),
        ("compare a.wav", "<B>"),
        ("enroll a.wav", "--name"),
        ("enroll --name eva -", "not stdin"),
        ("enroll --name ../x a.wav", "can't be part of a name"),
        ("identify a.wav --prior 1", "above 0 and below 1"),
        ("identify", "<FILE|DIR>"),
        ("forget", "--name"),
    ] {
        let output = program(&bench).args(speaker(args)).assert().code(2).get_output().stderr.clone();
        let stderr = String::from_utf8_lossy(&output).into_owned();
        assert!(stderr.contains(hint), "{args}: no {hint:?} in {stderr}");
    }
}

fn lines(stdout: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(stdout).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("a document")).collect()
}

#[test]
fn a_stream_gives_a_line_every_half_second() {
    let bench = bench(50.0);
    text(&bench, "enroll --name anna a.wav");
    let stream = |args: &str, stdin: Vec<u8>| {
        let assert = program(&bench).args(speaker(args)).write_stdin(stdin).assert().success();
        lines(&assert.get_output().stdout)
    };
    let wav = fs::read(bench.path("a.wav")).expect("the file");
    let readings = stream("embed - --stream --identify", wav.clone());
    assert_eq!(readings.len(), 8);
    assert_eq!(readings[7]["time_s"], 4.0);
    assert_eq!((readings[7]["speaker"].as_str(), readings[7]["probability"].as_f64()), (Some("anna"), Some(1.0)));
    assert_eq!(values(&readings[7]["embedding"]).len(), values(&readings[7]["mean"]).len());
    assert!(readings[7]["speech_s"].as_f64().is_some_and(|s| s > 2.0 && s <= 3.0), "{}", readings[7]["speech_s"]);

    let unknown = stream("embed - --stream --identify --threshold 90", wav.clone());
    assert_eq!(unknown[7]["speaker"], "unknown");
    let silent = stream("embed - --stream --raw --identify", vec![0; 32_000]);
    assert_eq!(silent.len(), 2);
    assert_eq!((&silent[1]["speaker"], &silent[1]["embedding"]), (&Value::Null, &Value::Null));
    assert_eq!(silent[1]["speaking"], false);

    let raw = stream("embed - --stream --raw", wav[44..].to_vec());
    let file = stream("embed a.wav --stream", Vec::new());
    for ((raw, file), wav) in raw.iter().zip(&file).zip(&readings) {
        assert_eq!((&raw["embedding"], &file["embedding"]), (&wav["embedding"], &wav["embedding"]));
        assert!(raw.get("speaker").is_none());
    }
}

#[test]
fn a_stream_that_is_no_audio_or_too_short_fails() {
    let bench = bench(50.0);
    for (stdin, args, message) in [
        (b"".to_vec(), "embed - --stream", "error: -: no audio in it: the stream has no bytes"),
        (b"OggS and more".to_vec(), "embed - --stream", "a stream that is not WAV"),
        (vec![0; 4_000], "embed - --stream --raw", "error: -: too short: an update needs 0.50 s of audio"),
    ] {
        let output =
            program(&bench).args(speaker(args)).write_stdin(stdin).assert().code(1).get_output().stderr.clone();
        let stderr = String::from_utf8_lossy(&output).into_owned();
        assert!(stderr.contains(message), "{stderr}");
    }
}

/// The encoder that ships, on readers of the corpus that `VOICE_CLONE_CORPUS` names.
#[test]
fn two_people_in_one_recording_are_noticed() {
    let Some(corpus) = std::env::var_os("VOICE_CLONE_CORPUS") else {
        eprintln!("skipped: VOICE_CLONE_CORPUS is not set");
        return;
    };
    let place = support::Place::new();
    // One thread: the tests beside this one have the others.
    let run = |line: &str| place.run(&format!("speaker {line} --set runtime.cpu_limit=1"));
    let reader = |speaker: &str, first: usize| {
        let folder = std::path::Path::new(&corpus).join("librispeech").join(speaker);
        let mut paths: Vec<_> =
            fs::read_dir(folder).expect("a reader").map(|entry| entry.expect("a file").path()).collect();
        paths.sort();
        let load = |path| voice_clone::audio::load_mono(path, SpeakerEncoder::SAMPLE_RATE).expect("a recording");
        paths[first..first + 2].iter().flat_map(|path| load(path)).collect::<Vec<f32>>()
    };
    let write = |name: &str, samples: &[f32]| {
        let path = place.path(name);
        let format = voice_clone::audio::OutputFormat::Wav16;
        let mut writer =
            voice_clone::audio::AudioWriter::create(&path, format, SpeakerEncoder::SAMPLE_RATE, 1).expect("a file");
        writer.write(samples).expect("samples");
        writer.finish().expect("a file");
    };
    write("both.wav", &[reader("1088", 0), reader("7312", 0)].concat());
    write("one.wav", &reader("1088", 3));
    write("other.wav", &reader("7312", 3));
    let warning = "both.wav: this recording seems to hold more than one speaker";
    run("enroll --name both both.wav").exits(1).says(warning).says("--force");
    run("enroll --name both both.wav --force").exits(0);
    run("enroll --name one one.wav --replace").exits(0);
    run("compare one.wav both.wav").exits(0).says(warning);
    let verdict = |line: &str| run(line).exits(0).json()["verdict"].clone();
    assert_eq!(verdict("compare one.wav other.wav --json"), "different");
    assert_eq!(verdict("compare one.wav one.wav --json"), "same");
    let found = run("identify both.wav other.wav --json").exits(0).says(warning).json();
    assert_eq!(found["recordings"][1]["warnings"], serde_json::json!([]));
    let list = run("list --json").exits(0).json();
    assert!(list["folder"].as_str().is_some_and(|folder| folder.ends_with(".local/share/voice-clone/speakers")));
    assert_eq!(list["speakers"].as_array().map(Vec::len), Some(2));
}

/// Lines come while the stream is open, and a stream that is stopped leaves whole lines.
#[cfg(unix)]
#[test]
fn a_stream_speaks_at_once() {
    let bench = bench(50.0);
    let mut child = Command::new(env!("CARGO_BIN_EXE_voice-clone"))
        .args(["speaker", "embed", "-", "--stream"])
        .env("VOICE_CLONE_MODELS_DIR", bench.path("models"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program");
    let wav = fs::read(bench.path("a.wav")).expect("the file");
    let mut stdin = child.stdin.take().expect("a pipe");
    // 1.6 s: three updates. The pipe stays open.
    stdin.write_all(&wav[..44 + 2 * 25_600]).expect("a reader");
    stdin.flush().expect("a reader");
    let mut stdout = child.stdout.take().expect("a pipe");
    let mut heard = Vec::new();
    let mut buffer = [0; 4096];
    while heard.iter().filter(|&&byte| byte == b'\n').count() < 3 {
        let read = stdout.read(&mut buffer).expect("output");
        assert!(read > 0, "the stream ended");
        heard.extend_from_slice(&buffer[..read]);
    }
    child.kill().expect("a running program");
    child.wait().expect("its end");
    stdout.read_to_end(&mut heard).expect("the rest");
    assert_eq!(lines(&heard).len(), 3);
}

#[test]
fn speakers_are_evaluated() {
    let bench = bench(50.0);
    for (name, pitch) in [("bo/1", 200.0), ("bo/2", 210.0), ("cy/1", 300.0)] {
        record(&bench.path(&format!("people/{name}.wav")), 6.0, pitch);
    }
    record(&bench.path("noise/hum.wav"), 2.0, 60.0);
    fs::write(bench.path("people/bo/3.wav"), "text").expect("a file");
    let evaluate = |args: &str| {
        let args: Vec<&str> = args.split_whitespace().collect();
        program(&bench).arg("evaluate").args(args).assert()
    };
    let run = evaluate("--speakers people --enroll 1 --noise noise --snr 10 --output report.json --json").success();
    let report: Value = serde_json::from_slice(&run.get_output().stdout).expect("JSON");
    let names: Vec<_> = report["conditions"].as_array().expect("a list").iter().map(|row| &row["condition"]).collect();
    assert_eq!(names, ["whole", "4 s", "2 s", "4 s at 10 dB"]);
    let whole = &report["conditions"][0];
    assert_eq!((whole["utterances"].as_u64(), whole["same_pairs"].as_u64()), (Some(5), Some(2)));
    assert_eq!(whole["identification"]["speakers"], 2);
    assert!(whole["rates"]["equal_error_rate"].is_f64() && whole["cllr"].is_f64(), "{whole}");
    assert!(report["encoder"]["cpu_factor"].as_f64().is_some_and(|factor| factor >= 0.0));
    assert_eq!(report["set_aside"].as_array().map(Vec::len), Some(1));
    let written: Value = serde_json::from_slice(&fs::read(bench.path("report.json")).expect("a file")).expect("JSON");
    assert_eq!(written["conditions"], report["conditions"]);
    let again = evaluate("--speakers people --enroll 1 --noise noise --snr 10 --json").success();
    let again: Value = serde_json::from_slice(&again.get_output().stdout).expect("JSON");
    assert_eq!(again["conditions"], report["conditions"], "the same seed gives the same figures");

    for (args, code, message) in [
        ("--speakers people --only anna,eva", 1, "there is no speaker \"eva\" in people"),
        ("--speakers people/anna", 1, "0 speakers with recordings in people/anna"),
        ("--speakers none", 1, "cannot read folder none"),
        ("--speakers people --noise noise", 2, "--snr"),
        ("--speakers people --model anna --test-data x", 2, "cannot be used with"),
        ("--only anna", 2, "--speakers"),
        ("--model anna", 2, "--test-data"),
        ("", 2, "Usage:"),
    ] {
        let output = evaluate(args).code(code).get_output().stderr.clone();
        let stderr = String::from_utf8_lossy(&output).into_owned();
        assert!(stderr.contains(message), "{args}: no {message:?} in {stderr}");
    }
}
