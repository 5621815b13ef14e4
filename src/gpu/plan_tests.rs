//! Plans for machines of one to eight GPUs, with the sizes that their makers state.

use super::*;
use crate::gpu::reading::{Link, Path, Process};

const GIB: u64 = 1 << 30;

fn gpu(index: u32, name: &str, gib: u64, cores: u32, clock_mhz: u32) -> Gpu {
    Gpu {
        index,
        uuid: format!("GPU-{index}f3a0d52-0000-4000-8000-00000000000{index}"),
        name: name.into(),
        pci: format!("00000000:{index:02X}:00.0"),
        memory_bytes: gib * GIB,
        used_bytes: GIB / 2,
        busy_percent: Some(0),
        temperature_c: Some(35),
        power_w: Some(60.0),
        power_limit_w: Some(400.0),
        compute: Some((8, 0)),
        cores: Some(cores),
        clock_mhz: Some(clock_mhz),
        mig: false,
        memory_errors: Some(0),
        processes: Vec::new(),
    }
}

fn a100(index: u32) -> Gpu {
    gpu(index, "NVIDIA A100-SXM4-80GB", 80, 6_912, 1_410)
}

fn rtx4090(index: u32) -> Gpu {
    gpu(index, "NVIDIA GeForce RTX 4090", 24, 16_384, 2_520)
}

fn rtx3060(index: u32) -> Gpu {
    gpu(index, "NVIDIA GeForce RTX 3060", 12, 3_584, 1_777)
}

fn machine(gpus: Vec<Gpu>, links: &[(u32, u32, Path)]) -> Reading {
    let links = links.iter().map(|&(a, b, path)| Link { a, b, path }).collect();
    Reading { driver: "580.95.05".into(), gpus, links }
}

fn wish(selection: &str) -> Wish {
    let selection = selection.parse().expect("a selection");
    Wish { selection, exclude: Vec::new(), memory_limit_percent: 80, strategy: Strategy::Balanced }
}

fn indices(plan: Result<Plan, PlanError>) -> Vec<u32> {
    plan.expect("a plan").gpus.iter().map(|share| share.index).collect()
}

fn refused(plan: Result<Plan, PlanError>) -> String {
    plan.expect_err("no plan").to_string()
}

#[test]
fn one_gpu_does_all() {
    let one = machine(vec![rtx4090(0)], &[]);
    let plan = plan(&one, &wish("all"), None).expect("a plan");
    assert_eq!((plan.gpus.len(), plan.gpus[0].work), (1, 1.0));
    // 80 % of 24 GiB, less what is in use.
    let allowed = plan.gpus[0].memory_bytes as f64 / GIB as f64;
    assert!((allowed - (0.8 * 24.0 - 0.5)).abs() < 0.01, "{allowed}");
    assert_eq!(super::plan(&one, &wish("none"), None), Ok(Plan::default()));
}

#[test]
fn a_machine_without_any_uses_the_cpu() {
    assert_eq!(plan(&machine(Vec::new(), &[]), &wish("all"), None), Ok(Plan::default()));
    assert_eq!(refused(plan(&machine(Vec::new(), &[]), &wish("0"), None)), "there is no GPU 0; there is none");
}

#[test]
fn work_follows_speed_and_memory() {
    let mixed = machine(vec![rtx4090(0), rtx3060(1)], &[(0, 1, Path::HostBridge)]);
    let balanced = plan(&mixed, &wish("all"), None).expect("a plan").gpus;
    // 3,584 cores at 1,777 MHz are 15 % of 16,384 at 2,520.
    let ratio = balanced[1].work / balanced[0].work;
    assert!((ratio - 0.154).abs() < 0.001 && (balanced[0].work + balanced[1].work - 1.0).abs() < 1e-12, "{ratio}");
    let strategy = |strategy| indices(plan(&mixed, &Wish { strategy, ..wish("all") }, None));
    assert_eq!((strategy(Strategy::Fastest), strategy(Strategy::Packed)), (vec![0], vec![1]));
    // As fast, but hardly any memory left: it gets less.
    let mut crowded = machine(vec![a100(0), a100(1)], &[]);
    crowded.gpus[1].used_bytes = 48 * GIB;
    let crowded = plan(&crowded, &wish("all"), None).expect("a plan").gpus;
    assert!((crowded[1].work / crowded[0].work - 16.0 / 63.5).abs() < 1e-3);
}

