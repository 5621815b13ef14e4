//! What `process` does to sound: noise, clipping, pauses, damage, pictures, pipes.

mod support;

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::Value;
use support::{Place, RATE, files_below};
use voice_clone::{
    audio::{AudioWriter, OutputFormat, load_mono},
    units::SampleRate,
};

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn manifest(place: &Place, id: &str) -> Value {
    read_json(&place.path(&format!("out/metadata/recordings/{id}.json")))
}

fn write_wav(path: &Path, rate: SampleRate, samples: &[f32]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = AudioWriter::create(path, OutputFormat::Wav16, rate, 1).unwrap();
    writer.write(samples).unwrap();
    writer.finish().unwrap();
}

/// Scale-invariant signal-to-distortion ratio in dB (Le Roux et al. 2019).
fn si_sdr(made: &[f32], target: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let scale = dot(made, target) / dot(target, target);
    let error: f64 = made.iter().zip(target).map(|(a, b)| (f64::from(*a) - scale * f64::from(*b)).powi(2)).sum();
    10.0 * (scale * scale * dot(target, target) / error).log10()
}

/// An utterance of a reader whom no model has heard, and whose recordings have no noise of their own, at 16 kHz; none
/// without the corpus.
fn reader() -> Option<Vec<f32>> {
    let folder = std::env::var_os("VOICE_CLONE_CORPUS")?;
    let folder = Path::new(&folder).join("librispeech/7312");
    let mut files: Vec<_> = fs::read_dir(folder).ok()?.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    load_mono(files.get(1)?, SampleRate::ANALYSIS).ok()
}

fn hiss(length: usize, level: f32) -> Vec<f32> {
    let mut random = StdRng::seed_from_u64(5);
    (0..length).map(|_| level * 3f32.sqrt() * random.random_range(-1.0f32..1.0)).collect()
}

fn rms(samples: &[f32]) -> f32 {
    (samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32).sqrt()
}

/// The cleaned whole of `a.wav`, and the part of `truth` that it is made of.
fn cleaned<'a>(place: &Place, flags: &str, truth: &'a [f32]) -> (Vec<f32>, &'a [f32]) {
    let settings = "--set process.sample_rate=16000 --set process.format=wavfloat --max-pause 0";
    place.run(&format!("process -i in -o out {settings} {flags}")).exits(0);
    let normalized = manifest(place, "a")["normalized"].clone();
    let samples =
        load_mono(&place.path("out").join(normalized["path"].as_str().unwrap()), SampleRate::ANALYSIS).unwrap();
    let start = (normalized["start_s"].as_f64().unwrap() * 16_000.0).round() as usize;
    let length = samples.len().min(truth.len() - start);
    (samples[..length].to_vec(), &truth[start..start + length])
}

#[test]
fn noise_goes_and_clean_speech_stays() {
    let Some(speech) = reader() else { return };
    let place = Place::new();
    let noise = hiss(speech.len(), rms(&speech) * 10f32.powf(-0.25));
    let noisy: Vec<f32> = speech.iter().zip(&noise).map(|(a, b)| 0.5 * (a + b)).collect();
    write_wav(&place.path("in/a.wav"), SampleRate::ANALYSIS, &noisy);
    let mut gains = Vec::new();
    for method in ["none", "rnnoise", "network"] {
        let (samples, truth) = cleaned(&place, &format!("--denoiser {method}"), &speech);
        gains.push(si_sdr(&samples, truth));
    }
    assert!((gains[0] - 5.0).abs() < 1.0, "{gains:?}");
    assert!(gains[2] > gains[0] + 5.0 && gains[2] > gains[1], "{gains:?}");

    write_wav(&place.path("in/a.wav"), SampleRate::ANALYSIS, &speech);
    let (samples, truth) = cleaned(&place, "", &speech);
    assert!(si_sdr(&samples, truth) > 20.0, "{}", si_sdr(&samples, truth));
}

