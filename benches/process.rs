//! An hour of MP3 through `process`: time, processor time and memory, with all cores and within `--cpu-limit 60`.
//!
//! The file is that of the variable `VOICE_CLONE_BENCH_FILE`, or a short one strung together until it lasts an hour.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use voice_clone::audio::MonoStream;
use voice_clone::units::{SampleRate, Seconds};

const HOUR_S: f64 = 3_600.0;

/// How one run went.
struct Run {
    wall_s: f64,
    peak_mb: f64,
}

fn main() {
    // `cargo test --benches` only wants to know whether it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = std::env::var_os("VOICE_CLONE_BENCH_FILE").map_or_else(|| strung(folder.path()), PathBuf::from);
    let seconds = length_s(&file);
    println!("{}: {}", file.display(), Seconds(seconds));
    for (name, flags) in [("all cores", vec![]), ("--cpu-limit 60", vec!["--cpu-limit", "60"])] {
        let run = process(&file, &folder.path().join(name), &flags);
        let hour_s = run.wall_s * HOUR_S / seconds;
        println!(
            "{name:<15} {:.1} s, {:.0} times real time, {hour_s:.1} s an hour, {:.0} MB at most",
            run.wall_s,
            seconds / run.wall_s,
            run.peak_mb
        );
    }
}

/// A golden MP3 as often as makes an hour.
fn strung(folder: &Path) -> PathBuf {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/audio/no-gapless-tag.mp3");
    let bytes = fs::read(&golden).expect("the golden file");
    let copies = (HOUR_S / length_s(&golden)).ceil() as usize;
    let path = folder.join("hour.mp3");
    fs::write(&path, bytes.repeat(copies)).expect("a writable folder");
    path
}

fn length_s(path: &Path) -> f64 {
    let stream = MonoStream::open(path, SampleRate::ANALYSIS).expect("audio");
    let samples: usize = stream.map(|block| block.expect("audio").len()).sum();
    SampleRate::ANALYSIS.duration(samples).0
}

fn process(file: &Path, output: &Path, flags: &[&str]) -> Run {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_voice-clone"))
        .args(["process", "--quiet", "--input"])
        .arg(file)
        .arg("--output")
        .arg(output)
        .args(flags)
        .stdout(Stdio::null())
        .spawn()
        .expect("the program");
    let mut peak_mb = 0f64;
    loop {
        peak_mb = peak_mb.max(memory_mb(child.id()));
        if let Some(status) = child.try_wait().expect("a child") {
            assert!(status.success(), "{status}");
            return Run { wall_s: start.elapsed().as_secs_f64(), peak_mb };
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// The most resident memory so far; 0 where the system does not say.
fn memory_mb(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()).and_then(|number| number.parse::<f64>().ok());
    kilobytes.map_or(0.0, |kilobytes| kilobytes / 1_000.0)
}
