//! Base training: from a corpus and a recipe to a component's weights.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Mutex;

use serde::de::DeserializeOwned;
use tch::{Device, Kind, nn};

use super::acoustic::{AcousticData, AcousticRecipe, AcousticTask, JUDGES, Listener, Speakers};
use super::aligner::{AlignerRecipe, AlignerTask};
use super::denoiser::{DenoiserData, DenoiserRecipe, DenoiserTask};
use super::labels::{Labelled, embed_speakers};
use super::lock::lock;
use super::runner::{Replica, RunConfig, RunOptions, Runner, StepReport, Task, TrainError};
use super::segmentation::{SegmentationData, SegmentationRecipe, SegmentationTask};
use super::speaker::{SpeakerData, SpeakerRecipe, SpeakerTask};
use super::taught::TaughtBatch;
use super::vocoder::{TaughtMels, VocoderRecipe, VocoderTask};
use crate::aligner::Aligner;
use crate::dataset::corpus::{CorpusUtterance, read_corpus};
use crate::dataset::prepared::{Prepared, Preparer};
use crate::nn::checkpoint::Weights;
use crate::processes::Processes;
use crate::synthesis::models::Models;
use crate::text::FrontEnd;

/// The components that have base weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    /// Phoneme recogniser.
    Aligner,
    /// Phonemes to mel.
    Acoustic,
    /// Mel to waveform.
    Vocoder,
    /// Recording to 192 values.
    Speaker,
    /// Noisy spectrum to a mask.
    Denoiser,
    /// Who speaks in a window.
    Segmentation,
}

impl Component {
    /// The recipe that ships with the program.
    pub fn default_recipe(self) -> &'static str {
        match self {
            Self::Vocoder => include_str!("../../models/recipes/vocoder.toml"),
            Self::Aligner => include_str!("../../models/recipes/aligner.toml"),
            Self::Speaker => include_str!("../../models/recipes/speaker.toml"),
            Self::Acoustic => include_str!("../../models/recipes/acoustic.toml"),
            Self::Denoiser => include_str!("../../models/recipes/denoiser.toml"),
            Self::Segmentation => include_str!("../../models/recipes/segmentation.toml"),
        }
    }
}

/// What base training tells its caller.
pub trait Observer: Sync {
    /// So many of so many utterances are prepared.
    fn prepared(&self, done: usize, total: usize);
    /// An utterance was left out, and why.
    fn left_out(&self, key: &str, reason: &str);
    /// Something that the user should know.
    fn notice(&self, message: &str);
    /// A line of the log.
    fn step(&self, report: &StepReport);
}

/// Utterances of a speaker that are embedded where the recipe does not say.
const REFERENCES: usize = 4;

/// One base training.
pub struct BaseTraining<'a> {
    /// The corpus folder.
    pub corpus: &'a Path,
    /// Where prepared utterances are kept.
    pub cache: &'a Path,
    /// The recipe, TOML.
    pub recipe: &'a str,
    /// Weights of the components that are trained already; the acoustic model needs the aligner and the speaker
    /// encoder, the segmentation network the speaker encoder.
    pub models: &'a Path,
    /// A teacher's embeddings, which the speaker encoder needs.
    pub teacher: Option<&'a Path>,
    /// Devices to train on, a replica on each; where several processes train together each takes one.
    pub devices: &'a [Device],
    /// CPU threads that may be used.
    pub threads: usize,
    /// Processes that train together.
    pub processes: Processes,
    /// Steps, instead of the recipe's.
    pub steps: Option<u64>,
    /// Folder, time, seed.
    pub options: RunOptions,
    /// Who is told.
    pub observer: &'a dyn Observer,
}

