//! AdamW (Loshchilov and Hutter 2019) over named tensors, so that its state is saved and training resumes exactly.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor, nn};

use super::checkpoint::{CheckpointError, Weights};

/// Settings of the optimiser; the learning rate comes with each step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdamWConfig {
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Added to the denominator.
    pub epsilon: f64,
    /// Share of the learning rate by which matrices shrink; vectors (biases, norms) are not decayed.
    pub weight_decay: f64,
    /// Largest norm of all gradients together.
    pub clip_norm: f64,
}

impl Default for AdamWConfig {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.98, epsilon: 1e-9, weight_decay: 0.01, clip_norm: 1.0 }
    }
}

#[derive(Debug)]
struct Parameter {
    name: String,
    value: Tensor,
    mean: Tensor,
    square: Tensor,
}

/// The optimiser and its state.
#[derive(Debug)]
pub struct AdamW {
    config: AdamWConfig,
    parameters: Vec<Parameter>,
    step: i32,
}

impl AdamW {
    /// Optimises the trainable variables of `store`, in the order of their names.
    pub fn new(store: &nn::VarStore, config: AdamWConfig) -> Self {
        let mut parameters: Vec<Parameter> = store
            .variables()
            .into_iter()
            .filter(|(_, value)| value.requires_grad())
            .map(|(name, value)| Parameter { name, mean: value.zeros_like(), square: value.zeros_like(), value })
            .collect();
        parameters.sort_by(|a, b| a.name.cmp(&b.name));
        Self { config, parameters, step: 0 }
    }

    /// Steps taken.
    pub fn steps(&self) -> i32 {
        self.step
    }

    /// Clears the gradients.
    pub fn zero_grad(&mut self) {
        for parameter in &mut self.parameters {
            parameter.value.zero_grad();
        }
    }

    /// Gives every parameter a gradient of zero, so that it has one whatever a loss depends on.
    pub fn define_gradients(&mut self) {
        if self.gradients().len() == self.parameters.len() {
            return;
        }
        let nothing = self.parameters.iter().map(|parameter| parameter.value.sum(Kind::Float) * 0.0);
        if let Some(sum) = nothing.reduce(|sum, term| sum + term) {
            sum.backward();
        }
    }

    /// The gradients, in the order of the parameters' names.
    pub fn gradients(&self) -> Vec<Tensor> {
        self.parameters.iter().map(|parameter| parameter.value.grad()).filter(Tensor::defined).collect()
    }

    /// Takes one step against the gradients; returns their norm before clipping.
    ///
    /// With a norm that is not finite nothing is changed.
    pub fn step(&mut self, learning_rate: f64) -> f64 {
        tch::no_grad(|| {
            let norm = self.gradient_norm();
            if norm.is_finite() {
                self.step += 1;
                self.update(learning_rate, (self.config.clip_norm / (norm + 1e-6)).min(1.0));
            }
            norm
        })
    }

    fn gradient_norm(&self) -> f64 {
        let norms: Vec<Tensor> = self.gradients().iter().map(Tensor::norm).collect();
        if norms.is_empty() { 0.0 } else { Tensor::stack(&norms, 0).to_kind(Kind::Double).norm().double_value(&[]) }
    }

    fn update(&mut self, learning_rate: f64, scale: f64) {
        let AdamWConfig { beta1, beta2, epsilon, weight_decay, .. } = self.config;
        let correction1 = 1.0 - beta1.powi(self.step);
        let correction2 = (1.0 - beta2.powi(self.step)).sqrt();
        for parameter in &mut self.parameters {
            let mut gradient = parameter.value.grad();
            if !gradient.defined() {
                continue;
            }
            // In place wherever it can be: on a CPU a step is as long as its passes over memory.
            if scale < 1.0 {
                gradient *= scale;
            }
            let _ = parameter.mean.lerp_(&gradient, 1.0 - beta1);
            let _ = parameter.square.lerp_(&gradient.square(), 1.0 - beta2);
            if parameter.value.dim() > 1 {
                parameter.value *= 1.0 - learning_rate * weight_decay;
            }
            let mut denominator = parameter.square.sqrt();
            denominator += epsilon * correction2;
            let mut change = &parameter.mean / denominator;
            change *= learning_rate * correction2 / correction1;
            parameter.value -= change;
        }
    }

