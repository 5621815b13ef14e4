//! From a reading and a wish to the GPUs that a run uses: a pure function.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::reading::{Gpu, Reading};
use super::selection::GpuSelection;

/// How work is laid on GPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// On all of them, each by its speed and its free memory.
    #[default]
    Balanced,
    /// On one, the fullest that has room, so that others stay free.
    Packed,
    /// On those that are about as fast as the fastest.
    Fastest,
}

/// What the user asked for. GPUs are numbered as the run sees them: by `CUDA_VISIBLE_DEVICES` where that is set, else as
/// the driver does.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    /// Which GPUs.
    pub selection: GpuSelection,
    /// And which not.
    pub exclude: Vec<u32>,
    /// How much of each GPU's memory may be in use, by whomever, in percent.
    pub memory_limit_percent: u8,
    /// How work is laid on them.
    pub strategy: Strategy,
}

/// A GPU that is used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Share {
    /// Its number for CUDA.
    pub index: u32,
    /// Its own name.
    pub uuid: String,
    /// The model.
    pub name: String,
    /// Memory that this run may use.
    pub memory_bytes: u64,
    /// Its part of the work; all parts together are 1.
    pub work: f64,
}

/// What a run uses.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Plan {
    /// GPUs, in order; none means the CPU.
    pub gpus: Vec<Share>,
    /// What the user should know, a line each.
    pub notes: Vec<String>,
}

/// Why a wish can't be met.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// There is no such GPU.
    #[error("there is no GPU {index}; {}", there_are(available))]
    NoSuchGpu {
        /// What was asked for.
        index: u32,
        /// What there is.
        available: Vec<u32>,
    },
    /// Nothing is left.
    #[error("--gpu-exclude leaves no GPU of {selection}; {}", there_are(available))]
    AllExcluded {
        /// What was asked for.
        selection: String,
        /// What there is.
        available: Vec<u32>,
    },
    /// A GPU that was asked for by its number can't be used.
    #[error("GPU {index} can't be used: {reason}{}", instead(others))]
    Unusable {
        /// Its number.
        index: u32,
        /// Why.
        reason: String,
        /// Those that can.
        others: Vec<u32>,
    },
    /// Fewer than asked for can be used.
    #[error("{wanted} GPUs were asked for, but {usable} can be used{}", list(reasons))]
    TooFew {
        /// How many were asked for.
        wanted: u32,
        /// How many there are.
        usable: usize,
        /// Why the others can't.
        reasons: Vec<String>,
    },
    /// `CUDA_VISIBLE_DEVICES` names a GPU that is not there.
    #[error("CUDA_VISIBLE_DEVICES names {0:?}, which is no GPU of this machine")]
    NotVisible(String),
}

fn numbers(indices: &[u32]) -> String {
    indices.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

fn there_are(available: &[u32]) -> String {
    match available {
        [] => "there is none".into(),
        [one] => format!("there is only GPU {one}"),
        all => format!("there are GPUs {}", numbers(all)),
    }
}

fn instead(others: &[u32]) -> String {
    if others.is_empty() { String::new() } else { format!("; free are {}", numbers(others)) }
}

fn list(reasons: &[String]) -> String {
    if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) }
}

/// The least memory that is of use.
const LEAST_BYTES: u64 = 1 << 30;
/// A GPU that somebody keeps this busy is left alone.
const BUSY_PERCENT: u32 = 90;
/// What PyTorch 2.11 is compiled for begins here.
const LEAST_COMPUTE: (i32, i32) = (7, 5);
/// GPUs this close to the fastest are as fast.
const AS_FAST: f64 = 0.9;

