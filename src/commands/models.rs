//! `voice-clone models`: what is there, and what others trained.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::Serialize;
use serde_json::{Value, json};
use tch::Device;

use super::{Session, paths, table};
use crate::{
    cli::{ImportArgs, ModelKind, ModelsAction, ModelsArgs},
    nn::{
        checkpoint::{Precision, Weights},
        pytorch,
    },
    speaker::{self, SpeakerEncoder},
};

/// What the files of models end in.
const EXTENSION: &str = "safetensors";
/// The metadata entry of an imported model that says what it is.
const KIND_KEY: &str = "kind";

/// Lists or imports.
///
/// # Errors
/// A checkpoint that can't be used, or an output that can't be written.
pub fn run(args: &ModelsArgs, session: &Session) -> anyhow::Result<()> {
    match &args.action {
        ModelsAction::List(_) => list(session),
        ModelsAction::Import(args) => import(args, session),
    }
}

fn import(args: &ImportArgs, session: &Session) -> anyhow::Result<()> {
    let output = destination(args, &paths::models_dir(session.config()))?;
    let context = || format!("cannot import {}", args.file.display());
    let read = pytorch::read_any(&args.file).with_context(context)?;
    let mut weights = match args.kind {
        ModelKind::Ecapa => speaker::from_speechbrain(read).with_context(context)?,
    };
    // A network can be whole and still take other features than there are.
    SpeakerEncoder::from_weights(&weights, Device::Cpu).with_context(context)?;
    weights.set_json(KIND_KEY, &args.kind.name())?;
    let precision = if weights.fit_half() { Precision::Half } else { Precision::Full };
    weights.write(&output, precision)?;
    let in_use = same_file(&output, &paths::speaker_encoder(session.config()));
    let model = Model::new("imported", &output, in_use)?;
    session.print(&model, || {
        format!(
            "imported {} parameters to {path}\nto compare voices by it: --set models.speaker={path}",
            millions(model.parameters),
            path = output.display()
        )
    })
}

/// The file to write: the one asked for, or one named after the checkpoint, which then must not be there yet. It is
/// never among the base models, which belong together.
fn destination(args: &ImportArgs, base: &Path) -> anyhow::Result<PathBuf> {
    let Some(output) = &args.output else {
        let stem = args.file.file_stem().unwrap_or_default().to_string_lossy();
        let output = paths::imported_models_dir().join(format!("{}-{stem}.{EXTENSION}", args.kind.name()));
        anyhow::ensure!(!output.exists(), "{} is there already; name another file by --output", output.display());
        return Ok(output);
    };
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    anyhow::ensure!(
        !same_file(folder, base),
        "{} is the folder of the base models; name another by --output",
        folder.display()
    );
    Ok(output.clone())
}

/// A model's file.
#[derive(Debug, Serialize)]
struct Model {
    /// The component, or the kind as which it was imported.
    kind: String,
    origin: &'static str,
    in_use: bool,
    parameters: usize,
    bytes: u64,
    file: PathBuf,
    /// Sizes of the network.
    config: Value,
}

impl Model {
    fn new(origin: &'static str, file: &Path, in_use: bool) -> anyhow::Result<Self> {
        let weights = Weights::read(file)?;
        let stem = || file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self {
            kind: weights.json(KIND_KEY).unwrap_or_else(|_| stem()),
            origin,
            in_use,
            parameters: weights.tensors.values().map(|tensor| tensor.numel()).sum(),
            bytes: fs::metadata(file)?.len(),
            config: [SpeakerEncoder::CONFIG_KEY, "model"].iter().find_map(|key| weights.json::<Value>(key).ok()).into(),
            file: file.to_path_buf(),
        })
    }

    fn row(&self) -> [String; 6] {
        let in_use = if self.in_use { "yes" } else { "no" };
        [
            self.kind.clone(),
            self.origin.to_owned(),
            in_use.to_owned(),
            millions(self.parameters),
            megabytes(self.bytes),
            self.file.display().to_string(),
        ]
    }
}

fn millions(count: usize) -> String {
    let digits = if count < 100_000 { 2 } else { 1 };
    if count < 5_000 { count.to_string() } else { format!("{:.digits$} M", count as f64 / 1e6) }
}

fn megabytes(bytes: u64) -> String {
    if bytes < 50_000 { format!("{:.1} kB", bytes as f64 / 1e3) } else { format!("{:.1} MB", bytes as f64 / 1e6) }
}

fn list(session: &Session) -> anyhow::Result<()> {
    let config = session.config();
    let (base, imported) = (paths::models_dir(config), paths::imported_models_dir());
    let chosen = paths::speaker_encoder(config);
    let (own, mut others) = (files_in(&base), files_in(&imported));
    if !own.iter().chain(&others).any(|file| same_file(file, &chosen)) {
        others.insert(chosen.clone());
    }
    let own = own.iter().map(|file| ("built in", file, true));
    let others = others.iter().map(|file| ("imported", file, same_file(file, &chosen)));
    let mut models = Vec::new();
    for (origin, file, in_use) in own.chain(others) {
        match Model::new(origin, file, in_use) {
            Ok(model) => models.push(model),
            Err(error) => tracing::warn!("left out {}: {error:#}", file.display()),
        }
    }
    session.print(&json!({ "base": base, "imported": imported, "models": models }), || {
        let rows: Vec<_> = models.iter().map(Model::row).collect();
        table::layout(["KIND", "ORIGIN", "IN USE", "PARAMETERS", "SIZE", "FILE"], &rows)
    })
}

/// Whether both paths lead to one file or folder, which is there.
fn same_file(a: &Path, b: &Path) -> bool {
    a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}

/// The models in a folder; none where there is no folder.
fn files_in(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|found| found == EXTENSION)).collect()
}