    /// The state under the names `mean.<parameter>` and `square.<parameter>`, with the step as metadata.
    pub fn state(&self) -> Weights {
        let mut state = Weights::default();
        for parameter in &self.parameters {
            state.tensors.insert(format!("mean.{}", parameter.name), parameter.mean.copy());
            state.tensors.insert(format!("square.{}", parameter.name), parameter.square.copy());
        }
        state.metadata.insert("adamw_step".to_string(), self.step.to_string());
        state
    }

    /// Restores what [`AdamW::state`] gave.
    pub fn load_state(&mut self, state: &Weights) -> Result<(), CheckpointError> {
        let total = 2 * self.parameters.len();
        let find = |name: String| {
            let missing = || CheckpointError::Missing { name: name.clone(), missing: 1, total };
            state.tensors.get(&name).ok_or_else(missing)
        };
        self.step = state.json("adamw_step")?;
        for parameter in &mut self.parameters {
            parameter.mean.copy_(find(format!("mean.{}", parameter.name))?);
            parameter.square.copy_(find(format!("square.{}", parameter.name))?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    /// Two steps on f(x) = x² from 1, checked against `torch.optim.AdamW(lr=0.1, betas=(0.9, 0.98), eps=1e-9)`.
    #[test]
    fn two_steps_equal_torch() {
        let store = nn::VarStore::new(Device::Cpu);
        let x = store.root().var("x", &[1], nn::Init::Const(1.0));
        let mut optimiser = AdamW::new(&store, AdamWConfig { clip_norm: f64::INFINITY, ..AdamWConfig::default() });
        let mut seen = Vec::new();
        for _ in 0..2 {
            optimiser.zero_grad();
            x.square().sum(Kind::Float).backward();
            optimiser.step(0.1);
            seen.push(x.double_value(&[0]));
        }
        // First step: lr * sign(gradient). Second: means 0.38 / 0.19 = 2-ish, computed by hand from the paper.
        let mean = (0.9 * 0.1 * 2.0 + 0.1 * 1.8) / (1.0 - 0.81);
        let square: f64 = (0.98 * 0.02 * 4.0 + 0.02 * 3.24) / (1.0 - 0.98 * 0.98);
        assert!((seen[0] - 0.9).abs() < 1e-6, "{seen:?}");
        assert!((seen[1] - (0.9 - 0.1 * mean / square.sqrt())).abs() < 1e-6, "{seen:?}");
    }

    #[test]
    fn a_restored_optimiser_goes_on_the_same_way() {
        let run = |interrupt: bool| {
            let store = nn::VarStore::new(Device::Cpu);
            let x = store.root().var("x", &[2, 2], nn::Init::Const(1.0));
            let mut optimiser = AdamW::new(&store, AdamWConfig::default());
            for step in 0..6 {
                if interrupt && step == 3 {
                    let state = optimiser.state();
                    optimiser = AdamW::new(&store, AdamWConfig::default());
                    optimiser.load_state(&state).expect("the same parameters");
                }
                optimiser.zero_grad();
                (x.square() * f64::from(step + 1)).sum(Kind::Float).backward();
                optimiser.step(0.01);
            }
            x.copy()
        };
        assert!(run(true).equal(&run(false)));
    }

    #[test]
    fn a_gradient_that_is_not_a_number_changes_nothing() {
        let store = nn::VarStore::new(Device::Cpu);
        let x = store.root().var("x", &[1], nn::Init::Const(1.0));
        let mut optimiser = AdamW::new(&store, AdamWConfig::default());
        (&x * f64::NAN).sum(Kind::Float).backward();
        assert!(optimiser.step(0.1).is_nan());
        assert_eq!(x.double_value(&[0]), 1.0);
    }
}
