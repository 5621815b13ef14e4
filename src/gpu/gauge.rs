//! What a run's GPUs do while it goes on.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::thread;
use std::time::Duration;

use serde::Serialize;

use super::nvml::Source;
use super::plan::Share;
use super::reading::Usage;

/// How a GPU was used over a while.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Load {
    /// Its number for CUDA.
    pub gpu: u32,
    /// Share of the time in which something ran on it, in percent.
    pub busy_percent: f64,
    /// Memory in use at the end, by whomever.
    pub memory_bytes: u64,
    /// The same, in percent.
    pub memory_percent: f64,
}

/// Reads the GPUs of a run every second, on a thread of its own, until it is dropped.
pub struct Gauge {
    source: Box<dyn Source + Send + Sync>,
    gpus: Vec<Share>,
    limit_percent: u8,
    readings: Mutex<Vec<Readings>>,
}

/// Of one GPU, since they were last asked for.
#[derive(Debug, Clone, Default)]
struct Readings {
    busy: Vec<u32>,
    used_bytes: u64,
    memory_bytes: u64,
}

impl Gauge {
    const EVERY: Duration = Duration::from_secs(1);

    /// Begins to read. `limit_percent` of their memory may be in use.
    pub fn start(source: Box<dyn Source + Send + Sync>, gpus: Vec<Share>, limit_percent: u8) -> Arc<Self> {
        let gauge = Arc::new(Self::new(source, gpus, limit_percent));
        let watched = Arc::downgrade(&gauge);
        thread::spawn(move || {
            while let Some(gauge) = Weak::upgrade(&watched) {
                gauge.read();
                drop(gauge);
                thread::sleep(Self::EVERY);
            }
        });
        gauge
    }

    fn new(source: Box<dyn Source + Send + Sync>, gpus: Vec<Share>, limit_percent: u8) -> Self {
        let readings = Mutex::new(vec![Readings::default(); gpus.len()]);
        Self { source, gpus, limit_percent, readings }
    }

    /// How the GPUs were used since this was last asked; those that did not answer are left out.
    pub fn loads(&self) -> Vec<Load> {
        let mut readings = self.lock();
        let known = self.gpus.iter().zip(readings.iter_mut()).filter(|(_, known)| !known.busy.is_empty());
        let load = |(gpu, known): (&Share, &mut Readings)| {
            let busy = std::mem::take(&mut known.busy);
            Load {
                gpu: gpu.index,
                busy_percent: f64::from(busy.iter().sum::<u32>()) / busy.len() as f64,
                memory_bytes: known.used_bytes,
                memory_percent: 100.0 * known.used_bytes as f64 / known.memory_bytes.max(1) as f64,
            }
        };
        known.map(load).collect()
    }

    /// Of the memory that may be in use the share that is, now, on the fullest GPU; none where the driver does not answer.
    pub fn fullest(&self) -> Option<f64> {
        self.read();
        let share = |known: &Readings| {
            let allowed = known.memory_bytes as f64 * f64::from(self.limit_percent) / 100.0;
            (known.memory_bytes > 0).then(|| known.used_bytes as f64 / allowed)
        };
        self.lock().iter().map(share).try_fold(0.0, |most: f64, share| Some(most.max(share?)))
    }

    fn read(&self) {
        let Ok(usages) = self.source.usage() else { return };
        let mut readings = self.lock();
        for (share, known) in self.gpus.iter().zip(readings.iter_mut()) {
            let Some(Usage { busy_percent, used_bytes, memory_bytes, .. }) =
                usages.iter().find(|usage| usage.uuid == share.uuid)
            else {
                continue;
            };
            known.busy.extend(*busy_percent);
            (known.used_bytes, known.memory_bytes) = (*used_bytes, *memory_bytes);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Readings>> {
        self.readings.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl fmt::Debug for Gauge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Gauge").field("gpus", &self.gpus).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gpu::reading::Reading;

    /// Every reading has 10 percent points more than the one before.
    struct Rising(Mutex<u32>);

    impl Source for Rising {
        fn read(&self) -> Result<Reading, String> {
            let mut busy = self.0.lock().map_err(|error| error.to_string())?;
            *busy += 10;
            let gpu = |uuid: &str| {
                let gpu = json!({
                    "index": 0, "uuid": uuid, "name": "A", "pci": "", "memory_bytes": 1_000, "used_bytes": *busy * 10,
                    "busy_percent": *busy, "mig": false, "processes": [],
                });
                serde_json::from_value(gpu).map_err(|error| error.to_string())
            };
            Ok(Reading { driver: String::new(), gpus: vec![gpu("other")?, gpu("own")?], links: vec![] })
        }
    }

    #[test]
    fn loads_are_means_and_the_memory_is_the_last() {
        let share = Share { index: 3, uuid: "own".into(), name: "A".into(), memory_bytes: 0, work: 1.0 };
        let gauge = Gauge::new(Box::new(Rising(Mutex::new(0))), vec![share], 80);
        assert!(gauge.loads().is_empty());
        gauge.read();
        // The third reading is the fullest's own.
        gauge.read();
        assert!((gauge.fullest().expect("a reading") - 30.0 / 80.0).abs() < 1e-6);
        let loads = gauge.loads();
        assert_eq!((loads.len(), loads[0].gpu, loads[0].busy_percent), (1, 3, 20.0));
        assert!((loads[0].memory_percent - 30.0).abs() < 1e-6);
        assert!(gauge.loads().is_empty());
    }
}
