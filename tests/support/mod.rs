//! What the tests of the command line share: a program in a clean environment, and speech made on the spot.

// Each test binary uses a part of it.
#![allow(dead_code)]

pub mod tiny;

use std::{
    f64::consts::TAU,
    fs,
    path::{Path, PathBuf},
};

use assert_cmd::Command;
use serde_json::Value;
use voice_clone::{
    audio::{AudioWriter, OutputFormat},
    units::SampleRate,
};

/// The rate of the speech made here.
pub const RATE: SampleRate = SampleRate(24_000);
/// The setting for it: the speaker encoder does not take the voice that is made here for one.
pub const KEEP_MUSIC: (&str, &str) = ("VOICE_CLONE_PROCESS_LEAVE_OUT_MUSIC", "false");

/// A folder of its own for each test, where the program runs, and which is its home.
pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program, without settings from outside.
    pub fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_voice-clone"));
        command.current_dir(self.folder.path()).env("HOME", self.folder.path());
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("VOICE_CLONE_") || name == "RUST_LOG" || name == "XDG_CONFIG_HOME" {
                command.env_remove(name);
            }
        }
        command.env(KEEP_MUSIC.0, KEEP_MUSIC.1);
        command
    }

    /// Runs the program with the words of `line` and gives its exit code, stdout and stderr.
    pub fn run(&self, line: &str) -> Run {
        self.run_args(line.split_whitespace())
    }

    pub fn run_args<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Run {
        let output = self.program().args(args).output().unwrap();
        Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// A recording: silence with a voice in the given stretches (in seconds), with a soft noise below.
    pub fn recording(&self, name: &str, seconds: f64, stretches: &[(f64, f64)]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let format = OutputFormat::from_path(&path).unwrap();
        let mut writer = AudioWriter::create(&path, format, RATE, 1).unwrap();
        // The noise tells the name: no two recordings are the same.
        let seed = name.bytes().fold(1u32, |seed, byte| seed.wrapping_mul(31).wrapping_add(u32::from(byte)));
        writer.write(&scene(seconds, stretches, seed)).unwrap();
        writer.finish().unwrap();
        path
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Asserts the exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Asserts that stderr holds `text`.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} in {self:#?}");
        self
    }

    /// The one document on stdout.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self:#?}"))
    }
}

/// Harmonics of a gliding pitch, four syllables a second, over a soft noise.
fn scene(seconds: f64, stretches: &[(f64, f64)], seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut phase = 0.0;
    let sample = |i: usize| {
        let time = i as f64 / RATE.hz();
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = 2e-4 * (f64::from(state) / f64::from(u32::MAX) - 0.5);
        if !stretches.iter().any(|&(start, end)| (start..end).contains(&time)) {
            return noise as f32;
        }
        let pitch = 130.0 + 20.0 * (TAU * 0.7 * time).sin();
        phase += pitch / RATE.hz();
        let syllable = 0.65 - 0.35 * (TAU * 4.0 * time).cos();
        let voice: f64 = (1..24).map(|h| (TAU * phase * f64::from(h)).sin() / f64::from(h)).sum();
        (noise + 0.08 * syllable * voice) as f32
    };
    (0..RATE.samples(voice_clone::units::Seconds(seconds))).map(sample).collect()
}

/// All files below `folder`, as relative paths in order.
pub fn files_below(folder: &Path) -> Vec<String> {
    fn collect(root: &Path, folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(root, &path, found);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/"));
            }
        }
    }
    let mut found = Vec::new();
    collect(folder, folder, &mut found);
    found.sort();
    found
}