/// Chooses GPUs. `visible` is `CUDA_VISIBLE_DEVICES`, if it is set.
///
/// # Errors
/// A wish that the machine can't meet.
pub fn plan(reading: &Reading, wish: &Wish, visible: Option<&str>) -> Result<Plan, PlanError> {
    let gpus = seen(reading, visible)?;
    let available: Vec<u32> = (0..gpus.len() as u32).collect();
    let excluded: BTreeSet<u32> = wish.exclude.iter().copied().collect();
    let named = match &wish.selection {
        GpuSelection::Indices(indices) => indices.as_slice(),
        _ => &[],
    };
    if let Some(&index) = named.iter().chain(&wish.exclude).find(|index| !available.contains(index)) {
        return Err(PlanError::NoSuchGpu { index, available });
    }
    let asked: Vec<u32> = match &wish.selection {
        GpuSelection::None => return Ok(Plan::default()),
        GpuSelection::Indices(indices) => indices.clone(),
        GpuSelection::All | GpuSelection::Count(_) => available.clone(),
    };
    let left: Vec<u32> = asked.into_iter().filter(|index| !excluded.contains(index)).collect();
    if left.is_empty() && !available.is_empty() {
        return Err(PlanError::AllExcluded { selection: wish.selection.to_string(), available });
    }
    let judge = |index: &u32| (*index, obstacle(gpus[*index as usize], wish.memory_limit_percent));
    let judged: Vec<(u32, Option<String>)> = left.iter().map(judge).collect();
    let usable: Vec<u32> = judged.iter().filter(|(_, why)| why.is_none()).map(|(index, _)| *index).collect();
    let reasons: Vec<String> =
        judged.iter().filter_map(|(index, why)| Some(format!("GPU {index}: {}", why.as_ref()?))).collect();
    if let GpuSelection::Indices(_) = wish.selection
        && let Some((index, Some(reason))) = judged.iter().find(|(_, why)| why.is_some())
    {
        let free = |index: &u32| obstacle(gpus[*index as usize], wish.memory_limit_percent).is_none();
        let others = available.iter().copied().filter(|index| !excluded.contains(index)).filter(free).collect();
        return Err(PlanError::Unusable { index: *index, reason: reason.clone(), others });
    }
    let chosen = match wish.selection {
        GpuSelection::Count(wanted) if usable.len() < wanted as usize => {
            return Err(PlanError::TooFew { wanted, usable: usable.len(), reasons });
        }
        GpuSelection::Count(wanted) => best_set(reading, &gpus, &usable, wanted as usize),
        _ => usable,
    };
    let chosen = by_strategy(&gpus, chosen, wish);
    Ok(Plan { gpus: shares(&gpus, &chosen, wish), notes: reasons })
}

/// The GPUs that a run sees, in CUDA's order.
fn seen<'a>(reading: &'a Reading, visible: Option<&str>) -> Result<Vec<&'a Gpu>, PlanError> {
    let Some(visible) = visible else { return Ok(reading.gpus.iter().collect()) };
    let mut gpus = Vec::new();
    for name in visible.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        // CUDA stops at the first negative number.
        if name.starts_with('-') {
            break;
        }
        let is = |gpu: &&Gpu| match name.parse::<u32>() {
            Ok(index) => gpu.index == index,
            // The beginning of a UUID is enough.
            Err(_) => gpu.uuid.starts_with(name),
        };
        gpus.push(reading.gpus.iter().find(is).ok_or_else(|| PlanError::NotVisible(name.to_owned()))?);
    }
    Ok(gpus)
}

/// What this run may use of a GPU's memory.
fn allowance(gpu: &Gpu, limit_percent: u8) -> u64 {
    (gpu.memory_bytes / 100 * u64::from(limit_percent)).saturating_sub(gpu.used_bytes)
}

/// Why a GPU can't be used.
fn obstacle(gpu: &Gpu, limit_percent: u8) -> Option<String> {
    let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    if gpu.mig {
        return Some("it is cut into instances (MIG)".into());
    }
    if let Some((major, minor)) = gpu.compute.filter(|&compute| compute < LEAST_COMPUTE) {
        let (least, least_minor) = LEAST_COMPUTE;
        return Some(format!("{} has compute capability {major}.{minor}; {least}.{least_minor} is needed", gpu.name));
    }
    if let Some(errors) = gpu.memory_errors.filter(|&errors| errors > 0) {
        return Some(format!("its memory had {errors} errors that could not be corrected"));
    }
    if let Some(busy) = gpu.busy_percent.filter(|&busy| busy >= BUSY_PERCENT && !gpu.processes.is_empty()) {
        let pids: Vec<String> = gpu.processes.iter().map(|process| process.pid.to_string()).collect();
        return Some(format!("it is busy ({busy} %, process {})", pids.join(", ")));
    }
    let allowed = allowance(gpu, limit_percent);
    (allowed < LEAST_BYTES).then(|| {
        format!(
            "a limit of {limit_percent} % leaves {:.1} GiB of {:.0} ({:.1} are in use); at least {:.0} is needed",
            gib(allowed),
            gib(gpu.memory_bytes),
            gib(gpu.used_bytes),
            gib(LEAST_BYTES),
        )
    })
}

