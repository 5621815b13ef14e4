//! The loop on a line that is fitted to points.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use std::sync::Arc;
use tch::Device;

use super::*;
use crate::gpu::gauge::Gauge;
use crate::gpu::nvml::Source;
use crate::gpu::plan::Share;
use crate::gpu::reading::Reading;
use crate::nn::adamw::AdamWConfig;
use crate::nn::checkpoint::CheckpointError;
use crate::nn::schedule::Schedule;

/// Fits a line to points that follow from the step.
struct Line {
    layer: nn::Linear,
}

impl Task for Line {
    fn loss(&self, step: u64, _progress: f64) -> Loss {
        // Not from libtorch's generator, which tests that run beside this one use as well.
        let mut random = ChaCha8Rng::seed_from_u64(step);
        let points: Vec<f32> = (0..16).map(|_| random.random_range(-2.0..2.0)).collect();
        let x = Tensor::from_slice(&points).view([16, 1]);
        let gap = x.apply(&self.layer) - (&x * 3.0 + 1.0);
        Loss { total: gap.square().mean(Kind::Float), parts: vec![], audio_s: 1.0 }
    }

    fn validate(&self) -> Vec<(&'static str, f64)> {
        vec![("slope", self.layer.ws.double_value(&[0, 0]))]
    }

    fn metadata(&self, weights: &mut Weights) -> Result<(), CheckpointError> {
        weights.set_json("kind", &"line")
    }
}

fn line(store: &nn::VarStore) -> Line {
    let zero = nn::Init::Const(0.0);
    let start = nn::LinearConfig { ws_init: zero, bs_init: Some(zero), bias: true };
    Line { layer: nn::linear(store.root() / "layer", 1, 1, start) }
}

fn config(steps: u64) -> RunConfig {
    RunConfig {
        steps,
        schedule: Schedule { peak: 0.05, warmup_steps: 5, floor: 1.0 },
        adamw: AdamWConfig::default(),
        ema_decay: 0.9,
        validate_every: 10,
        batches_per_step: 1,
    }
}

fn options(folder: &Path, resume: bool) -> RunOptions {
    let checkpoint_every = Duration::from_secs(3600);
    RunOptions {
        folder: folder.to_path_buf(),
        time_limit: None,
        resume,
        start: None,
        seed: 5,
        checkpoint_every,
        gauge: None,
    }
}

fn run(folder: &Path, steps: u64, resume: bool) -> (Vec<f64>, Tensor) {
    let store = nn::VarStore::new(Device::Cpu);
    let task = line(&store);
    let mut curve = Vec::new();
    let mut runner = Runner::new(&store, config(steps), options(folder, resume)).expect("a run");
    runner.run(&task, &mut |report| curve.push(report.losses[0].1)).expect("training");
    (curve, task.layer.ws.copy())
}

#[test]
fn a_resumed_run_equals_one_that_never_stopped() {
    let (whole, parts) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let (mut expected, weight) = run(whole.path(), 100, false);
    let _ = run(parts.path(), 50, false);
    let (resumed, again) = run(parts.path(), 100, true);
    expected.drain(..expected.len() - resumed.len());
    assert_eq!(resumed, expected);
    assert!(weight.equal(&again));
}

#[test]
fn it_learns_and_publishes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, weight) = run(folder.path(), 400, false);
    assert!((weight.double_value(&[0, 0]) - 3.0).abs() < 0.05, "{weight:?}");
    let published = Weights::read(&folder.path().join("weights.safetensors")).expect("the weights");
    assert_eq!(published.json::<String>("kind").expect("metadata"), "line");
    let log = std::fs::read_to_string(folder.path().join("log.jsonl")).expect("the log");
    assert_eq!(log.lines().filter(|line| line.contains("validation")).count(), 40);
}

/// A line on a device that holds so many points at once.
struct Poor {
    line: Line,
    points: std::cell::Cell<u64>,
    room: u64,
}

/// A GPU of which so much is in use, in percent.
#[derive(Clone, Copy)]
struct Used(u64);

