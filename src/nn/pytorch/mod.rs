//! A restricted reader of PyTorch checkpoints: tensors alone, and no code of the file is run.
//!
//! `torch.save` writes a pickle, which is a program that can call any Python function. This reader carries out only the
//! instructions that build numbers, strings, tuples, lists, dictionaries and tensors. A file that asks for any other
//! call is refused with the name of what it would call, as by `torch.load(weights_only=True)`. Both forms are read: the
//! ZIP archive of PyTorch 1.6 and later, and the older sequence of pickles, in which HiFi-GAN's generators are published.

mod archive;
mod legacy;
mod machine;
mod reader;
mod storage;
mod value;

use std::{collections::BTreeMap, fs::File, io::Read, path::Path};

use tch::Tensor;

use self::{storage::Storages, value::Value};
use super::checkpoint::{CheckpointError, Weights};
use crate::error::FileError;

/// What is wrong with a checkpoint.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PyTorchError {
    /// It ends too early or holds what cannot be.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
    /// Python would run code of its choice.
    #[error("it would call {0}, but only what makes tensors and containers is allowed")]
    Call(String),
    /// It is whole as far as can be seen, but uses what this reader does not know.
    #[error("it uses {0}, which is not supported")]
    Unsupported(String),
}

/// Reads the tensors of a checkpoint; the names of nested dictionaries are joined by dots.
///
/// # Errors
/// A file that cannot be read, that is no checkpoint or that holds no tensor.
pub fn read(path: &Path) -> Result<Weights, CheckpointError> {
    let bytes = std::fs::read(path).map_err(FileError::on("read", path))?;
    let foreign = |source| CheckpointError::PyTorch { path: path.to_path_buf(), source };
    let tensors = parse(&bytes).map_err(foreign)?;
    Ok(Weights { tensors, metadata: Default::default() })
}

/// Reads weights in safetensors or, where the file begins like one, a checkpoint of PyTorch.
///
/// # Errors
/// A file that cannot be read or is neither.
pub fn read_any(path: &Path) -> Result<Weights, CheckpointError> {
    let mut head = Vec::new();
    let start = File::open(path).and_then(|file| file.take(legacy::MAGIC.len() as u64).read_to_end(&mut head));
    start.map_err(FileError::on("read", path))?;
    let foreign = head.starts_with(archive::MAGIC) || head.starts_with(legacy::MAGIC);
    if foreign { read(path) } else { Weights::read(path) }
}

fn parse(bytes: &[u8]) -> Result<BTreeMap<String, Tensor>, PyTorchError> {
    let (object, storages) = match bytes {
        bytes if bytes.starts_with(archive::MAGIC) => archive::read(bytes)?,
        bytes if bytes.starts_with(legacy::MAGIC) => legacy::read(bytes)?,
        _ => return Err(PyTorchError::Damaged("it does not begin like a checkpoint of PyTorch")),
    };
    // Values can be shared, so a small file could name the same numbers without end.
    let mut collector = Collector { storages, tensors: BTreeMap::new(), budget: bytes.len() };
    collector.visit(&object, String::new())?;
    match collector.tensors {
        tensors if tensors.is_empty() => Err(PyTorchError::Damaged("it holds no tensors")),
        tensors => Ok(tensors),
    }
}

struct Collector<'a> {
    storages: Storages<'a>,
    tensors: BTreeMap<String, Tensor>,
    /// Values and elements that may still be visited.
    budget: usize,
}

impl Collector<'_> {
    /// Adds the tensors at and below `value`, the depth of which is bounded.
    fn visit(&mut self, value: &Value, name: String) -> Result<(), PyTorchError> {
        match value {
            Value::Tensor(view) => {
                self.spend(view.span().unwrap_or(0))?;
                self.tensors.insert(name, self.storages.tensor(view)?);
            }
            Value::Dict { entries, .. } => {
                for (key, value) in entries {
                    self.spend(1)?;
                    let Value::Str(key) = key.as_ref() else { continue };
                    let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                    self.visit(value, name)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn spend(&mut self, cost: usize) -> Result<(), PyTorchError> {
        let rest = self.budget.checked_sub(cost);
        self.budget = rest.ok_or(PyTorchError::Damaged("it names more numbers than it holds"))?;
        Ok(())
    }
}
