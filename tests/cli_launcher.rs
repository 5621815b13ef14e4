//! The front binary finds the engine and libtorch, or says what is missing.
#![cfg(unix)]

mod support;

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

use support::Place;

fn program(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.env_remove("LIBTORCH").env_remove("LD_LIBRARY_PATH");
    command
}

#[test]
fn a_link_from_anywhere_will_do() {
    let place = Place::new();
    let link = place.path("voice-clone");
    symlink(env!("CARGO_BIN_EXE_voice-clone"), &link).unwrap();
    let output = program(&link).args(["config", "--json"]).current_dir("/").output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_libtorch_of_one_s_own_may_be_wrong_without_harm() {
    let mut command = program(Path::new(env!("CARGO_BIN_EXE_voice-clone")));
    let output = command.arg("config").env("LIBTORCH", "/no/such/folder").output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn without_the_engine_help_works_and_the_rest_says_what_is_missing() {
    let place = Place::new();
    let alone = place.path("voice-clone");
    fs::copy(env!("CARGO_BIN_EXE_voice-clone"), &alone).unwrap();
    assert!(program(&alone).arg("--help").output().unwrap().status.success());
    let output = program(&alone).arg("config").output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(message.contains("voice-clone-engine is missing"), "{message}");
}

#[test]
fn arguments_pass_through_unchanged() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    // A name that is not UTF-8 reaches the engine, whose message shows it as well as it can.
    let name = OsStr::from_bytes(b"caf\xe9 \"quoted\" $HOME");
    let mut command = program(Path::new(env!("CARGO_BIN_EXE_voice-clone")));
    let output = command.arg("process").arg("--input").arg(name).args(["--output", "out"]).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(message.contains("cannot read caf\u{fffd} \"quoted\" $HOME"), "{message}");
}
