//! Base training from a corpus, on tiny networks: every component trains, is loaded by the program, and goes on.

mod support;

use std::fs;
use std::time::Duration;

use serde_json::Value;
use support::tiny::{Bench, Silent, corpus, record, speech_like};
use tch::{Device, Kind, Tensor};
use voice_clone::nn::checkpoint::{Precision, Weights};
use voice_clone::processes::Processes;
use voice_clone::synthesis::models::Models;
use voice_clone::train::base::{BaseTraining, Component};
use voice_clone::train::runner::RunOptions;

const RUN: &str = "[run]\nsteps = 4\nema_decay = 0.9\nvalidate_every = 2\n[run.schedule]\npeak = 1e-3\nwarmup_steps = 1\nfloor = 0.1\n";
const DATA: &str = "held_out = [\"other\"]\ncollections = [\"mine\", \"other\"]\n";
const ADVERSARY: &str = "[adversary]\nchannels = 4\nlearning_rate = 1e-3\nweight = 0.1\nfeature_weight = 0.1\nbegin = 0.0\nwarmup_steps = 1\n";

fn train(bench: &Bench, component: &str, recipe: &str, more: &[&str]) -> Value {
    let file = format!("{component}.toml");
    fs::write(bench.path(&file), recipe).expect("a file");
    let base = ["train", "--base", component, "--corpus", "corpus", "--output", "runs", "--recipe", &file, "--json"];
    bench.json(&[&base[..], more].concat())
}

