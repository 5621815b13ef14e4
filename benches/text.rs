//! The text front end on one core: sentences of listed words, sentences with unknown words, and the first use.

use std::{hint::black_box, process::Command, time::Duration};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use voice_clone::text::FrontEnd;

const LISTED: [&str; 8] = [
    "On Monday, the engineers walked 12 miles through the old harbour and counted the ships.",
    "Dr. Smith paid $3.50 for a 16 GB card on Jan. 5, 2020, at 3:30 p.m.",
    "Did you read the report that they wrote about the river?",
    "NASA and the FBI met in Washington, D.C., to talk about the 1990s.",
    "She sells apples, pears and plums at the market on Main St. every Saturday.",
    "The wind was strong, so we had to wind the rope around the post twice.",
    "It was *never* going to work, he said, and closed the door.",
    "Visit https://www.example.com/news or call (800) 555-1234 for more.",
];
/// Two words in each that neither the lexicon nor word formation knows.
const UNLISTED: [&str; 4] = [
    "The quorvath of Belmuria sailed to the north before the winter came.",
    "Zanthorpe and Quillistrad were the last of the old family.",
    "He asked the glimborn for a cup of the famous vessaline tea.",
    "Nobody in Trevakkin had ever heard of the mordaunce before that day.",
];

fn sentences(criterion: &mut Criterion) {
    let front_end = FrontEnd::new();
    let mut group = criterion.benchmark_group("text");
    group.measurement_time(Duration::from_secs(3)).sample_size(30);
    for (name, sentences) in [("listed words", &LISTED[..]), ("two unknown words a sentence", &UNLISTED[..])] {
        // An element is a sentence.
        group.throughput(Throughput::Elements(sentences.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| sentences.iter().map(|text| front_end.utterances(black_box(text)).len()).sum::<usize>())
        });
    }
    let document =
        format!("<speak>{}</speak>", LISTED.map(|text| format!("<s>{}</s>", text.replace('&', "&amp;"))).concat());
    group.throughput(Throughput::Elements(8));
    group.bench_function("SSML", |bencher| bencher.iter(|| front_end.utterances(black_box(&document)).len()));
    group.finish();
}

/// The first sentence of a new process, with an unknown word, so that the tables are read too.
fn first_use(criterion: &mut Criterion) {
    const CHILD: &str = "TEXT_BENCH_FIRST_USE";
    if std::env::var_os(CHILD).is_some() {
        let started = std::time::Instant::now();
        black_box(FrontEnd::new().utterances(black_box(UNLISTED[0])));
        println!("{}", started.elapsed().as_nanos());
        std::process::exit(0);
    }
    let own = std::env::current_exe().unwrap_or_default();
    let mut group = criterion.benchmark_group("text");
    group.sample_size(10);
    group.bench_function("first use", |bencher| {
        bencher.iter_custom(|iterations| {
            let once = |_| -> Duration {
                let run = Command::new(&own).env(CHILD, "1").output();
                let written = run.map(|run| String::from_utf8_lossy(&run.stdout).trim().to_owned()).unwrap_or_default();
                Duration::from_nanos(written.parse().unwrap_or(u64::MAX / 1_000_000))
            };
            (0..iterations.min(20)).map(once).sum::<Duration>().mul_f64(iterations as f64 / iterations.min(20) as f64)
        })
    });
    group.finish();
}

// The child process answers before anything is measured.
criterion_group!(benches, first_use, sentences);
criterion_main!(benches);
