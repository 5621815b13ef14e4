//! What each recording is called in the dataset.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf, absolute},
};

use crate::{
    dataset::{layout::Layout, manifest::Manifest, utterances::manifest_paths},
    error::FileError,
};

/// Longer names are shortened, so that they fit file systems with all that is added.
const LONGEST_BYTES: usize = 120;

/// A recording that was found.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Where it is.
    pub(super) path: PathBuf,
    /// The same, as it is written in manifests.
    pub(super) absolute: String,
    /// The name that it would like.
    pub(super) wish: String,
    /// Hash of its content.
    pub(super) blake3: String,
    /// Its size.
    pub(super) bytes: u64,
}

/// A recording with its name.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) source: Source,
    pub(super) id: String,
    /// What an earlier run made of it.
    pub(super) previous: Option<Manifest>,
}

impl Source {
    pub(super) fn new(input: &Path, path: PathBuf, blake3: String, bytes: u64) -> Self {
        let inside = match path.strip_prefix(input) {
            Ok(inside) if !inside.as_os_str().is_empty() => inside,
            _ => path.file_name().map_or(path.as_path(), Path::new),
        };
        let wish = wish(&inside.with_extension(""));
        let absolute = absolute(&path).unwrap_or_else(|_| path.clone()).to_string_lossy().into_owned();
        Self { absolute, wish, blake3, bytes, path }
    }
}

/// `a/b c` as `a_b c`, without what some file system refuses.
fn wish(inside: &Path) -> String {
    let parts: Vec<_> = inside.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    let joined = parts.join("_");
    let odd = |c: char| c.is_control() || "/\\:*?\"<>|".contains(c);
    let mut name: String = joined.chars().map(|c| if odd(c) { '_' } else { c }).collect();
    if name.is_empty() || name.starts_with('.') {
        name.insert(0, '_');
    }
    if name.len() > LONGEST_BYTES {
        let end = (0..=LONGEST_BYTES - 9).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
        name = format!("{}-{}", &name[..end], &blake3::hash(joined.as_bytes()).to_hex()[..8]);
    }
    name
}

/// The manifests of earlier runs. Those that can't be used are passed over: their recordings are done again.
pub(super) fn existing(layout: &Layout) -> Result<Vec<Manifest>, FileError> {
    let usable = |path: &PathBuf| match Manifest::read(path) {
        Ok(manifest) => Some(manifest),
        Err(error) => {
            tracing::warn!("{error}; its recording is processed again");
            None
        }
    };
    Ok(manifest_paths(layout)?.iter().filter_map(usable).collect())
}

/// Gives each source its name: that of an earlier run, for the same path, or for the same content whose old path
/// is gone; else the one it would like, with a number where that is taken. Order is kept.
pub(super) fn assign(sources: Vec<Source>, existing: Vec<Manifest>) -> Vec<Named> {
    let mut taken: HashSet<String> = existing.iter().map(|manifest| manifest.id.to_lowercase()).collect();
    let mut by_path: HashMap<String, Manifest> =
        existing.into_iter().map(|manifest| (manifest.source.path.clone(), manifest)).collect();
    let mut previous: Vec<_> = sources.iter().map(|source| by_path.remove(&source.absolute)).collect();

    let mut moved: HashMap<String, Manifest> = by_path
        .into_values()
        .filter(|manifest| !Path::new(&manifest.source.path).exists())
        .map(|manifest| (manifest.source.blake3.clone(), manifest))
        .collect();
    for (source, previous) in sources.iter().zip(&mut previous) {
        if previous.is_none() {
            *previous = moved.remove(&source.blake3);
        }
    }
    let name = |(source, previous): (Source, Option<Manifest>)| {
        let id = match &previous {
            Some(manifest) => manifest.id.clone(),
            None => free(&source.wish, &mut taken),
        };
        Named { source, id, previous }
    };
    sources.into_iter().zip(previous).map(name).collect()
}

/// `wish`, or `wish-2` and so on; names that differ only in case count as the same.
fn free(wish: &str, taken: &mut HashSet<String>) -> String {
    let candidates = std::iter::once(wish.to_owned()).chain((2..).map(|number: u64| format!("{wish}-{number}")));
    let mut candidates = candidates.filter(|name| taken.insert(name.to_lowercase()));
    candidates.next().unwrap_or_else(|| wish.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str) -> Source {
        Source::new(Path::new("in"), PathBuf::from(path), format!("hash of {path}"), 1)
    }

    fn names(paths: &[&str]) -> Vec<String> {
        let sources = paths.iter().map(|path| source(path)).collect();
        assign(sources, Vec::new()).into_iter().map(|named| named.id).collect()
    }

    #[test]
    fn names_come_from_the_path_and_are_unique() {
        assert_eq!(
            names(&["in/a.wav", "in/a.mp3", "in/b/c d.flac", "in/b_c d.wav", "in/A.ogg", "in/v1.2.wav"]),
            ["a", "a-2", "b_c d", "b_c d-2", "A-3", "v1.2"]
        );
    }

    #[test]
    fn names_suit_every_file_system() {
        let long = format!("in/{}.wav", "ü".repeat(120));
        let odd = names(&[long.as_str(), "in/a:b?.wav", "in/new\nline.wav"]);
        assert!(odd[0].len() <= LONGEST_BYTES && odd[0].starts_with("üü"), "{}", odd[0]);
        assert_eq!(odd[1..], ["a_b_", "new_line"]);
        assert_eq!(wish(Path::new(".a")), "_.a");
        assert_eq!(wish(Path::new("")), "_");
    }
}