impl BaseTraining<'_> {
    /// Trains one component; its weights are then in the options' folder. Returns the steps done.
    pub fn run(self, component: Component) -> Result<u64, TrainError> {
        let _lock = self.processes.is_first().then(|| lock(&self.options.folder)).transpose()?;
        // Where all batches have one shape, cuDNN may try which of its kernels is the fastest.
        let one_shape = matches!(component, Component::Vocoder | Component::Denoiser | Component::Segmentation);
        tch::Cuda::cudnn_set_benchmark(one_shape);
        match component {
            Component::Vocoder => self.vocoder(),
            Component::Aligner => self.aligner(),
            Component::Speaker => self.speaker(),
            Component::Acoustic => self.acoustic(),
            Component::Denoiser => self.denoiser(),
            Component::Segmentation => self.segmentation(),
        }
    }

    fn aligner(self) -> Result<u64, TrainError> {
        let (seed, loaders) = (self.options.seed, self.loaders());
        let recipe: AlignerRecipe = self.parse()?;
        let (training, validation) = self.split(&recipe.collections, &recipe.held_out, |u| u.text.is_some())?;
        let preparer = Preparer::synthesis(self.cache);
        let [training, validation] = [training, validation].map(|list| self.prepare(&preparer, list));
        self.train(recipe.run, move |store| {
            AlignerTask::new(store, recipe.clone(), training.clone(), validation.clone(), seed, loaders)
        })
    }

    fn speaker(self) -> Result<u64, TrainError> {
        let (seed, loaders) = (self.options.seed, self.loaders());
        let recipe: SpeakerRecipe = self.parse()?;
        let teacher = self.teacher.ok_or_else(|| {
            TrainError::Data("the speaker encoder learns from a teacher: give its embeddings with --teacher".into())
        })?;
        let teacher = Weights::read(teacher)?;
        let [training, validation] = self.analysed(&recipe.collections, &recipe.held_out)?;
        let [noise, validation_noise] = self.analysed(std::slice::from_ref(&recipe.noise), &recipe.noise_held_out)?;
        let data = SpeakerData { training, validation, noise, validation_noise, teacher };
        self.train(recipe.run, move |store| SpeakerTask::new(store, recipe.clone(), data.clone(), seed, loaders))
    }

    fn denoiser(self) -> Result<u64, TrainError> {
        let (seed, loaders) = (self.options.seed, self.loaders());
        let recipe: DenoiserRecipe = self.parse()?;
        let [training, validation] = self.analysed(&recipe.collections, &recipe.held_out)?;
        let [noise, validation_noise] = self.analysed(std::slice::from_ref(&recipe.noise), &recipe.noise_held_out)?;
        let data = DenoiserData { training, validation, noise, validation_noise };
        self.train(recipe.run, move |store| DenoiserTask::new(store, &recipe, data.clone(), seed, loaders))
    }

    fn segmentation(self) -> Result<u64, TrainError> {
        let (models, seed, loaders) = (self.models, self.options.seed, self.loaders());
        let recipe: SegmentationRecipe = self.parse()?;
        let [training, validation] = self.analysed(&recipe.collections, &recipe.held_out)?;
        let [noise, validation_noise] = self.analysed(&recipe.noise, &recipe.noise_held_out)?;
        let data = SegmentationData { training, validation, noise, validation_noise };
        self.train(recipe.run, move |store| {
            let encoder = Models::new(models, store.device()).speaker()?;
            SegmentationTask::new(store, &recipe, data.clone(), encoder, seed, loaders)
        })
    }

    /// Threads of each replica that mix batches. Beside a GPU the processors have nothing else to do; where they train
    /// themselves, one is enough.
    fn loaders(&self) -> usize {
        match self.devices.first() {
            Some(device) if device.is_cuda() => (self.threads / self.devices.len()).saturating_sub(1).max(1),
            _ => 1,
        }
    }

    /// Utterances for training and for validation, at the rate of analysis.
    fn analysed(&self, collections: &[String], held_out: &[String]) -> Result<[Vec<Prepared>; 2], TrainError> {
        let (training, validation) = self.split(collections, held_out, |_| true)?;
        let preparer = Preparer::analysis(self.cache);
        Ok([training, validation].map(|list| self.prepare(&preparer, list)))
    }

    fn acoustic(self) -> Result<u64, TrainError> {
        let (models, seed, loaders) = (self.models, self.options.seed, self.loaders());
        let recipe: AcousticRecipe = self.parse()?;
        let aligner = Models::new(models, self.devices[0]).aligner()?;
        let (training, validation) = self.split(&recipe.collections, &recipe.held_out, |u| u.text.is_some())?;
        let all: Vec<_> = training.iter().chain(&validation).cloned().collect();
        let speakers = self.speakers(all, recipe.references)?;
        let preparer = Preparer::synthesis(self.cache);
        let [training, validation] =
            [training, validation].map(|list| self.label(&self.prepare(&preparer, list), &aligner));
        let (weights, judges) = (recipe.weights(), self.judges()?);
        let AcousticRecipe { batch_frames, built_in, adversary, listener, model, run, .. } = recipe;
        self.train(run, move |store| {
            // Its discriminator follows from the seed as well.
            let hear =
                |config| Ok(Listener::new(config, Models::new(models, store.device()).vocoder()?, store.device()));
            let listener = listener.map(hear).transpose().map_err(TrainError::Model)?;
            let (training, validation, speakers) = (training.clone(), validation.clone(), speakers.clone());
            let built_in = built_in.clone();
            let data =
                AcousticData { training, validation, speakers, built_in, batch_frames, adversary, listener, loaders };
            let mut task = AcousticTask::new(store, model.clone(), weights, data, seed)?;
            if let Some(judges) = &judges {
                task.start_judges(judges)?;
            }
            Ok(task)
        })
    }

    /// The discriminators beside the weights that the run begins with, where there are any.
    fn judges(&self) -> Result<Option<Weights>, TrainError> {
        let beside = self.options.start.as_ref().map(|start| start.with_file_name(format!("{JUDGES}.safetensors")));
        Ok(beside.filter(|path| path.exists()).map(|path| Weights::read(&path)).transpose()?)
    }

    fn label<'p>(&self, prepared: impl IntoIterator<Item = &'p Prepared>, aligner: &Aligner) -> Vec<Labelled> {
        let front_end = FrontEnd::new();
        let mut labelled = Vec::new();
        for item in prepared {
            match Labelled::new(item, aligner, &front_end) {
                Ok(label) => labelled.push(label),
                Err(error) => self.observer.left_out(&item.utterance.key, &error.to_string()),
            }
        }
        labelled
    }

    fn vocoder(self) -> Result<u64, TrainError> {
        let (seed, loaders) = (self.options.seed, self.loaders());
        let recipe: VocoderRecipe = self.parse()?;
        let (training, validation) = self.split(&recipe.collections, &recipe.held_out, |_| true)?;
        let preparer = Preparer::synthesis(self.cache);
        let training = self.prepare(&preparer, training);
        let validation = self.prepare(&preparer, validation);
        let taught = if recipe.acoustic_share > 0.0 { self.taught_mels(&training)? } else { TaughtMels::new() };
        self.train(recipe.run, move |store| {
            let taught = taught.iter().map(|(key, mel)| (key.clone(), mel.shallow_clone())).collect();
            VocoderTask::new(store, &recipe, training.clone(), validation.clone(), taught, seed, loaders)
        })
    }

    /// What the acoustic model makes of the labels of recordings with a transcript.
    fn taught_mels(&self, prepared: &[Prepared]) -> Result<TaughtMels, TrainError> {
        /// Utterances at once.
        const BATCH: usize = 4;
        let models = Models::new(self.models, self.devices[0]);
        let aligner = models.aligner()?;
        let acoustic = models.frozen_acoustic(None)?;
        let utterances: Vec<_> = prepared.iter().map(|item| item.utterance.clone()).collect();
        let speakers = self.speakers(utterances, REFERENCES)?;
        let labelled = self.label(prepared.iter().filter(|item| item.utterance.text.is_some()), &aligner);
        let mut mels = TaughtMels::new();
        for items in labelled.chunks(BATCH) {
            let items: Vec<&Labelled> = items.iter().filter(|item| speakers.contains_key(&item.speaker)).collect();
            let embeddings: Vec<&[f32]> = items.iter().map(|item| speakers[&item.speaker][0].as_slice()).collect();
            if items.is_empty() {
                continue;
            }
            let (_, frames, _) =
                tch::no_grad(|| TaughtBatch::new(&items, &embeddings, self.devices[0]).teach(&acoustic));
            for (index, item) in items.iter().enumerate() {
                let mel = frames.mel.get(index as i64).narrow(1, 0, item.frames() as i64);
                mels.insert(item.key.clone(), mel.to_device(Device::Cpu).to_kind(Kind::Half));
            }
        }
        Ok(mels)
    }

    /// Embeddings of up to `references` utterances of each speaker.
    fn speakers(&self, utterances: Vec<CorpusUtterance>, references: usize) -> Result<Speakers, TrainError> {
        let encoder = Models::new(self.models, self.devices[0]).speaker()?;
        let prepared = self.prepare(&Preparer::analysis(self.cache), at_most_per_speaker(utterances, references));
        embed_speakers(&prepared, &encoder, references).map_err(|error| TrainError::Data(error.to_string()))
    }

    /// Trains what `make` makes in a store, once for each device. Returns the steps done.
    fn train<T: Task>(
        &self,
        run: RunConfig,
        make: impl Fn(&nn::VarStore) -> Result<T, TrainError> + Send,
    ) -> Result<u64, TrainError> {
        let run = self.run_config(run);
        // One after the other, since libtorch's generator is shared: all begin with the weights that follow from the seed.
        let make = Mutex::new(make);
        let train = |device: Device, replica: Replica| {
            let store = nn::VarStore::new(device);
            let task = {
                let make = make.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                tch::manual_seed(self.options.seed as i64);
                make(&store)?
            };
            let mut runner = Runner::new(&store, run, self.options.clone())?.shared(replica);
            runner.run(&task, &mut |report| self.observer.step(report))
        };
        match self.devices {
            devices if self.processes.count() > 1 => {
                train(devices[self.processes.local_index() % devices.len()], Replica::of(self.processes))
            }
            devices => Replica::on_devices(devices, train, |error| matches!(error, TrainError::Left(_))),
        }
    }

    /// The recipe's run, as long as the user wants it.
    fn run_config(&self, recipe: RunConfig) -> RunConfig {
        let unlimited = if self.options.time_limit.is_some() { u64::MAX } else { recipe.steps };
        RunConfig { steps: self.steps.unwrap_or(unlimited), ..recipe }
    }

    fn parse<T: DeserializeOwned>(&self) -> Result<T, TrainError> {
        toml::from_str(self.recipe).map_err(|error| TrainError::Data(format!("the recipe is not valid: {error}")))
    }

    /// Utterances for training and, by held-out speakers, for validation.
    fn split(
        &self,
        collections: &[String],
        held_out: &[String],
        keep: impl Fn(&CorpusUtterance) -> bool,
    ) -> Result<(Vec<CorpusUtterance>, Vec<CorpusUtterance>), TrainError> {
        let held_out: HashSet<&str> = held_out.iter().map(String::as_str).collect();
        let utterances = read_corpus(self.corpus).map_err(|error| TrainError::Data(error.to_string()))?;
        let used = utterances.into_iter().filter(|u| collections.contains(&u.collection) && keep(u));
        Ok(used.partition(|utterance| !held_out.contains(utterance.speaker.as_str())))
    }

    fn prepare(&self, preparer: &Preparer, utterances: Vec<CorpusUtterance>) -> Vec<Prepared> {
        let total = utterances.len();
        let done = std::sync::atomic::AtomicUsize::new(0);
        let tick = || {
            let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            self.observer.prepared(done, total);
        };
        let (good, bad) = preparer.prepare_all(utterances, tick);
        for failed in bad {
            self.observer.left_out(&failed.utterance.key, &failed.error.to_string());
        }
        good
    }
}

