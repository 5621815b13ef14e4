//! How far the work on one recording is, in bytes of it.

use std::sync::atomic::{AtomicU64, Ordering};

use super::recording::Job;

/// Reports progress: so much of a recording's bytes for each step, the rest at the end.
pub(super) struct Passage<'a> {
    bytes: u64,
    reported: AtomicU64,
    advance: &'a (dyn Fn(u64) + Sync),
}

impl<'a> Passage<'a> {
    /// Where the analysis ends, and where the listening does.
    const ANALYSED: f64 = 0.5;
    const LISTENED: f64 = 0.8;

    pub(super) fn new(job: &Job, advance: &'a (dyn Fn(u64) + Sync)) -> Self {
        Self { bytes: job.named.source.bytes, reported: AtomicU64::new(0), advance }
    }

    /// This share of the recording, from 0 to 1, has been analysed.
    pub(super) fn analysed(&self, share: f64) {
        self.reach(Self::ANALYSED * share.clamp(0.0, 1.0));
    }

    /// This share of the recording, from 0 to 1, has been listened to.
    pub(super) fn listened(&self, share: f64) {
        self.reach(Self::ANALYSED + (Self::LISTENED - Self::ANALYSED) * share.clamp(0.0, 1.0));
    }

    /// This share of the recording, from 0 to 1, has been written.
    pub(super) fn rendered(&self, share: f64) {
        self.reach(Self::LISTENED + (1.0 - Self::LISTENED) * share.clamp(0.0, 1.0));
    }

    fn reach(&self, share: f64) {
        let done = (share * self.bytes as f64) as u64;
        let news = done.saturating_sub(self.reported.fetch_max(done, Ordering::Relaxed));
        if news > 0 {
            (self.advance)(news);
        }
    }
}

impl Drop for Passage<'_> {
    /// Whatever became of the recording, its bytes are done.
    fn drop(&mut self) {
        (self.advance)(self.bytes.saturating_sub(*self.reported.get_mut()));
    }
}
