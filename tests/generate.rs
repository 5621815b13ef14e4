//! What `generate` can do beside speaking, on tiny models with random weights.

mod support;

use std::{fs, path::Path};

use serde_json::Value;
use support::tiny::{Bench, record};
use voice_clone::audio::{Decoder, LoudnessMeter, load_mono};
use voice_clone::units::SampleRate;

/// Two sentences that are long enough to have a loudness even when each phoneme is but a frame or two long.
const TEXT: &str = "The quick brown fox, which was never seen before, jumps over the lazy dogs of the village. \
                    Nobody knows why, and nobody has ever asked for reasons or explanations.";

fn generate<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&["generate", "--voice", "tiny", "--seed", "5"], args].concat()
}

fn loudness(path: &Path) -> f64 {
    let samples = load_mono(path, SampleRate::SYNTHESIS).expect("a recording");
    let mut meter = LoudnessMeter::new(SampleRate::SYNTHESIS, 1).expect("a usual rate");
    meter.push(&samples);
    meter.integrated_lufs().expect("sound")
}

fn fails(bench: &Bench, args: &[&str], code: i32, message: &str) {
    let output = bench.run(&generate(args)).code(code).get_output().stderr.clone();
    let text = String::from_utf8_lossy(&output).into_owned();
    assert!(text.contains(message), "{text}");
}

#[test]
fn files_have_the_format_and_rate_that_was_asked_for() {
    let bench = Bench::new();
    for (args, rate) in [
        (["--output", "a.opus", "--sample-rate", "24000"], 48_000),
        (["--output", "a.flac", "--sample-rate", "44100"], 44_100),
        (["--output", "a.ogg", "--format", "opus"], 48_000),
        (["--output", "a.wav", "--format", "wav24"], 22_050),
    ] {
        let said = bench.json(&generate(&[&["--text", TEXT, "--json"], args.as_slice()].concat()));
        let path = bench.path(args[1]);
        // Opus decodes at 48 kHz whatever it was made from.
        assert_eq!(Decoder::open(&path).expect("a recording").info().rate, SampleRate(rate));
        let samples = load_mono(&path, SampleRate::SYNTHESIS).expect("a recording");
        let seconds = SampleRate::SYNTHESIS.duration(samples.len()).0;
        assert!((seconds - said["duration_s"].as_f64().expect("a number")).abs() < 1e-3, "{args:?}: {seconds} {said}");
    }
    fails(&bench, &["--text", "Hi", "--output", "a.opus", "--sample-rate", "44100"], 2, "opus can't hold 44100 Hz");
    fails(&bench, &["--text", "Hi", "--output", "a.mp3"], 2, "name the output .wav, .flac or .opus");
}

#[test]
fn volume_and_rate_do_what_they_say() {
    let bench = Bench::new();
    let say = |output: &str, args: &[&str]| {
        let said = bench.json(&generate(&[&["--text", TEXT, "--json", "--output", output], args].concat()));
        (loudness(&bench.path(output)), said["duration_s"].as_f64().expect("a number"))
    };
    let (loud, _) = say("plain.wav", &[]);
    assert!((loud + 16.0).abs() < 1.0, "{loud}");
    let (soft, _) = say("soft.wav", &["--volume", "-12"]);
    assert!((loud - soft - 12.0).abs() < 1.0, "{loud} {soft}");
    let (_, long) = say("slow.wav", &["--rate", "0.2"]);
    let (_, longer) = say("slower.wav", &["--speed", "0.1"]);
    // A little less than twice as long: what was shorter than a frame is a frame either way.
    assert!((1.5..2.1).contains(&(longer / long)), "{long} {longer}");
    for odd in [["--rate", "0"], ["--pitch", "99"], ["--volume", "x"], ["--emphasis", "9"]] {
        fails(&bench, &[&["--text", "Hi", "--output", "x.wav"], odd.as_slice()].concat(), 2, "expected a number");
    }
}

