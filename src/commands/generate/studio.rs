//! A device that speaks for many workers: what they ask for at about the same time is spoken at once.
//!
//! Two threads share the device, one with the acoustic models and one with the vocoder, so that a batch is with the one
//! while the next is with the other. The workers read texts and write files meanwhile.

use std::{
    path::PathBuf,
    rc::Rc,
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread::{JoinHandle, spawn},
};

use anyhow::{Context, anyhow};

use super::cast::{Cast, Voices};
use crate::{
    nn::memory::unless_short,
    synthesis::{
        SharedModels, SpeakOptions, SpokenUtterance, Synthesizer,
        models::Models,
        style::SpeakingStyle,
        together::{Predicted, Request, predict, vocode},
    },
    text::Utterance,
};

/// Symbols of a batch, padding included; ten of them are about a second.
const MOST_SYMBOLS: usize = 4_096;
/// Batches that wait for the vocoder.
const AHEAD: usize = 2;

/// The device's threads. They end when nobody asks any more.
pub(super) struct Studio {
    asked: Sender<Asked>,
    threads: Vec<JoinHandle<()>>,
}

/// Where a worker asks.
pub(super) struct Desk(Sender<Asked>);

type Reply<T> = Sender<anyhow::Result<T>>;

/// What is asked for.
enum Asked {
    Find { voice: String, reply: Reply<()> },
    Style { voice: String, utterances: Vec<Utterance>, reply: Reply<Option<SpeakingStyle>> },
    Say(Order),
}

struct Order {
    voice: String,
    utterance: Utterance,
    options: SpeakOptions,
    index: u64,
    reply: Reply<SpokenUtterance>,
}

/// Predicted utterances, and who waits for each.
type Batch = Vec<(Predicted, Reply<SpokenUtterance>)>;

impl Studio {
    /// Loads the models; `folder` has the trained voices.
    ///
    /// # Errors
    /// Models that can't be used.
    pub fn open(models: &Models, folder: PathBuf) -> anyhow::Result<Self> {
        let (asked, orders) = channel();
        let (predicted, batches) = sync_channel(AHEAD);
        // Models stay on the thread that loads them.
        let (loaded, both_loaded) = channel::<anyhow::Result<()>>();
        let acoustic = {
            let (models, loaded) = (models.clone(), loaded.clone());
            spawn(move || match Cast::new(models, folder) {
                Ok(cast) => {
                    let _ = loaded.send(Ok(()));
                    answer(&cast, &orders, &predicted);
                }
                Err(error) => drop(loaded.send(Err(error.into()))),
            })
        };
        let vocoder = {
            let models = models.clone();
            spawn(move || match SharedModels::load(models) {
                Ok(shared) => {
                    let _ = loaded.send(Ok(()));
                    batches.into_iter().for_each(|batch| finish(&shared, batch));
                }
                Err(error) => drop(loaded.send(Err(error.into()))),
            })
        };
        for _ in 0..2 {
            both_loaded.recv().context("a thread of the device stopped")??;
        }
        Ok(Self { asked, threads: vec![acoustic, vocoder] })
    }

    /// A place to ask from.
    pub fn desk(&self) -> Desk {
        Desk(self.asked.clone())
    }

    /// Waits until nobody asks any more.
    ///
    /// # Panics
    /// As its threads did.
    pub fn close(self) {
        let Self { asked, threads } = self;
        drop(asked);
        for thread in threads {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    }
}

impl Desk {
    fn ask<T>(&self, asked: impl FnOnce(Reply<T>) -> Asked) -> anyhow::Result<T> {
        let (reply, answer) = channel();
        let stopped = || anyhow!("the thread of the device has stopped");
        self.0.send(asked(reply)).map_err(|_| stopped())?;
        answer.recv().map_err(|_| stopped())?
    }
}

impl Voices for Desk {
    fn find(&self, voice: &str) -> anyhow::Result<()> {
        self.ask(|reply| Asked::Find { voice: voice.to_owned(), reply })
    }