#[test]
fn strength_lets_noise_stay() {
    let Some(speech) = reader() else { return };
    let place = Place::new();
    let noise = hiss(speech.len(), 0.5 * rms(&speech));
    let noisy: Vec<f32> = speech.iter().zip(&noise).map(|(a, b)| 0.5 * (a + b)).collect();
    write_wav(&place.path("in/a.wav"), SampleRate::ANALYSIS, &noisy);
    let ratio = |strength: &str| {
        let (samples, truth) = cleaned(&place, &format!("--strength {strength}"), &speech);
        si_sdr(&samples, truth)
    };
    let (none, half, all) = (ratio("0"), ratio("0.5"), ratio("1"));
    assert!(none + 2.0 < half && half + 2.0 < all, "{none} {half} {all}");
}

#[test]
fn a_long_pause_is_shortened_and_every_second_is_found_again() {
    let place = Place::new();
    place.recording("in/a.wav", 16.0, &[(1.0, 4.0), (11.0, 14.0)]);
    place.run("process -i in -o out --max-pause 1 --denoiser none --set process.sample_rate=0").exits(0);
    let normalized = manifest(&place, "a")["normalized"].clone();
    let kept = normalized["kept"].as_array().unwrap();
    assert_eq!(kept.len(), 2);
    let number = |value: &Value| value.as_f64().unwrap();
    let written = load_mono(&place.path("out/processed/normalized/a.wav"), RATE).unwrap();
    let source = load_mono(&place.path("in/a.wav"), RATE).unwrap();
    let length = number(&kept[1]["at_s"]) + number(&kept[1]["end_s"]) - number(&kept[1]["start_s"]);
    assert!((written.len() as f64 / RATE.hz() - length).abs() < 1e-3);
    assert!((7.0..7.8).contains(&length), "{kept:?}");
    let gain = 10f64.powf(number(&normalized["gain_db"]) / 20.0);
    for part in kept {
        let (at, from) = (number(&part["at_s"]) + 1.0, number(&part["start_s"]) + 1.0);
        let (at, from) = ((at * RATE.hz()).round() as usize, (from * RATE.hz()).round() as usize);
        let error = |shift: usize| -> f64 {
            (0..2_000).map(|i| (f64::from(written[at + i]) - gain * f64::from(source[from + shift + i])).abs()).sum()
        };
        assert!(error(0) < 0.2 * error(40), "{} {}", error(0), error(40));
    }
}

#[test]
fn clipping_is_mended_and_told() {
    let place = Place::new();
    place.recording("voice.wav", 5.0, &[(0.5, 4.5)]);
    let voice = load_mono(&place.path("voice.wav"), RATE).unwrap();
    let peak = voice.iter().fold(0f32, |peak, x| peak.max(x.abs()));
    let clipped: Vec<f32> = voice.iter().map(|x| (x / peak * 2.5).clamp(-1.0, 1.0)).collect();
    write_wav(&place.path("in/a.wav"), RATE, &clipped);
    let run = place.run("process -i in -o out --denoiser none").exits(0).says("% clipped");
    let signal = manifest(&place, "a")["signal"].clone();
    assert!(signal["mended_samples"].as_u64().unwrap() > 100, "{run:?} {signal}");
    assert!(signal["clipped_share"].as_f64().unwrap() > 0.001);
    assert!(manifest(&place, "a")["segments"][0]["quality"]["clipped_share"].as_f64().unwrap() > 0.001);
}

