//! Diarization and its scoring from the command line.

mod support;

use std::{fs, path::Path, process::Stdio, time::Duration};

use support::{
    Place,
    tiny::{Bench, record},
};
use tch::Device;
use voice_clone::audio::{AudioWriter, OutputFormat, load_mono};
use voice_clone::diarization::clustering::{Agglomerative, Clustering};
use voice_clone::diarization::hearing::NetworkHearing;
use voice_clone::diarization::plda::Plda;
use voice_clone::diarization::{Diarizer, SpeakerCount, Turn, TurnRules};
use voice_clone::evaluation::diarization::{ScoringRules, score};
use voice_clone::synthesis::models::Models;
use voice_clone::units::{SampleRate, Seconds};

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

/// The command line can't see the library that it starts.
#[test]
fn the_default_pause_is_that_of_the_library() {
    let help = Place::new().run("diarize --help").exits(0);
    let (_, pause) = help.stdout.split_once("--min-pause").expect("the option");
    let (_, default) = pause.split_once("[default: ").expect("its default");
    let seconds = default.split(']').next().and_then(|text| text.parse().ok());
    assert_eq!(seconds.map(Seconds), Some(TurnRules::default().min_pause));
}

fn write(path: &Path, samples: &[f32]) {
    let mut writer = AudioWriter::create(path, OutputFormat::Wav16, SampleRate::ANALYSIS, 1).expect("a folder");
    writer.write(samples).expect("samples");
    writer.finish().expect("a file");
}

#[test]
fn every_recording_gets_its_turns_or_an_answer() {
    let bench = Bench::new();
    record(&bench.path("in/talk.wav"), 12.0, 150.0);
    write(&bench.path("in/silence.wav"), &[0.0; 48_000]);
    fs::write(bench.path("in/broken.mp3"), b"no audio").expect("a file");
    let args = ["diarize", "--input", "in", "--output", "out", "--labels", "--rttm-confidence", "--speakers", "1"];
    let run = bench.run(&args).success();
    let (out, err) = (&run.get_output().stdout, &run.get_output().stderr);
    let table = String::from_utf8_lossy(out);
    assert!(table.contains("no speech") && !table.contains("-0.00"), "{table}");
    assert!(String::from_utf8_lossy(err).contains("broken.mp3"));
    let read = |name: &str| fs::read_to_string(bench.path("out").join(name)).expect("a file");
    assert_eq!(read("silence.rttm"), "");
    let fields: Vec<String> = read("talk.rttm").lines().next().expect("a turn").split(' ').map(str::to_owned).collect();
    assert_eq!((fields.len(), fields[0].as_str(), fields[7].as_str()), (10, "SPEAKER", "speaker1"));
    assert!((0.5..=1.0).contains(&fields[8].parse::<f64>().expect("a confidence")), "{}", fields[8]);
    assert!(read("talk.txt").contains("speaker1") && read("talk.TextGrid").contains("name = \"speaker1\""));
    let document: serde_json::Value = serde_json::from_str(&read("talk.json")).expect("JSON");
    assert_eq!(document["speakers"], serde_json::json!(["speaker1"]));
    assert!(document["turns"][0]["end_s"].as_f64() > document["turns"][0]["start_s"].as_f64());
    // The second run says the same.
    let before = read("talk.rttm");
    bench.run(&args).success();
    assert_eq!(read("talk.rttm"), before);
}

#[test]
fn stages_can_be_looked_at() {
    let bench = Bench::new();
    record(&bench.path("talk.wav"), 12.0, 150.0);
    bench.run(&["diarize", "--input", "talk.wav", "--output", "out", "--stages"]).success();
    let text = fs::read_to_string(bench.path("out/talk.stages.json")).expect("a file");
    let stages: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let windows = stages["windows"].as_array().expect("windows");
    // 12 s: a window of 10 s, and one that ends with the recording.
    assert_eq!(windows.len(), 2);
    assert_eq!((windows[1]["start"].as_u64(), windows[1]["frames"].as_u64()), (Some(100), Some(500)));
    let voices = windows[0]["voices"].as_array().expect("voices");
    // What one voice says in long stretches is cut into parts; together they are of all frames.
    let frames = |voice: &serde_json::Value| voice["activity"].as_array().map_or(0, Vec::len);
    assert!(voices.len() > 1 && voices.iter().map(frames).sum::<usize>() == 500, "{voices:?}");
    assert!(voices.iter().all(|voice| voice["embedding"].as_array().map(Vec::len) == Some(192)));
    let owners = stages["speakers"]["owners"].as_array().expect("owners");
    assert!(owners.len() == 2 && owners.iter().flat_map(|of| of.as_array()).flatten().all(|owner| *owner == 0));
}

