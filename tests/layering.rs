//! Dependencies point downward only, and nothing below the commands prints.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The table in `src/lib.rs`, from the top.
const LAYERS: [&[&str]; 5] = [
    &["cli", "commands", "config"],
    &["train", "synthesis", "evaluation"],
    &["augment", "clean", "denoiser", "speaker", "diarization", "dataset", "text", "aligner", "acoustic", "vocoder"],
    &["audio", "features", "nn", "gpu"],
    &["units", "error", "files", "processes"],
];

/// Roots of crates, which see everything.
const ROOTS: [&str; 4] = ["lib.rs", "main.rs", "launcher.rs", "bin"];

/// 0 is the top.
fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

fn sources() -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(path);
            }
        }
    }
    sources.sort();
    sources
}

/// The top-level module that a file belongs to; none for the roots.
fn module_of(path: &Path) -> Option<String> {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = inside.components().next()?.as_os_str().to_str()?.to_owned();
    (!ROOTS.contains(&first.as_str())).then(|| first.trim_end_matches(".rs").to_owned())
}

fn without_comments(source: &str) -> String {
    source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The modules named after `crate::`, in paths and in groups such as `use crate::{audio::X, units}`.
fn modules_used(source: &str) -> Vec<String> {
    let mut used = Vec::new();
    for (position, marker) in source.match_indices("crate::") {
        let own_word = !source[..position].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        let rest = &source[position + marker.len()..];
        match rest.strip_prefix('{') {
            _ if !own_word => {}
            None => used.push(identifier(rest)),
            Some(group) => used.extend(members(group)),
        }
    }
    used
}

fn identifier(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first identifier of each member of a group whose opening brace is already read.
fn members(group: &str) -> Vec<String> {
    let mut members = vec![identifier(group)];
    let mut depth = 1;
    for (position, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => members.push(identifier(&group[position + 1..])),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    members.retain(|member| !member.is_empty());
    members
}

#[test]
fn dependencies_point_downward() {
    let mut upward = Vec::new();
    for path in sources() {
        let Some(module) = module_of(&path) else { continue };
        let own = layer(&module).unwrap_or_else(|| panic!("{module} is in no layer; add it here and in src/lib.rs"));
        for used in modules_used(&without_comments(&fs::read_to_string(&path).unwrap())) {
            match layer(&used) {
                Some(other) if other < own => upward.push(format!("{} uses crate::{used}", path.display())),
                Some(_) => {}
                None => panic!("{} uses crate::{used}, which is in no layer", path.display()),
            }
        }
    }
    assert!(upward.is_empty(), "upward dependencies:\n{}", upward.join("\n"));
}

#[test]
fn only_commands_print() {
    let is_test = |path: &Path| path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests"));
    let mut printing = Vec::new();
    for path in sources().into_iter().filter(|path| !is_test(path)) {
        let Some(module) = module_of(&path) else { continue };
        let source = without_comments(&fs::read_to_string(&path).unwrap());
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        let prints = ["println!", "print!(", "dbg!("].iter().any(|name| code.contains(name));
        if prints && module != "commands" {
            printing.push(path.display().to_string());
        }
    }
    assert!(printing.is_empty(), "these print, but only commands may:\n{}", printing.join("\n"));
}

#[test]
fn every_module_of_the_library_has_a_layer() {
    let library = include_str!("../src/lib.rs");
    let declared = library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    for module in declared {
        assert!(layer(module).is_some(), "{module} is in no layer");
        let documented =
            library.lines().any(|line| line.starts_with("//! |") && line.contains(&format!("[`{module}`]")));
        assert!(documented, "{module} is not in the table of src/lib.rs");
    }
}

#[test]
fn the_scanner_sees_every_form() {
    let used = modules_used(
        "use crate::{audio::{A, b::C}, units, error::E};\nlet x = crate::nn::f(); pub(in crate::text) fn g();",
    );
    assert_eq!(used, ["audio", "units", "error", "nn", "text"]);
    assert_eq!(modules_used("my_crate::audio::x"), Vec::<String>::new());
}
