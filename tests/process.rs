//! `voice-clone process` on good input, bad input, and interrupted.

mod support;

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng};
use serde_json::Value;
use support::{KEEP_MUSIC, Place, RATE, files_below};
use voice_clone::{
    audio::{Decoder, LoudnessMeter, load_mono},
    units::SampleRate,
};

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn manifest(place: &Place, id: &str) -> Value {
    read_json(&place.path(&format!("out/metadata/recordings/{id}.json")))
}

fn near(value: &Value, expected: f64, tolerance: f64) {
    let value = value.as_f64().unwrap_or_else(|| panic!("{value} is no number"));
    assert!((value - expected).abs() <= tolerance, "{value} instead of {expected}");
}

#[test]
fn a_recording_becomes_a_catalogued_dataset() {
    let place = Place::new();
    place.recording("in/talk.wav", 9.0, &[(1.0, 3.0), (3.2, 4.0), (6.0, 8.0)]);
    let report = place.run("process --input in --output out --json").exits(0).json();
    assert_eq!(report["totals"]["processed"], 1);
    assert_eq!(report["totals"]["segments"], 2);
    assert_eq!(
        files_below(&place.path("out")),
        [
            "metadata/.lock",
            "metadata/pictures/talk.png",
            "metadata/recordings/talk.json",
            "metadata/report.html",
            "metadata/report.json",
            "metadata/settings.toml",
            "processed/normalized/talk.wav",
            "processed/speaker_segments/unknown_talk/talk_0001.wav",
            "processed/speaker_segments/unknown_talk/talk_0002.wav",
            "raw/talk.wav",
        ]
    );
    assert_eq!(fs::read(place.path("out/raw/talk.wav")).unwrap(), fs::read(place.path("in/talk.wav")).unwrap());
    assert_eq!(read_json(&place.path("out/metadata/report.json")), report);

    let manifest = manifest(&place, "talk");
    let source = &manifest["source"];
    assert_eq!((source["sample_rate_hz"].as_u64(), source["channels"].as_u64()), (Some(u64::from(RATE.0)), Some(1)));
    assert_eq!(source["blake3"], blake3::hash(&fs::read(place.path("in/talk.wav")).unwrap()).to_hex().as_str());
    near(&source["duration_s"], 9.0, 1e-3);
    near(&manifest["signal"]["speech_share"], 5.0 / 9.0, 0.05);
    // The denoiser, which knows people, takes a quarter of this tone's power for noise.
    assert!(manifest["signal"]["snr_db"].as_f64().unwrap() > 4.0, "{manifest}");
    for (segment, (start, end)) in [(1.0, 4.0), (6.0, 8.0)].into_iter().enumerate() {
        let segment = &manifest["segments"][segment];
        near(&segment["start_s"], start - 0.15, 0.1);
        near(&segment["end_s"], end + 0.15, 0.1);
        let length = length(segment);
        let path = place.path("out").join(segment["path"].as_str().unwrap());
        let samples = load_mono(&path, SampleRate(22_050)).unwrap().len();
        assert!((samples as f64 / 22_050.0 - length).abs() < 1e-3);
    }
    assert_eq!(manifest["speakers"][0]["basis"], "assumed");
}

#[test]
fn what_is_written_has_the_loudness_asked_for() {
    let place = Place::new();
    place.recording("in/a.wav", 6.0, &[(0.5, 5.5)]);
    place.run("process -i in -o out --set process.loudness_lufs=-27 --set process.sample_rate=16000").exits(0);
    let path = place.path("out/processed/normalized/a.wav");
    let info = Decoder::open(&path).unwrap().info().clone();
    assert_eq!((info.rate, info.channels), (SampleRate(16_000), 1));
    let mut meter = LoudnessMeter::new(info.rate, 1).unwrap();
    meter.push(&load_mono(&path, info.rate).unwrap());
    let lufs = meter.integrated_lufs().unwrap();
    assert!((lufs + 27.0).abs() < 0.2, "{lufs}");
    near(&manifest(&place, "a")["normalized"]["loudness_lufs"], lufs, 0.1);
}

#[test]
fn the_peak_is_guarded() {
    let place = Place::new();
    place.recording("in/a.wav", 4.0, &[(0.5, 3.5)]);
    place.run("process -i in -o out --set process.loudness_lufs=-5 --set process.true_peak_dbtp=-3").exits(0);
    let normalized = manifest(&place, "a")["normalized"].clone();
    assert_eq!(normalized["peaks_limited"], true);
    let peak = normalized["true_peak_dbtp"].as_f64().unwrap();
    assert!((-3.5..=-3.0).contains(&peak), "{peak}");
}