#[test]
fn hum_is_taken_away_and_told() {
    let place = Place::new();
    place.recording("voice.wav", 10.0, &[(0.5, 4.5), (5.5, 9.5)]);
    let voice = load_mono(&place.path("voice.wav"), RATE).unwrap();
    let hum = |i: usize| 0.0282 * (i as f64 / RATE.hz() * 50.0 * std::f64::consts::TAU).sin() as f32;
    let humming: Vec<f32> = voice.iter().enumerate().map(|(i, x)| x + hum(i)).collect();
    write_wav(&place.path("in/a.wav"), RATE, &humming);
    place.run("process -i in -o out --denoiser none").exits(0).says("mains hum at 50 Hz, -34 dBFS, taken away");
    assert_eq!(manifest(&place, "a")["signal"]["hum"]["mains_hz"], 50.0);
    let truth = load_mono(&place.path("voice.wav"), SampleRate::ANALYSIS).unwrap();
    let ratio = |remove: &str| {
        let flags = format!("--denoiser none --set process.high_pass=false --set process.remove_hum={remove}");
        let (samples, truth) = cleaned(&place, &flags, &truth);
        si_sdr(&samples, truth)
    };
    let (before, after) = (ratio("false"), ratio("true"));
    assert!(after > before + 20.0, "{before} {after}");
}

#[test]
fn a_readers_peaks_come_back() {
    let Some(speech) = reader() else { return };
    let place = Place::new();
    let ceiling = 0.4 * speech.iter().fold(0f32, |peak, x| peak.max(x.abs()));
    let clipped: Vec<f32> = speech.iter().map(|x| x.clamp(-ceiling, ceiling) / ceiling).collect();
    write_wav(&place.path("in/a.wav"), SampleRate::ANALYSIS, &clipped);
    let ratio = |mend: &str| {
        let flags = format!("--denoiser none --set process.mend_clipping={mend}");
        let (samples, truth) = cleaned(&place, &flags, &speech);
        si_sdr(&samples, truth)
    };
    let (before, after) = (ratio("false"), ratio("true"));
    assert!(after > before + 4.0, "{before} {after}");
}

#[test]
fn files_of_the_same_content_are_used_once() {
    let place = Place::new();
    place.recording("in/b.wav", 4.0, &[(0.5, 3.5)]);
    fs::copy(place.path("in/b.wav"), place.path("in/copy of b.wav")).unwrap();
    let report = place.run("process -i in -o out --strict --json").exits(0).json();
    assert_eq!((&report["totals"]["processed"], &report["totals"]["duplicates"]), (&1.into(), &1.into()));
    assert!(report["duplicates"][0]["path"].as_str().unwrap().ends_with("copy of b.wav"));
    let run = place.run("process -i in -o out").exits(0);
    assert!(run.stdout.contains("2 found: 0 processed, 1 unchanged, 0 set aside, 1 duplicates"), "{run:?}");
}

#[test]
fn a_dry_run_says_what_would_be_done_and_writes_nothing() {
    let place = Place::new();
    place.recording("in/a.wav", 4.0, &[(0.5, 3.5)]);
    place.recording("in/b.mp3.wav", 4.0, &[(0.5, 3.5)]);
    place.recording("in/sub/c.wav", 4.0, &[(0.5, 3.5)]);
    let lines = |line: &str| place.run(line).exits(0).stdout;
    assert_eq!(
        lines("process -i in -o out --dry-run"),
        "process        in/a.wav\nprocess        in/b.mp3.wav\nprocess        in/sub/c.wav\n"
    );
    assert!(!place.path("out").exists());
    place.run("process -i in -o out --recursive=false --exclude b*").exits(0);
    let again = lines("process -i in -o out --dry-run --strength 0.5 --include a.wav");
    assert_eq!(again, "process again  in/a.wav\n");
    let json = place.run("process -i in -o out --dry-run --json").exits(0).json();
    assert_eq!((&json[0]["intent"], &json[2]["intent"]), (&"keep".into(), &"process".into()));
    place.run("process -i in -o out --include a[").exits(2).says("a[");
    place.run("process -i in -o out --include *.ogg").exits(1).says("holds no recordings");
}

