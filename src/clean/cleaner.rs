//! Which denoiser takes away the noise, and how much of it.

use super::{error::CleanError, rnnoise::Rnnoise};
use crate::{
    audio::filter::Filter,
    denoiser::{Denoiser, Denoising, Strength},
    nn::pool::Pool,
    units::SampleRate,
};

/// What takes away noise.
#[derive(Debug, Clone)]
pub enum Method {
    /// Nothing.
    None,
    /// The network of [`crate::denoiser`].
    Network(Pool<Denoiser>),
    /// RNNoise.
    Rnnoise,
}

/// A method and how strongly it acts.
#[derive(Debug, Clone)]
pub struct Cleaner {
    /// What takes away noise.
    pub method: Method,
    /// How much of it.
    pub strength: Strength,
    /// Whether what lies below all speech goes, too.
    pub high_pass: bool,
}

impl Cleaner {
    /// Touches nothing.
    pub const NONE: Self =
        Self { method: Method::None, strength: Strength { noise: 0.0, dereverb: false }, high_pass: false };

    /// The denoiser of one stream; `chunk` frames may go through it together.
    ///
    /// # Errors
    /// Weights that have gone, or a rate out of range.
    pub fn denoiser(&self, rate: SampleRate, chunk: usize) -> Result<Option<Box<dyn Filter + Send>>, CleanError> {
        Ok(match &self.method {
            Method::None => None,
            Method::Network(pool) => {
                let network = pool.take().map_err(CleanError::Denoiser)?;
                Some(Box::new(Denoising::new(network, rate, self.strength, chunk)))
            }
            Method::Rnnoise => Some(Box::new(Rnnoise::new(rate, self.strength.noise).map_err(CleanError::Source)?)),
        })
    }
}
