//! `voice-clone models`: imports, what is refused, and the list.

mod support;

use std::path::Path;

use serde_json::{Value, json};
use support::{Place, tiny::tiny_models};
use tch::Device;
use voice_clone::speaker::SpeakerEncoder;

const IMPORTED: &str = ".local/share/voice-clone/models/ecapa-embedding_model.safetensors";

/// A place with a published checkpoint, made small, and small base models.
fn place() -> Place {
    let place = Place::new();
    tiny_models(&place.path("base"));
    place.write("voice-clone.toml", "[models]\ndir = \"base\"\n");
    place.write("embedding_model.ckpt", golden("ecapa.ckpt"));
    place
}

fn golden(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden").join(name)).unwrap()
}

fn models_in_use(place: &Place, args: &str) -> Vec<(String, bool)> {
    let document = place.run(&format!("models list --json {args}")).exits(0).json();
    let kind = |model: &Value| (model["kind"].as_str().unwrap().to_owned(), model["in_use"].as_bool().unwrap());
    document["models"].as_array().unwrap().iter().map(kind).collect()
}

#[test]
fn a_published_checkpoint_becomes_an_encoder() {
    let place = place();
    let document = place.run("models import --kind ecapa embedding_model.ckpt --json").exits(0).json();
    let path = place.path(IMPORTED);
    assert_eq!(document["file"], json!(path));
    assert_eq!(document["config"]["channels"], json!([8, 8, 8, 8, 24]));
    assert_eq!(document["in_use"], false);

    let encoder = SpeakerEncoder::load(&path, Device::Cpu).unwrap();
    let samples: Vec<f32> = (0..16_000).map(|i| (i as f32 * 0.1).sin() * 0.3).collect();
    assert_eq!(encoder.embed(&samples).unwrap().len(), 16);

    let again = place.run("models import --kind ecapa embedding_model.ckpt").exits(1);
    again.says("is there already; name another file by --output");
    let named = place.run("models import --kind ecapa embedding_model.ckpt --output mine.safetensors").exits(0);
    assert!(named.stdout.ends_with("--set models.speaker=mine.safetensors\n"), "{named:?}");
    let mine = SpeakerEncoder::load(&place.path("mine.safetensors"), Device::Cpu).unwrap();
    assert_eq!(mine.embed(&samples).unwrap(), encoder.embed(&samples).unwrap());
}

#[test]
fn an_imported_encoder_serves_only_when_a_setting_names_it() {
    let place = place();
    let before = std::fs::read(place.path("base/speaker.safetensors")).unwrap();
    place
        .run("models import --kind ecapa embedding_model.ckpt --output base/speaker.safetensors")
        .exits(1)
        .says("error: base is the folder of the base models; name another by --output");
    place.run("models import --kind ecapa embedding_model.ckpt").exits(0);
    assert_eq!(std::fs::read(place.path("base/speaker.safetensors")).unwrap(), before);

    let listed = |ecapa_in_use| {
        let base = ["acoustic", "aligner", "denoiser", "segmentation", "speaker", "vocoder"]
            .map(|kind| (kind.to_owned(), true));
        base.into_iter().chain([("ecapa".to_owned(), ecapa_in_use)]).collect::<Vec<_>>()
    };
    assert_eq!(models_in_use(&place, ""), listed(false));
    assert_eq!(models_in_use(&place, &format!("--set models.speaker={IMPORTED}")), listed(true));
    assert_eq!(models_in_use(&place, &format!("--set models.speaker=~/{IMPORTED}")), listed(true));
    let table = place.run("models list").exits(0).stdout;
    assert!(table.lines().next().unwrap().split_whitespace().eq("KIND ORIGIN IN USE PARAMETERS SIZE FILE".split(' ')));
    assert_eq!(table.lines().count(), 8, "{table}");

    let missing = place.run("models list --set models.speaker=none.safetensors").exits(0);
    missing.says("left out none.safetensors: cannot read none.safetensors");
}

#[test]
fn a_checkpoint_that_would_run_code_is_refused_and_runs_none() {
    let place = Place::new();
    place.write("evil.ckpt", golden("malicious.ckpt"));
    let run = place.run("models import --kind ecapa evil.ckpt --output out.safetensors").exits(1);
    let line = "error: cannot import evil.ckpt: evil.ckpt cannot be read as a checkpoint of PyTorch: it would call \
                posix.system, but only what makes tensors and containers is allowed\n";
    assert_eq!(run.stderr, line);
    assert!(!place.path("it-ran").exists() && !place.path("out.safetensors").exists());
}

#[test]
fn what_is_no_encoder_is_refused_with_what_is_missing() {
    let place = place();
    place.write("other.pt", golden("archive.pt"));
    let run = place.run("models import --kind ecapa other.pt").exits(1);
    let run =
        run.says("error: cannot import other.pt: it is no ECAPA-TDNN of SpeechBrain: it lacks \"asp.conv.conv.bias\"");
    run.says("; it also has \"model.empty\", ");
    place
        .run("models import --kind ecapa base/vocoder.safetensors")
        .exits(1)
        .says("it is no ECAPA-TDNN of SpeechBrain");
    let own = place.run("models import --kind ecapa base/speaker.safetensors").exits(1);
    own.says("error: cannot import base/speaker.safetensors: it is an encoder of this program already");
    place.run("models import --kind ecapa none.ckpt").exits(1).says("cannot read none.ckpt");
    place.run("models import --kind ecapa voice-clone.toml").exits(1).says("is not a valid safetensors file");
    assert!(!place.path(".local").exists(), "nothing is installed");
}