fn lines(stdout: &[u8]) -> Vec<serde_json::Value> {
    let text = String::from_utf8_lossy(stdout);
    text.lines().map(|line| serde_json::from_str(line).expect("a document in each line")).collect()
}

#[test]
fn a_stream_is_labelled_as_it_comes_and_ends_like_the_file() {
    let bench = Bench::new();
    record(&bench.path("talk.wav"), 13.3, 150.0);
    bench.run(&["diarize", "--input", "talk.wav", "--output", "whole"]).success();
    let whole = fs::read_to_string(bench.path("whole/talk.rttm")).expect("a file");
    let wav = fs::read(bench.path("talk.wav")).expect("the file");
    let stream = |args: &[&str], stdin: &[u8]| {
        let args = [&["diarize", "--stream", "--output", "live"], args].concat();
        let run = bench.program().args(args).write_stdin(stdin).assert().success();
        lines(&run.get_output().stdout)
    };
    // All but when it came, which follows from how much the pipe gives at once.
    let said = |lines: &[serde_json::Value]| -> Vec<serde_json::Value> {
        let mut lines = lines.to_vec();
        lines.iter_mut().for_each(|line| drop(line.as_object_mut().and_then(|line| line.remove("time_s"))));
        lines
    };
    let piped = stream(&["--input", "-"], &wav);
    let labels: Vec<_> = piped.iter().filter(|line| line["revised"] == false).collect();
    assert!(labels.len() > 15 && labels.iter().all(|line| line["speakers"] == serde_json::json!(["speaker1"])));
    for line in &labels[..labels.len() - 2] {
        let age = line["time_s"].as_f64().expect("a time") - line["end_s"].as_f64().expect("a time");
        assert!((0.0..1.05).contains(&age), "{line}");
    }
    let read = |name: &str| fs::read_to_string(bench.path("live").join(name)).expect("a file");
    assert_eq!(read("stream.rttm"), whole.replace("talk", "stream"));
    assert_eq!(said(&piped), said(&stream(&["--input", "-", "--raw", "16000"], &wav[44..])));
    // A file is followed as it grows, until it has not for a while.
    assert_eq!(said(&piped), said(&stream(&["--input", "talk.wav", "--idle", "0.2"], &[])));
    assert_eq!(read("talk.rttm"), whole);
}

#[test]
fn a_file_is_followed_as_it_grows() {
    let bench = Bench::new();
    record(&bench.path("whole.wav"), 9.0, 150.0);
    let wav = fs::read(bench.path("whole.wav")).expect("the file");
    let (first, rest) = wav.split_at(wav.len() / 3);
    fs::write(bench.path("growing.wav"), first).expect("a file");
    let args = ["diarize", "--input", "growing.wav", "--stream", "--idle", "3"];
    let command = std::process::Command::new(env!("CARGO_BIN_EXE_voice-clone"))
        .current_dir(bench.path("."))
        .env("VOICE_CLONE_MODELS_DIR", bench.path("models"))
        .args(args)
        .stdout(Stdio::piped())
        .spawn();
    std::thread::sleep(Duration::from_millis(1_500));
    let mut file = fs::OpenOptions::new().append(true).open(bench.path("growing.wav")).expect("the file");
    std::io::Write::write_all(&mut file, rest).expect("room");
    let output = command.expect("a program").wait_with_output().expect("an end");
    let last = lines(&output.stdout).pop().expect("labels");
    assert!(last["end_s"].as_f64() > Some(8.0), "{last}");
}