/// The first `count` utterances of each speaker.
fn at_most_per_speaker(utterances: Vec<CorpusUtterance>, count: usize) -> Vec<CorpusUtterance> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut take = |utterance: &CorpusUtterance| {
        let seen = seen.entry(utterance.speaker.clone()).or_default();
        *seen += 1;
        *seen <= count
    };
    utterances.into_iter().filter(|utterance| take(utterance)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recipes_that_ship_are_valid_and_hold_the_same_readers_out() {
        fn parsed<T: DeserializeOwned>(component: Component) -> T {
            toml::from_str(component.default_recipe()).expect("a valid recipe")
        }
        let held_out = [
            parsed::<AlignerRecipe>(Component::Aligner).held_out,
            parsed::<AcousticRecipe>(Component::Acoustic).held_out,
            parsed::<VocoderRecipe>(Component::Vocoder).held_out,
            parsed::<SpeakerRecipe>(Component::Speaker).held_out,
            parsed::<DenoiserRecipe>(Component::Denoiser).held_out,
            parsed::<SegmentationRecipe>(Component::Segmentation).held_out,
        ];
        let readers = ["1088", "3242", "1737", "7312"];
        assert!(held_out.iter().all(|list| readers.iter().all(|reader| list.iter().any(|held| held == reader))));
    }
}
