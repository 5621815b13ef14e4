//! Tensors that several threads read.

use std::ops::Deref;

use tch::Tensor;

/// A tensor whose clones are views of the same memory.
#[derive(Debug)]
pub struct Shared(Tensor);

impl Clone for Shared {
    fn clone(&self) -> Self {
        Self(self.0.shallow_clone())
    }
}

impl Deref for Shared {
    type Target = Tensor;

    fn deref(&self) -> &Tensor {
        &self.0
    }
}

impl From<Tensor> for Shared {
    fn from(tensor: Tensor) -> Self {
        Self(tensor)
    }
}

impl From<&Tensor> for Shared {
    fn from(tensor: &Tensor) -> Self {
        Self(tensor.shallow_clone())
    }
}