#[test]
fn the_best_connected_set_is_chosen() {
    use Path::*;
    // Two pairs with NVLink: 0-1 and 2-3.
    let links = [(0, 1, NvLink(4)), (2, 3, NvLink(4)), (0, 2, System), (0, 3, System), (1, 2, System), (1, 3, System)];
    let mut four = machine((0..4).map(a100).collect(), &links);
    assert_eq!(indices(plan(&four, &wish("count:2"), None)), [0, 1]);
    // Somebody works a little on GPU 0: the other pair is as well connected.
    four.gpus[0].busy_percent = Some(40);
    assert_eq!(indices(plan(&four, &wish("count:2"), None)), [2, 3]);
    // The pair is broken by an exclusion.
    let without = Wish { exclude: vec![2], ..wish("count:2") };
    assert_eq!(indices(plan(&four, &without, None)), [0, 1]);
    assert_eq!(indices(plan(&four, &wish("count:1"), None)), [1]);
}

#[test]
fn eight_of_a_kind_share_equally_and_the_sick_are_left_out() {
    let pairs = (0..8).flat_map(|a| (a + 1..8).map(move |b| (a, b, Path::NvLink(12))));
    let mut eight = machine((0..8).map(a100).collect(), &pairs.collect::<Vec<_>>());
    let all = plan(&eight, &wish("all"), None).expect("a plan");
    assert!(all.gpus.iter().all(|share| (share.work - 0.125).abs() < 1e-12) && all.notes.is_empty());
    eight.gpus[3].memory_errors = Some(2);
    eight.gpus[5].busy_percent = Some(99);
    eight.gpus[5].processes = vec![Process { pid: 4242, bytes: Some(9 * GIB) }];
    eight.gpus[6].mig = true;
    let healthy = plan(&eight, &wish("all"), None).expect("a plan");
    assert_eq!(indices(Ok(healthy.clone())), [0, 1, 2, 4, 7]);
    assert_eq!(
        healthy.notes,
        [
            "GPU 3: its memory had 2 errors that could not be corrected",
            "GPU 5: it is busy (99 %, process 4242)",
            "GPU 6: it is cut into instances (MIG)",
        ]
    );
    assert_eq!(indices(plan(&eight, &wish("count:4"), None)), [0, 1, 2, 4]);
    let many = refused(plan(&eight, &wish("count:6"), None));
    assert!(many.starts_with("6 GPUs were asked for, but 5 can be used (GPU 3: its memory"), "{many}");
}

#[test]
fn what_is_wrong_and_what_would_be_right_is_said() {
    let mut two = machine(vec![rtx4090(0), rtx4090(1)], &[]);
    assert_eq!(refused(plan(&two, &wish("0,2,5"), None)), "there is no GPU 2; there are GPUs 0, 1");
    let exclude = |list: &[u32], selection| Wish { exclude: list.to_vec(), ..wish(selection) };
    assert_eq!(refused(plan(&two, &exclude(&[7], "all"), None)), "there is no GPU 7; there are GPUs 0, 1");
    let nothing = refused(plan(&two, &exclude(&[0], "0"), None));
    assert_eq!(nothing, "--gpu-exclude leaves no GPU of 0; there are GPUs 0, 1");
    two.gpus[0].used_bytes = 19 * GIB;
    let full = refused(plan(&two, &wish("0"), None));
    assert_eq!(
        full,
        "GPU 0 can't be used: a limit of 80 % leaves 0.2 GiB of 24 (19.0 are in use); at least 1 is needed; free are 1"
    );
    assert_eq!(indices(plan(&two, &Wish { memory_limit_percent: 90, ..wish("0") }, None)), [0]);
    two.gpus[1].compute = Some((6, 1));
    let old = refused(plan(&two, &wish("1"), None));
    assert!(old.contains("has compute capability 6.1; 7.5 is needed"), "{old}");
    assert!(plan(&two, &wish("all"), None).expect("the CPU").gpus.is_empty(), "none is left of all");
}

#[test]
fn visible_devices_are_numbered_as_cuda_numbers_them() {
    let four = machine((0..4).map(|index| if index == 2 { rtx3060(2) } else { rtx4090(index) }).collect(), &[]);
    let names = |visible: &str, selection: &str| -> Vec<(u32, String)> {
        let plan = plan(&four, &wish(selection), Some(visible)).expect("a plan");
        plan.gpus.into_iter().map(|share| (share.index, share.uuid[..5].to_owned())).collect()
    };
    let named = |index: u32, uuid: &str| (index, uuid.to_owned());
    assert_eq!(names("2,0", "all"), [named(0, "GPU-2"), named(1, "GPU-0")]);
    assert_eq!(names("GPU-3f3a0d52, 1", "1"), [named(1, "GPU-1")]);
    assert_eq!(names("1,-1,2", "all"), [named(0, "GPU-1")]);
    assert!(names("", "all").is_empty());
    assert_eq!(refused(plan(&four, &wish("1"), Some("3"))), "there is no GPU 1; there is only GPU 0");
    assert!(refused(plan(&four, &wish("all"), Some("9"))).contains("CUDA_VISIBLE_DEVICES names \"9\""));
}
