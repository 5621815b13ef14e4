//! `voice-clone gpu` and the flags on GPUs, on a machine with or without one.

mod support;

use support::Place;

#[test]
fn gpus_are_shown_or_one_line_says_that_there_is_none() {
    let place = Place::new();
    let shown = place.run("gpu").exits(0).stdout;
    let document = place.run("gpu --json").exits(0).json();
    let gpus = document["gpus"].as_array().expect("GPUs");
    match document["reason"].as_str() {
        Some(reason) => {
            assert!(gpus.is_empty());
            assert_eq!(shown, format!("no GPU: {reason}; the CPU does the work\n"));
        }
        None => {
            assert!(shown.starts_with("GPU  NAME") || gpus.is_empty(), "{shown}");
            assert!(gpus.iter().all(|gpu| gpu["uuid"].as_str().is_some_and(|uuid| shown.contains(uuid))));
        }
    }
    assert!(document["plan"].is_object() || document["refused"].is_string());
}

#[test]
fn a_slip_in_the_flags_is_named() {
    let place = Place::new();
    let fails = |args: &str, message: &str| {
        let run = place.run(args).exits(2);
        assert!(run.stderr.contains(message), "{args}: {}", run.stderr);
    };
    fails("gpu --gpu 0,0", "GPU 0 is named twice");
    fails("gpu --gpu-exclude x", "invalid value 'x'");
    fails("gpu --gpu-memory-limit 0", "0 is not in 1..=100");
    fails("gpu --gpu-strategy quick", "balanced, packed, fastest");
    fails("gpu --watch 0", "above zero");
    fails("gpu --set runtime.gpu_exclude=all", "numbers of GPUs");
    fails("train --input a --model m --gpu-memory-limit 200", "200 is not in 1..=100");
    fails("process --input a --output b --gpu 1,1", "GPU 1 is named twice");
}
