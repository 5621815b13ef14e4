//! Weights in safetensors files: named tensors and string metadata, no code.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensorError, SafeTensors};
use tch::{Device, Kind, Tensor, nn};

use super::pytorch::PyTorchError;
use crate::error::FileError;
use crate::files::write_atomically;

/// Why weights could not be loaded or saved.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not a whole safetensors file.
    #[error("{} is not a valid safetensors file: {source}", path.display())]
    Malformed { path: PathBuf, source: SafeTensorError },
    /// The file is not a checkpoint of PyTorch that can be read without running code.
    #[error("{} cannot be read as a checkpoint of PyTorch: {source}", path.display())]
    PyTorch { path: PathBuf, source: PyTorchError },
    /// An element type that no model here has.
    #[error("tensor `{name}` has elements of type {found}, expected F32, F16, BF16, F64, I64, I32, I16 or U8")]
    ElementType { name: String, found: String },
    /// A parameter of the model is not in the file.
    #[error("the weights lack `{name}` ({missing} of {total} parameters are missing)")]
    Missing { name: String, missing: usize, total: usize },
    /// A tensor has another shape than the model's parameter.
    #[error("`{name}` has shape {actual:?}, the model expects {expected:?}")]
    Shape { name: String, expected: Vec<i64>, actual: Vec<i64> },
    /// Metadata that the model needs is absent or unreadable.
    #[error("the weights' metadata `{key}` is missing or unreadable: {reason}")]
    Metadata { key: String, reason: String },
}

/// How floating-point tensors are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// 16 bit, for weights that are only used.
    Half,
    /// 32 bit, for training that goes on.
    Full,
}

/// Named tensors on the CPU, and metadata.
#[derive(Debug, Default)]
pub struct Weights {
    /// The tensors by name.
    pub tensors: BTreeMap<String, Tensor>,
    /// Free strings: the model's configuration, the recipe, the step.
    pub metadata: HashMap<String, String>,
}

impl Clone for Weights {
    /// The tensors are shared.
    fn clone(&self) -> Self {
        let share = |(name, tensor): (&String, &Tensor)| (name.clone(), tensor.shallow_clone());
        Self { tensors: self.tensors.iter().map(share).collect(), metadata: self.metadata.clone() }
    }
}

impl Weights {
    /// Copies all variables of `store`, without history.
    pub fn from_store(store: &nn::VarStore) -> Self {
        let copy = |tensor: Tensor| tensor.detach().to_device(Device::Cpu).copy();
        let tensors = store.variables().into_iter().map(|(name, tensor)| (name, copy(tensor))).collect();
        Self { tensors, metadata: HashMap::new() }
    }