#[test]
fn low_quality_is_left_out_and_counted() {
    let place = Place::new();
    place.recording("in/a.wav", 6.0, &[(0.5, 2.5), (3.5, 5.5)]);
    place.run("process -i in -o out --min-quality 1").exits(0);
    let score = manifest(&place, "a")["segments"][0]["quality"]["score"].as_f64().unwrap();
    assert!((1.0..=5.0).contains(&score), "{score}");
    place.run("process -i in -o out --min-quality 5").exits(1);
    let manifest = manifest(&place, "a");
    assert_eq!((manifest["segments"].as_array().unwrap().len(), &manifest["too_bad_segments"]), (0, &2.into()));
}

/// A WAV file says in an `INFO` list who made it; FLAC that is cut short is used as far as it goes.
#[test]
fn what_a_file_says_of_itself_is_kept_and_what_is_lost_is_told() {
    let place = Place::new();
    place.recording("in/a.wav", 4.0, &[(0.5, 3.5)]);
    let mut bytes = fs::read(place.path("in/a.wav")).unwrap();
    let mut list = b"INFO".to_vec();
    for (name, text) in [(b"INAM", "A talk"), (b"IART", "Anna <3>"), (b"ICRD", "2024")] {
        let mut text = text.as_bytes().to_vec();
        text.resize((text.len() + 2) & !1, 0);
        list.extend_from_slice(name);
        list.extend_from_slice(&(text.len() as u32).to_le_bytes());
        list.extend_from_slice(&text);
    }
    let mut chunk = b"LIST".to_vec();
    chunk.extend_from_slice(&(list.len() as u32).to_le_bytes());
    chunk.extend_from_slice(&list);
    bytes.splice(12..12, chunk);
    let size = (bytes.len() - 8) as u32;
    bytes[4..8].copy_from_slice(&size.to_le_bytes());
    fs::write(place.path("in/a.wav"), &bytes).unwrap();
    place.recording("in/cut.flac", 8.0, &[(0.5, 7.5)]);
    let whole = fs::read(place.path("in/cut.flac")).unwrap();
    fs::write(place.path("in/cut.flac"), &whole[..whole.len() / 2]).unwrap();

    place.run("process -i in -o out").exits(0).says("s lost");
    let tags = manifest(&place, "a")["source"]["tags"].clone();
    assert_eq!(
        (&tags["title"], &tags["artist"], &tags["date"]),
        (&"A talk".into(), &"Anna <3>".into(), &"2024".into())
    );
    let source = manifest(&place, "cut")["source"].clone();
    let (lost, found) = (source["lost_s"].as_f64().unwrap(), source["duration_s"].as_f64().unwrap());
    assert!(lost > 2.0 && (lost + found - 8.0).abs() < 0.2, "{source}");

    let page = fs::read_to_string(place.path("out/metadata/report.html")).unwrap();
    assert!(page.contains("artist Anna &lt;3&gt;") && page.contains("src=\"pictures/a.png\""), "{page}");
    assert!(!page.contains("http"), "a page without a network");
    let picture = fs::read(place.path("out/metadata/pictures/a.png")).unwrap();
    assert_eq!(&picture[1..4], b"PNG");
}