impl Source for Used {
    fn read(&self) -> Result<Reading, String> {
        let gpu = json!({
            "index": 0, "uuid": "a", "name": "A", "pci": "", "memory_bytes": 100, "used_bytes": self.0, "busy_percent": 7,
            "mig": false, "processes": [],
        });
        let gpu = serde_json::from_value(gpu).map_err(|error| error.to_string())?;
        Ok(Reading { driver: String::new(), gpus: vec![gpu], links: vec![] })
    }
}

fn gauge(used_percent: u64) -> Arc<Gauge> {
    let share = Share { index: 0, uuid: "a".into(), name: "A".into(), memory_bytes: 80, work: 1.0 };
    Gauge::start(Box::new(Used(used_percent)), vec![share], 80)
}

impl Task for Poor {
    fn loss(&self, batch: u64, _progress: f64) -> Loss {
        let points = self.points.get();
        if points > self.room {
            let _ = Tensor::empty([1 << 57], (Kind::Float, Device::Cpu));
        }
        let values: Vec<f32> = (batch * points..(batch + 1) * points).map(|point| (point as f32 * 0.7).sin()).collect();
        let x = Tensor::from_slice(&values).view([-1, 1]);
        let gap = x.apply(&self.line.layer) - (&x * 3.0 + 1.0);
        Loss { total: gap.square().mean(Kind::Float), parts: vec![], audio_s: 1.0 }
    }

    fn halve_batches(&self) -> bool {
        self.points.replace(self.points.get() / 2) > 1
    }

    fn double_batches(&self) -> bool {
        self.points.set(self.points.get() * 2);
        true
    }

    fn validate(&self) -> Vec<(&'static str, f64)> {
        self.line.validate()
    }

    fn metadata(&self, weights: &mut Weights) -> Result<(), CheckpointError> {
        self.line.metadata(weights)
    }
}

#[test]
fn where_memory_is_short_batches_are_smaller_and_learn_the_same() {
    let (enough, halved) = (learnt(4, 4, 4, None), learnt(16, 1, 4, None));
    assert_eq!((enough.points, enough.batches, halved.points, halved.batches), (4, 4, 4, 4));
    assert!((enough.slope - halved.slope).abs() < 1e-5 && enough.slope > 0.5, "{enough:?} {halved:?}");
}

#[test]
fn where_a_gpu_has_room_batches_are_larger_and_learn_the_same() {
    let whole = learnt(4, 4, 16, None);
    let grown = learnt(4, 4, 16, Some(gauge(20)));
    assert_eq!((whole.points, whole.batches, grown.points, grown.batches), (4, 4, 16, 1));
    assert!((whole.slope - grown.slope).abs() < 1e-5 && whole.slope > 0.5, "{whole:?} {grown:?}");
    // Half of what may be in use is; and what turned out too large is not tried again.
    let (full, once) = (learnt(4, 4, 16, Some(gauge(41))), learnt(4, 4, 8, Some(gauge(20))));
    assert_eq!((full.points, full.batches, once.points, once.batches), (4, 4, 8, 2));
    assert!(full.log.contains("\"busy_percent\":7.0"), "{}", full.log);
}

/// What became of a run.
#[derive(Debug)]
struct Learnt {
    slope: f64,
    points: u64,
    batches: u64,
    log: String,
}

/// Forty steps of `points` points in each of `batches_per_step` batches, where the device has room for `room` at once.
fn learnt(points: u64, batches_per_step: u64, room: u64, gauge: Option<Arc<Gauge>>) -> Learnt {
    let folder = tempfile::tempdir().expect("a folder");
    let store = nn::VarStore::new(Device::Cpu);
    let task = Poor { line: line(&store), points: std::cell::Cell::new(points), room };
    let config = RunConfig { batches_per_step, ..config(40) };
    let options = RunOptions { gauge, ..options(folder.path(), false) };
    let mut runner = Runner::new(&store, config, options).expect("a run");
    runner.run(&task, &mut |_| ()).expect("training");
    let state = Weights::read(&folder.path().join("checkpoint.safetensors")).expect("a checkpoint");
    Learnt {
        slope: task.line.layer.ws.double_value(&[0, 0]),
        points: task.points.get(),
        batches: state.json("batches_per_step").expect("an entry"),
        log: std::fs::read_to_string(folder.path().join("log.jsonl")).expect("a log"),
    }
}
