//! Logs on stderr, beside progress bars.

use std::io::{self, IsTerminal, Write};

use indicatif::MultiProgress;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::cli::GlobalArgs;

/// Sends logs to stderr, above the bars. `RUST_LOG` decides what is logged; without it, `-v` and `-q` do.
pub(super) fn start(global: &GlobalArgs, bars: &MultiProgress) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => "error,symphonia=off",
        // The decoder tells of every oddity in a file without naming the file.
        (_, 0) => "warn,voice_clone=info,symphonia=off",
        (_, 1) => "info,voice_clone=debug",
        (_, _) => "debug,voice_clone=trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    // A second start (in tests) keeps the first one's choice.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(AboveBars(bars.clone()))
        .with_ansi(colours)
        .with_target(global.verbose > 0)
        .without_time()
        .try_init();
}

/// Writes to stderr while the bars stand aside.
struct AboveBars(MultiProgress);

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl<'a> MakeWriter<'a> for AboveBars {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self(self.0.clone())
    }
}