#[test]
fn process_files_utterances_by_speaker() {
    let bench = Bench::new();
    record(&bench.path("in/talk.wav"), 12.0, 150.0);
    let process = |args: &[&str]| {
        let all = [&["process", "--input", "in", "--output", "out", "--denoiser", "none", "--json"], args].concat();
        bench.json(&all)
    };
    assert_eq!(process(&["--diarize"])["totals"]["processed"], 1);
    let manifest = |bench: &Bench| -> serde_json::Value {
        let text = fs::read_to_string(bench.path("out/metadata/recordings/talk.json")).expect("a file");
        serde_json::from_str(&text).expect("JSON")
    };
    let found = manifest(&bench);
    assert_eq!(found["speakers"], serde_json::json!([{ "label": "talk_speaker1", "basis": "diarized" }]));
    assert_eq!(found["turns"], "metadata/turns/talk.rttm");
    let turns = fs::read_to_string(bench.path("out/metadata/turns/talk.rttm")).expect("a file");
    let turns = voice_clone::diarization::rttm::read(&turns).expect("RTTM");
    let segments = found["segments"].as_array().expect("utterances");
    assert!(!segments.is_empty());
    let path = |segment: &serde_json::Value| segment["path"].as_str().expect("a path").to_owned();
    for segment in segments {
        let path = path(segment);
        assert!(
            path.starts_with("processed/speaker_segments/talk_speaker1/") && bench.path("out").join(&path).is_file()
        );
        let at = |key: &str| segment[key].as_f64().expect("a time");
        assert!(turns.iter().any(|turn| turn.start.0 < at("end_s") && turn.end().0 > at("start_s")), "{segment}");
    }
    // Nothing is done twice, and another number of speakers is another result.
    assert_eq!(process(&["--diarize"])["totals"]["unchanged"], 1);
    // A recording may be cleaned and heard by several threads at once; they make the same of it.
    for jobs in ["1", "2"] {
        let all = ["process", "--input", "in", "--denoiser", "none", "--diarize", "--jobs", jobs, "--output", jobs];
        bench.run(&all).success();
    }
    let metadata = ["turns/talk.rttm", "recordings/talk.json"].map(|file| format!("metadata/{file}"));
    for file in metadata.into_iter().chain(segments.iter().map(path)) {
        let [one, two] = ["1", "2"].map(|jobs| fs::read(bench.path(jobs).join(&file)).expect("a file"));
        assert!(one == two, "{file} differs");
    }
    assert_eq!(process(&["--max-speakers", "2"])["totals"]["processed"], 1);
    // Without it the speaker is unknown, and the turns are gone.
    assert_eq!(process(&[])["totals"]["processed"], 1);
    assert_eq!(manifest(&bench)["speakers"][0]["basis"], "assumed");
    assert!(!bench.path("out/metadata/turns/talk.rttm").exists());
    let both = ["process", "--input", "in", "--output", "out", "--speaker", "anna", "--diarize"];
    bench.run(&both).code(2);
}

#[test]
fn what_is_no_stream_is_said() {
    let bench = Bench::new();
    let fails = |args: &[&str], stdin: &[u8], code: i32, message: &str| {
        let run = bench.program().args([&["diarize"], args].concat()).write_stdin(stdin).assert().code(code);
        let text = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(text.contains(message), "{text}");
    };
    fails(&["--input", "-", "--stream"], b"no audio", 1, "-: ");
    fails(&["--input", "none.wav", "--stream"], b"", 1, "none.wav");
    fails(&["--input", "a.wav"], b"", 2, "--output");
    fails(&["--input", "a.wav", "--output", "out", "--raw", "16000"], b"", 2, "--stream");
    // Nothing at all is no speech.
    let args = ["diarize", "--input", "-", "--stream", "--raw", "16000"];
    let nothing = bench.program().args(args).write_stdin("").assert().success();
    assert_eq!(nothing.get_output().stdout, b"");
}

