//! Learns `models/lexicon/letter_to_sound.bin` from the lexicon, and measures the method on a tenth held out.
//!
//!     cargo run --release --example train_letter_to_sound -- models/lexicon/letter_to_sound.bin

use std::{
    collections::{BTreeMap, HashMap},
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
        ngram, table,
    },
    letters,
    lexicon::{Lexicon, read_phonemes},
};

const SEED: u64 = 20;
const EM_ITERATIONS: usize = 8;
const ORDER: usize = 7;
/// Nats an n-gram must gain: chosen so that the table stays below 1 MB.
const THRESHOLD: f64 = 2.4;
/// The first tokens stand for the ends of a word.
const FIRST_TOKEN: u16 = ngram::END + 1;

type Entry = (Vec<u8>, Vec<Vec<Symbol>>);

fn main() -> Result<()> {
    let path = std::env::args().nth(1).context("usage: train_letter_to_sound <table>")?;
    let mut entries = entries();
    entries.shuffle(&mut ChaCha8Rng::seed_from_u64(SEED));
    let (held_out, rest) = entries.split_at(entries.len() / 10);
    measure(train(rest)?, held_out)?;
    let table = train(&entries)?;
    std::fs::write(&path, &table).with_context(|| format!("cannot write {path}"))?;
    println!("{path}: {} bytes", table.len());
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

fn train(entries: &[Entry]) -> Result<Vec<u8>> {
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
    println!("trained in {:.0} s", started.elapsed().as_secs_f64());
    Ok(table::write(&model, &graphones))
}

fn measure(table: Vec<u8>, held_out: &[Entry]) -> Result<()> {
    let size = table.len();
    let table = table::Table::read(table.leak())?;
    let (mut with_stress, mut without) = (Agreement::default(), Agreement::default());
    let bare = |phonemes: &[Symbol]| phonemes.iter().map(|s| s.without_stress()).collect::<Vec<_>>();
    let started = Instant::now();
    for (word, listed) in held_out {
        let said = beam::search(&table, word).unwrap_or_default();
        with_stress.add(&said, listed);
        without.add(&bare(&said), &listed.iter().map(|listed| bare(listed)).collect::<Vec<_>>());
    }
    let rate = held_out.len() as f64 / started.elapsed().as_secs_f64();
    println!("{} words held out, table of {size} bytes, {rate:.0} words a second", held_out.len());
    for (name, agreement) in [("with stress", with_stress), ("without stress", without)] {
        let (phonemes, words) = (agreement.phoneme_error_percent(), agreement.word_error_percent());
        println!("{name}: {phonemes:.2} % of phonemes, {words:.2} % of words wrong");
    }
    Ok(())
}