fn piped(place: &Place, args: &[&str], input: &[u8]) -> (Option<i32>, Vec<u8>, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_voice-clone"))
        .args(["process", "--input", "-", "--output", "-"])
        .args(args)
        .current_dir(place.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feed = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feed.join().unwrap();
    (output.status.code(), output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_stream_is_cleaned_as_it_comes() {
    let place = Place::new();
    place.recording("a.wav", 3.0, &[(0.5, 2.5)]);
    let wav = fs::read(place.path("a.wav")).unwrap();
    let (code, output, said) = piped(&place, &[], &wav);
    assert_eq!(code, Some(0), "{said}");
    place.write("cleaned.wav", &output);
    let cleaned = load_mono(&place.path("cleaned.wav"), RATE).unwrap();
    assert_eq!(cleaned.len(), load_mono(&place.path("a.wav"), RATE).unwrap().len());

    let (code, output, said) = piped(&place, &["--raw", "16000", "--denoiser", "none"], &wav[44..]);
    assert_eq!((code, output.len()), (Some(0), wav.len() - 44), "{said}");
    let (code, _, said) = piped(&place, &[], b"not a WAV header at all, but text");
    assert!(code == Some(1) && said.contains("--raw"), "{said}");
    let (code, _, said) = piped(&place, &["--json"], &wav);
    assert!(code == Some(2) && said.contains("leave out --json"), "{said}");
    place.run("process -i - -o out").exits(2).says("--input - needs --output -");
    place.run("process -i in -o out --raw 16000").exits(2).says("--raw is for a stream");
}

/// The limit on the size of files stands for a disk that is full.
#[cfg(unix)]
#[test]
fn a_full_disk_is_a_clear_error_and_leaves_no_half_file() {
    let place = Place::new();
    place.recording("in/a.wav", 6.0, &[(0.5, 5.5)]);
    let program = env!("CARGO_BIN_EXE_voice-clone");
    let limited =
        format!("trap '' XFSZ; ulimit -f 100; exec {program} process -i in -o out --set process.copy_raw=false");
    let output = Command::new("bash").args(["-c", &limited]).current_dir(place.path("")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot write") && said.contains("File too large"), "{said}");
    let left: Vec<_> = files_below(&place.path("out")).into_iter().filter(|file| !file.ends_with(".lock")).collect();
    assert!(left.is_empty(), "{left:?}");
    place.run("process -i in -o out").exits(0);
}

/// Bit flips, truncations and splices: no panic, no hang, and the sound ones are processed. The number of files is that
/// of the variable `VOICE_CLONE_CORRUPT_FILES`, or 120.
#[test]
fn damaged_files_harm_nobody() {
    let count: usize =
        std::env::var("VOICE_CLONE_CORRUPT_FILES").ok().and_then(|count| count.parse().ok()).unwrap_or(120);
    let place = Place::new();
    let mut random = StdRng::seed_from_u64(11);
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/audio");
    let mut sound: Vec<(String, Vec<u8>)> = Vec::new();
    for name in files_below(&data) {
        if voice_clone::audio::is_audio_path(Path::new(&name)) {
            sound.push((name.rsplit('.').next().unwrap().to_owned(), fs::read(data.join(&name)).unwrap()));
        }
    }
    for extension in ["wav", "flac", "opus"] {
        let path = place.recording(&format!("whole.{extension}"), 2.0, &[(0.2, 1.8)]);
        sound.push((extension.to_owned(), fs::read(path).unwrap()));
    }
    for index in 0..count {
        let (extension, bytes) = &sound[index % sound.len()];
        let mut bytes = bytes.clone();
        match random.random_range(0..3) {
            0 => {
                for _ in 0..random.random_range(1..40) {
                    let at = random.random_range(0..bytes.len());
                    bytes[at] ^= 1 << random.random_range(0..8);
                }
            }
            1 => bytes.truncate(random.random_range(0..bytes.len())),
            _ => {
                let other = &sound[random.random_range(0..sound.len())].1;
                bytes.truncate(random.random_range(0..bytes.len()));
                bytes.extend_from_slice(&other[random.random_range(0..other.len())..]);
            }
        }
        place.write(&format!("in/{index}.{extension}"), &bytes);
    }
    place.recording("in/good.wav", 3.0, &[(0.5, 2.5)]);
    let run = place.run("process -i in -o out --json");
    assert!(!run.stderr.contains("panicked"), "{run:?}");
    assert_eq!(run.code, Some(0), "{run:?}");
    let totals = &run.json()["totals"];
    assert_eq!(totals["found"], count + 1, "{totals}");
    assert!(place.path("out/metadata/recordings/good.json").exists());
}
