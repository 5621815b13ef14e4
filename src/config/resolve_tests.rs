//! Precedence, mistakes and completeness of the settings.

use std::collections::BTreeSet;

use super::*;

fn variable(name: &str, value: &str) -> Layers {
    Layers { variables: vec![(name.to_owned(), value.to_owned())], ..Layers::default() }
}

fn flag(key: &str, value: &str) -> Layers {
    let setting = Setting { key: key.to_owned(), value: value.to_owned(), flag: "--set".to_owned() };
    Layers { flags: vec![setting], ..Layers::default() }
}

fn with_file(text: &str) -> (tempfile::TempDir, Layers) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    std::fs::write(&path, text).unwrap();
    (folder, Layers { file: Some(path), ..Layers::default() })
}

fn message(layers: &Layers) -> String {
    resolve(layers).unwrap_err().to_string()
}

#[test]
fn every_key_has_exactly_one_rule_and_its_default_obeys() {
    let entries = default_entries().unwrap();
    let keys: BTreeSet<_> = entries.iter().map(|entry| entry.key.as_str()).collect();
    let ruled: BTreeSet<_> = RULES.iter().map(|(key, _)| *key).collect();
    assert_eq!(keys, ruled);
    assert_eq!(ruled.len(), RULES.len());
    for (entry, (_, rule)) in entries.iter().zip(RULES) {
        assert!(rule.allows(&entry.value), "{} = {}", entry.key, entry.value);
    }
}

#[test]
fn without_layers_the_defaults_are_in_force() {
    let resolved = resolve(&Layers::default()).unwrap();
    assert_eq!(resolved.config, Config::default());
    assert!(resolved.entries.iter().all(|entry| entry.source == Source::Default));
}

#[test]
fn flag_over_variable_over_file() {
    let (_folder, mut layers) = with_file("[output]\nloudness_lufs = -20\n[runtime]\nseed = 5\ngpu = \"none\"\n");
    layers.variables = vec![
        ("VOICE_CLONE_OUTPUT_LOUDNESS_LUFS".into(), "-18.5".into()),
        ("VOICE_CLONE_RUNTIME_SEED".into(), "6".into()),
        ("HOME".into(), "/nowhere".into()),
        ("VOICE_CLONE_CORPUS".into(), "not a setting".into()),
    ];
    layers.flags = vec![Setting { key: "runtime.seed".into(), value: "7".into(), flag: "--seed".into() }];
    let resolved = resolve(&layers).unwrap();
    let source = |key: &str| resolved.entries.iter().find(|entry| entry.key == key).unwrap().source.to_string();

    assert_eq!(resolved.config.runtime.seed, 7);
    assert_eq!(source("runtime.seed"), "flag --seed");
    assert_eq!(resolved.config.output.loudness_lufs, -18.5);
    assert_eq!(source("output.loudness_lufs"), "environment VOICE_CLONE_OUTPUT_LOUDNESS_LUFS");
    assert_eq!(resolved.config.runtime.gpu, crate::gpu::selection::GpuSelection::None);
    assert!(source("runtime.gpu").starts_with("file "));
    assert_eq!(source("voices.dir"), "default");
}

#[test]
fn an_unknown_key_names_its_neighbour_wherever_it_is_given() {
    let (_folder, file) = with_file("[process]\nloudnes_lufs = -20\n");
    assert!(message(&file).contains("did you mean process.loudness_lufs?"), "{}", message(&file));
    let text = message(&flag("runtime.sed", "1"));
    assert!(text.contains("runtime.sed (flag --set)") && text.contains("did you mean runtime.seed?"), "{text}");
    let text = message(&variable("VOICE_CLONE_OUTPUT_LOUDNES", "-20"));
    assert!(text.contains("did you mean VOICE_CLONE_OUTPUT_LOUDNESS_LUFS?"), "{text}");
}

#[test]
fn a_wrong_value_names_what_is_expected() {
    for (key, value) in [
        ("process.loudness_lufs", "loud"),
        ("process.loudness_lufs", "nan"),
        ("process.sample_rate", "-1"),
        ("process.sample_rate", "44100.5"),
        ("output.sample_rate", "0"),
        ("output.format", "mp3"),
        ("runtime.cpu_limit", "101"),
        ("runtime.seed", "-1"),
        ("runtime.gpu", "two"),
        ("voices.dir", ""),
    ] {
        let text = message(&flag(key, value));
        assert!(text.starts_with(key) && text.contains("(flag --set): expected "), "{text}");
    }
    let (_folder, file) = with_file("[runtime]\nseed = \"7\"\n");
    assert!(message(&file).contains("expected a number"), "{}", message(&file));
    let (_folder, file) = with_file("[procss]\n");
    assert!(message(&file).contains("unknown setting procss "), "{}", message(&file));
    let (_folder, file) = with_file("[process]\n[process.vad]\n");
    assert_eq!(resolve(&file).unwrap().config, Config::default());
    let (_folder, file) = with_file("output = 3\n");
    assert!(message(&file).contains("unknown setting output "), "{}", message(&file));
}

#[test]
fn broken_and_missing_files_are_named() {
    let (_folder, file) = with_file("[output\n");
    assert!(message(&file).contains("settings.toml is not valid TOML"), "{}", message(&file));
    let missing = Layers { file: Some("no/such.toml".into()), ..Layers::default() };
    assert!(message(&missing).contains("cannot read settings from no/such.toml"), "{}", message(&missing));
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let text = message(&flag("process.segments.min_s", "15"));
    assert!(text.contains("process.segments.max_s = 15"), "{text}");
}

#[test]
fn the_documented_file_holds_exactly_the_defaults() {
    let text = include_str!("../../config.toml");
    let documented = keys::flatten(toml::from_str(text).unwrap());
    let defaults = default_entries().unwrap();
    let pairs: BTreeSet<_> = documented.iter().map(|(key, value)| (key.clone(), value.to_string())).collect();
    let expected: BTreeSet<_> = defaults.iter().map(|entry| (entry.key.clone(), entry.value.to_string())).collect();
    assert_eq!(pairs, expected);
}

#[test]
fn every_setting_in_the_file_is_explained() {
    let lines: Vec<_> = include_str!("../../config.toml").lines().collect();
    for pair in lines.windows(2).filter(|pair| pair[1].contains('=') && !pair[1].starts_with('#')) {
        assert!(pair[0].starts_with("# "), "no comment above: {}", pair[1]);
    }
}