/// Of all sets of so many GPUs the best connected, of these the least loaded, of these the fastest.
fn best_set(reading: &Reading, gpus: &[&Gpu], usable: &[u32], count: usize) -> Vec<u32> {
    let pairs = |set: &[u32]| -> f64 {
        let of = |&(a, b): &(u32, u32)| reading.path(gpus[a as usize].index, gpus[b as usize].index).bandwidth();
        let all = set.iter().enumerate().flat_map(|(at, &a)| set[at + 1..].iter().map(move |&b| (a, b)));
        all.collect::<Vec<_>>().iter().map(of).sum()
    };
    let load = |set: &[u32]| -> f64 {
        set.iter().map(|&index| f64::from(gpus[index as usize].busy_percent.unwrap_or(0))).sum()
    };
    let speed = |set: &[u32]| -> f64 { set.iter().map(|&index| gpus[index as usize].speed()).fold(f64::MAX, f64::min) };
    let rank = |set: &Vec<u32>| (pairs(set), -load(set), speed(set));
    let better = |a: &Vec<u32>, b: &Vec<u32>| {
        let (a, b) = (rank(a), rank(b));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.total_cmp(&b.2))
    };
    let mut sets = subsets(usable, count).into_iter();
    let first = sets.next().unwrap_or_default();
    // Of equals the first, whose numbers are lowest.
    sets.fold(first, |best, set| if better(&set, &best).is_gt() { set } else { best })
}

fn subsets(items: &[u32], count: usize) -> Vec<Vec<u32>> {
    match (count, items) {
        (0, _) => vec![Vec::new()],
        (_, []) => Vec::new(),
        (_, [first, rest @ ..]) => {
            let with = subsets(rest, count - 1).into_iter().map(|set| [&[*first], set.as_slice()].concat());
            with.chain(subsets(rest, count)).collect()
        }
    }
}

fn by_strategy(gpus: &[&Gpu], chosen: Vec<u32>, wish: &Wish) -> Vec<u32> {
    let gpu = |index: &u32| gpus[*index as usize];
    match wish.strategy {
        Strategy::Balanced => chosen,
        Strategy::Packed => {
            let room = |index: &u32| (allowance(gpu(index), wish.memory_limit_percent), *index);
            chosen.into_iter().min_by_key(room).into_iter().collect()
        }
        Strategy::Fastest => {
            let fastest = chosen.iter().map(|index| gpu(index).speed()).fold(0.0, f64::max);
            chosen.into_iter().filter(|index| gpu(index).speed() >= AS_FAST * fastest).collect()
        }
    }
}

/// Work by speed, but no more than a GPU has memory for beside the others.
fn shares(gpus: &[&Gpu], chosen: &[u32], wish: &Wish) -> Vec<Share> {
    let gpu = |index: u32| gpus[index as usize];
    let memory = |index: u32| allowance(gpu(index), wish.memory_limit_percent) as f64;
    let most = |of: &dyn Fn(u32) -> f64| chosen.iter().map(|&index| of(index)).fold(f64::MIN_POSITIVE, f64::max);
    let (fastest, roomiest) = (most(&|index| gpu(index).speed()), most(&memory));
    let weight = |index: u32| (gpu(index).speed() / fastest).min(memory(index) / roomiest);
    let total: f64 = chosen.iter().map(|&index| weight(index)).sum();
    let share = |&index: &u32| Share {
        index,
        uuid: gpu(index).uuid.clone(),
        name: gpu(index).name.clone(),
        memory_bytes: memory(index) as u64,
        work: weight(index) / total,
    };
    chosen.iter().map(share).collect()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
