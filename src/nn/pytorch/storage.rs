//! The numbers under the tensors.

use std::collections::HashMap;

use tch::{Kind, Tensor};

use super::{PyTorchError, value::View};

/// Bytes of each storage by its key.
#[derive(Debug, Default)]
pub(super) struct Storages<'a>(pub HashMap<String, &'a [u8]>);

impl Storages<'_> {
    /// Copies a view out of its storage; floats become 32 bit.
    pub(super) fn tensor(&self, view: &View) -> Result<Tensor, PyTorchError> {
        let beyond = PyTorchError::Damaged("a tensor reaches beyond its numbers");
        let (kind, span) = (view.storage.kind, view.span().ok_or(beyond)?);
        let width = kind.elt_size_in_bytes();
        let storage = self.0.get(&view.storage.key).and_then(|bytes| {
            let start = usize::try_from(view.offset).ok()?.checked_mul(width)?;
            bytes.get(start..start.checked_add(span.checked_mul(width)?)?)
        });
        let bytes = storage.ok_or(PyTorchError::Damaged("the numbers of a tensor are missing"))?;
        let flat = Tensor::from_data_size(bytes, &[span as i64], kind);
        let tensor = flat.as_strided(&view.size, &view.stride, 0).copy();
        Ok(if tensor.is_floating_point() { tensor.to_kind(Kind::Float) } else { tensor })
    }
}

/// The element type of a storage class such as `torch.FloatStorage`.
pub(super) fn kind_of(class: &str) -> Result<Kind, PyTorchError> {
    Ok(match class {
        "torch.FloatStorage" => Kind::Float,
        "torch.HalfStorage" => Kind::Half,
        "torch.BFloat16Storage" => Kind::BFloat16,
        "torch.DoubleStorage" => Kind::Double,
        "torch.LongStorage" => Kind::Int64,
        "torch.IntStorage" => Kind::Int,
        "torch.ShortStorage" => Kind::Int16,
        "torch.ByteStorage" => Kind::Uint8,
        "torch.CharStorage" => Kind::Int8,
        "torch.BoolStorage" => Kind::Bool,
        other => return Err(PyTorchError::Unsupported(format!("the storage {other}"))),
    })
}
