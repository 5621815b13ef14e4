//! Progress on stderr: a bar on a terminal, now and then a line elsewhere.

use std::{
    io::{self, IsTerminal},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often a line is logged where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);
const COUNTED_BAR: &str = "{prefix} {bar:30} {pos}/{len} {elapsed}, {eta} left  {msg}";
const BYTES_BAR: &str = "{prefix} {bar:30} {bytes}/{total_bytes} {elapsed}, {eta} left  {msg}";

/// Where progress is shown.
#[derive(Debug, Clone)]
pub struct Progress {
    bars: MultiProgress,
    on_terminal: bool,
}

impl Progress {
    /// Bars if stderr is a terminal, lines otherwise, neither if `quiet`.
    pub fn on_stderr(quiet: bool) -> Self {
        let on_terminal = io::stderr().is_terminal() && !quiet;
        let target = if on_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { bars: MultiProgress::with_draw_target(target), on_terminal }
    }

    /// The bars, for whoever writes to stderr beside them.
    pub(super) fn bars(&self) -> &MultiProgress {
        &self.bars
    }

    /// Begins a task of `total` parts. It ends when it is dropped.
    pub fn task(&self, name: &str, total: u64) -> Task {
        self.begin(name, total, COUNTED_BAR, |parts| parts.to_string())
    }

    /// Begins a task of `total` bytes. It ends when it is dropped.
    pub fn bytes(&self, name: &str, total: u64) -> Task {
        self.begin(name, total, BYTES_BAR, |bytes| HumanBytes(bytes).to_string())
    }

    fn begin(&self, name: &str, total: u64, template: &str, show: fn(u64) -> String) -> Task {
        let bar = self.bars.add(ProgressBar::new(total));
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_owned());
        if self.on_terminal {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Task {
            bar,
            name: name.to_owned(),
            total,
            show,
            done: AtomicU64::new(0),
            last_line: (!self.on_terminal).then(|| Mutex::new(Instant::now())),
        }
    }
}

/// One task under way; may be shared among threads.
#[derive(Debug)]
pub struct Task {
    bar: ProgressBar,
    name: String,
    total: u64,
    show: fn(u64) -> String,
    done: AtomicU64,
    /// When the last line was logged; none on a terminal.
    last_line: Option<Mutex<Instant>>,
}

impl Task {
    /// `parts` more are done.
    pub fn advance(&self, parts: u64) {
        let done = self.done.fetch_add(parts, Ordering::Relaxed) + parts;
        self.bar.inc(parts);
        self.line(done, "");
    }

    /// `done` parts are done in all; `note` (as in `loss 0.41, 12 steps/s`) is shown beside.
    pub fn set(&self, done: u64, note: String) {
        self.done.store(done, Ordering::Relaxed);
        self.bar.set_position(done);
        self.bar.set_message(note.clone());
        self.line(done, &note);
    }

    fn line(&self, done: u64, note: &str) {
        let Some(last) = &self.last_line else { return };
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= LINE_EVERY {
            *last = Instant::now();
            let (done, total) = ((self.show)(done), (self.show)(self.total));
            let line = format!("{}: {done} of {total} {note}", self.name);
            tracing::info!("{}", line.trim_end());
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_may_share_a_task() {
        let task = Progress::on_stderr(true).task("files", 40);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10).for_each(|_| task.advance(1)));
            }
        });
        assert_eq!(task.done.load(Ordering::Relaxed), 40);
    }
}
