//! `config.json` as it is published beside a generator.

use serde::{Deserialize, Serialize};

use crate::{features::mel::MelConfig, units::SampleRate};

/// Which residual block the generator is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResidualKind {
    /// Pairs of a dilated and a plain convolution (V1, V2, universal).
    #[serde(rename = "1")]
    Paired,
    /// Dilated convolutions alone (V3).
    #[serde(rename = "2")]
    Single,
}

/// The sizes of a generator and of the mel spectrogram that it takes, under their published names.
///
/// A published file also holds settings of its training, which are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HifiGanConfig {
    /// Kind of the residual blocks.
    pub resblock: ResidualKind,
    /// Factor of each upsampling layer; their product is the hop.
    pub upsample_rates: Vec<i64>,
    /// Kernel of each upsampling layer.
    pub upsample_kernel_sizes: Vec<i64>,
    /// Channels before the first upsampling layer; each halves them.
    pub upsample_initial_channel: i64,
    /// Kernels of the residual blocks side by side behind each upsampling layer; odd.
    pub resblock_kernel_sizes: Vec<i64>,
    /// Dilations within each of these.
    pub resblock_dilation_sizes: Vec<Vec<i64>>,
    /// Filters of the mel spectrogram, M.
    pub num_mels: i64,
    /// Length of the transform under it.
    pub n_fft: i64,
    /// Samples a frame.
    pub hop_size: i64,
    /// Samples per second.
    pub sampling_rate: u32,
    /// Lower edge of the filters.
    pub fmin: f64,
    /// Upper edge of the filters.
    pub fmax: f64,
}

/// Why a configuration describes no generator.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum HifiGanConfigError {
    /// Lists that describe the same layers differ in length, or are empty.
    #[error("{a} and {b} must have the same number of entries, one at least, but have {a_len} and {b_len}")]
    Lengths {
        /// One list.
        a: &'static str,
        /// Its length.
        a_len: usize,
        /// The other list.
        b: &'static str,
        /// Its length.
        b_len: usize,
    },
    /// A number outside what can be built.
    #[error("{field} must be between {min} and {max}, but is {actual}")]
    Range {
        /// The field at fault.
        field: &'static str,
        /// The least that is accepted.
        min: i64,
        /// The most that is accepted.
        max: i64,
        /// Its value.
        actual: i64,
    },
    /// The upsampling does not give as many samples as a frame stands for.
    #[error("the upsample_rates multiply to {product}, but hop_size is {hop}")]
    Hop {
        /// Product of the rates.
        product: i64,
        /// Samples a frame.
        hop: i64,
    },
    /// A kernel that would change the number of samples.
    #[error(
        "a kernel of {kernel} does not fit: upsampling kernels exceed their rate by an even number, others are odd"
    )]
    Kernel {
        /// The kernel at fault.
        kernel: i64,
    },
    /// Filters that do not lie below half the rate.
    #[error("fmin and fmax must rise and lie between 0 and {nyquist} Hz, but are {low} and {high}")]
    Band {
        /// Half the rate.
        nyquist: f64,
        /// Lower edge.
        low: f64,
        /// Upper edge.
        high: f64,
    },
    /// Channels that cannot be halved so often.
    #[error("upsample_initial_channel is {channels}, which cannot be halved {layers} times")]
    Channels {
        /// Channels at the start.
        channels: i64,
        /// Number of upsampling layers.
        layers: usize,
    },
}

impl HifiGanConfig {
    /// The mel spectrogram that the generator takes.
    pub fn mel(&self) -> MelConfig {
        MelConfig {
            rate: SampleRate(self.sampling_rate),
            n_fft: self.n_fft,
            hop: self.hop_size,
            n_mels: self.num_mels,
            low_hz: self.fmin,
            high_hz: self.fmax,
        }
    }

    /// Channels behind upsampling layer `layer`.
    pub fn channels(&self, layer: usize) -> i64 {
        self.upsample_initial_channel >> (layer + 1)
    }

    /// Checks a configuration that came from a file.
    ///
    /// # Errors
    /// The first thing that makes it impossible to build the generator.
    pub fn validate(&self) -> Result<(), HifiGanConfigError> {
        self.validate_sizes()?;
        self.validate_mel()?;
        let (rates, kernels) = (&self.upsample_rates, &self.upsample_kernel_sizes);
        let shifts = |(&kernel, &rate): (&i64, &i64)| (kernel < rate || (kernel - rate) % 2 != 0).then_some(kernel);
        let upsampling = kernels.iter().zip(rates).find_map(shifts);
        let even = || self.resblock_kernel_sizes.iter().copied().find(|kernel| kernel % 2 == 0);
        if let Some(kernel) = upsampling.or_else(even) {
            return Err(HifiGanConfigError::Kernel { kernel });
        }
        let (channels, layers) = (self.upsample_initial_channel, rates.len());
        if channels % (1 << layers) != 0 {
            return Err(HifiGanConfigError::Channels { channels, layers });
        }
        Ok(())
    }