    /// Reads a safetensors file. Nothing in it is executed.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        Self::read_some(path, |_| true)
    }

    /// Reads the tensors with a wanted name.
    pub fn read_some(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Self, CheckpointError> {
        let bytes = std::fs::read(path).map_err(FileError::on("read", path))?;
        let malformed = |source| CheckpointError::Malformed { path: path.to_path_buf(), source };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(malformed)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let file = SafeTensors::deserialize(&bytes).map_err(malformed)?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.tensors().into_iter().filter(|(name, _)| wanted(name)) {
            let tensor = to_tensor(&name, &view)?;
            tensors.insert(name, tensor);
        }
        Ok(Self { tensors, metadata })
    }

    /// Writes a safetensors file, whole or not at all.
    pub fn write(&self, path: &Path, precision: Precision) -> Result<(), CheckpointError> {
        let mut buffers = Vec::with_capacity(self.tensors.len());
        for (name, tensor) in &self.tensors {
            buffers.push((name.as_str(), to_bytes(name, tensor, precision)?));
        }
        let malformed = |source| CheckpointError::Malformed { path: path.to_path_buf(), source };
        let views: Vec<(&str, TensorView)> = buffers
            .iter()
            .map(|(name, raw)| Ok((*name, TensorView::new(raw.dtype, raw.shape.clone(), &raw.bytes)?)))
            .collect::<Result<_, _>>()
            .map_err(malformed)?;
        let bytes = safetensors::serialize(views, Some(self.metadata.clone())).map_err(malformed)?;
        Ok(write_atomically(path, &bytes)?)
    }

    /// Copies tensors into the variables of `store`; `key` maps a variable's name to its name in the file.
    ///
    /// Tensors that the model does not have are ignored; a missing one or another shape is an error, and then
    /// `store` is unchanged.
    pub fn load_into(&self, store: &nn::VarStore, key: impl Fn(&str) -> String) -> Result<(), CheckpointError> {
        let variables: BTreeMap<String, Tensor> = store.variables().into_iter().collect();
        let missing: Vec<String> =
            variables.keys().map(|name| key(name)).filter(|name| !self.tensors.contains_key(name)).collect();
        if let Some(name) = missing.first() {
            let (name, missing, total) = (name.clone(), missing.len(), variables.len());
            return Err(CheckpointError::Missing { name, missing, total });
        }
        for (name, variable) in &variables {
            let (expected, actual) = (variable.size(), self.tensors[&key(name)].size());
            if expected != actual {
                return Err(CheckpointError::Shape { name: key(name), expected, actual });
            }
        }
        tch::no_grad(|| {
            for (name, mut variable) in variables {
                variable.copy_(&self.tensors[&key(&name)]);
            }
        });
        Ok(())
    }

    /// Whether [`Precision::Half`], which ends at 65,504, can hold all floating-point values.
    pub fn fit_half(&self) -> bool {
        let mut floats = self.tensors.values().filter(|tensor| tensor.is_floating_point() && tensor.numel() > 0);
        floats.all(|tensor| tensor.abs().max().double_value(&[]) <= 65_504.0)
    }

    /// The tensors whose names begin with `prefix`, without it.
    pub fn subset(&self, prefix: &str) -> Self {
        let strip = |(name, tensor): (&String, &Tensor)| Some((name.strip_prefix(prefix)?.to_string(), tensor.copy()));
        Self { tensors: self.tensors.iter().filter_map(strip).collect(), metadata: self.metadata.clone() }
    }

    /// Adds the tensors of `other` under `prefix`.
    pub fn extend(&mut self, prefix: &str, other: Self) {
        self.tensors.extend(other.tensors.into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)));
    }

    /// A hash over the names, shapes and values of the tensors, in hexadecimal. Metadata does not count.
    pub fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (name, tensor) in &self.tensors {
            hasher.update(format!("{name} {:?} {:?}\0", tensor.kind(), tensor.size()).as_bytes());
            let tensor = tensor.to_device(Device::Cpu).contiguous();
            let mut bytes = vec![0u8; tensor.numel() * tensor.kind().elt_size_in_bytes()];
            tensor.copy_data_u8(&mut bytes, tensor.numel());
            hasher.update(&bytes);
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Reads a metadata entry as JSON.
    pub fn json<T: serde::de::DeserializeOwned>(&self, key: &str) -> Result<T, CheckpointError> {
        let error = |reason: String| CheckpointError::Metadata { key: key.to_string(), reason };
        let text = self.metadata.get(key).ok_or_else(|| error("no such entry".to_string()))?;
        serde_json::from_str(text).map_err(|source| error(source.to_string()))
    }

    /// Writes a metadata entry as JSON.
    pub fn set_json<T: serde::Serialize>(&mut self, key: &str, value: &T) -> Result<(), CheckpointError> {
        let error =
            |source: serde_json::Error| CheckpointError::Metadata { key: key.to_string(), reason: source.to_string() };
        self.metadata.insert(key.to_string(), serde_json::to_string(value).map_err(error)?);
        Ok(())
    }
}

