//! Batches made while the batch before is trained on.

use std::cell::{Cell, RefCell};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{JoinHandle, spawn};

/// How many examples a batch has, known to the thread that makes it too.
#[derive(Debug, Clone)]
pub struct BatchSize(Arc<AtomicUsize>);

impl BatchSize {
    /// So many.
    pub fn new(count: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(count)))
    }

    /// How many now.
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Makes batches half as large, unless they have but one example. A batch that is being made stays as it is.
    pub fn halve(&self) -> bool {
        let possible = self.get() > 1;
        if possible {
            self.0.store(self.get() / 2, Ordering::Relaxed);
        }
        possible
    }
}

/// Makes the batch of a step on a thread of its own, one step ahead. Which batch that is follows from the step alone,
/// so a run does not depend on who was faster.
#[derive(Debug)]
pub struct Ahead<T> {
    steps: Sender<u64>,
    made: Receiver<(u64, T)>,
    /// The step that is being made.
    expected: RefCell<Option<u64>>,
    /// The step that was taken last.
    taken: Cell<Option<u64>>,
    worker: RefCell<Option<JoinHandle<()>>>,
}

impl<T: Send + 'static> Ahead<T> {
    /// `make` gives the batch of a step.
    pub fn new(mut make: impl FnMut(u64) -> T + Send + 'static) -> Self {
        let (steps, wanted) = channel::<u64>();
        let (finished, made) = channel();
        let work = move || {
            for step in wanted {
                // Nobody waits for it any more: the run is over.
                if finished.send((step, make(step))).is_err() {
                    break;
                }
            }
        };
        Self {
            steps,
            made,
            expected: RefCell::new(None),
            taken: Cell::default(),
            worker: RefCell::new(Some(spawn(work))),
        }
    }

    /// The batch of `step`; the one after it, as far from it as it was from the one before, is begun.
    ///
    /// # Panics
    /// As `make` did.
    pub fn take(&self, step: u64) -> T {
        if *self.expected.borrow() != Some(step) {
            self.ask(step);
        }
        loop {
            match self.made.recv() {
                // A step that is no longer wanted, after a jump.
                Ok((other, _)) if other != step => {}
                Ok((_, batch)) => {
                    // Replicas take every so many-th.
                    let stride = self.taken.replace(Some(step)).and_then(|before| step.checked_sub(before));
                    self.ask(step + stride.unwrap_or(1).max(1));
                    return batch;
                }
                Err(_) => self.fail(),
            }
        }
    }

    fn ask(&self, step: u64) {
        // A worker that ended shows when its batch is taken.
        let _ = self.steps.send(step);
        *self.expected.borrow_mut() = Some(step);
    }

    fn fail(&self) -> ! {
        let ended = self.worker.borrow_mut().take().map(JoinHandle::join);
        match ended {
            Some(Err(payload)) => resume_unwind(payload),
            _ => panic!("the thread that makes batches ended"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_gets_its_own_batch_whatever_the_order() {
        let ahead = Ahead::new(|step| step * step);
        let taken: Vec<u64> = [3, 4, 5, 9, 9, 10, 2].into_iter().map(|step| ahead.take(step)).collect();
        assert_eq!(taken, [9, 16, 25, 81, 81, 100, 4]);
    }

    #[test]
    #[should_panic(expected = "no batch for step 2")]
    fn what_goes_wrong_comes_through() {
        let ahead = Ahead::new(|step| assert!(step < 2, "no batch for step {step}"));
        (0..4).for_each(|step| ahead.take(step));
    }
}
