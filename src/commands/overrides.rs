//! Which flags set which settings.

use crate::{
    cli::{Cli, Command, GpuArgs, ProcessArgs},
    config::Setting,
};

/// The settings that the command line gives, weakest first: `--set`, then flags of their own.
pub(super) fn from_flags(cli: &Cli) -> Vec<Setting> {
    let set = |key: &str, flag: &str, value: Option<String>| {
        value.map(|value| Setting { key: key.to_owned(), value, flag: flag.to_owned() })
    };
    let general = cli.global.assignments.iter().map(|given| Setting {
        key: given.key.clone(),
        value: given.value.clone(),
        flag: "--set".to_owned(),
    });
    let gpu = match &cli.command {
        Command::Train(args) => Some(&args.gpu),
        Command::Generate(args) => Some(&args.gpu),
        Command::Evaluate(args) => Some(&args.gpu),
        Command::Diarize(args) => Some(&args.gpu),
        Command::Gpu(args) => Some(&args.wish),
        Command::Process(args) => Some(&args.gpu),
        Command::Mix(_)
        | Command::Speaker(_)
        | Command::Text(_)
        | Command::Voices(_)
        | Command::Models(_)
        | Command::Config(_) => None,
    };
    let (minutes, steps) = match &cli.command {
        // A base component's training ends when its own flags say so, not by what suits a voice.
        Command::Train(args) if args.base.is_none() => (args.minutes, args.steps),
        _ => (None, None),
    };
    let process = match &cli.command {
        Command::Process(args) => Some(args),
        _ => None,
    };
    let number = |of: fn(&ProcessArgs) -> Option<f64>| process.and_then(of).map(|value| value.to_string());
    let denoiser = process.and_then(|args| args.denoiser).map(|denoiser| denoiser.name().to_owned());
    let dereverb = process.filter(|args| args.dereverb).map(|_| "true".to_owned());
    let leave_out_music = process.filter(|args| args.keep_music).map(|_| "false".to_owned());
    let own = [
        set("process.denoise.method", "--denoiser", denoiser),
        set("process.denoise.strength", "--strength", number(|args| args.strength)),
        set("process.denoise.dereverb", "--dereverb", dereverb),
        set("process.max_pause_s", "--max-pause", number(|args| args.max_pause)),
        set("process.leave_out_music", "--keep-music", leave_out_music),
        set("process.min_quality", "--min-quality", number(|args| args.min_quality)),
        set("runtime.seed", "--seed", cli.global.seed.map(|seed| seed.to_string())),
        set("runtime.cpu_limit", "--cpu-limit", cli.global.cpu_limit.map(|percent| percent.to_string())),
        set("runtime.gpu", "--gpu", gpu.and_then(|gpu| gpu.gpu.as_ref()).map(ToString::to_string)),
        set("runtime.gpu_exclude", "--gpu-exclude", gpu.and_then(excluded)),
        set("runtime.gpu_memory_limit", "--gpu-memory-limit", gpu.and_then(|gpu| gpu.gpu_memory_limit).map(text)),
        set(
            "runtime.gpu_strategy",
            "--gpu-strategy",
            gpu.and_then(|gpu| gpu.gpu_strategy).map(|one| one.name().into()),
        ),
        set("train.minutes", "--minutes", minutes.map(|minutes| minutes.to_string())),
        set("train.steps", "--steps", steps.map(|steps| steps.to_string())),
    ];
    general.chain(own.into_iter().flatten()).collect()
}

fn excluded(args: &GpuArgs) -> Option<String> {
    let indices: Vec<String> = args.gpu_exclude.iter().map(u32::to_string).collect();
    (!indices.is_empty()).then(|| indices.join(","))
}

fn text(percent: u8) -> String {
    percent.to_string()
}