    fn own_style(&self, voice: &str, utterances: &[Utterance]) -> anyhow::Result<Option<SpeakingStyle>> {
        self.ask(|reply| Asked::Style { voice: voice.to_owned(), utterances: utterances.to_vec(), reply })
    }

    fn utterance(
        &self,
        voice: &str,
        utterance: &Utterance,
        options: SpeakOptions,
        index: u64,
    ) -> anyhow::Result<SpokenUtterance> {
        let (voice, utterance) = (voice.to_owned(), utterance.clone());
        self.ask(|reply| Asked::Say(Order { voice, utterance, options, index, reply }))
    }
}

/// Whoever no longer waits for an answer has been interrupted.
fn tell<T>(reply: &Reply<T>, answer: anyhow::Result<T>) {
    let _ = reply.send(answer);
}

fn answer(cast: &Cast, asked: &Receiver<Asked>, predicted: &SyncSender<Batch>) {
    let mut most = MOST_SYMBOLS;
    while let Ok(first) = asked.recv() {
        let mut orders = Vec::new();
        for one in std::iter::once(first).chain(asked.try_iter()) {
            match one {
                Asked::Find { voice, reply } => tell(&reply, cast.find(&voice)),
                Asked::Style { voice, utterances, reply } => tell(&reply, cast.own_style(&voice, &utterances)),
                Asked::Say(order) => match cast.voice(&order.voice) {
                    Ok(voice) => orders.push((voice, order)),
                    Err(error) => tell(&order.reply, Err(error)),
                },
            }
        }
        // Alike long ones go together, so that little is padding.
        orders.sort_by_key(|(_, order)| order.utterance.symbols.len());
        while !orders.is_empty() {
            let batch = orders.split_off(orders.len() - last_batch(&orders, most));
            let requests: Vec<Request> = batch.iter().map(|(voice, order)| order.request(voice)).collect();
            match unless_short(|| predict(&requests)) {
                Some(made) => {
                    let replies = batch.iter().map(|(_, order)| order.reply.clone());
                    // The vocoder's thread is gone where it panicked: the replies are then dropped.
                    let _ = predicted.send(made.into_iter().zip(replies).collect());
                }
                None if batch.len() > 1 => {
                    most = (most / 2).max(1);
                    orders.extend(batch);
                }
                None => batch.iter().for_each(|(_, order)| tell(&order.reply, Err(out_of_memory()))),
            }
        }
    }
}

fn out_of_memory() -> anyhow::Error {
    anyhow!("the device has too little memory for this utterance")
}

/// How many of the longest orders make a batch of `most` symbols; at least one.
fn last_batch(orders: &[(Rc<Synthesizer>, Order)], most: usize) -> usize {
    let longest = orders.last().map_or(1, |(_, order)| order.utterance.symbols.len().max(1));
    (most / longest).clamp(1, orders.len())
}

impl Order {
    fn request<'a>(&'a self, voice: &'a Synthesizer) -> Request<'a> {
        Request { voice, utterance: &self.utterance, options: self.options, index: self.index }
    }
}

/// Vocodes a batch, by halves where memory is short.
fn finish(shared: &SharedModels, mut batch: Batch) {
    let predicted: Vec<&Predicted> = batch.iter().map(|(predicted, _)| predicted).collect();
    match unless_short(|| vocode(shared.vocoder(), &predicted)) {
        Some(made) => {
            for ((_, reply), spoken) in batch.iter().zip(made) {
                tell(reply, Ok(spoken));
            }
        }
        None if batch.len() > 1 => {
            let half = batch.split_off(batch.len() / 2);
            finish(shared, batch);
            finish(shared, half);
        }
        None => batch.iter().for_each(|(_, reply)| tell(reply, Err(out_of_memory()))),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path, thread};

    use tch::{Device, Kind, Tensor, nn};

    use super::*;
    use crate::{
        acoustic::{AcousticConfig, AcousticModel},
        nn::checkpoint::{Precision, Weights},
        text::FrontEnd,
        vocoder::harmonic::{HarmonicConfig, HarmonicVocoder},
    };

    fn tiny(folder: &Path) -> Models {
        let write = |name: &str, store: &nn::VarStore, config: serde_json::Value, voices: &BTreeMap<&str, f64>| {
            let mut weights = Weights::from_store(store);
            for (name, value) in voices {
                let embedding = Tensor::full([192], *value, (Kind::Float, Device::Cpu));
                weights.tensors.insert(format!("voices.{name}"), embedding);
            }
            weights.set_json("model", &config).expect("JSON");
            weights.write(&folder.join(format!("{name}.safetensors")), Precision::Full).expect("a file");
        };
        let config = AcousticConfig { channels: 16, hidden: 32, decoder_blocks: 1, ..Default::default() };
        let store = nn::VarStore::new(Device::Cpu);
        AcousticModel::new(store.root(), config.clone());
        // The layers that know the speaker begin at zero.
        for (_, mut tensor) in store.variables().into_iter().filter(|(name, _)| name.contains("speaker")) {
            tch::no_grad(|| tensor.copy_(&(tensor.randn_like() * 0.2)));
        }
        let voices = [("anna", 0.07), ("ben", -0.07)].into();
        write("acoustic", &store, serde_json::to_value(&config).expect("JSON"), &voices);
        let config = HarmonicConfig { channels: 16, hidden: 32, blocks: 1, ..Default::default() };
        let store = nn::VarStore::new(Device::Cpu);
        HarmonicVocoder::new(store.root(), config.clone());
        write("vocoder", &store, serde_json::to_value(&config).expect("JSON"), &BTreeMap::new());
        Models::new(folder, Device::Cpu)
    }

    #[test]
    fn many_workers_get_what_each_would_make_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let models = tiny(folder.path());
        let texts = ["Hello.", "Is it a longer sentence than the others are, by far?", "One, two, three!", "Yes."];
        let front_end = FrontEnd::new();
        let said: Vec<(&str, Utterance)> = texts
            .iter()
            .flat_map(|text| front_end.utterances(text))
            .flat_map(|utterance| [("anna", utterance.clone()), ("ben", utterance)])
            .collect();
        let cast = Cast::new(models.clone(), folder.path().to_path_buf()).expect("models");
        let studio = Studio::open(&models, folder.path().to_path_buf()).expect("models");
        let made: Vec<SpokenUtterance> = thread::scope(|scope| {
            let ask = |index: usize| {
                let (desk, (voice, utterance)) = (studio.desk(), &said[index]);
                scope.spawn(move || desk.utterance(voice, utterance, SpeakOptions::default(), index as u64))
            };
            let asked: Vec<_> = (0..said.len()).map(ask).collect();
            asked.into_iter().map(|thread| thread.join().expect("no panic").expect("speech")).collect()
        });
        for (index, ((voice, utterance), made)) in said.iter().zip(made).enumerate() {
            let alone = cast.utterance(voice, utterance, SpeakOptions::default(), index as u64).expect("speech");
            assert_eq!((&made.words, &made.durations), (&alone.words, &alone.durations));
            // What rounding changes in F0 adds up in the phase of the pulses, so they differ by more than rounding.
            let power = |samples: &mut dyn Iterator<Item = f32>| samples.map(|sample| sample * sample).sum::<f32>();
            let gap = power(&mut made.samples.iter().zip(&alone.samples).map(|(a, b)| a - b));
            let whole = power(&mut alone.samples.iter().copied());
            assert!(whole > 0.0 && gap < 1e-4 * whole, "{voice} {index}: {gap} of {whole}");
        }
        let missing = studio.desk().find("carla").expect_err("no such voice").to_string();
        assert!(missing.contains("carla"), "{missing}");
        studio.close();
    }

    #[test]
    fn models_that_are_missing_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = Studio::open(&Models::new(folder.path(), Device::Cpu), folder.path().to_path_buf());
        assert!(error.err().is_some_and(|error| format!("{error:#}").contains("vocoder.safetensors")));
    }
}
