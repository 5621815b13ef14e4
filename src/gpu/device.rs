//! The device that libtorch works on.
//!
//! The program is linked to the CPU's part of libtorch alone. Where the CUDA part lies beside it, it is opened at
//! start, and libtorch finds the GPUs; where it does not, the CPU does the work.

use tch::{Cuda, Device};

use super::nvml::Source;
use super::plan::{Plan, PlanError, Wish, plan};
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
/// The version of PyTorch that the program is linked to.
const TORCH: &str = "2.11.0";

/// Chooses the GPU that the plan gives the most work, else the CPU. `visible` is `CUDA_VISIBLE_DEVICES`, if it is set.
///
/// # Errors
/// A wish that the GPUs of this machine can't meet.
pub fn choose(wish: &Wish, source: &dyn Source, visible: Option<&str>) -> Result<Choice, PlanError> {
    let cpu = |reason: String| Choice { device: Device::Cpu, note: Some(format!("no GPU is used: {reason}")) };
    if wish.selection == GpuSelection::None {
        return Ok(Choice { device: Device::Cpu, note: None });
    }
    let reading = match source.read() {
        Ok(reading) => reading,
        Err(reason) => return Ok(cpu(reason)),
    };
    let Plan { gpus, notes } = plan(&reading, wish, visible)?;
    let most = gpus.iter().max_by(|a, b| a.work.total_cmp(&b.work).then(b.index.cmp(&a.index)));
    let Some(most) = most else {
        return Ok(cpu(if notes.is_empty() { "this machine has none".to_owned() } else { notes.join("; ") }));
    };
    if let Err(reason) = open_cuda() {
        return Ok(cpu(reason));
    }
    match u32::try_from(Cuda::device_count()).unwrap_or(0) {
        count if most.index >= count => Ok(cpu(format!("libtorch finds {count}, and GPU {} was chosen", most.index))),
        _ => Ok(Choice { device: Device::Cuda(most.index as usize), note: None }),
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
        let none = Choice { device: Device::Cpu, note: None };
        let told = |told, selection| choose(&wish(selection), &Told(told), None);
        assert_eq!(told(Err("x".into()), GpuSelection::None), Ok(none));
        let noted = |note: &str| Ok(Choice { device: Device::Cpu, note: Some(format!("no GPU is used: {note}")) });
        let driver = "there is no NVIDIA driver (libnvidia-ml.so)";
        assert_eq!(told(Err(driver.into()), GpuSelection::Indices(vec![0])), noted(driver));
        assert_eq!(told(Ok(Reading::default()), GpuSelection::All), noted("this machine has none"));
        assert!(told(Ok(Reading::default()), GpuSelection::Indices(vec![1])).is_err());
    }
}
