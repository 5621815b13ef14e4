//! The device that libtorch works on.
//!
//! The program is linked to the CPU's part of libtorch alone. Where the CUDA part lies beside it, it is opened at
//! start, and libtorch finds the GPUs; where it does not, the CPU does the work.

use tch::{Cuda, Device};

use super::nvml::Source;
use super::plan::{Plan, PlanError, Wish, plan};
use super::selection::GpuSelection;

/// Devices, and what there is to say about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Where tensors go: the one that the plan gives the most work first. Never empty.
    pub devices: Vec<Device>,
    /// One line that says why a wish was not met.
    pub note: Option<String>,
}

/// Name of the CUDA part of libtorch.
const CUDA_LIBRARY: &str = "libtorch_cuda.so";
/// The version of PyTorch that the program is linked to.
const TORCH: &str = "2.11.0";

/// Chooses the GPUs of the plan, else the CPU. `visible` is `CUDA_VISIBLE_DEVICES`, if it is set.
///
/// # Errors
/// A wish that the GPUs of this machine can't meet.
pub fn choose(wish: &Wish, source: &dyn Source, visible: Option<&str>) -> Result<Choice, PlanError> {
    let cpu = |reason: String| Choice { devices: vec![Device::Cpu], note: Some(format!("no GPU is used: {reason}")) };
    if wish.selection == GpuSelection::None {
        return Ok(Choice { devices: vec![Device::Cpu], note: None });
    }
    let reading = match source.read() {
        Ok(reading) => reading,
        Err(reason) => return Ok(cpu(reason)),
    };
    let Plan { mut gpus, notes } = plan(&reading, wish, visible)?;
    gpus.sort_by(|a, b| b.work.total_cmp(&a.work).then(a.index.cmp(&b.index)));
    if gpus.is_empty() {
        return Ok(cpu(if notes.is_empty() { "this machine has none".to_owned() } else { notes.join("; ") }));
    }
    if let Err(reason) = open_cuda() {
        return Ok(cpu(reason));
    }
    let count = u32::try_from(Cuda::device_count()).unwrap_or(0);
    Ok(match gpus.iter().find(|gpu| gpu.index >= count) {
        Some(missing) => cpu(format!("libtorch finds {count}, and GPU {} was chosen", missing.index)),
        None => Choice { devices: gpus.iter().map(|gpu| Device::Cuda(gpu.index as usize)).collect(), note: None },
    })
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
        Err(_) => Err(format!(
            "{CUDA_LIBRARY} is not beside libtorch_cpu.so; `pip install torch=={TORCH}` has it: set LIBTORCH to its folder"
        )),
    }
}

#[cfg(not(unix))]
fn open_cuda() -> Result<(), String> {
    Err("GPUs are used on Linux only".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::plan::Strategy;
    use crate::gpu::reading::Reading;

    struct Told(Result<Reading, String>);

    impl Source for Told {
        fn read(&self) -> Result<Reading, String> {
            self.0.clone()
        }
    }

    fn wish(selection: GpuSelection) -> Wish {
        Wish { selection, exclude: Vec::new(), memory_limit_percent: 80, strategy: Strategy::Balanced }
    }

    #[test]
    fn without_a_gpu_the_cpu_works_and_one_line_says_why() {
        let none = Choice { devices: vec![Device::Cpu], note: None };
        let told = |told, selection| choose(&wish(selection), &Told(told), None);
        assert_eq!(told(Err("x".into()), GpuSelection::None), Ok(none));
        let noted =
            |note: &str| Ok(Choice { devices: vec![Device::Cpu], note: Some(format!("no GPU is used: {note}")) });
        let driver = "there is no NVIDIA driver (libnvidia-ml.so)";
        assert_eq!(told(Err(driver.into()), GpuSelection::Indices(vec![0])), noted(driver));
        assert_eq!(told(Ok(Reading::default()), GpuSelection::All), noted("this machine has none"));
        assert!(told(Ok(Reading::default()), GpuSelection::Indices(vec![1])).is_err());
    }
}