/// One tensor as it lies in a file.
struct Raw {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// Floats become 32 bit, whatever they were stored as.
fn to_tensor(name: &str, view: &TensorView) -> Result<Tensor, CheckpointError> {
    let kind = match view.dtype() {
        Dtype::F32 => Kind::Float,
        Dtype::F16 => Kind::Half,
        Dtype::BF16 => Kind::BFloat16,
        Dtype::F64 => Kind::Double,
        Dtype::I64 => Kind::Int64,
        Dtype::I32 => Kind::Int,
        Dtype::I16 => Kind::Int16,
        Dtype::U8 => Kind::Uint8,
        other => return Err(CheckpointError::ElementType { name: name.to_string(), found: format!("{other:?}") }),
    };
    let shape: Vec<i64> = view.shape().iter().map(|&size| size as i64).collect();
    let tensor = Tensor::from_data_size(view.data(), &shape, kind);
    Ok(if tensor.is_floating_point() { tensor.to_kind(Kind::Float) } else { tensor })
}

fn to_bytes(name: &str, tensor: &Tensor, precision: Precision) -> Result<Raw, CheckpointError> {
    let (kind, dtype) = match (tensor.kind(), precision) {
        (Kind::Float | Kind::Half | Kind::BFloat16 | Kind::Double, Precision::Half) => (Kind::Half, Dtype::F16),
        (Kind::Float | Kind::Half | Kind::BFloat16, Precision::Full) => (Kind::Float, Dtype::F32),
        (Kind::Double, Precision::Full) => (Kind::Double, Dtype::F64),
        (Kind::Int64, _) => (Kind::Int64, Dtype::I64),
        (Kind::Int, _) => (Kind::Int, Dtype::I32),
        (Kind::Int16, _) => (Kind::Int16, Dtype::I16),
        (Kind::Uint8, _) => (Kind::Uint8, Dtype::U8),
        (other, _) => {
            return Err(CheckpointError::ElementType { name: name.to_string(), found: format!("{other:?}") });
        }
    };
    let tensor = tensor.to_device(Device::Cpu).to_kind(kind).contiguous();
    let mut bytes = vec![0u8; tensor.numel() * kind.elt_size_in_bytes()];
    tensor.copy_data_u8(&mut bytes, tensor.numel());
    Ok(Raw { dtype, shape: tensor.size().iter().map(|&size| size as usize).collect(), bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> nn::VarStore {
        tch::manual_seed(3);
        let store = nn::VarStore::new(Device::Cpu);
        nn::linear(store.root() / "layer", 3, 2, nn::LinearConfig::default());
        store
    }

    #[test]
    fn what_was_written_is_read_back() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("w.safetensors");
        let mut weights = Weights::from_store(&store());
        weights.set_json("step", &7).expect("a number");
        weights.write(&path, Precision::Full).expect("a writable folder");
        let read = Weights::read(&path).expect("the file");
        assert_eq!(read.json::<u64>("step").expect("the step"), 7);
        for (name, tensor) in &weights.tensors {
            assert!(tensor.equal(&read.tensors[name]), "{name}");
        }
    }

    #[test]
    fn halves_are_close() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("w.safetensors");
        let weights = Weights::from_store(&store());
        weights.write(&path, Precision::Half).expect("a writable folder");
        let read = Weights::read(&path).expect("the file");
        let gap = (&read.tensors["layer.weight"] - &weights.tensors["layer.weight"]).abs().max().double_value(&[]);
        assert!(gap > 0.0 && gap < 1e-3, "{gap}");
    }

    #[test]
    fn halves_end_at_65504() {
        let mut weights = Weights::from_store(&store());
        for (value, fits) in [(-65_504.0, true), (65_505.0, false), (f64::NAN, false)] {
            weights.tensors.insert("x".to_string(), Tensor::from_slice(&[0.0, value]));
            assert_eq!(weights.fit_half(), fits, "{value}");
        }
    }

    #[test]
    fn missing_and_misshapen_parameters_are_named() {
        let store = store();
        let mut weights = Weights::from_store(&store);
        weights.tensors.insert("layer.bias".to_string(), Tensor::zeros([5], (Kind::Float, Device::Cpu)));
        let error = weights.load_into(&store, str::to_string).expect_err("another shape");
        assert_eq!(error.to_string(), "`layer.bias` has shape [5], the model expects [2]");
        weights.tensors.clear();
        let error = weights.load_into(&store, str::to_string).expect_err("nothing there");
        assert!(matches!(error, CheckpointError::Missing { missing: 2, total: 2, .. }), "{error}");
    }

    #[test]
    fn a_broken_file_is_an_error() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("w.safetensors");
        std::fs::write(&path, b"\xff\xff\xff\xff\xff\xff\xff\xffnot tensors").expect("a writable folder");
        assert!(matches!(Weights::read(&path), Err(CheckpointError::Malformed { .. })));
    }
}
