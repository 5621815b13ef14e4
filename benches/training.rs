//! Training steps of the acoustic model per second, for `benches/training.py`, which does the same in PyTorch.
//!
//! `cargo bench --bench training -- <folder>` writes the weights that it begins with and the batch there, as safetensors,
//! and prints one line of JSON.

use std::path::Path;
use std::time::Instant;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use tch::{Device, Kind, Tensor, nn};
use voice_clone::acoustic::AcousticConfig;
use voice_clone::nn::adamw::{AdamW, AdamWConfig};
use voice_clone::nn::checkpoint::{Precision, Weights};
use voice_clone::nn::mixed;
use voice_clone::text::symbols::Symbol;
use voice_clone::train::acoustic::{AcousticData, AcousticTask, LossWeights, Speakers};
use voice_clone::train::labels::Labelled;
use voice_clone::train::runner::Task;

/// As in the recipe: about 35 s of speech.
const UTTERANCES: usize = 6;
const SYMBOLS: usize = 80;
const FRAMES_PER_SYMBOL: usize = 6;
const LEARNING_RATE: f64 = 1e-3;
/// Steps whose losses are compared, and steps that are timed.
const COMPARED: u64 = 10;
const TIMED: u64 = 30;

fn utterance(index: usize, random: &mut ChaCha8Rng) -> Labelled {
    let durations = vec![FRAMES_PER_SYMBOL; SYMBOLS];
    let frames = (SYMBOLS * FRAMES_PER_SYMBOL) as i64;
    let mut row = |count: usize| -> Vec<f32> { (0..count).map(|_| random.random_range(-1.0..1.0)).collect() };
    let (pitch, energy) = (row(SYMBOLS), row(SYMBOLS));
    let mel = Tensor::from_slice(&row(80 * frames as usize)).view([80, frames]) - 5.0;
    let frame_pitch = Tensor::from_slice(&row(frames as usize));
    let voicing = Tensor::from_slice(&row(frames as usize)).gt(0.0).to_kind(Kind::Float);
    let known: Vec<Symbol> = Symbol::all().filter(|symbol| symbol.is_phoneme()).collect();
    Labelled {
        key: format!("bench/{index}"),
        speaker: format!("{index}"),
        symbols: (0..SYMBOLS).map(|_| known[random.random_range(0..known.len())]).collect(),
        durations,
        pitch,
        energy,
        mel: mel.to_kind(Kind::Half).into(),
        frame_pitch: frame_pitch.into(),
        voicing: voicing.into(),
        samples: Tensor::zeros([0], (Kind::Int16, Device::Cpu)).into(),
        score: 0.0,
    }
}

/// The batch as the other side reads it.
fn written(utterances: &[Labelled], speakers: &Speakers) -> Weights {
    let stack = |of: &dyn Fn(&Labelled) -> Tensor| Tensor::stack(&utterances.iter().map(of).collect::<Vec<_>>(), 0);
    let ids = |item: &Labelled| item.symbols.iter().map(|symbol| i64::from(symbol.id())).collect::<Vec<_>>();
    let mut batch = Weights::default();
    let mut put = |name: &str, tensor: Tensor| batch.tensors.insert(name.to_string(), tensor);
    put("symbols", stack(&|item| Tensor::from_slice(&ids(item))));
    put("durations", stack(&|item| Tensor::from_slice(&item.durations.iter().map(|&d| d as i64).collect::<Vec<_>>())));
    put("pitch", stack(&|item| Tensor::from_slice(&item.pitch)));
    put("energy", stack(&|item| Tensor::from_slice(&item.energy)));
    put("mel", stack(&|item| item.mel.to_kind(Kind::Float)));
    put("frame_pitch", stack(&|item| item.frame_pitch.shallow_clone()));
    put("voicing", stack(&|item| item.voicing.shallow_clone()));
    put("speaker", stack(&|item| Tensor::from_slice(&speakers[&item.speaker][0])));
    batch
}

/// Losses of the first steps, and steps per second after them.
fn train(store: &nn::VarStore, task: &AcousticTask, in_bf16: bool) -> (Vec<f64>, f64) {
    let mut optimiser = AdamW::new(store, AdamWConfig::default());
    let mut step = |index: u64| {
        optimiser.zero_grad();
        let loss = mixed::scoped(in_bf16, || task.loss(index, 0.0)).total;
        loss.backward();
        optimiser.step(LEARNING_RATE);
        loss
    };
    let losses = (0..COMPARED).map(|index| step(index).double_value(&[])).collect();
    let start = Instant::now();
    for index in 0..TIMED {
        let _ = step(COMPARED + index);
    }
    (losses, TIMED as f64 / start.elapsed().as_secs_f64())
}

fn main() {
    let Some(folder) = std::env::args().skip(1).find(|argument| !argument.starts_with('-')) else {
        eprintln!("no folder was given: see benches/training.py");
        return;
    };
    let folder = Path::new(&folder);
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let training: Vec<Labelled> = (0..UTTERANCES).map(|index| utterance(index, &mut random)).collect();
    let embedding = |random: &mut ChaCha8Rng| (0..192).map(|_| random.random_range(-0.1..0.1)).collect::<Vec<f32>>();
    let speakers: Speakers = training.iter().map(|item| (item.speaker.clone(), vec![embedding(&mut random)])).collect();
    let batch = written(&training, &speakers);
    let data = AcousticData {
        training,
        validation: Vec::new(),
        speakers,
        built_in: Default::default(),
        batch_frames: usize::MAX,
        adversary: None,
        listener: None,
        loaders: 1,
    };
    tch::manual_seed(1);
    let store = nn::VarStore::new(Device::Cpu);
    let task = AcousticTask::new(&store, AcousticConfig::default(), LossWeights::default(), data, 1).expect("a batch");
    let start = Weights::from_store(&store);
    start.write(&folder.join("weights.safetensors"), Precision::Full).expect("a folder to write to");
    batch.write(&folder.join("batch.safetensors"), Precision::Full).expect("a folder to write to");
    let (losses, in_full) = train(&store, &task, false);
    start.load_into(&store, str::to_string).expect("the same network");
    let pays = mixed::pays(Device::Cpu);
    let mixed = pays.then(|| train(&store, &task, true).1);
    let threads = tch::get_num_threads();
    let report = json!({ "threads": threads, "losses": losses, "float32": in_full, "bfloat16": mixed });
    println!("{report}");
}
