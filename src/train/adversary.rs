//! Adversarial training: a discriminator learns beside the generator to tell what it makes from recordings.
//!
//! Least squares (Mao et al. 2017) with feature matching (Larsen et al. 2016; Kumar et al. 2019), as in HiFi-GAN.

use std::cell::{Cell, RefCell};

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor, nn};

use crate::nn::adamw::{AdamW, AdamWConfig};
use crate::nn::checkpoint::{CheckpointError, Weights};
use crate::nn::judge::{Discriminator, Judgement};
use crate::train::runner::{Left, Replica};

/// How strong the discriminator is and how much it counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdversaryConfig {
    /// Channels of its layers.
    pub channels: i64,
    /// Its learning rate, constant.
    pub learning_rate: f64,
    /// Weight of its score in the generator's loss.
    pub weight: f64,
    /// Weight of the distance between its hidden layers.
    pub feature_weight: f64,
    /// Share of the run after which it joins: it has little to say while what is made is far off.
    pub begin: f64,
    /// Steps in which it learns alone, before it counts.
    pub warmup_steps: i32,
}

/// A discriminator in training.
#[derive(Debug)]
pub struct Adversary<D> {
    config: AdversaryConfig,
    store: RefCell<nn::VarStore>,
    network: D,
    optimiser: RefCell<AdamW>,
    /// Whether there was a contest since its last step.
    contested: Cell<bool>,
}

/// One step's outcome, scalars.
#[derive(Debug)]
pub struct Contest {
    /// To be added to the generator's loss.
    pub loss: Tensor,
    /// The discriminator's own loss: 0.5 where it cannot tell.
    pub discriminator: Tensor,
    /// Distance between its hidden layers.
    pub features: Tensor,
}

impl<D: Discriminator> Adversary<D> {
    /// A discriminator on `device`, built by `make`.
    pub fn new(device: Device, config: AdversaryConfig, make: impl FnOnce(nn::Path, i64) -> D) -> Self {
        let store = nn::VarStore::new(device);
        let network = make(store.root(), config.channels);
        let adamw = AdamWConfig { beta1: 0.8, beta2: 0.99, epsilon: 1e-9, weight_decay: 0.01, clip_norm: 10.0 };
        let optimiser = RefCell::new(AdamW::new(&store, adamw));
        Self { config, store: RefCell::new(store), network, optimiser, contested: Cell::default() }
    }

    /// Whether it takes part when the share `progress` of the run is done.
    pub fn has_begun(&self, progress: f64) -> bool {
        progress >= self.config.begin
    }

    /// The discriminator gets gradients, for when it takes a step; and it judges what was made, with gradients to the
    /// generator.
    pub fn contest(&self, made: &Tensor, real: &Tensor) -> Contest {
        // It stays frozen where the contest before was cut short.
        self.store.borrow_mut().unfreeze();
        let (discriminator, of_real) = self.learn(&made.detach(), real);
        self.store.borrow_mut().freeze();
        let of_made = self.network.judge(made);
        self.store.borrow_mut().unfreeze();
        let score = mean(of_made.iter().map(|judgement| (float(&judgement.score) - 1.0).square().mean(Kind::Float)));
        let features = mean(of_made.iter().zip(&of_real).map(|(made, real)| feature_distance(made, real)));
        let counts = f64::from(u8::from(self.optimiser.borrow().steps() > self.config.warmup_steps));
        let loss = score * (self.config.weight * counts) + &features * (self.config.feature_weight * counts);
        Contest { loss, discriminator, features: features.detach() }
    }

    /// Its loss, and what it makes of the real.
    fn learn(&self, made: &Tensor, real: &Tensor) -> (Tensor, Vec<Judgement>) {
        let (of_made, of_real) = (self.network.judge(made), self.network.judge(real));
        let both = of_made.iter().zip(&of_real).map(|(made, real)| {
            float(&made.score).square().mean(Kind::Float) + (float(&real.score) - 1.0).square().mean(Kind::Float)
        });
        let loss = mean(both);
        loss.backward();
        self.contested.set(true);
        (loss.detach(), of_real.iter().map(Judgement::detach).collect())
    }

    /// It takes a step, where it got gradients of any of the `batches` of the step, on this replica or another.
    ///
    /// # Errors
    /// A replica that has left.
    pub fn step(&self, batches: u64, replica: &Replica) -> Result<(), Left> {
        let mut optimiser = self.optimiser.borrow_mut();
        if !replica.any(self.contested.replace(false))? {
            return Ok(());
        }
        if replica.count() > 1 {
            optimiser.define_gradients();
        }
        let gradients = optimiser.gradients();
        replica.sum(&gradients)?;
        if batches > 1 {
            tch::no_grad(|| gradients.iter().for_each(|one| drop(one.shallow_clone().g_div_scalar_(batches as f64))));
        }
        optimiser.step(self.config.learning_rate);
        optimiser.zero_grad();
        Ok(())
    }

