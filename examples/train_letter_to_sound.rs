//! Learns `letter_to_sound.bin` and `stress.bin` from the lexicon, and measures the method on a tenth held out.
//!
//!     cargo run --release --example train_letter_to_sound -- models/lexicon

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Instant,
};

use anyhow::{Context, Result};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use voice_clone::text::{
    Symbol,
    letter_to_sound::{
        align::{Pair, align},
        beam,
        evaluation::Agreement,
        graphone::Graphone,
        ngram, stress,
        table::{self, Table},
    },
    letters,
    lexicon::{Lexicon, read_phonemes},
    morphology,
};

const SEED: u64 = 20;
const EM_ITERATIONS: usize = 8;
const ORDER: usize = 8;
/// Nats an n-gram must gain: chosen so that the table stays below 5 MB.
const THRESHOLD: f64 = 0.21;
/// Nats an n-gram of stress patterns must gain.
const STRESS_THRESHOLD: f64 = 0.5;
/// The first tokens stand for the ends of a word.
const FIRST_TOKEN: u16 = ngram::END + 1;

type Entry = (Vec<u8>, Vec<Vec<Symbol>>);

/// The bytes of both tables.
struct Model {
    graphones: Vec<u8>,
    stresses: Vec<u8>,
}

fn main() -> Result<()> {
    let usage = "usage: train_letter_to_sound <folder>";
    let folder = std::path::PathBuf::from(std::env::args().nth(1).context(usage)?);
    let mut entries = entries();
    entries.shuffle(&mut ChaCha8Rng::seed_from_u64(SEED));
    let (held_out, rest) = entries.split_at(entries.len() / 10);
    measure(train(rest), held_out)?;
    let model = train(&entries);
    for (name, bytes) in [("letter_to_sound.bin", model.graphones), ("stress.bin", model.stresses)] {
        let path = folder.join(name);
        std::fs::write(&path, &bytes).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}: {} bytes", path.display(), bytes.len());
    }
    Ok(())
}

/// The words of the lexicon that are spelled in letters alone and not said letter by letter.
fn entries() -> Vec<Entry> {
    let words = Lexicon::ENGLISH.entries().filter(|(word, _)| word.bytes().all(|b| b.is_ascii_lowercase()));
    let read = words.map(|(word, listed)| {
        let listed: Vec<_> = listed.split('|').filter_map(read_phonemes).collect();
        (word, listed)
    });
    read.filter(|(word, listed)| word.len() > 1 && !letters::spells(word, &listed[0]))
        .map(|(word, listed)| (word.as_bytes().to_vec(), listed))
        .collect()
}

fn train(entries: &[Entry]) -> Model {
    let started = Instant::now();
    let pairs: Vec<Pair> = entries.iter().map(|(word, listed)| (word.clone(), listed[0].clone())).collect();
    let aligned = align(&pairs, EM_ITERATIONS);
    let mut graphones: Vec<Graphone> = aligned.iter().flatten().copied().collect();
    graphones.sort_unstable();
    graphones.dedup();
    let tokens: HashMap<Graphone, u16> = graphones.iter().copied().zip(FIRST_TOKEN..).collect();
    let words: Vec<Vec<u16>> = aligned.iter().map(|word| word.iter().map(|g| tokens[g]).collect()).collect();
    let vocabulary = graphones.len() + usize::from(FIRST_TOKEN);
    let model = ngram::estimate(&words, vocabulary, ORDER, THRESHOLD);
    let sizes: Vec<_> = model.log_probability.iter().map(BTreeMap::len).collect();
    println!("{} of {} words aligned, {} graphones, n-grams {sizes:?}", aligned.len(), entries.len(), graphones.len());
    let patterns: Vec<Vec<u16>> = pairs.iter().map(|(_, phonemes)| stress::pattern(phonemes).collect()).collect();
    let stresses = ngram::estimate(&patterns, stress::VOCABULARY, ORDER, STRESS_THRESHOLD);
    println!("trained in {:.0} s", started.elapsed().as_secs_f64());
    let unnamed = vec![Graphone::default(); stress::VOCABULARY - usize::from(FIRST_TOKEN)];
    Model { graphones: table::write(&model, &graphones), stresses: table::write(&stresses, &unnamed) }
}

/// The model alone on every word held out, and as the program says them: built from listed words where that can be.
fn measure(model: Model, held_out: &[Entry]) -> Result<()> {
    let sizes = (model.graphones.len(), model.stresses.len());
    let (graphones, stresses) = (Table::read(model.graphones.leak())?, Table::read(model.stresses.leak())?);
    let hidden: HashSet<&[u8]> = held_out.iter().map(|(word, _)| word.as_slice()).collect();
    let known = |word: &str| Lexicon::ENGLISH.get(word).filter(|_| !hidden.contains(word.as_bytes()));
    let by_letters = |word: &[u8]| beam::search(&graphones, &stresses, word).unwrap_or_default();
    let started = Instant::now();
    let said: Vec<_> = held_out.iter().map(|(word, _)| by_letters(word)).collect();
    let rate = held_out.len() as f64 / started.elapsed().as_secs_f64();
    println!("{} words held out, tables of {sizes:?} bytes, {rate:.0} words a second", held_out.len());
    report("model", held_out, &said);
    let built = |word: &[u8]| std::str::from_utf8(word).ok().and_then(|word| morphology::derive(word, &known));
    let said: Vec<_> = held_out.iter().map(|(word, _)| built(word).unwrap_or_else(|| by_letters(word))).collect();
    report("program", held_out, &said);
    Ok(())
}

fn report(name: &str, held_out: &[Entry], said: &[Vec<Symbol>]) {
    let (mut with_stress, mut without) = (Agreement::default(), Agreement::default());
    let bare = |phonemes: &[Symbol]| phonemes.iter().map(|s| s.without_stress()).collect::<Vec<_>>();
    for (said, (_, listed)) in said.iter().zip(held_out) {
        with_stress.add(said, listed);
        without.add(&bare(said), &listed.iter().map(|listed| bare(listed)).collect::<Vec<_>>());
    }
    for (stress, agreement) in [("with stress", with_stress), ("without stress", without)] {
        let (phonemes, words) = (agreement.phoneme_error_percent(), agreement.word_error_percent());
        println!("{name}, {stress}: {phonemes:.2} % of phonemes, {words:.2} % of words wrong");
    }
}
