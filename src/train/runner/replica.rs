//! Replicas: the same network on several devices, each with a share of every step's batches.
//!
//! All replicas begin with the same weights and sum their gradients, so that they take the same steps (Li et al. 2020,
//! "PyTorch Distributed"). What a run becomes depends on the batches of a step and not on how many replicas share them.

use std::panic::resume_unwind;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use tch::{Device, Kind, Tensor};

use crate::processes::Processes;

/// One of a group of replicas, or the only one. When it is dropped the others can't wait for it any more.
#[derive(Debug)]
pub struct Replica {
    index: usize,
    count: usize,
    link: Link,
}

/// How replicas meet.
#[derive(Debug)]
enum Link {
    /// There is but one.
    None,
    /// As threads of this process.
    Threads(Arc<Group>),
    /// As processes of their own.
    Processes(Processes),
}

/// Another replica failed and has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another replica of the training has stopped")]
pub struct Left;

#[derive(Debug)]
struct Group {
    meeting: Mutex<Meeting>,
    changed: Condvar,
}

/// Where the replicas bring what is to be summed.
#[derive(Debug)]
struct Meeting {
    /// What each has brought.
    brought: Vec<Option<Tensor>>,
    /// The sum, until everybody has taken it.
    sum: Option<Tensor>,
    /// Who has still to take it.
    waiting: usize,
    left: bool,
}

impl Replica {
    /// The only one.
    pub fn alone() -> Self {
        Self { index: 0, count: 1, link: Link::None }
    }

    /// Runs `work` as `count` replicas, each on a thread of its own; the results are in their order.
    ///
    /// # Panics
    /// As `work` did.
    pub fn on_threads<T: Send>(count: usize, work: impl Fn(Self) -> T + Sync) -> Vec<T> {
        std::thread::scope(|scope| {
            let work = &work;
            let threads: Vec<_> =
                Self::group(count).into_iter().map(|replica| scope.spawn(move || work(replica))).collect();
            let results = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
            results.collect()
        })
    }

    /// Runs `work` as a replica on each of `devices`, on this thread where there is but one. The result is the first one's,
    /// or what went wrong anywhere: that others have left, which `is_left` tells, says nothing of why.
    ///
    /// # Panics
    /// As `work` did.
    pub fn on_devices<T: Send, E: Send>(
        devices: &[Device],
        work: impl Fn(Device, Self) -> Result<T, E> + Sync,
        is_left: impl Fn(&E) -> bool,
    ) -> Result<T, E> {
        if let [device] = devices {
            return work(*device, Self::alone());
        }
        let mut results = Self::on_threads(devices.len(), |replica| work(devices[replica.index()], replica));
        let cause = |result: &Result<T, E>| matches!(result, Err(error) if !is_left(error));
        let place = results.iter().position(cause).unwrap_or(0);
        results.swap_remove(place)
    }

    fn group(count: usize) -> Vec<Self> {
        let brought = (0..count).map(|_| None).collect();
        let meeting = Mutex::new(Meeting { brought, sum: None, waiting: 0, left: false });
        let group = Arc::new(Group { meeting, changed: Condvar::new() });
        (0..count).map(|index| Self { index, count, link: Link::Threads(group.clone()) }).collect()
    }

    /// The one of this process.
    pub fn of(processes: Processes) -> Self {
        match processes.count() {
            1 => Self::alone(),
            count => Self { index: processes.index(), count, link: Link::Processes(processes) },
        }
    }

    /// Its place in the group, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether it is the one that measures, reports and saves.
    pub fn is_first(&self) -> bool {
        self.index == 0
    }

    /// Puts the sum over all replicas into each of `tensors`, which must be floating-point and alike everywhere. The
    /// order of summation does not depend on who is faster.
    ///
    /// # Errors
    /// A replica that has left.
    pub fn sum(&self, tensors: &[Tensor]) -> Result<(), Left> {
        let Some(first) = tensors.first().filter(|_| self.count > 1) else { return Ok(()) };
        let kind = if first.kind() == Kind::Double { Kind::Double } else { Kind::Float };
        let flat: Vec<Tensor> = tensors.iter().map(|tensor| tensor.detach().to_kind(kind).flatten(0, -1)).collect();
        let all = Tensor::cat(&flat, 0);
        let sum = match &self.link {
            Link::None => all,
            Link::Threads(group) => group.meet(self.index, all)?,
            Link::Processes(processes) => {
                let mut values =
                    Vec::<f64>::try_from(all.to_device(Device::Cpu).to_kind(Kind::Double)).unwrap_or_default();
                processes.sum(&mut values);
                Tensor::from_slice(&values)
            }
        };
        let sum = sum.to_device(first.device());
        tch::no_grad(|| {
            let mut start = 0;
            for tensor in tensors {
                let length = tensor.numel() as i64;
                tensor.shallow_clone().copy_(&sum.narrow(0, start, length).view_as(tensor));
                start += length;
            }
        });
        Ok(())
    }

