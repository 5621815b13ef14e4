//! A fence around parsers of others.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use super::error::AudioError;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a piece of a parser. They aim never to panic, but they read untrusted bytes, and a panic over one file must
/// neither end the work on all others nor print a stack trace.
pub(super) fn guarded<T>(what: &str, parse: impl FnOnce() -> T) -> Result<T, AudioError> {
    silence_guarded_panics();
    let before = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(parse));
    GUARDED.set(before);
    result.map_err(|_| AudioError::malformed(what, "it breaks the parser"))
}

/// Wraps the panic hook that is in force at the first call.
fn silence_guarded_panics() {
    static WRAPPED: Once = Once::new();
    WRAPPED.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |panic| match GUARDED.get() {
            true => tracing::debug!(%panic, "a parser broke"),
            false => previous(panic),
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let result = guarded("test", || [1, 2, 3].iter().position(|&n| n == 4).unwrap());
        assert!(matches!(result, Err(AudioError::Malformed { .. })));
        assert!(!GUARDED.get());
        assert_eq!(guarded("test", || 7).ok(), Some(7));
    }
}
