//! Mixing conversations from the command line.

mod support;

use std::fs;

use support::{Place, tiny::record};
use voice_clone::audio::{Decoder, load_mono};
use voice_clone::diarization::rttm;
use voice_clone::units::SampleRate;

fn place() -> Place {
    let place = Place::new();
    for (speaker, pitch_hz) in [("ann", 210.0), ("ben", 110.0), ("cem", 150.0)] {
        for (number, seconds) in [(1, 9.0), (2, 5.0)] {
            record(&place.path(&format!("people/{speaker}/{number}.wav")), seconds, pitch_hz);
        }
    }
    // Dry, so that the test can hear who speaks; few rooms take little time to build.
    fs::write(place.path("dry.toml"), "room = 0.0\nnoise = 0.0\nbustle = 0.0\nchannel = 0.0\ntelephone = 0.0\n")
        .expect("a file");
    place
}

#[test]
fn conversations_have_their_truth_beside_them() {
    let place = place();
    let said = place.run("mix --speakers people --output out --count 3 --people 2-3 --length 8-12 --manner dry.toml");
    let said = said.exits(0);
    assert!(said.stdout.contains("conversation-003"), "{}", said.stdout);
    for number in 1..=3 {
        let name = format!("conversation-{number:03}");
        let path = place.path(&format!("out/{name}.wav"));
        let info = Decoder::open(&path).expect("a recording").info().clone();
        assert_eq!((info.rate, info.channels), (SampleRate(16_000), 1));
        let samples = load_mono(&path, SampleRate(16_000)).expect("a recording");
        assert!((128_000..=192_000).contains(&samples.len()), "{}", samples.len());
        let text = fs::read_to_string(place.path(&format!("out/{name}.rttm"))).expect("a file");
        let turns = rttm::read(&text).expect("RTTM");
        let mut speakers: Vec<&str> = turns.iter().map(|turn| turn.speaker.as_str()).collect();
        speakers.sort();
        speakers.dedup();
        assert!(speakers.iter().all(|name| ["ann", "ben", "cem"].contains(name)) && speakers.len() <= 3);
        assert!(turns.iter().all(|turn| turn.file == name && turn.end().0 <= samples.len() as f64 / 16_000.0 + 1e-3));
        // Where nobody speaks it is quiet, and where somebody does it is not.
        let mut spoken = vec![false; samples.len()];
        for turn in &turns {
            let at = |seconds: f64| ((seconds * 16_000.0) as usize).min(samples.len());
            spoken[at(turn.start.0)..at(turn.end().0)].fill(true);
        }
        let power = |wanted: bool| {
            let chosen = samples.iter().zip(&spoken).filter(|(_, spoken)| **spoken == wanted);
            let (sum, count) = chosen.fold((0.0, 0), |(sum, count), (sample, _)| (sum + sample * sample, count + 1));
            sum / count.max(1) as f32
        };
        assert!(power(true) > 300.0 * power(false), "{} {}", power(true), power(false));
    }
}

#[test]
fn a_seed_makes_the_same_again() {
    let place = place();
    for (folder, seed) in [("a", 4), ("b", 4), ("c", 5)] {
        place
            .run(&format!("mix --speakers people --output {folder} --length 8 --manner dry.toml --seed {seed}"))
            .exits(0);
    }
    let read = |folder: &str| fs::read(place.path(folder).join("conversation-001.wav")).expect("a file");
    assert!(read("a") == read("b") && read("a") != read("c"));
}

#[test]
fn what_cannot_be_mixed_is_said() {
    let place = place();
    let fails = |args: &str, code: i32, message: &str| {
        let run = place.run(&format!("mix --output out {args}")).exits(code);
        assert!(run.stderr.contains(message), "{}", run.stderr);
    };
    fails("--speakers people --people 4-6", 2, "there are recordings of 3 speakers");
    fails("--speakers people --people 5-2", 2, "the least and the most");
    fails("--speakers people --only ann,zoe", 1, "no speaker \"zoe\"");
    fails("--speakers nowhere", 1, "nowhere");
    fs::write(place.path("odd.toml"), "interruption = 1.5\n").expect("a file");
    fails("--speakers people --manner odd.toml", 2, "interruption is 1.5; expected a share from 0 to 1");
    fs::write(place.path("odd.toml"), "interuption = 0.5\n").expect("a file");
    fails("--speakers people --manner odd.toml", 2, "interuption");
    for name in ["people/ann/1.wav", "people/ann/2.wav"] {
        fs::write(place.path(name), "no sound").expect("a file");
    }
    fails("--speakers people --people 3 --length 8 --manner dry.toml", 1, "recordings of ann");
}