/// Loss of every logged step.
fn log(bench: &Bench, component: &str) -> Vec<Value> {
    let text = fs::read_to_string(bench.path(&format!("runs/{component}/log.jsonl"))).expect("the log");
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// Puts what was trained where the program looks for it.
fn publish(bench: &Bench, component: &str) {
    let weights = bench.path(&format!("runs/{component}/weights.safetensors"));
    fs::copy(weights, bench.path(&format!("models/{component}.safetensors"))).expect("the weights");
}

fn acoustic_recipe(judges: &str) -> String {
    format!(
        "{DATA}references = 2\nbatch_frames = 2000\nduration_weight = 0.2\nvariance_weight = 0.1\n\
         pitch_weight = 0.2\nvoicing_weight = 0.1\n[built_in]\neva = \"mine\"\n{judges}\
         [model]\nchannels = 16\nhidden = 32\nencoder_blocks = 1\nvariance_blocks = 1\ndecoder_blocks = 1\n{RUN}"
    )
}

#[test]
fn every_component_is_trained_and_used() {
    let bench = Bench::new();
    corpus(&bench);
    let models = Models::new(&bench.path("models"), Device::Cpu);

    let recipe = format!(
        "{DATA}batch_frames = 2000\nbootstrap_rounds = 1\nbootstrap_utterances = 3\nbootstrap_steps = 2\n\
         prior_weight = 0.8\nchange_cost = 0.5\n[model]\nchannels = 16\nhidden = 32\nblocks = 1\n{RUN}"
    );
    assert_eq!(train(&bench, "aligner", &recipe, &["--steps", "4"])["steps"], 4);
    publish(&bench, "aligner");
    assert!(models.aligner().is_ok());

    let recipe = acoustic_recipe(ADVERSARY);
    train(&bench, "acoustic", &recipe, &["--steps", "4"]);
    assert!(log(&bench, "acoustic").iter().all(|line| line.to_string().contains("discriminator")));
    publish(&bench, "acoustic");
    assert!(models.built_in_voices().expect("the voices").contains_key("eva"));

    let recipe = format!(
        "{DATA}batch = 2\nframes = 32\nacoustic_share = 0.5\n{ADVERSARY}\
         [model]\nchannels = 16\nhidden = 32\nblocks = 1\n{RUN}"
    );
    train(&bench, "vocoder", &recipe, &["--steps", "4"]);
    publish(&bench, "vocoder");
    bench.run(&["generate", "--text", "Hello", "--voice", "eva", "--output", "hello.wav"]).success();
}

/// With a listener the acoustic model learns through the vocoder. A run that stopped goes on with both discriminators,
/// and these are published for who trains voices.
#[test]
fn the_acoustic_model_is_heard_through_the_vocoder() {
    let bench = Bench::new();
    corpus(&bench);
    let listener = ADVERSARY
        .replace("[adversary]", "[listener]\nwindows = 2\nframes = 32\nspectral_weight = 0.2\n[listener.adversary]");
    // A learning rate that does not follow the length of the run.
    let recipe = acoustic_recipe(&format!("{ADVERSARY}{listener}")).replace("floor = 0.1", "floor = 1.0");
    train(&bench, "acoustic", &recipe, &["--steps", "4"]);
    let whole = log(&bench, "acoustic");
    assert!(whole.iter().all(|line| line.to_string().contains("heard_discriminator")));
    fs::remove_dir_all(bench.path("runs/acoustic")).expect("the run");
    train(&bench, "acoustic", &recipe, &["--steps", "2"]);
    train(&bench, "acoustic", &recipe, &["--steps", "4", "--resume"]);
    let parts = log(&bench, "acoustic");
    assert_eq!(parts[parts.len() - 1]["losses"], whole[whole.len() - 1]["losses"]);
    let judges = Weights::read(&bench.path("runs/acoustic/judges.safetensors")).expect("the discriminators");
    for name in ["mel.0.0.weight", "listener.2.last.bias"] {
        assert!(judges.tensors.contains_key(name), "{name}: {:?}", judges.tensors.keys());
    }
}

/// Two replicas that share the batches of a step end where one that has them all ends, discriminators included.
#[test]
fn replicas_learn_what_one_learns_from_the_whole_batch() {
    let bench = Bench::new();
    corpus(&bench);
    let recipe = acoustic_recipe(ADVERSARY).replace("[run]", "[run]\nbatches_per_step = 2");
    let recipe = recipe.replace("batch_frames = 2000", "batch_frames = 800");
    let trained = |name: &str, devices: &[Device]| {
        let folder = bench.path(name);
        let training = BaseTraining {
            corpus: &bench.path("corpus"),
            cache: &bench.path("runs/cache"),
            recipe: &recipe,
            models: &bench.path("models"),
            teacher: None,
            devices,
            threads: 2,
            processes: Processes::ALONE,
            steps: Some(10),
            options: RunOptions {
                folder: folder.clone(),
                time_limit: None,
                resume: false,
                start: None,
                seed: 4,
                checkpoint_every: Duration::from_secs(60),
                gauge: None,
            },
            observer: &Silent,
        };
        assert_eq!(training.run(Component::Acoustic).expect("a run"), 10);
        Weights::read(&folder.join("checkpoint.safetensors")).expect("a checkpoint")
    };
    let one = trained("one", &[Device::Cpu]);
    let two = trained("two", &[Device::Cpu, Device::Cpu]);
    let gap = |prefix: &str| {
        let (one, two) = (one.subset(prefix).tensors, two.subset(prefix).tensors);
        assert!(!one.is_empty() && one.keys().eq(two.keys()), "{prefix}: {:?} {:?}", one.keys(), two.keys());
        let gap = |(name, tensor): (&String, &Tensor)| (tensor - &two[name]).abs().max().double_value(&[]);
        one.iter().map(gap).fold(0.0, f64::max)
    };
    for prefix in ["model.", "task.model.", "optimiser.mean."] {
        assert!(gap(prefix) < 1e-5, "{prefix}: {}", gap(prefix));
    }
    // They did learn: this begins at zero.
    let learnt = one.tensors["model.variance.stack.0.speaker.bias"].abs().max().double_value(&[]);
    assert!(learnt > 1e-3, "{learnt}");
    assert_eq!(two.json::<u64>("batches_per_step").expect("an entry"), 2);
}

/// The denoiser learns from speech that is spoilt in known ways.
#[test]
fn the_denoiser_is_trained_and_used() {
    let bench = Bench::new();
    corpus(&bench);
    record(&bench.path("corpus/sounds/1-hum.wav"), 3.0, 50.0);
    record(&bench.path("corpus/sounds/4-hum.wav"), 3.0, 60.0);
    let recipe = format!(
        "{DATA}noise = \"sounds\"\nnoise_held_out = [\"4\"]\nspeeds = [1.0, 0.9]\nnoise_speeds = [1.0, 1.5]\n\
         batch = 3\ncrop_s = 2.0\nuses = 2\nratio_weight = 0.1\nspectrum_weight = 5.0\n\
         [mixing]\nclean = 0.1\nsilent = 0.1\npause = 0.3\nroom = 0.5\nrt60_s = [0.1, 0.2]\nrooms = 2\n\
         dereverb = 0.5\nsnr_db = [0.0, 10.0]\nchannel = 0.5\nclipped = 0.3\n\
         [model]\nbands = [2, 2]\nbins = 2\nchannels = 8\nhidden = 16\nkernel = 3\ndilations = [1, 2]\n{RUN}"
    );
    assert_eq!(train(&bench, "denoiser", &recipe, &["--steps", "4"])["steps"], 4);
    let last = log(&bench, "denoiser").pop().expect("a line");
    let measured: Vec<&str> =
        last["validation"].as_array().expect("figures").iter().filter_map(|figure| figure[0].as_str()).collect();
    assert_eq!(measured, ["minus_gain_0db", "minus_gain_5db", "minus_gain_10db", "clean_si_sdr"]);
    publish(&bench, "denoiser");
    let pool = Models::new(&bench.path("models"), Device::Cpu).denoiser().expect("a denoiser");
    assert!(pool.take().is_ok());
}

/// The segmentation network learns from mixed conversations.
#[test]
fn the_segmentation_network_is_trained_and_used() {
    let bench = Bench::new();
    corpus(&bench);
    record(&bench.path("corpus/sounds/1-hum.wav"), 3.0, 50.0);
    record(&bench.path("corpus/sounds/4-hum.wav"), 3.0, 60.0);
    let recipe = format!(
        "{DATA}noise = [\"sounds\"]\nnoise_held_out = [\"4\"]\nbatch = 2\npeople = [0.3, 0.4, 0.2]\nalike = 0.5\n\
         [conversation]\ninterruption = 0.3\noverlap_s = [0.2, 1.0]\nback_channel = 0.2\ngoes_on = 0.2\n\
         pause_s = 0.5\nlong_pause = 0.1\nlong_pause_s = [1.5, 3.0]\nturn_s = [0.7, 4.0]\nlevel_db = 5.0\n\
         room = 0.5\nrooms = 1\nnoise = 0.5\nsnr_db = [5.0, 20.0]\nchannel = 0.3\ntelephone = 0.1\n\
         [model]\nchannels = 8\nhidden = 16\nkernel = 3\nheads = 2\ndilations = [1]\n{RUN}"
    );
    assert_eq!(train(&bench, "segmentation", &recipe, &["--steps", "4"])["steps"], 4);
    let wrong = recipe.replace("alike = 0.5", "alike = 1.5");
    fs::write(bench.path("wrong.toml"), wrong).expect("a file");
    let base = ["train", "--base", "segmentation", "--corpus", "corpus", "--output", "runs", "--recipe", "wrong.toml"];
    let failed = bench.run(&[&base[..], &["--steps", "1"]].concat()).code(1);
    let said = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
    assert!(said.contains("alike is 1.5; expected a share from 0 to 1"), "{said}");
    // Two trainings don't write to one folder.
    let held = voice_clone::files::lock(&bench.path("runs/segmentation/.lock")).expect("a file");
    let failed = bench.run(&[&base[..], &["--steps", "1"]].concat()).code(1);
    let said = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
    assert!(held.is_some() && said.contains("another training is writing to runs/segmentation"), "{said}");
    drop(held);
    let last = log(&bench, "segmentation").pop().expect("a line");
    assert_eq!(last["validation"][0][0], "der");
    publish(&bench, "segmentation");
    let models = Models::new(&bench.path("models"), Device::Cpu);
    assert!(models.hearing(&models.path("speaker")).is_ok());
    // It knows the encoder that it stands on.
    let mut weights = Weights::read(&bench.path("models/speaker.safetensors")).expect("weights");
    let changed = weights.tensors.values_mut().next().expect("a tensor");
    *changed = &*changed + 1.0;
    weights.write(&bench.path("models/speaker.safetensors"), Precision::Full).expect("a file");
    let refused = models.hearing(&models.path("speaker")).expect_err("another encoder");
    assert!(format!("{refused:?}").contains("Encoder"), "{refused:?}");
}

/// The speaker encoder learns from a teacher that heard the utterances, a slower one and a mixture.
#[test]
fn the_speaker_encoder_is_trained_and_used() {
    let bench = Bench::new();
    corpus(&bench);
    record(&bench.path("corpus/sounds/1-hum.wav"), 3.0, 50.0);
    record(&bench.path("corpus/sounds/4-hum.wav"), 3.0, 60.0);
    let mut teacher = Weights::default();
    for key in ["mine/mine-0", "mine/mine-1", "mine/mine-0@0.9", "mine/mine-0+mine/mine-2", "other/other-0"] {
        let phase = key.len() as f64;
        let embedding = (Tensor::arange(192, (Kind::Float, Device::Cpu)) * 0.1 + phase).sin();
        teacher.tensors.insert(key.to_string(), embedding);
    }
    let frames = Tensor::arange(60 * 5, (Kind::Float, Device::Cpu)).sin().view([60, 5]).to_kind(Kind::Half);
    teacher.tensors.insert("frames/mine/mine-0".into(), frames);
    teacher.write(&bench.path("teacher.safetensors"), Precision::Full).expect("a file");
    let recipe = format!(
        "{DATA}noise = \"sounds\"\nnoise_held_out = [\"4\"]\nspeeds = [1.0, 0.9]\nmixtures = 0.2\n\
         batch_s = 6.0\ncrop_s = [1.0, 2.0]\nchannels = 16\nmargin = 0.2\nscale = 10.0\nmargin_weight = 1.0\nteacher_weight = 5.0\nframes_weight = 2.0\n\
         [augment]\nclean = 0.2\nroom = 0.5\nrt60_s = [0.1, 0.2]\nrooms = 2\nnoise = 0.5\nsnr_db = [0.0, 20.0]\n\
         channel = 0.5\ncodec = 0.5\n{RUN}"
    );
    let teach = ["--teacher", "teacher.safetensors"];
    train(&bench, "speaker", &recipe, &[&teach[..], &["--steps", "4"]].concat());
    let last = log(&bench, "speaker").pop().expect("a line");
    let names = |part: &str| -> Vec<&str> {
        last[part].as_array().expect("figures").iter().filter_map(|figure| figure[0].as_str()).collect()
    };
    assert_eq!(names("validation"), ["eer_2s", "eer_4s", "eer_4s_10db", "teacher_cosine"]);
    assert!(names("losses").contains(&"frames"), "{last}");
    let published = Weights::read(&bench.path("runs/speaker/weights.safetensors")).expect("weights");
    assert!(published.tensors.keys().all(|name| !name.starts_with("training.")));
    publish(&bench, "speaker");
    let from = ["--from", "models/speaker.safetensors", "--steps", "1"];
    fs::remove_dir_all(bench.path("runs/speaker")).expect("the run");
    train(&bench, "speaker", &recipe, &[&teach[..], &from].concat());
    let encoder = Models::new(&bench.path("models"), Device::Cpu).speaker().expect("an encoder");
    assert_eq!(encoder.embed(&speech_like(2.0, 150.0)).expect("an embedding").len(), 192);

    let unknown = recipe.replace("\"mine\", ", "");
    fs::write(bench.path("speaker.toml"), unknown).expect("a file");
    let base = ["train", "--base", "speaker", "--corpus", "corpus", "--output", "runs", "--recipe", "speaker.toml"];
    let failed = bench.run(&[&base[..], &teach, &["--steps", "1"]].concat()).failure();
    let said = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
    assert!(said.contains("the teacher has no embedding of any utterance of the corpus"), "{said}");

    // A recipe that weighs what the teacher does not tell.
    teacher.tensors.remove("frames/mine/mine-0");
    teacher.write(&bench.path("teacher.safetensors"), Precision::Full).expect("a file");
    fs::write(bench.path("speaker.toml"), &recipe).expect("a file");
    let failed = bench.run(&[&base[..], &teach, &["--steps", "1"]].concat()).failure();
    let said = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
    assert!(said.contains("weighs the teacher's frames, and the teacher tells none of them"), "{said}");
}

/// A run with a discriminator that stopped half-way ends where one that never stopped ends.
#[test]
fn a_resumed_run_goes_on_along_the_same_curve() {
    let bench = Bench::new();
    corpus(&bench);
    let recipe =
        format!("{DATA}batch = 2\nframes = 32\n{ADVERSARY}[model]\nchannels = 16\nhidden = 32\nblocks = 1\n{RUN}");
    // A learning rate that does not follow the length of the run.
    let recipe = recipe.replace("floor = 0.1", "floor = 1.0");
    train(&bench, "vocoder", &recipe, &["--steps", "4"]);
    let whole = log(&bench, "vocoder");
    fs::remove_dir_all(bench.path("runs/vocoder")).expect("the run");
    train(&bench, "vocoder", &recipe, &["--steps", "2"]);
    train(&bench, "vocoder", &recipe, &["--steps", "4", "--resume"]);
    let parts = log(&bench, "vocoder");
    let last = |lines: &[Value]| lines[lines.len() - 1]["losses"].clone();
    assert_eq!(parts[parts.len() - 1]["step"], 4);
    assert_eq!(last(&parts), last(&whole));

    train(&bench, "vocoder", &recipe, &["--steps", "2", "--from", "runs/vocoder/weights.safetensors"]);
    let warm = log(&bench, "vocoder");
    let total = |line: &Value| line["losses"][0][1].as_f64().expect("a loss");
    assert!(total(&warm[warm.len() - 1]) < total(&whole[0]), "{warm:?}");
}