    /// Forgets its gradients.
    pub fn forget(&self) {
        self.contested.set(false);
        self.optimiser.borrow_mut().zero_grad();
    }

    /// What it has learnt.
    pub fn weights(&self) -> Weights {
        Weights::from_store(&self.store.borrow())
    }

    /// Begins with what another has learnt, so that it need not learn alone first.
    pub fn start_from(&mut self, weights: &Weights) -> Result<(), CheckpointError> {
        self.config.warmup_steps = 0;
        weights.load_into(&self.store.borrow(), str::to_string)
    }

    /// Weights and the optimiser's state.
    pub fn state(&self) -> Weights {
        let mut state = Weights::default();
        state.extend("model.", self.weights());
        let optimiser = self.optimiser.borrow();
        // A tensor and not metadata, so that the states of several discriminators lie in one checkpoint.
        state.tensors.insert(STEP.to_string(), Tensor::from(i64::from(optimiser.steps())));
        state.extend("optimiser.", optimiser.state());
        state
    }

    /// Restores what [`Adversary::state`] gave.
    pub fn restore(&self, state: &Weights) -> Result<(), CheckpointError> {
        state.subset("model.").load_into(&self.store.borrow(), str::to_string)?;
        let mut optimiser = state.subset("optimiser.");
        let missing = || CheckpointError::Missing { name: STEP.to_string(), missing: 1, total: 1 };
        let step = state.tensors.get(STEP).ok_or_else(missing)?.int64_value(&[]);
        optimiser.set_json("adamw_step", &step)?;
        self.optimiser.borrow_mut().load_state(&optimiser)
    }
}

/// The discriminator's steps, beside its tensors.
const STEP: &str = "step";

/// Mean over the hidden layers of |made - real| relative to |real|, so that no layer outweighs the others.
fn feature_distance(made: &Judgement, real: &Judgement) -> Tensor {
    mean(made.features.iter().zip(&real.features).map(|(made, real)| {
        let real = float(real);
        (float(made) - &real).abs().mean(Kind::Float) / (real.abs().mean(Kind::Float) + 1e-3)
    }))
}

fn float(tensor: &Tensor) -> Tensor {
    tensor.to_kind(Kind::Float)
}

fn mean(terms: impl Iterator<Item = Tensor>) -> Tensor {
    Tensor::stack(&terms.collect::<Vec<_>>(), 0).mean(Kind::Float)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::judge::JudgeStack;
    use crate::nn::mixed::Conv2dConfig;

    #[derive(Debug)]
    struct Eye(JudgeStack);

    impl Discriminator for Eye {
        fn judge(&self, batch: &Tensor) -> Vec<Judgement> {
            vec![self.0.judge(batch)]
        }
    }

    fn adversary() -> Adversary<Eye> {
        tch::manual_seed(3);
        let config = AdversaryConfig {
            channels: 4,
            learning_rate: 0.02,
            weight: 1.0,
            feature_weight: 1.0,
            begin: 0.0,
            warmup_steps: 0,
        };
        Adversary::new(Device::Cpu, config, |path, channels| {
            let layer = Conv2dConfig { channels, kernel: [3, 3], stride: [1, 1], dilation: [1, 1] };
            Eye(JudgeStack::new(&path, 1, &[layer]))
        })
    }

    fn images(mean: f64) -> Tensor {
        Tensor::randn([4, 1, 6, 6], (Kind::Float, Device::Cpu)) * 0.1 + mean
    }

    #[test]
    fn it_learns_to_tell_and_pushes_the_generator_towards_the_real() {
        let adversary = adversary();
        let mut last = None;
        for _ in 0..60 {
            last = Some(adversary.contest(&images(-0.5), &images(0.5)));
            adversary.step(1, &Replica::alone()).expect("nobody can leave");
        }
        let told = last.expect("a contest").discriminator.double_value(&[]);
        assert!(told < 0.2, "{told}");
        let made = images(-0.5).set_requires_grad(true);
        adversary.contest(&made, &images(0.5)).loss.backward();
        // Following the gradient downwards makes the images brighter, as the real ones are.
        assert!(made.grad().mean(Kind::Float).double_value(&[]) < 0.0);
    }

    #[test]
    fn a_restored_adversary_goes_on_the_same_way() {
        let (one, other) = (adversary(), adversary());
        let _ = one.contest(&images(-0.5), &images(0.5));
        one.step(1, &Replica::alone()).expect("nobody can leave");
        other.restore(&one.state()).expect("the same network");
        tch::manual_seed(8);
        let (made, real) = (images(0.0), images(0.5));
        let first = one.contest(&made, &real).discriminator.double_value(&[]);
        assert_eq!(first, other.contest(&made, &real).discriminator.double_value(&[]));
    }
}
