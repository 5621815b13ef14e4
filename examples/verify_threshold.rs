//! What `generate --verify` hears of utterances that were said as meant, and of such that were not: prints quantiles of
//! both, by which the thresholds in `synthesis::verify` were chosen.
//!
//!     cargo run --release --example verify_threshold -- models sentences.txt alloy adam emma

use std::path::Path;

use anyhow::Context;
use tch::Device;
use voice_clone::synthesis::{
    SpeakOptions, Synthesizer, Voice,
    models::Models,
    verify::{Hearing, Verifier},
};
use voice_clone::text::FrontEnd;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().context("the folder of models comes first")?;
    let sentences = std::fs::read_to_string(args.next().context("then a file with a sentence in each line")?)?;
    let lines: Vec<Vec<&str>> = sentences.lines().map(|line| line.split_whitespace().collect()).collect();
    let models = Models::new(Path::new(&folder), Device::Cpu);
    let (verifier, front_end) = (Verifier::load(&models)?, FrontEnd::new());
    let kinds = ["as meant", "a word changed", "a word left out", "a word invented", "another sentence"];
    let mut kinds = kinds.map(|kind| (kind, Vec::<Hearing>::new()));
    for name in args {
        let voice = Synthesizer::load(&models, &Voice::named(&name, Path::new("."), &models)?)?;
        for (index, words) in lines.iter().enumerate() {
            let other = &lines[(index + 1) % lines.len()];
            let middle = words.len() / 2;
            let mut changed = words.clone();
            changed[middle] = other[other.len() / 2];
            let mut without = words.clone();
            without.remove(middle);
            let mut more = words.clone();
            more.insert(middle, other[other.len() / 2]);
            let said = [words, &changed, &without, &more, other];
            let meant = front_end.phonemize(&words.join(" "));
            for (said, (_, heard)) in said.iter().zip(&mut kinds) {
                let spoken = voice.utterance(&front_end.phonemize(&said.join(" ")), SpeakOptions::default(), 0);
                heard.push(verifier.hear(&spoken.samples, &meant));
            }
        }
    }
    println!("{:<18} {:>8} {:>8} {:>8} {:>8} {:>8}  {:>8}", "doubt", "5 %", "50 %", "95 %", "99 %", "most", "fits");
    for (kind, heard) in &kinds {
        let fits = heard.iter().filter(|hearing| hearing.fits()).count() as f64 / heard.len() as f64;
        let whole = heard.iter().map(|hearing| hearing.doubt).collect();
        let worst =
            heard.iter().map(|hearing| hearing.worst.as_ref().map_or(f64::INFINITY, |(_, doubt)| *doubt)).collect();
        for (of, values) in [("utterance", whole), ("worst word", worst)] {
            let [a, b, c, d, e] = quantiles(values);
            println!("{kind:<18} {a:8.2} {b:8.2} {c:8.2} {d:8.2} {e:8.2}  {:7.1} %  {of}", 100.0 * fits);
        }
    }
    Ok(())
}

fn quantiles(mut values: Vec<f64>) -> [f64; 5] {
    values.sort_by(f64::total_cmp);
    [0.05, 0.5, 0.95, 0.99, 1.0].map(|share| values[((values.len() - 1) as f64 * share).round() as usize])
}