#[test]
fn voices_are_blended_and_changed_by_the_text() {
    let bench = Bench::new();
    record(&bench.path("a+b:c.wav"), 4.0, 110.0);
    record(&bench.path("ref.wav"), 4.0, 180.0);
    let say = |voice: &str, output: &str| {
        bench.run(&["generate", "--text", TEXT, "--voice", voice, "--output", output]).success();
        fs::read(bench.path(output)).expect("a file")
    };
    let (own, other) = (say("tiny", "own.wav"), say("ref.wav", "other.wav"));
    let blended = say("tiny:0.6+ref.wav:0.4", "blend.wav");
    assert!(own != other && blended != own && blended != other);
    say("a+b:c.wav", "odd.wav");
    let document = "<speak>One <voice name=\"ref.wav\">two three.</voice></speak>";
    bench.run(&generate(&["--text", document, "--output", "x.wav"])).success();
    fails(&bench, &["--text", "<speak><voice name='tin'>One.</voice></speak>", "--output", "x.wav"], 1, "\"tiny\"");
    let refused = bench.run(&["generate", "--text", "Hi", "--voice", "tiny:x+tiny", "--output", "x.wav"]).code(2);
    assert!(String::from_utf8_lossy(&refused.get_output().stderr).contains("is no weight"));
}

#[test]
fn a_batch_is_the_same_however_many_speak_at_once() {
    let bench = Bench::new();
    let lines =
        "one|Hello there.\n\ntwo|*Never* again.\n{\"id\": \"three\", \"text\": \"Hello there.\", \"rate\": 0.5}\n";
    fs::write(bench.path("lines.txt"), lines).expect("a file");
    let batch = |jobs: &str, folder: &str| {
        bench.json(&generate(&["--batch", "lines.txt", "--output", folder, "--jobs", jobs, "--json"]))
    };
    let (one, many) = (batch("1", "one"), batch("3", "many"));
    let ids: Vec<_> = many["lines"].as_array().expect("lines").iter().map(|line| line["id"].clone()).collect();
    assert_eq!(ids, ["one", "two", "three"]);
    assert_eq!(one["duration_s"], many["duration_s"]);
    for name in ["one.wav", "two.wav", "three.wav"] {
        let read = |folder: &str| fs::read(bench.path(folder).join(name)).expect("a file");
        assert!(read("one") == read("many"), "{name}");
    }
    bench.run(&generate(&["--text", "Hello there.", "--output", "single.wav"])).success();
    // By itself a text has all threads, which sum in another order.
    let samples = |name: &str| load_mono(&bench.path(name), SampleRate::SYNTHESIS).expect("a recording");
    let (single, one) = (samples("single.wav"), samples("one/one.wav"));
    assert_eq!(single.len(), one.len());
    assert!(single.iter().zip(&one).all(|(a, b)| (a - b).abs() < 2e-3));
}

#[test]
fn lines_that_name_their_voices_need_no_other() {
    let bench = Bench::new();
    let batch = ["generate", "--batch", "lines.txt", "--output", "out"];
    let named = "{\"id\": \"a\", \"text\": \"Hello.\", \"voice\": \"tiny\"}\n";
    fs::write(bench.path("lines.txt"), named).expect("a file");
    bench.run(&batch).success();
    fs::write(bench.path("lines.txt"), format!("{named}b|Hello.\n")).expect("a file");
    let refused = bench.run(&batch).code(2);
    let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(said.contains("the line \"b\" of the batch names no voice"), "{said}");
    let refused = bench.run(&["generate", "--text", "Hello.", "--output", "x.wav"]).code(2);
    assert!(String::from_utf8_lossy(&refused.get_output().stderr).contains("--voice"));
}

#[test]
fn what_is_wrong_with_one_line_stops_no_other() {
    let bench = Bench::new();
    fs::write(bench.path("lines.txt"), "a|...\nb|Hello.\n{\"id\":\"c\",\"text\":\"Hi\",\"voice\":\"nobody\"}")
        .expect("a file");
    let batch = generate(&["--batch", "lines.txt", "--output", "out", "--format", "flac", "--json"]);
    let run = bench.run(&batch).code(1);
    let document: Value = serde_json::from_slice(&run.get_output().stdout).expect("one document");
    assert!(document["lines"][0]["error"].as_str().is_some_and(|error| error.contains("no words")), "{document}");
    assert!(document["lines"][2]["error"].as_str().is_some_and(|error| error.contains("nobody")), "{document}");
    assert!(bench.path("out/b.flac").exists() && !bench.path("out/a.flac").exists());
    fs::write(bench.path("bad.txt"), "a|x\nb").expect("a file");
    fails(&bench, &["--batch", "bad.txt", "--output", "out"], 2, "line 2 of the batch");
    fails(&bench, &["--batch", "lines.txt", "--output", "-"], 2, "needs a folder");
}