#[test]
fn transcripts_are_carried_along() {
    let place = Place::new();
    place.recording("in/wavs/a.wav", 5.0, &[(0.5, 2.0), (3.0, 4.5)]);
    place.recording("in/wavs/b.wav", 5.0, &[(0.5, 2.0), (3.0, 4.5)]);
    place.recording("in/wavs/c.wav", 5.0, &[(0.5, 2.0), (3.0, 4.5)]);
    place.write("in/metadata.csv", "a|No. 1|number one\n");
    place.write("in/wavs/b.txt", "own text\n");
    place.run("process -i in -o out --speaker anna").exits(0);
    let (a, b, c) = (manifest(&place, "wavs_a"), manifest(&place, "wavs_b"), manifest(&place, "wavs_c"));
    // With a transcript a recording stays whole; without one it is cut at its pause.
    assert_eq!((a["segments"].as_array().unwrap().len(), &a["segments"][0]["text"]), (1, &"number one".into()));
    assert_eq!(b["transcript"]["text"], "own text");
    assert_eq!((c["segments"].as_array().unwrap().len(), &c["segments"][0]["text"]), (2, &Value::Null));
    assert_eq!((&c["speakers"][0]["label"], &c["speakers"][0]["basis"]), (&"anna".into(), &"stated".into()));
    let beside = place.path("out/processed/speaker_segments/anna/wavs_a_0001.txt");
    assert_eq!(fs::read_to_string(beside).unwrap(), "number one\n");
}

/// Eight pieces of `scripts/render_music.py` (seed 99), 5 s of each.
#[test]
fn music_is_left_out_unless_it_is_asked_for() {
    let place = Place::new();
    let music = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/music.opus");
    let found = |flags: &str| {
        place.run(&format!("process --input {} --output out {flags}", music.display())).exits(0);
        let manifest = manifest(&place, "music");
        let seconds: f64 = manifest["segments"].as_array().unwrap().iter().map(length).sum();
        (seconds, manifest["music_s"].as_f64().unwrap())
    };
    let (kept_s, none_s) = found("--set process.leave_out_music=true --keep-music");
    assert!(kept_s > 12.0, "{kept_s} s");
    assert_eq!(none_s, 0.0);
    // Settings that have changed make another result of it.
    let (left_s, music_s) = found("--set process.leave_out_music=true");
    assert!(left_s < 5.0 && music_s > 8.0, "{left_s} s, {music_s} s left out");
    // What is said to be spoken is kept.
    place.write("in/music.opus", fs::read(&music).unwrap());
    place.write("in/music.txt", "la la la");
    place.run("process --input in --output told --set process.leave_out_music=true").exits(0);
    let manifest = read_json(&place.path("told/metadata/recordings/music.json"));
    assert_eq!(manifest["music_s"], 0.0);
}

fn length(segment: &Value) -> f64 {
    segment["end_s"].as_f64().unwrap() - segment["start_s"].as_f64().unwrap()
}

#[test]
fn bad_files_are_named_and_the_rest_goes_on() {
    let place = Place::new();
    place.recording("in/good.wav", 4.0, &[(0.5, 3.5)]);
    place.recording("in/sub/good.flac", 4.0, &[(0.5, 3.5)]);
    place.recording("in/silent.wav", 3.0, &[]);
    place.write("in/text.wav", "this is no audio");
    place.write("in/empty.mp3", "");
    let whole = fs::read(place.path("in/good.wav")).unwrap();
    place.write("in/header.wav", &whole[..44]);
    let run = place.run("process -i in -o out").exits(0);
    for name in ["text.wav", "empty.mp3", "header.wav", "silent.wav"] {
        assert!(run.stderr.contains(name), "{name} in {run:?}");
    }
    assert!(run.stdout.contains("6 found: 2 processed, 0 unchanged, 4 set aside"), "{run:?}");
    let report = read_json(&place.path("out/metadata/report.json"));
    assert_eq!((&report["totals"]["processed"], &report["totals"]["set_aside"]), (&2.into(), &4.into()));
    let reasons: Vec<_> = report["set_aside"].as_array().unwrap().iter().map(|aside| &aside["reason"]).collect();
    assert!(reasons.contains(&&Value::from("no speech found")), "{reasons:?}");

    let strict = place.run("process -i in -o out --strict --json").exits(1).says("4 of 6 recordings were set aside");
    assert_eq!(strict.json()["totals"]["unchanged"], 2);
}

#[test]
fn input_that_cannot_be_used_is_a_clear_failure() {
    let place = Place::new();
    fs::create_dir(place.path("empty")).unwrap();
    place.write("bad/a.wav", "no audio");
    place.run("process -i none -o out").exits(1).says("cannot read none");
    place.run("process -i empty -o out").exits(1).says("empty holds no recordings");
    place.run("process -i bad -o out").exits(1).says("nothing usable in bad");
    place.run("process -i bad -o bad").exits(2).says("choose another output folder");
    place.run("process -i bad/a.wav -o bad").exits(2).says("choose another output folder");
    place.write("file", "");
    place.run("process -i bad -o file/out").exits(1).says("cannot create folder file/out");
}

