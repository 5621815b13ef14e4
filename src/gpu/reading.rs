//! What is known of a machine's GPUs at a moment.

use serde::{Deserialize, Serialize};

/// All GPUs of a machine, as the driver counts them: by their place on the PCI bus.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Reading {
    /// The driver's version.
    pub driver: String,
    /// In order.
    pub gpus: Vec<Gpu>,
    /// How pairs of them are connected.
    pub links: Vec<Link>,
}

/// One GPU. What its driver does not tell is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gpu {
    /// The driver's number.
    pub index: u32,
    /// Its own name, the same on every machine.
    pub uuid: String,
    /// The model.
    pub name: String,
    /// Its place on the PCI bus.
    pub pci: String,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Memory in use.
    pub used_bytes: u64,
    /// Share of the time in which something ran, in percent.
    pub busy_percent: Option<u32>,
    /// Degrees Celsius.
    pub temperature_c: Option<u32>,
    /// Power that it draws, and may draw, in watts.
    pub power_w: Option<f64>,
    /// The most.
    pub power_limit_w: Option<f64>,
    /// CUDA's compute capability, major and minor.
    pub compute: Option<(i32, i32)>,
    /// CUDA cores.
    pub cores: Option<u32>,
    /// Their highest clock in MHz.
    pub clock_mhz: Option<u32>,
    /// Whether it is cut into instances (MIG).
    pub mig: bool,
    /// Errors of its memory that could not be corrected, since the driver was loaded.
    pub memory_errors: Option<u64>,
    /// Who computes on it.
    pub processes: Vec<Process>,
}

/// How much of a GPU is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The GPU's own name.
    pub uuid: String,
    /// Memory in use, in bytes.
    pub used_bytes: u64,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Share of the time in which something ran, in percent.
    pub busy_percent: Option<u32>,
}

/// A process on a GPU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Memory that it uses.
    pub bytes: Option<u64>,
}

/// How two GPUs are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The one's index.
    pub a: u32,
    /// The other's.
    pub b: u32,
    /// What lies between.
    pub path: Path,
}

/// What lies between two GPUs, the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Path {
    /// So many NVLinks.
    NvLink(u32),
    /// They are on one board.
    Board,
    /// A PCIe switch.
    Switch,
    /// Several PCIe switches.
    Switches,
    /// A PCIe host bridge.
    HostBridge,
    /// Host bridges of one NUMA node.
    Node,
    /// NUMA nodes.
    System,
}

impl Path {
    /// As `nvidia-smi topo` calls it.
    pub fn short(self) -> String {
        match self {
            Self::NvLink(count) => format!("NV{count}"),
            Self::Board => "BOARD".into(),
            Self::Switch => "PIX".into(),
            Self::Switches => "PXB".into(),
            Self::HostBridge => "PHB".into(),
            Self::Node => "NODE".into(),
            Self::System => "SYS".into(),
        }
    }

    /// Rough bandwidth in GB/s, to weigh sets of GPUs: a generation-4 PCIe slot, and 25 for each NVLink.
    pub fn bandwidth(self) -> f64 {
        match self {
            Self::NvLink(count) => 25.0 * f64::from(count) + 25.0,
            Self::Board => 25.0,
            Self::Switch => 22.0,
            Self::Switches => 18.0,
            Self::HostBridge => 14.0,
            Self::Node => 10.0,
            Self::System => 6.0,
        }
    }
}

impl Gpu {
    /// Rough speed: cores times clock where they are known.
    pub fn speed(&self) -> f64 {
        f64::from(self.cores.unwrap_or(1_000)) * f64::from(self.clock_mhz.unwrap_or(1_000))
    }
}

impl Reading {
    /// What lies between two GPUs.
    pub fn path(&self, a: u32, b: u32) -> Path {
        let between = |link: &&Link| (link.a, link.b) == (a, b) || (link.a, link.b) == (b, a);
        self.links.iter().find(between).map_or(Path::System, |link| link.path)
    }
}
