//! How far the work on one recording is, in bytes of it.

use std::cell::Cell;

use super::recording::Job;

/// Reports progress: one half of a recording's bytes for the analysis, one for the writing, the rest at the end.
pub(super) struct Passage<'a> {
    bytes: u64,
    reported: Cell<u64>,
    advance: &'a dyn Fn(u64),
}

impl<'a> Passage<'a> {
    pub(super) fn new(job: &Job, advance: &'a dyn Fn(u64)) -> Self {
        Self { bytes: job.named.source.bytes, reported: Cell::new(0), advance }
    }

    /// This share of the recording, from 0 to 1, has been analysed.
    pub(super) fn analysed(&self, share: f64) {
        self.reach(0.5 * share.clamp(0.0, 1.0));
    }

    /// This share of the recording, from 0 to 1, has been written.
    pub(super) fn rendered(&self, share: f64) {
        self.reach(0.5 + 0.5 * share.clamp(0.0, 1.0));
    }

    fn reach(&self, share: f64) {
        let done = (share * self.bytes as f64) as u64;
        let news = done.saturating_sub(self.reported.get());
        if news > 0 {
            self.reported.set(done);
            (self.advance)(news);
        }
    }
}

impl Drop for Passage<'_> {
    /// Whatever became of the recording, its bytes are done.
    fn drop(&mut self) {
        (self.advance)(self.bytes.saturating_sub(self.reported.get()));
    }
}