#[test]
fn a_second_run_does_only_what_changed() {
    let place = Place::new();
    for name in ["a", "b", "c"] {
        place.recording(&format!("in/{name}.wav"), 4.0, &[(0.5, 3.5)]);
    }
    let totals = |line: &str| {
        let totals = place.run(line).exits(0).json()["totals"].clone();
        (totals["processed"].as_u64().unwrap(), totals["unchanged"].as_u64().unwrap())
    };
    let line = "process -i in -o out --json";
    assert_eq!(totals(line), (3, 0));
    assert_eq!(totals(line), (0, 3));
    // A changed recording, a lost result, a moved recording, a new transcript.
    place.recording("in/a.wav", 4.0, &[(0.5, 1.6), (2.2, 3.5)]);
    assert_eq!(totals(line), (1, 2));
    fs::remove_file(place.path("out/processed/normalized/b.wav")).unwrap();
    assert_eq!(totals(line), (1, 2));
    fs::rename(place.path("in/c.wav"), place.path("in/moved.wav")).unwrap();
    assert_eq!(totals(line), (0, 3));
    place.write("in/b.txt", "text");
    assert_eq!(totals(line), (1, 2));
    // Other settings: everything, and nothing of the old result is left.
    assert_eq!(totals(&format!("{line} --set process.format=flac --speaker anna")), (3, 0));
    let files = files_below(&place.path("out/processed"));
    assert!(files.iter().all(|file| file.ends_with(".flac") || file.ends_with(".txt")), "{files:?}");
    assert!(files.iter().all(|file| !file.contains("unknown_")), "{files:?}");
}

#[test]
fn the_same_input_gives_the_same_files() {
    let place = Place::new();
    for i in 0..4 {
        place.recording(&format!("in/{i}.wav"), 4.0, &[(0.2 * f64::from(i), 3.5)]);
    }
    place.run("process -i in -o first").exits(0);
    place.run("process -i in -o second --cpu-limit 1").exits(0);
    assert_same_dataset(&place.path("first"), &place.path("second"));
}

/// All but the reports and settings, which name the folder and the flags.
fn assert_same_dataset(first: &Path, second: &Path) {
    let kept = |files: Vec<String>| -> Vec<String> {
        let names_folder = |file: &String| file.contains("/report.") || file.ends_with("settings.toml");
        files.into_iter().filter(|file| !names_folder(file)).collect()
    };
    let files = kept(files_below(first));
    assert_eq!(files, kept(files_below(second)));
    for file in files {
        assert!(fs::read(first.join(&file)).unwrap() == fs::read(second.join(&file)).unwrap(), "{file} differs");
    }
}

#[cfg(unix)]
/// A run that goes on by itself.
fn started(place: &Place) -> Child {
    Command::new(env!("CARGO_BIN_EXE_voice-clone"))
        .args(["process", "-i", "in", "-o", "out"])
        .current_dir(place.path(""))
        .env(KEEP_MUSIC.0, KEEP_MUSIC.1)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_killed_run_is_finished_by_the_next() {
    let place = Place::new();
    for i in 0..12 {
        place.recording(&format!("in/{i:02}.wav"), 8.0, &[(0.5, 7.5)]);
    }
    place.run("process -i in -o whole").exits(0);
    let mut interruptions = 0;
    for wanted in [1, 3, 6] {
        let mut child = started(&place);
        let manifests = || fs::read_dir(place.path("out/metadata/recordings")).map_or(0, Iterator::count);
        let start = Instant::now();
        while manifests() < wanted && start.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        interruptions += i32::from(!child.wait().unwrap().success());
        assert_every_named_file_is_whole(&place.path("out"));
    }
    assert!(interruptions > 0, "every run was done before it could be killed");
    // At any moment, not only between recordings.
    let mut random = rand::rngs::StdRng::seed_from_u64(4);
    for _ in 0..5 {
        fs::remove_dir_all(place.path("out")).unwrap();
        let mut child = started(&place);
        while !place.path("out").exists() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(random.random_range(0..1_500)));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_every_named_file_is_whole(&place.path("out"));
    }
    let report = place.run("process -i in -o out --json").exits(0).json();
    assert!(report["totals"]["unchanged"].as_u64().unwrap() > 0, "{report}");
    assert_same_dataset(&place.path("whole"), &place.path("out"));
}

/// Half-written files may be there, but only under temporary names.
#[cfg(unix)]
fn assert_every_named_file_is_whole(dataset: &Path) {
    for file in files_below(dataset) {
        let path = dataset.join(&file);
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("wav") => assert!(!load_mono(&path, RATE).unwrap().is_empty(), "{file}"),
            Some("json") => assert!(read_json(&path).is_object(), "{file}"),
            _ => {}
        }
    }
}

#[test]
fn two_runs_do_not_mix() {
    let place = Place::new();
    place.recording("in/a.wav", 3.0, &[(0.5, 2.5)]);
    fs::create_dir_all(place.path("out/metadata")).unwrap();
    let lock = fs::File::create(place.path("out/metadata/.lock")).unwrap();
    lock.lock().unwrap();
    place.run("process -i in -o out").exits(1).says("another run is writing to out");
    drop(lock);
    place.run("process -i in -o out").exits(0);
}
