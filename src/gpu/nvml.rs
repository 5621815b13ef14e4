//! Readings by NVML, the library of NVIDIA's driver.

use std::sync::OnceLock;

use nvml_wrapper::{
    Device, Nvml,
    enum_wrappers::device::{Clock, EccCounter, MemoryError, TemperatureSensor, TopologyLevel},
    enums::device::UsedGpuMemory,
    error::NvmlError,
};

use super::reading::{Gpu, Link, Path, Process, Reading, Usage};

/// What tells of a machine's GPUs.
pub trait Source {
    /// What is known at this moment.
    ///
    /// # Errors
    /// In one line, why nothing is known: there is no driver, or it does not answer.
    fn read(&self) -> Result<Reading, String>;

    /// How much of the GPUs is used at this moment: what of a reading changes from second to second.
    ///
    /// # Errors
    /// As [`Source::read`].
    fn usage(&self) -> Result<Vec<Usage>, String> {
        let of = |Gpu { uuid, used_bytes, memory_bytes, busy_percent, .. }: Gpu| Usage {
            uuid,
            used_bytes,
            memory_bytes,
            busy_percent,
        };
        Ok(self.read()?.gpus.into_iter().map(of).collect())
    }
}

/// The driver's own library, opened once.
#[derive(Debug, Default)]
pub struct Driver {
    nvml: OnceLock<Nvml>,
}

/// A GPU has no more NVLinks than this.
const MOST_LINKS: u32 = 18;

impl Driver {
    fn nvml(&self) -> Result<&Nvml, String> {
        if let Some(nvml) = self.nvml.get() {
            return Ok(nvml);
        }
        let nvml = Nvml::init().map_err(told)?;
        Ok(self.nvml.get_or_init(|| nvml))
    }
}

/// What an error of the library means.
fn told(error: NvmlError) -> String {
    match error {
        NvmlError::LibloadingError(_) | NvmlError::LibraryNotFound => {
            "there is no NVIDIA driver (libnvidia-ml.so)".to_owned()
        }
        error => format!("the NVIDIA driver does not answer: {error}"),
    }
}

/// All GPUs, in order.
fn devices(nvml: &Nvml) -> Result<Vec<Device<'_>>, NvmlError> {
    (0..nvml.device_count()?).map(|index| nvml.device_by_index(index)).collect()
}

impl Source for Driver {
    fn read(&self) -> Result<Reading, String> {
        let nvml = self.nvml()?;
        let devices = devices(nvml).map_err(told)?;
        let gpus = devices.iter().zip(0..).map(|(device, index)| gpu(device, index)).collect::<Result<Vec<_>, _>>();
        let pairs = (0..devices.len()).flat_map(|a| (a + 1..devices.len()).map(move |b| (a, b)));
        let links = pairs.filter_map(|(a, b)| {
            let other = nvml.device_by_index(b as u32).ok()?;
            let path = path(&devices[a], other)?;
            Some(Link { a: a as u32, b: b as u32, path })
        });
        let links = links.collect();
        Ok(Reading { driver: nvml.sys_driver_version().unwrap_or_default(), gpus: gpus.map_err(told)?, links })
    }

    fn usage(&self) -> Result<Vec<Usage>, String> {
        let of = |device: Device| {
            let memory = device.memory_info()?;
            let busy_percent = device.utilization_rates().ok().map(|rates| rates.gpu);
            Ok(Usage { uuid: device.uuid()?, used_bytes: memory.used, memory_bytes: memory.total, busy_percent })
        };
        devices(self.nvml()?).and_then(|devices| devices.into_iter().map(of).collect()).map_err(told)
    }
}

/// Only what a GPU must have is an error where it is missing.
fn gpu(device: &Device, index: u32) -> Result<Gpu, NvmlError> {
    let memory = device.memory_info()?;
    let watts = |milliwatts: Result<u32, NvmlError>| milliwatts.ok().map(|power| f64::from(power) / 1e3);
    let process = |process: nvml_wrapper::struct_wrappers::device::ProcessInfo| Process {
        pid: process.pid,
        bytes: match process.used_gpu_memory {
            UsedGpuMemory::Used(bytes) => Some(bytes),
            UsedGpuMemory::Unavailable => None,
        },
    };
    Ok(Gpu {
        index,
        uuid: device.uuid()?,
        name: device.name()?,
        pci: device.pci_info()?.bus_id,
        memory_bytes: memory.total,
        used_bytes: memory.used,
        busy_percent: device.utilization_rates().ok().map(|rates| rates.gpu),
        temperature_c: device.temperature(TemperatureSensor::Gpu).ok(),
        power_w: watts(device.power_usage()),
        power_limit_w: watts(device.enforced_power_limit()),
        compute: device.cuda_compute_capability().ok().map(|version| (version.major, version.minor)),
        cores: device.num_cores().ok(),
        clock_mhz: device.max_clock_info(Clock::SM).ok(),
        // 1 is NVML_DEVICE_MIG_ENABLE; GPUs that can't be cut refuse to answer.
        mig: device.mig_mode().is_ok_and(|mode| mode.current == 1),
        memory_errors: device.total_ecc_errors(MemoryError::Uncorrected, EccCounter::Volatile).ok(),
        processes: device.running_compute_processes().unwrap_or_default().into_iter().map(process).collect(),
    })
}

/// NVLinks from one to the other, directly or through a switch, else the way over PCIe.
fn path(a: &Device, b: Device) -> Option<Path> {
    let place = b.pci_info().ok()?.bus_id;
    let (ours, theirs) = (ends_of_links(a), ends_of_links(&b));
    // Links of both that lead to the same place lead to a switch between them.
    let count = |leads: &dyn Fn(&String) -> bool| ours.iter().filter(|end| leads(end)).count() as u32;
    let links = count(&|end| *end == place).max(count(&|end| theirs.contains(end)));
    if links > 0 {
        return Some(Path::NvLink(links));
    }
    Some(match a.topology_common_ancestor(b).ok()? {
        TopologyLevel::Internal => Path::Board,
        TopologyLevel::Single => Path::Switch,
        TopologyLevel::Multiple => Path::Switches,
        TopologyLevel::HostBridge => Path::HostBridge,
        TopologyLevel::Node => Path::Node,
        TopologyLevel::System => Path::System,
    })
}

/// Where a GPU's active NVLinks lead, on the PCI bus.
fn ends_of_links(device: &Device) -> Vec<String> {
    let end = |link: u32| {
        let link = device.link_wrapper_for(link);
        if link.is_active().ok()? { link.remote_pci_info().ok().map(|remote| remote.bus_id) } else { None }
    };
    (0..MOST_LINKS).filter_map(end).collect()
}
