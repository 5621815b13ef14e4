//! How long a listener waits for the first audio of a long text, with the models loaded and warm.
//!
//!     cargo run --release --example first_audio -- models heart chapter.txt [threads]

use std::{path::Path, time::Instant};

use anyhow::Context;
use tch::Device;
use voice_clone::synthesis::{SpeakOptions, Synthesizer, Voice, level::Leveller, models::Models};
use voice_clone::text::FrontEnd;

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, name, text, threads @ ..] = args.as_slice() else {
        anyhow::bail!("usage: first_audio <models> <voice> <text file> [threads]");
    };
    tch::set_num_threads(threads.first().map_or(Ok(1), |threads| threads.parse())?);
    let text = std::fs::read_to_string(text)?;
    let models = Models::new(Path::new(folder), Device::Cpu);
    let voice = Synthesizer::load(&models, &Voice::named(name, Path::new("."), &models)?)?;
    let front_end = FrontEnd::new();
    for (kind, early) in [("whole first sentence", false), ("as with --stream", true)] {
        let mut waits_ms = Vec::new();
        let mut seconds = 0.0;
        for _ in 0..10 {
            let start = Instant::now();
            let first = front_end.utterances(&text).into_iter().next().context("a text without words")?;
            let cut = first.cut_at_pause().filter(|_| early).map(|(beginning, _)| beginning);
            let spoken = voice.utterance(&cut.unwrap_or(first), SpeakOptions::default(), 0);
            let levelled = Leveller::new(Synthesizer::RATE, -16.0, -1.0)?.apply(&spoken.samples, &[])?;
            waits_ms.push(start.elapsed().as_secs_f64() * 1000.0);
            seconds = Synthesizer::RATE.duration(levelled.len()).0;
        }
        // The first of them warms up.
        waits_ms.remove(0);
        waits_ms.sort_by(f64::total_cmp);
        println!(
            "{kind}: {seconds:.1} s of speech after {:.0} ms (median of 9; {:.0} at most)",
            waits_ms[4], waits_ms[8]
        );
    }
    Ok(())
}