#[test]
fn words_have_times_and_subtitles() {
    let bench = Bench::new();
    let args = ["--text", TEXT, "--output", "x.wav", "--json", "--subtitles", "x.srt", "--timings", "x.json"];
    let said = bench.json(&generate(&args));
    let timings: Value = serde_json::from_slice(&fs::read(bench.path("x.json")).expect("a file")).expect("JSON");
    assert_eq!(timings["words"], said["words"]);
    let words = timings["words"].as_array().expect("words");
    assert_eq!(words.len(), TEXT.split_whitespace().count());
    let time = |word: &Value, key: &str| word[key].as_f64().expect("a time");
    assert!(words.windows(2).all(|pair| time(&pair[0], "end_s") <= time(&pair[1], "start_s")));
    assert!(time(&words[words.len() - 1], "end_s") <= said["duration_s"].as_f64().expect("a number") + 1e-6);
    let subtitles = fs::read_to_string(bench.path("x.srt")).expect("a file");
    let shown: Vec<&str> = subtitles
        .lines()
        .filter(|line| !line.contains("-->") && line.parse::<u32>().is_err())
        .flat_map(str::split_whitespace)
        .collect();
    assert_eq!(shown, TEXT.split_whitespace().collect::<Vec<_>>());
    fails(&bench, &["--text", "Hi", "--output", "y.wav", "--subtitles", "y.txt"], 2, "name them .srt or .vtt");
    assert!(!bench.path("y.wav").exists());
}

#[test]
fn a_stream_begins_with_a_part_of_the_first_sentence() {
    let bench = Bench::new();
    let run = bench.run(&generate(&["--text", TEXT, "--stream", "--output", "-"])).success();
    assert_eq!(&run.get_output().stdout[..4], b"RIFF");
    let opus = bench.run(&generate(&["--text", TEXT, "--stream", "--output", "-", "--format", "opus"])).success();
    assert_eq!(&opus.get_output().stdout[..4], b"OggS");
    fails(&bench, &["--text", "Hi", "--stream", "--output", "x.wav"], 2, "--stream is for --output -");
}

/// Random weights say nothing that is like its text, and say so.
#[test]
fn what_does_not_sound_like_its_text_is_reported() {
    let bench = Bench::new();
    let said = bench.json(&generate(&["--text", TEXT, "--verify", "--output", "x.wav", "--json"]));
    assert_eq!(said["misheard"].as_array().map(Vec::len), Some(2), "{said}");
    assert!(said["misheard"][1]["text"].as_str().is_some_and(|text| text.starts_with("nobody knows why")), "{said}");
    let unchecked = bench.json(&generate(&["--text", TEXT, "--output", "x.wav", "--json"]));
    assert_eq!(unchecked["misheard"].as_array().map(Vec::len), Some(0));
}

#[test]
fn the_style_of_a_recording_is_followed_or_refused() {
    let bench = Bench::new();
    record(&bench.path("style.wav"), 20.0, 150.0);
    record(&bench.path("short.wav"), 0.05, 150.0);
    let plain = bench.json(&generate(&["--text", TEXT, "--output", "a.wav", "--json"]));
    let styled = bench.json(&generate(&["--text", TEXT, "--output", "b.wav", "--style-from", "style.wav", "--json"]));
    assert_ne!(plain["duration_s"], styled["duration_s"]);
    fails(&bench, &["--text", TEXT, "--output", "c.wav", "--style-from", "short.wav"], 1, "cannot follow short.wav");
    fails(&bench, &["--text", TEXT, "--output", "c.wav", "--style-from", "none.wav"], 1, "none.wav");
}

/// Ctrl-C in the middle ends the run, and no part of a file stays behind.
#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_nothing() {
    let bench = Bench::new();
    fs::write(bench.path("long.txt"), TEXT.repeat(400)).expect("a file");
    fs::create_dir(bench.path("out")).expect("a folder");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_voice-clone"))
        .args(generate(&["--text-file", "long.txt", "--output", "out/x.wav"]))
        .current_dir(bench.path(""))
        .env("VOICE_CLONE_MODELS_DIR", bench.path("models"))
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program");
    let files = || fs::read_dir(bench.path("out")).expect("a folder").count();
    let start = std::time::Instant::now();
    while files() == 0 && start.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert_eq!(files(), 1, "no audio was begun");
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().expect("kill").success());
    assert_eq!(child.wait().expect("its end").code(), Some(130));
    assert_eq!(files(), 0);
}