#[test]
fn what_cannot_be_diarized_is_said() {
    let bench = Bench::new();
    fs::create_dir(bench.path("empty")).expect("a folder");
    let fails = |args: &[&str], code: i32, message: &str| {
        let run = bench.run(&[&["diarize", "--output", "out"], args].concat()).code(code);
        let text = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(text.contains(message), "{text}");
    };
    fails(&["--input", "none.wav"], 1, "none.wav");
    fails(&["--input", "empty"], 1, "empty holds no recordings");
    fails(&["--input", "empty", "--speakers", "0"], 2, "expected a whole number");
    fails(&["--input", "empty", "--min-speakers", "3", "--max-speakers", "2"], 2, "--min-speakers 3 is more than");
    assert!(!bench.path("out").exists());
}

/// The networks that come with the program.
fn shipped() -> (Models, NetworkHearing) {
    let models = Models::new(&Path::new(env!("CARGO_MANIFEST_DIR")).join("models"), Device::Cpu);
    let hearing = models.hearing(&models.path("speaker")).expect("the networks");
    (models, hearing)
}

fn diarizer<'a>(hearing: &'a NetworkHearing, clustering: &'a dyn Clustering) -> Diarizer<'a> {
    Diarizer {
        hearing,
        clustering,
        calibration: hearing.encoder().calibration().expect("a calibration"),
        count: SpeakerCount::default(),
        known: &[],
        rules: TurnRules::default(),
    }
}

/// Eight pieces of `scripts/render_music.py` (seed 99), 5 s of each.
#[test]
fn little_of_music_is_taken_for_speech() {
    let (models, hearing) = shipped();
    let clustering = models.clustering(hearing.encoder()).expect("a clustering");
    let music = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/music.opus");
    let found = diarizer(&hearing, &*clustering).diarize(&music).expect("a recording");
    // Without a model of music it was 16 s.
    let speech: f64 = found.turns.iter().map(|turn| turn.duration.0).sum();
    assert!(speech < 6.0, "{:?}", found.turns);
}

/// Two readers whom no model has heard take turns.
#[test]
fn two_readers_are_told_apart() {
    let Some(corpus) = std::env::var_os("VOICE_CLONE_CORPUS") else {
        eprintln!("skipped: VOICE_CLONE_CORPUS is not set");
        return;
    };
    let readings = |reader: &str| -> Vec<Vec<f32>> {
        let folder = Path::new(&corpus).join("librispeech").join(reader);
        let mut files: Vec<_> = fs::read_dir(folder).expect("a reader").flatten().map(|entry| entry.path()).collect();
        files.sort();
        files.iter().take(4).map(|path| load_mono(path, SampleRate::ANALYSIS).expect("a reading")).collect()
    };
    let place = Place::new();
    let (mut samples, mut truth) = (Vec::new(), Vec::new());
    for (one, other) in readings("1088").into_iter().zip(readings("7312")) {
        for (speaker, mut reading) in [("1088", one), ("7312", other)] {
            reading.truncate(6 * 16_000);
            let [start, duration] = [samples.len(), reading.len()].map(|count| SampleRate::ANALYSIS.duration(count));
            truth.push(Turn { file: "talk".into(), start, duration, speaker: speaker.into(), confidence: None });
            samples.extend(reading);
        }
    }
    write(&place.path("talk.wav"), &samples);
    let (models, hearing) = shipped();
    let known = Plda::load(&models.path("plda"), hearing.encoder().fingerprint()).expect("a model of embeddings");
    assert!(known.is_some(), "it was fitted to the encoder beside it");
    let by_likelihood = models.clustering(hearing.encoder()).expect("a clustering");
    let ways: [&dyn Clustering; 2] = [&*by_likelihood, &Agglomerative::default()];
    for clustering in ways {
        let found = diarizer(&hearing, clustering).diarize(&place.path("talk.wav")).expect("a recording");
        assert_eq!(found.speakers(), ["speaker1", "speaker2"], "{clustering:?}");
        let rules = ScoringRules { collar: Seconds(0.25), ..ScoringRules::default() };
        let score = score(&truth, &found.turns, &rules)["talk"];
        // The truth counts the readers' pauses as speech; who it is matters here.
        assert!(score.errors.confusion_s < 0.02 * score.errors.speech_s, "{score:?}");
    }
}