    /// Lengths and bounds, which keep a hostile file from asking for all the memory.
    fn validate_sizes(&self) -> Result<(), HifiGanConfigError> {
        let (rates, kernels) = (&self.upsample_rates, &self.upsample_kernel_sizes);
        same_length("upsample_rates", rates.len(), "upsample_kernel_sizes", kernels.len())?;
        let (residual, dilations) = (&self.resblock_kernel_sizes, &self.resblock_dilation_sizes);
        same_length("resblock_kernel_sizes", residual.len(), "resblock_dilation_sizes", dilations.len())?;
        in_range("num_mels", 1, 1024, &[self.num_mels])?;
        in_range("upsample_initial_channel", 1, 4096, &[self.upsample_initial_channel])?;
        in_range("upsample_rates", 1, 64, rates)?;
        in_range("the number of upsample_rates", 1, 8, &[rates.len() as i64])?;
        in_range("upsample_kernel_sizes", 1, 128, kernels)?;
        in_range("resblock_kernel_sizes", 1, 63, residual)?;
        in_range("resblock_dilation_sizes", 1, 63, &dilations.concat())
    }

    fn validate_mel(&self) -> Result<(), HifiGanConfigError> {
        let (product, hop) = (self.upsample_rates.iter().product(), self.hop_size);
        if product != hop {
            return Err(HifiGanConfigError::Hop { product, hop });
        }
        in_range("n_fft", hop, 1 << 16, &[self.n_fft])?;
        in_range("sampling_rate", 1_000, 384_000, &[i64::from(self.sampling_rate)])?;
        let (nyquist, low, high) = (f64::from(self.sampling_rate) / 2.0, self.fmin, self.fmax);
        let rises = 0.0 <= low && low < high && high <= nyquist;
        if rises { Ok(()) } else { Err(HifiGanConfigError::Band { nyquist, low, high }) }
    }
}

fn same_length(a: &'static str, a_len: usize, b: &'static str, b_len: usize) -> Result<(), HifiGanConfigError> {
    if a_len == b_len && a_len > 0 { Ok(()) } else { Err(HifiGanConfigError::Lengths { a, a_len, b, b_len }) }
}

fn in_range(field: &'static str, min: i64, max: i64, values: &[i64]) -> Result<(), HifiGanConfigError> {
    match values.iter().find(|value| !(min..=max).contains(value)) {
        Some(&actual) => Err(HifiGanConfigError::Range { field, min, max, actual }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V3: &str = r#"{
        "resblock": "2", "learning_rate": 0.0002, "upsample_rates": [8, 8, 4], "upsample_kernel_sizes": [16, 16, 8],
        "upsample_initial_channel": 256, "resblock_kernel_sizes": [3, 5, 7],
        "resblock_dilation_sizes": [[1, 2], [2, 6], [3, 12]], "num_mels": 80, "n_fft": 1024, "hop_size": 256,
        "win_size": 1024, "sampling_rate": 22050, "fmin": 0, "fmax": 8000, "fmax_loss": null
    }"#;

    fn v3() -> HifiGanConfig {
        serde_json::from_str(V3).expect("a published configuration")
    }

    #[test]
    fn a_published_configuration_is_read() {
        let config = v3();
        assert_eq!(config.validate(), Ok(()));
        assert_eq!(config.resblock, ResidualKind::Single);
        assert_eq!(config.mel(), MelConfig::synthesis());
        assert_eq!(config.channels(2), 32);
    }

    #[test]
    fn impossible_sizes_are_refused() {
        let with = |change: fn(&mut HifiGanConfig)| {
            let mut config = v3();
            change(&mut config);
            config.validate().expect_err("refused")
        };
        assert!(matches!(with(|c| c.upsample_rates.clear()), HifiGanConfigError::Lengths { a_len: 0, .. }));
        assert!(matches!(with(|c| c.upsample_rates[0] = i64::MAX), HifiGanConfigError::Range { .. }));
        assert_eq!(with(|c| c.hop_size = 300), HifiGanConfigError::Hop { product: 256, hop: 300 });
        assert_eq!(with(|c| c.upsample_kernel_sizes[0] = 15), HifiGanConfigError::Kernel { kernel: 15 });
        assert_eq!(with(|c| c.resblock_kernel_sizes[1] = 4), HifiGanConfigError::Kernel { kernel: 4 });
        assert!(matches!(with(|c| c.fmax = 12_000.0), HifiGanConfigError::Band { nyquist: 11_025.0, .. }));
        assert!(matches!(with(|c| c.fmin = f64::NAN), HifiGanConfigError::Band { .. }));
        assert!(matches!(with(|c| c.upsample_initial_channel = 20), HifiGanConfigError::Channels { layers: 3, .. }));
    }
}
