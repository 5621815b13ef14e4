//! The device that libtorch works on.
//!
//! The program is linked to the CPU's part of libtorch alone. Where the CUDA part lies beside it, it is opened at
//! start, and libtorch finds the GPUs; where it does not, the CPU does the work.

use tch::{Cuda, Device};

use super::selection::GpuSelection;

/// A device, and what there is to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Where tensors go.
    pub device: Device,
    /// One line that says why a wish was not met.
    pub note: Option<String>,
}

/// Name of the CUDA part of libtorch.
const CUDA_LIBRARY: &str = "libtorch_cuda.so";

/// Chooses the first GPU of the selection that there is, else the CPU.
pub fn choose(selection: &GpuSelection) -> Choice {
    let Some(wanted) = first(selection) else { return Choice { device: Device::Cpu, note: None } };
    let cpu = |reason: String| Choice { device: Device::Cpu, note: Some(format!("no GPU is used: {reason}")) };
    if let Err(reason) = open_cuda() {
        return cpu(reason);
    }
    match usize::try_from(Cuda::device_count()).unwrap_or(0) {
        0 => cpu("libtorch finds none; is the driver installed?".to_string()),
        count if wanted >= count => cpu(format!("GPU {wanted} was asked for, but there are only 0 to {}", count - 1)),
        _ => Choice { device: Device::Cuda(wanted), note: None },
    }
}

/// The lowest index of a selection.
fn first(selection: &GpuSelection) -> Option<usize> {
    match selection {
        GpuSelection::None => None,
        GpuSelection::All | GpuSelection::Count(_) => Some(0),
        GpuSelection::Indices(indices) => indices.iter().min().map(|&index| index as usize),
    }
}

#[cfg(unix)]
fn open_cuda() -> Result<(), String> {
    use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
    // SAFETY: the library is PyTorch's own, found by the loader in the folder that libtorch_cpu comes from; its
    // initialisers register CUDA's kernels and nothing else. It is never closed.
    match unsafe { Library::open(Some(CUDA_LIBRARY), RTLD_NOW | RTLD_GLOBAL) } {
        Ok(library) => {
            std::mem::forget(library);
            Ok(())
        }
        Err(_) => Err(format!("{CUDA_LIBRARY} is not beside libtorch_cpu.so")),
    }
}

#[cfg(not(unix))]
fn open_cuda() -> Result<(), String> {
    Err("GPUs are used on Linux only".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_gpu_is_no_wish() {
        assert_eq!(choose(&GpuSelection::None), Choice { device: Device::Cpu, note: None });
    }

    /// With a GPU the first one is taken; without, one line says why not.
    #[test]
    fn a_wish_is_met_or_answered() {
        let choice = choose(&GpuSelection::All);
        match choice.device {
            Device::Cpu => assert!(choice.note.is_some_and(|note| note.starts_with("no GPU is used: "))),
            device => assert_eq!((device, choice.note), (Device::Cuda(0), None)),
        }
    }
}