    /// Puts the first replica's values into `tensors` everywhere.
    ///
    /// # Errors
    /// A replica that has left.
    pub fn broadcast(&self, tensors: &[Tensor]) -> Result<(), Left> {
        if self.count > 1 && !self.is_first() {
            tch::no_grad(|| tensors.iter().for_each(|tensor| drop(tensor.shallow_clone().zero_())));
        }
        self.sum(tensors)
    }

    /// What the first replica says.
    ///
    /// # Errors
    /// A replica that has left.
    pub fn agree(&self, value: f64) -> Result<f64, Left> {
        if self.count == 1 {
            return Ok(value);
        }
        let said = Tensor::from(value);
        self.broadcast(std::slice::from_ref(&said))?;
        Ok(said.double_value(&[]))
    }

    /// Whether it is true of any replica.
    ///
    /// # Errors
    /// A replica that has left.
    pub fn any(&self, of_this_one: bool) -> Result<bool, Left> {
        let count = Tensor::from(f32::from(u8::from(of_this_one)));
        self.sum(std::slice::from_ref(&count))?;
        Ok(count.double_value(&[]) > 0.0)
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        if let Link::Threads(group) = &self.link {
            group.lock().left = true;
            group.changed.notify_all();
        }
    }
}

impl Group {
    fn lock(&self) -> MutexGuard<'_, Meeting> {
        self.meeting.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Brings one tensor and takes the sum of all of them.
    fn meet(&self, index: usize, tensor: Tensor) -> Result<Tensor, Left> {
        let wait = |meeting| self.changed.wait(meeting).unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut meeting = self.lock();
        // The sum before must have been taken by everybody.
        while meeting.waiting > 0 {
            meeting = wait(meeting);
        }
        meeting.brought[index] = Some(tensor);
        if meeting.brought.iter().all(Option::is_some) {
            let all: Vec<Tensor> = meeting.brought.iter_mut().filter_map(Option::take).collect();
            meeting.waiting = all.len();
            meeting.sum = all.into_iter().reduce(|sum, tensor| {
                let tensor = tensor.to_device(sum.device());
                sum + tensor
            });
            self.changed.notify_all();
        }
        while meeting.waiting == 0 {
            if meeting.left {
                return Err(Left);
            }
            meeting = wait(meeting);
        }
        let sum = meeting.sum.as_ref().map(Tensor::shallow_clone).ok_or(Left)?;
        meeting.waiting -= 1;
        self.changed.notify_all();
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_gets_the_sum_and_the_first_ones_word() {
        let found = Replica::on_threads(3, |replica| {
            let one = Tensor::from_slice(&[1f32, 10.0]) * (replica.index() + 1) as f64;
            let other = Tensor::from_slice(&[replica.index() as f32]).view([1, 1]);
            for _ in 0..50 {
                replica.sum(&[one.shallow_clone(), other.shallow_clone()]).expect("all are there");
                let _ = one.shallow_clone().g_div_scalar_(3.0);
            }
            let said = replica.agree(0.5 + replica.index() as f64).expect("all are there");
            (one.double_value(&[1]), other.size(), said)
        });
        assert!(found.iter().all(|found| *found == (20.0, vec![1, 1], 0.5)), "{found:?}");
    }

    #[test]
    fn nobody_waits_for_one_that_has_left() {
        let found = Replica::on_threads(3, |replica| match replica.index() {
            1 => Ok(()),
            _ => replica.sum(&[Tensor::from(1f32)]),
        });
        assert_eq!(found, [Err(Left), Ok(()), Err(Left)]);
    }

    #[test]
    fn the_cause_is_told_and_not_who_left() {
        let work = |devices: &[Device], wrong: Option<usize>| {
            let one = |_, replica: Replica| {
                if Some(replica.index()) == wrong {
                    return Err("broken".to_owned());
                }
                replica.agree(replica.index() as f64).map_err(|_| "left".to_owned())
            };
            Replica::on_devices(devices, one, |error| error == "left")
        };
        let three = [Device::Cpu; 3];
        assert_eq!(work(&three, None), Ok(0.0));
        assert_eq!(work(&three, Some(2)), Err("broken".to_owned()));
        assert_eq!((work(&three[..1], None), work(&three[..1], Some(0))), (Ok(0.0), Err("broken".to_owned())));
    }

    #[test]
    fn one_alone_waits_for_nobody() {
        let replica = Replica::alone();
        let value = Tensor::from(2f32);
        replica.sum(std::slice::from_ref(&value)).expect("nobody can leave");
        assert_eq!((value.double_value(&[]), replica.agree(0.1)), (2.0, Ok(0.1)));
    }
}
