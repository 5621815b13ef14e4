//! Settings: where they come from, and what is said about a wrong one.

mod support;

use serde_json::Value;
use support::Place;

fn value_and_source(document: &Value, key: &str) -> (Value, String) {
    let settings = document["settings"].as_array().unwrap();
    let entry = settings.iter().find(|entry| entry["key"] == key).unwrap();
    (entry["value"].clone(), entry["source"].as_str().unwrap().to_owned())
}

#[test]
fn flag_beats_environment_beats_file_beats_default() {
    let place = Place::new();
    place.write(
        "mine.toml",
        "[output]\nloudness_lufs = -20\ntrue_peak_dbtp = -2\n[runtime]\nseed = 5\n[process.vad]\nthreshold_db = 8\n",
    );
    let output = place
        .program()
        .args(["config", "--json", "--config", "mine.toml", "--seed", "7", "--set", "output.sample_rate=16000"])
        .env("VOICE_CLONE_RUNTIME_SEED", "6")
        .env("VOICE_CLONE_OUTPUT_LOUDNESS_LUFS", "-18.5")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();

    let found = |key| value_and_source(&document, key);
    assert_eq!(found("runtime.seed"), (7.into(), "flag --seed".into()));
    assert_eq!(found("output.sample_rate"), (16_000.into(), "flag --set".into()));
    let from_environment = (Value::from(-18.5), "environment VOICE_CLONE_OUTPUT_LOUDNESS_LUFS".into());
    assert_eq!(found("output.loudness_lufs"), from_environment);
    assert_eq!(found("output.true_peak_dbtp"), (Value::from(-2.0), "file mine.toml".into()));
    assert_eq!(found("process.vad.threshold_db").0, Value::from(8.0));
    assert_eq!(found("voices.dir").1, "default");
    assert_eq!(document["file"], "mine.toml");
}

#[test]
fn files_are_found_where_they_are_documented_to_be() {
    let place = Place::new();
    let seed = |environment: &[(&str, &str)]| {
        let output = place.program().args(["config", "--json"]).envs(environment.iter().copied()).output().unwrap();
        value_and_source(&serde_json::from_slice(&output.stdout).unwrap(), "runtime.seed").0
    };
    assert_eq!(seed(&[]), 0);
    place.write(".config/voice-clone/config.toml", "[runtime]\nseed = 1\n");
    assert_eq!(seed(&[]), 1);
    place.write("voice-clone.toml", "[runtime]\nseed = 2\n");
    assert_eq!(seed(&[]), 2);
    place.write("other.toml", "[runtime]\nseed = 3\n");
    assert_eq!(seed(&[("VOICE_CLONE_CONFIG", "other.toml")]), 3);
}

#[test]
fn the_program_s_own_config_toml_changes_nothing() {
    let place = Place::new();
    let documented = place.write("documented.toml", include_str!("../config.toml"));
    let with = place.run(&format!("config --json --config {}", documented.display())).exits(0).json();
    let without = place.run("config --json").exits(0).json();
    let values = |document: &Value| -> Vec<Value> {
        document["settings"].as_array().unwrap().iter().map(|entry| entry["value"].clone()).collect()
    };
    assert_eq!(values(&with), values(&without));
}

#[test]
fn an_unknown_setting_is_wrong_usage_and_names_the_nearest() {
    let place = Place::new();
    place.run("config --set output.loudnes=-14").exits(2).says("did you mean output.loudness_lufs?");
    place.write("voice-clone.toml", "[proces]\nformat = \"flac\"\n");
    place.run("config").exits(2).says("proces.format (file voice-clone.toml); did you mean process.format?");
    let output = Place::new().program().arg("config").env("VOICE_CLONE_RUNTIME_SEDE", "1").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("did you mean VOICE_CLONE_RUNTIME_SEED?"), "{message}");
}

#[test]
fn a_wrong_value_names_the_key_its_source_and_what_is_expected() {
    let place = Place::new();
    let expected = "error: output.format = \"mp3\" (flag --set): expected one of wav16, wav24, wavfloat, flac";
    place.run("config --set output.format=mp3").exits(2).says(expected);
    place.run("config --config none.toml").exits(2).says("cannot read settings from none.toml");
    place.write("voice-clone.toml", "[output\n");
    place.run("config").exits(2).says("voice-clone.toml is not valid TOML");
}

#[test]
fn the_table_shows_every_setting() {
    let run = Place::new().run("config --cpu-limit 50").exits(0);
    assert!(run.stdout.starts_with("SETTING"), "{}", run.stdout);
    let line = run.stdout.lines().find(|line| line.starts_with("runtime.cpu_limit")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["runtime.cpu_limit", "50", "flag", "--cpu-limit"]);
}
