//! The device that libtorch works on.
//!
//! The program is linked to the CPU's part of libtorch alone. Where the CUDA part lies beside it, it is opened at
//! start, and libtorch finds the GPUs; where it does not, the CPU does the work.

use tch::{Cuda, Device};

use super::nvml::Source;
use super::plan::{Plan, PlanError, Share, Wish, plan};
use super::reading::Reading;
use super::selection::GpuSelection;

/// Devices, and what there is to say about them.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Where tensors go: the one that the plan gives the most work first. Never empty.
    pub devices: Vec<Device>,
    /// The same as the plan has them; none where the CPU works.
    pub gpus: Vec<Share>,
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
    let without = |note| Choice { devices: vec![Device::Cpu], gpus: Vec::new(), note };
    let cpu = |reason: String| without(Some(format!("no GPU is used: {reason}")));
    if wish.selection == GpuSelection::None {
        return Ok(without(None));
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
    limit_memory(&reading, &gpus);
    if let Err(reason) = open_cuda() {
        return Ok(cpu(reason));
    }
    let count = u32::try_from(Cuda::device_count()).unwrap_or(0);
    Ok(match gpus.iter().find(|gpu| gpu.index >= count) {
        Some(missing) => cpu(format!("libtorch finds {count}, and GPU {} was chosen", missing.index)),
        None => {
            let devices = gpus.iter().map(|gpu| Device::Cuda(gpu.index as usize)).collect();
            Choice { devices, gpus, note: None }
        }
    })
}

/// How libtorch's allocator of GPU memory is told what to do.
const ALLOCATOR: &str = "PYTORCH_CUDA_ALLOC_CONF";
/// What CUDA itself needs of a GPU's memory.
const CONTEXT_BYTES: u64 = 1 << 29;

/// Keeps libtorch's allocator within what the plan leaves this run on the GPU with the least, unless the user has set it
/// up: what is more is out of memory, as if the GPU had none.
fn limit_memory(reading: &Reading, gpus: &[Share]) {
    let share = |gpu: &Share| {
        let all = reading.gpus.iter().find(|known| known.uuid == gpu.uuid)?.memory_bytes.max(1);
        Some(gpu.memory_bytes.saturating_sub(CONTEXT_BYTES) as f64 / all as f64)
    };
    let share = gpus.iter().filter_map(share).fold(1.0, f64::min);
    if std::env::var_os(ALLOCATOR).is_none() {
        // SAFETY: the allocator reads it when the CUDA part of libtorch is opened, after this; of the threads that run by
        // now, the pool's, none reads the environment.
        unsafe { std::env::set_var(ALLOCATOR, format!("per_process_memory_fraction:{share:.3}")) };
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
        let none = Choice { devices: vec![Device::Cpu], gpus: vec![], note: None };
        let told = |told, selection| choose(&wish(selection), &Told(told), None);
        assert_eq!(told(Err("x".into()), GpuSelection::None), Ok(none.clone()));
        let noted = |note: &str| Ok(Choice { note: Some(format!("no GPU is used: {note}")), ..none.clone() });
        let driver = "there is no NVIDIA driver (libnvidia-ml.so)";
        assert_eq!(told(Err(driver.into()), GpuSelection::Indices(vec![0])), noted(driver));
        assert_eq!(told(Ok(Reading::default()), GpuSelection::All), noted("this machine has none"));
        assert!(told(Ok(Reading::default()), GpuSelection::Indices(vec![1])).is_err());
    }
}
