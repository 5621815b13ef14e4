//! How long a piece of work takes per second of audio.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::units::Seconds;

/// Time spent on an amount of audio.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RealTimeFactor {
    /// Duration of the audio made or read.
    pub audio_s: f64,
    /// Time on the clock.
    pub wall_s: f64,
    /// Time on all processors together, in steps of 10 ms; `None` where the system does not tell.
    pub cpu_s: Option<f64>,
}

impl RealTimeFactor {
    /// Seconds on the clock per second of audio: below 1 is faster than real time. `None` without audio.
    pub fn wall(&self) -> Option<f64> {
        (self.audio_s > 0.0).then(|| self.wall_s / self.audio_s)
    }

    /// Processor seconds per second of audio. `None` without audio or where the system does not tell.
    pub fn cpu(&self) -> Option<f64> {
        self.cpu_s.filter(|_| self.audio_s > 0.0).map(|cpu_s| cpu_s / self.audio_s)
    }
}

/// Measures from its start. Wait for the device before [`Timer::stop`] when work runs on a GPU.
#[derive(Debug, Clone, Copy)]
pub struct Timer {
    start: Instant,
    cpu_s: Option<f64>,
}

impl Timer {
    /// Starts the clock.
    pub fn start() -> Self {
        Self { start: Instant::now(), cpu_s: process_cpu_seconds() }
    }

    /// The time since the start, for work on `audio`.
    pub fn stop(self, audio: Seconds) -> RealTimeFactor {
        let cpu_s = process_cpu_seconds().zip(self.cpu_s).map(|(now, then)| (now - then).max(0.0));
        RealTimeFactor { audio_s: audio.0, wall_s: self.start.elapsed().as_secs_f64(), cpu_s }
    }
}

/// Measures the processor time of the thread that starts it, finer than [`Timer`].
#[derive(Debug, Clone, Copy)]
pub struct ThreadTimer {
    start: Instant,
    cpu_s: Option<f64>,
}

impl ThreadTimer {
    /// Starts the clock.
    pub fn start() -> Self {
        Self { start: Instant::now(), cpu_s: thread_cpu_seconds() }
    }

    /// Seconds on the processor since the start; on the clock, where the system does not tell.
    pub fn stop(self) -> f64 {
        let cpu_s = thread_cpu_seconds().zip(self.cpu_s).map(|(now, then)| (now - then).max(0.0));
        cpu_s.unwrap_or_else(|| self.start.elapsed().as_secs_f64())
    }
}

/// The first field of `schedstat`: nanoseconds on the processor, up to date within some milliseconds.
fn thread_cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(stat.split_whitespace().next()?.parse::<u64>().ok()? as f64 / 1e9)
}

/// User and system time of this process, all threads (proc(5), fields 14 and 15 of `stat`).
fn process_cpu_seconds() -> Option<f64> {
    parse_stat(&std::fs::read_to_string("/proc/self/stat").ok()?)
}

/// The name of the program stands in brackets and may hold anything, so fields are counted from the last bracket.
fn parse_stat(stat: &str) -> Option<f64> {
    /// Linux reports to programs in hundredths of a second, whatever the kernel's own clock.
    const TICKS_PER_SECOND: f64 = 100.0;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (times.next()?.parse().ok()?, times.next()?.parse().ok()?);
    Some((user + system) as f64 / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_behind_any_name() {
        let stat = "42 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 1 0";
        assert_eq!(parse_stat(stat), Some(3.0));
        assert_eq!(parse_stat("42 (x) S 1"), None);
        assert_eq!(parse_stat(""), None);
    }

    #[test]
    fn waiting_is_no_work() {
        let timer = ThreadTimer::start();
        std::thread::sleep(std::time::Duration::from_millis(80));
        if thread_cpu_seconds().is_some() {
            assert!(timer.stop() < 0.04);
        }
    }

    #[test]
    fn work_takes_time() {
        let timer = Timer::start();
        let thread = ThreadTimer::start();
        let mut sum = 0u64;
        while timer.start.elapsed().as_millis() < 60 {
            sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(7));
        }
        assert!(thread.stop() > 0.0);
        let factor = timer.stop(Seconds(0.5));
        assert!(factor.wall().unwrap() >= 0.12);
        if let Some(cpu) = factor.cpu() {
            assert!(cpu > 0.0);
        }
        assert_eq!(timer.stop(Seconds(0.0)).wall(), None);
    }
}
