//! Exponential moving average of weights: what is published is smoother than what is trained.

use tch::{Tensor, nn};

use super::checkpoint::{CheckpointError, Weights};

/// A slowly following copy of all variables (buffers, such as running means, are followed too).
#[derive(Debug)]
pub struct Ema {
    decay: f64,
    pairs: Vec<(String, Tensor, Tensor)>,
}

impl Ema {
    /// Starts at the present values.
    pub fn new(store: &nn::VarStore, decay: f64) -> Self {
        let mut pairs: Vec<_> =
            store.variables().into_iter().map(|(name, live)| (name, live.detach().copy(), live)).collect();
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        Self { decay, pairs }
    }

    /// Follows the live values; early on faster, so that the start is forgotten: `min(decay, (1 + n) / (10 + n))`.
    pub fn update(&mut self, step: u64) {
        let decay = self.decay.min((1.0 + step as f64) / (10.0 + step as f64));
        tch::no_grad(|| {
            for (_, average, live) in &mut self.pairs {
                if average.is_floating_point() {
                    *average += (&*live - &*average) * (1.0 - decay);
                } else {
                    average.copy_(live);
                }
            }
        });
    }

    /// The averaged values.
    pub fn weights(&self) -> Weights {
        let tensors = self.pairs.iter().map(|(name, average, _)| (name.clone(), average.copy())).collect();
        Weights { tensors, ..Weights::default() }
    }

    /// Restores what [`Ema::weights`] gave.
    pub fn load(&mut self, weights: &Weights) -> Result<(), CheckpointError> {
        let total = self.pairs.len();
        for (name, average, _) in &mut self.pairs {
            let missing = || CheckpointError::Missing { name: name.clone(), missing: 1, total };
            average.copy_(weights.tensors.get(name).ok_or_else(missing)?);
        }
        Ok(())
    }

    /// Runs `action` with the averaged values in place of the live ones.
    pub fn scoped<R>(&mut self, action: impl FnOnce() -> R) -> R {
        self.swap();
        let result = action();
        self.swap();
        result
    }

    fn swap(&mut self) {
        tch::no_grad(|| {
            for (_, average, live) in &mut self.pairs {
                let kept = live.detach().copy();
                live.copy_(average);
                average.copy_(&kept);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    #[test]
    fn the_average_follows_and_steps_in() {
        let store = nn::VarStore::new(Device::Cpu);
        let mut x = store.root().var("x", &[1], nn::Init::Const(0.0));
        let mut ema = Ema::new(&store, 0.5);
        tch::no_grad(|| x += 8.0);
        ema.update(1_000);
        assert_eq!(ema.scoped(|| x.double_value(&[0])), 4.0);
        assert_eq!(x.double_value(&[0]), 8.0);
    }
}
