//! What the aligner that ships hears of what the voices that ship say.

use std::path::Path;

use tch::Device;
use voice_clone::features::mel::{MelConfig, MelSpectrogram};
use voice_clone::features::pitch::{PitchConfig, PitchTracker};
use voice_clone::synthesis::{
    SpeakOptions, Synthesizer, Voice, models::Models, style::SpeakingStyle, verify::Verifier,
};
use voice_clone::synthesis::{SpokenUtterance, manner::Manner};
use voice_clone::text::FrontEnd;
use voice_clone::units::Seconds;

const SENTENCES: [&str; 3] = [
    "The birch canoe slid on the smooth planks.",
    "Glue the sheet to the dark blue background.",
    "It's easy to tell the depth of a well.",
];

fn models() -> Models {
    Models::new(&Path::new(env!("CARGO_MANIFEST_DIR")).join("models"), Device::Cpu)
}

fn voice(models: &Models, name: &str) -> Synthesizer {
    let voice = Voice::named(name, Path::new("."), models).expect("a built-in voice");
    Synthesizer::load(models, &voice).expect("the models")
}

#[test]
fn what_is_said_is_heard_and_nothing_else() {
    let (models, front_end) = (models(), FrontEnd::new());
    let (verifier, voice) = (Verifier::load(&models).expect("the aligner"), voice(&models, "heart"));
    for sentence in SENTENCES {
        let spoken = voice.utterance(&front_end.phonemize(sentence), SpeakOptions::default(), 0);
        let hears = |text: &str| verifier.hear(&spoken.samples, &front_end.phonemize(text));
        assert!(hears(sentence).fits(), "{sentence}: {:?}", hears(sentence));
        let other = sentence.replace("slid", "jumped").replace("dark", "pale").replace("depth", "colour");
        assert!(!hears(&other).fits(), "{other}: {:?}", hears(&other));
    }
    let silence = verifier.hear(&[0.0; 22_050], &front_end.phonemize(SENTENCES[0]));
    assert!(!silence.fits() && !verifier.hear(&[], &front_end.phonemize("Hi.")).fits());
}

#[test]
fn phonemes_are_found_within_20_ms_on_average() {
    let (models, front_end, config) = (models(), FrontEnd::new(), MelConfig::synthesis());
    let (aligner, voice) = (models.aligner().expect("the aligner"), voice(&models, "adam"));
    let mel = MelSpectrogram::new(&config, Device::Cpu);
    let mut errors_ms = Vec::new();
    for sentence in SENTENCES {
        let utterance = front_end.phonemize(sentence);
        let spoken = voice.utterance(&utterance, SpeakOptions::default(), 0);
        let mel = mel.of(&spoken.samples);
        let found = aligner.align(&mel, &utterance.symbols).expect("a text that fits").durations;
        let start = |durations: &[usize], at: usize| durations[..at].iter().sum::<usize>() as f64;
        for at in (0..found.len()).filter(|&at| utterance.symbols[at].is_phoneme()) {
            let frames = start(&found, at) - start(&spoken.durations, at);
            errors_ms.push(frames.abs() / config.frame_rate() * 1000.0);
        }
    }
    let mean = errors_ms.iter().sum::<f64>() / errors_ms.len() as f64;
    assert!(mean < 20.0, "{mean} ms");
}

#[test]
fn a_voice_is_measured_to_speak_as_it_speaks() {
    let (models, front_end) = (models(), FrontEnd::new());
    let voice = voice(&models, "emma");
    let utterances: Vec<_> = SENTENCES.iter().map(|sentence| front_end.phonemize(sentence)).collect();
    let own = voice.own_style(&utterances).expect("enough phonemes");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("said.wav");
    let rate = Synthesizer::RATE;
    let mut writer = voice_clone::audio::AudioWriter::create(&path, voice_clone::audio::OutputFormat::Wav16, rate, 1)
        .expect("a writable folder");
    for utterance in &utterances {
        writer.write(&voice.utterance(utterance, SpeakOptions::default(), 0).samples).expect("samples");
    }
    writer.finish().expect("a file");
    let heard = SpeakingStyle::of_recording(&path, &models).expect("speech");
    for (heard, own) in [(heard.phonemes_per_s, own.phonemes_per_s), (heard.pitch_semitones, own.pitch_semitones)] {
        assert!((heard / own - 1.0).abs() < 0.35, "{heard:?} {own:?}");
    }
}

/// Median F0 over voiced frames, and its standard deviation in semitones.
fn pitch(samples: &[f32]) -> (f64, f64) {
    let track = PitchTracker::new(PitchConfig::default()).track(samples);
    let mut semitones: Vec<f64> =
        track.f0_hz.iter().filter(|&&hz| hz > 0.0).map(|&hz| 12.0 * f64::from(hz).log2()).collect();
    semitones.sort_by(f64::total_cmp);
    let mean = semitones.iter().sum::<f64>() / semitones.len() as f64;
    let variance = semitones.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / semitones.len() as f64;
    (semitones[semitones.len() / 2], variance.sqrt())
}

#[test]
fn pitch_rate_and_liveliness_are_heard() {
    let (models, front_end) = (models(), FrontEnd::new());
    let voice = voice(&models, "adam");
    let say = |text: &str, manner: Manner| {
        let options = SpeakOptions { manner, ..SpeakOptions::default() };
        voice.utterance(&front_end.phonemize(text), options, 0)
    };
    let own = say(SENTENCES[0], Manner::default());
    let (middle, spread) = pitch(&own.samples);
    let high = pitch(&say(SENTENCES[0], Manner { pitch_semitones: 4.0, ..Manner::default() }).samples).0;
    assert!((high - middle - 4.0).abs() < 1.0, "{middle} {high}");
    let lively = pitch(&say(SENTENCES[0], Manner { emphasis: 2.0, ..Manner::default() }).samples).1;
    let flat = pitch(&say(SENTENCES[0], Manner { emphasis: 0.2, ..Manner::default() }).samples).1;
    assert!(flat < 0.8 * spread && spread < 0.8 * lively, "{flat} {spread} {lively}");
    let fast = say(SENTENCES[0], Manner { rate: 1.5, ..Manner::default() });
    let ratio = own.samples.len() as f64 / fast.samples.len() as f64;
    assert!((ratio - 1.5).abs() < 0.1, "{ratio}");

    let stressed = say("The birch canoe *slid* on the smooth planks.", Manner::default());
    let length = |spoken: &SpokenUtterance| spoken.words[3].end.0 - spoken.words[3].start.0;
    assert!(length(&stressed) > 1.05 * length(&own), "{} {}", length(&stressed), length(&own));
}

#[test]
fn questions_rise_and_statements_fall() {
    let (models, front_end) = (models(), FrontEnd::new());
    for name in ["heart", "adam", "emma"] {
        let voice = voice(&models, name);
        let end = |text: &str| {
            let spoken = voice.utterance(&front_end.phonemize(text), SpeakOptions::default(), 0);
            let last = &spoken.words[spoken.words.len() - 1];
            let middle = Seconds((last.start.0 + last.end.0) / 2.0);
            let [from, to] = [middle, last.end].map(|time| Synthesizer::RATE.samples(time));
            pitch(&spoken.samples[from..to]).0 - pitch(&spoken.samples).0
        };
        let [question, statement] = [end("Did you really see the old man?"), end("You really did see the old man.")];
        assert!(question > statement + 2.0, "{name}: {question} {statement}");
    }
}
