//! Batches made while the batch before is trained on.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, spawn};

/// How many examples a batch has, known to the thread that makes it too.
#[derive(Debug, Clone)]
pub struct BatchSize {
    count: Arc<AtomicUsize>,
    least: usize,
}

impl BatchSize {
    /// So many.
    pub fn new(count: usize) -> Self {
        Self::at_least(count, 1)
    }

    /// So many, and never halved to fewer than `least`.
    pub fn at_least(count: usize, least: usize) -> Self {
        Self { count: Arc::new(AtomicUsize::new(count)), least }
    }

    /// How many now.
    pub fn get(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Makes batches half as large, unless they would be too small. A batch that is being made stays as it is.
    pub fn halve(&self) -> bool {
        let possible = self.get() / 2 >= self.least.max(1);
        if possible {
            self.count.store(self.get() / 2, Ordering::Relaxed);
        }
        possible
    }

    /// Makes batches twice as large.
    pub fn double(&self) {
        self.count.store(self.get() * 2, Ordering::Relaxed);
    }
}

/// Makes the batches of steps to come on threads of its own. Which batch that is follows from the step alone, so a run
/// does not depend on who was faster.
#[derive(Debug)]
pub struct Ahead<T> {
    /// None once it is over.
    steps: Option<Sender<u64>>,
    made: Receiver<(u64, Result<T, Panic>)>,
    /// Batches that were made before their step came.
    waiting: RefCell<BTreeMap<u64, Result<T, Panic>>>,
    /// Steps that are being made, or were and wait.
    asked: RefCell<BTreeSet<u64>>,
    /// The step that was taken last.
    taken: Cell<Option<u64>>,
    workers: Vec<JoinHandle<()>>,
}

/// What a thread panicked with.
type Panic = Box<dyn Any + Send>;

impl<T: Send + 'static> Ahead<T> {
    /// One thread, one step ahead; `make` gives the batch of a step.
    pub fn new(make: impl FnMut(u64) -> T + Send + 'static) -> Self {
        Self::with_workers(vec![make])
    }

    /// So many threads, at least one, each with a copy of `data` for its maker; see [`Ahead::with_workers`].
    pub fn with_copies<D: Clone, M>(workers: usize, data: D, maker: impl Fn(D) -> M) -> Self
    where
        M: FnMut(u64) -> T + Send + 'static,
    {
        Self::with_workers(vec![data; workers.max(1)].into_iter().map(maker).collect())
    }

    /// A thread for each of `makers`, which must all make the same of a step; they are as many steps ahead.
    pub fn with_workers(makers: Vec<impl FnMut(u64) -> T + Send + 'static>) -> Self {
        let (steps, wanted) = channel::<u64>();
        let (finished, made) = channel();
        let wanted = Arc::new(Mutex::new(wanted));
        let mut workers = Vec::with_capacity(makers.len());
        for mut make in makers {
            let (wanted, finished) = (wanted.clone(), finished.clone());
            workers.push(spawn(move || {
                // More of libtorch's threads would only be in the way of those that train.
                tch::set_num_threads(1);
                loop {
                    let step = wanted.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).recv();
                    let Ok(step) = step else { break };
                    let batch = catch_unwind(AssertUnwindSafe(|| make(step)));
                    if finished.send((step, batch)).is_err() {
                        break;
                    }
                }
            }));
        }
        let (waiting, asked) = (RefCell::default(), RefCell::default());
        Self { steps: Some(steps), made, waiting, asked, taken: Cell::default(), workers }
    }

    /// The batch of `step`; those after it, as far from each other as it was from the one before, are begun.
    ///
    /// # Panics
    /// As the maker did.
    pub fn take(&self, step: u64) -> T {
        // Replicas take every so many-th.
        let stride = self.taken.replace(Some(step)).and_then(|before| step.checked_sub(before)).unwrap_or(1).max(1);
        let wanted: BTreeSet<u64> = (0..=self.workers.len() as u64).map(|ahead| step + ahead * stride).collect();
        // After a jump, what was made for other steps is of no use.
        self.waiting.borrow_mut().retain(|step, _| wanted.contains(step));
        let mut asked = self.asked.borrow_mut();
        asked.retain(|step| wanted.contains(step));
        for &step in wanted.difference(&asked.clone()) {
            // Makers that are gone show when a batch is awaited.
            let _ = self.steps.as_ref().map(|steps| steps.send(step));
        }
        *asked = wanted;
        asked.remove(&step);
        let known = self.waiting.borrow_mut().remove(&step);
        known.unwrap_or_else(|| self.wait(step)).unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn wait(&self, step: u64) -> Result<T, Panic> {
        loop {
            match self.made.recv() {
                Ok((made, batch)) if made == step => return batch,
                Ok((other, batch)) => drop(self.waiting.borrow_mut().insert(other, batch)),
                Err(_) => return Err(Box::new("the threads that make batches ended")),
            }
        }
    }
}

impl<T> Drop for Ahead<T> {
    /// Waits for the batches that were asked for: a thread that still uses a GPU when the program ends would panic.
    fn drop(&mut self) {
        self.steps = None;
        for worker in self.workers.drain(..) {
            let _ = worker.join();
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
    fn several_makers_make_the_same_and_none_twice() {
        let made = Arc::new(Mutex::new(Vec::new()));
        let maker = |pause_ms: u64| {
            let made = made.clone();
            move |step: u64| {
                std::thread::sleep(std::time::Duration::from_millis(pause_ms * (step % 3)));
                made.lock().expect("no panic").push(step);
                step * step
            }
        };
        let ahead = Ahead::with_workers(vec![maker(1), maker(4), maker(0)]);
        let steps: Vec<u64> = (0..40).chain((100..160).step_by(4)).collect();
        let taken: Vec<u64> = steps.iter().map(|&step| ahead.take(step)).collect();
        assert_eq!(taken, steps.iter().map(|step| step * step).collect::<Vec<_>>());
        drop(ahead);
        let mut made = made.lock().expect("no panic").clone();
        made.retain(|step| steps.contains(step));
        made.sort_unstable();
        assert_eq!(made, steps);
    }

    #[test]
    #[should_panic(expected = "no batch for step 2")]
    fn what_goes_wrong_comes_through() {
        let ahead = Ahead::new(|step| assert!(step < 2, "no batch for step {step}"));
        (0..4).for_each(|step| ahead.take(step));
    }

    #[test]
    fn no_thread_outlives_it() {
        let at_work = Arc::new(AtomicUsize::new(0));
        let maker = |_| {
            let at_work = at_work.clone();
            move |_: u64| {
                at_work.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(std::time::Duration::from_millis(20));
                at_work.fetch_sub(1, Ordering::Relaxed);
            }
        };
        let ahead = Ahead::with_copies(3, (), maker);
        ahead.take(0);
        assert!(at_work.load(Ordering::Relaxed) > 0, "the steps ahead are being made");
        drop(ahead);
        assert_eq!((at_work.load(Ordering::Relaxed), Arc::strong_count(&at_work)), (0, 1));
    }
}
