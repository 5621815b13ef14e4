//! Work that may need more memory than a device has.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What `work` gives; nothing where libtorch says that memory did not suffice. Any other panic goes on.
pub fn unless_short<T>(work: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => Some(done),
        Err(panic) => {
            let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            // "CUDA out of memory. Tried to allocate ...", "DefaultCPUAllocator: can't allocate memory: ...".
            match said {
                Some(said) if said.contains("out of memory") || said.contains("can't allocate memory") => None,
                _ => resume_unwind(panic),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind, Tensor};

    use super::*;

    #[test]
    fn what_libtorch_cannot_allocate_is_told_from_other_failures() {
        assert_eq!(unless_short(|| 3), Some(3));
        // A million million million bytes.
        let huge = || Tensor::empty([1 << 57], (Kind::Float, Device::Cpu)).size();
        assert_eq!(unless_short(huge), None);
        let wrong = || Tensor::zeros([2], (Kind::Float, Device::Cpu)).view([3]).size();
        assert!(catch_unwind(|| unless_short(wrong)).is_err());
    }
}
