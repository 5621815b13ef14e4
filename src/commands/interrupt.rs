//! Ctrl-C: the command ends between two pieces of work, so that nothing half-made is left behind.

use std::{
    process,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
};

/// The code of a process that was interrupted, as shells have it.
pub const EXIT_CODE: u8 = 130;

/// The user wants no more of this.
#[derive(Debug, thiserror::Error)]
#[error("interrupted; nothing was left half-made")]
pub struct Interrupted;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on the first Ctrl-C (or request to terminate) is noted for [`check`], and the second ends the process at once.
pub fn watch() {
    static WATCHING: Once = Once::new();
    WATCHING.call_once(|| {
        let handler = || {
            if INTERRUPTED.swap(true, Ordering::Relaxed) {
                process::exit(i32::from(EXIT_CODE));
            }
        };
        if let Err(error) = ctrlc::set_handler(handler) {
            tracing::debug!("Ctrl-C ends the process at once: {error}");
        }
    });
}

/// Whether to go on.
///
/// # Errors
/// [`Interrupted`], once the user said so.
pub fn check() -> Result<(), Interrupted> {
    if INTERRUPTED.load(Ordering::Relaxed) { Err(Interrupted) } else { Ok(()) }
}
