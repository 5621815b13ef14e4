//! The shape of an ECAPA-TDNN.

use serde::{Deserialize, Serialize};

/// Sizes of [`super::EcapaTdnn`]. The default is the paper's network of 512 channels (6.2 M parameters).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EcapaConfig {
    /// Filterbanks in a frame of the input.
    pub bands: i64,
    /// Channels that leave the first TDNN block, each SE-Res2Net block and the aggregation. All but the last are equal.
    pub channels: Vec<i64>,
    /// Kernel of each of these, in frames; odd.
    pub kernel_sizes: Vec<i64>,
    /// Dilation of each of these, in frames.
    pub dilations: Vec<i64>,
    /// Hidden channels of the attention in the pooling.
    pub attention_channels: i64,
    /// Into how many groups of channels a Res2Net block splits its input.
    pub res2net_scale: i64,
    /// Hidden channels of a squeeze-and-excitation block.
    pub se_channels: i64,
    /// Values in an embedding.
    pub embedding: i64,
}

impl Default for EcapaConfig {
    fn default() -> Self {
        Self::with_channels(512)
    }
}

/// Why a configuration describes no network.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EcapaConfigError {
    /// The three lists describe the same layers, of which there are at least three.
    #[error(
        "channels, kernel_sizes and dilations must have one entry a layer, three or more, but have {0}, {1} and {2}"
    )]
    Layers(usize, usize, usize),
    /// A size outside what can be built.
    #[error("{field} must be between 1 and {max}, but is {actual}")]
    Size {
        /// The field at fault.
        field: &'static str,
        /// Its value.
        actual: i64,
        /// The largest value accepted.
        max: i64,
    },
    /// Sizes that are possible one by one, but not together.
    #[error("the network would have {actual} weights, but at most {max} are accepted")]
    Weights {
        /// Weights of all convolutions.
        actual: i64,
        /// The most that is accepted.
        max: i64,
    },
    /// A kernel with no middle would shift the frames.
    #[error("kernel sizes must be odd, but one is {0}")]
    EvenKernel(i64),
    /// Residual connections and Res2Net groups need equal and divisible channels.
    #[error("all channels but the last must be equal and divisible by res2net_scale ({scale}), but are {channels:?}")]
    Channels {
        /// The number of groups.
        scale: i64,
        /// The channels given.
        channels: Vec<i64>,
    },
}

impl EcapaConfig {
    /// More than twenty times the largest published network: what asks for more is no honest file.
    const MAX_WEIGHTS: i64 = 500_000_000;

    /// The usual five layers with `channels` channels and three times as many in the aggregation.
    pub fn with_channels(channels: i64) -> Self {
        Self {
            bands: 80,
            channels: vec![channels, channels, channels, channels, 3 * channels],
            kernel_sizes: vec![5, 3, 3, 3, 1],
            dilations: vec![1, 2, 3, 4, 1],
            attention_channels: 128,
            res2net_scale: 8,
            se_channels: 128,
            embedding: 192,
        }
    }

    /// The fewest frames the network takes: reflection needs more frames than it pads.
    pub fn min_frames(&self) -> i64 {
        let padding = self.kernel_sizes.iter().zip(&self.dilations).map(|(kernel, dilation)| kernel / 2 * dilation);
        padding.max().unwrap_or(0) + 1
    }

    /// Checks a configuration that came from a file.
    ///
    /// # Errors
    /// The first thing that makes it impossible to build the network.
    pub fn validate(&self) -> Result<(), EcapaConfigError> {
        let layers = self.channels.len();
        if layers < 3 || self.kernel_sizes.len() != layers || self.dilations.len() != layers {
            return Err(EcapaConfigError::Layers(layers, self.kernel_sizes.len(), self.dilations.len()));
        }
        self.sizes().try_for_each(|(field, actual, max)| match actual {
            actual if (1..=max).contains(&actual) => Ok(()),
            _ => Err(EcapaConfigError::Size { field, actual, max }),
        })?;
        if let Some(&even) = self.kernel_sizes.iter().find(|&kernel| kernel % 2 == 0) {
            return Err(EcapaConfigError::EvenKernel(even));
        }
        let hidden = &self.channels[..layers - 1];
        if hidden.iter().any(|&channels| channels != hidden[0] || channels % self.res2net_scale != 0) {
            return Err(EcapaConfigError::Channels { scale: self.res2net_scale, channels: self.channels.clone() });
        }
        match (self.weights(), Self::MAX_WEIGHTS) {
            (actual, max) if actual > max => Err(EcapaConfigError::Weights { actual, max }),
            _ => Ok(()),
        }
    }

    /// The number of weights in the convolutions of a network whose layers are described; saturates.
    fn weights(&self) -> i64 {
        let last = self.channels.len() - 1;
        let (hidden, aggregated, width) =
            (self.channels[0], self.channels[last], self.channels[0] / self.res2net_scale);
        let block = |&kernel: &i64| {
            let res2net = (self.res2net_scale - 1) * width * width * kernel;
            2 * hidden * hidden + res2net + 2 * hidden * self.se_channels
        };
        let blocks = self.kernel_sizes[1..last].iter().map(block).fold(0, i64::saturating_add);
        let first = self.bands * hidden * self.kernel_sizes[0];
        let mfa = (hidden * aggregated * self.kernel_sizes[last]).saturating_mul(last as i64 - 1);
        let pooling = 4 * aggregated * self.attention_channels + 2 * aggregated * self.embedding;
        [first, mfa, pooling].into_iter().fold(blocks, i64::saturating_add)
    }

    /// Every size with its name and a bound that keeps a hostile file from asking for all the memory.
    fn sizes(&self) -> impl Iterator<Item = (&'static str, i64, i64)> {
        let list =
            |field, values: &[i64], max| values.iter().map(move |&value| (field, value, max)).collect::<Vec<_>>();
        let mut sizes = vec![
            ("bands", self.bands, 1024),
            ("attention_channels", self.attention_channels, 8192),
            ("res2net_scale", self.res2net_scale, 64),
            ("se_channels", self.se_channels, 8192),
            ("embedding", self.embedding, 8192),
        ];
        sizes.extend(list("channels", &self.channels, 8192));
        sizes.extend(list("kernel_sizes", &self.kernel_sizes, 15));
        sizes.extend(list("dilations", &self.dilations, 16));
        sizes.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_sizes_are_valid() {
        assert_eq!(EcapaConfig::default().validate(), Ok(()));
        assert_eq!(EcapaConfig::with_channels(1024).validate(), Ok(()));
        assert_eq!(EcapaConfig::default().min_frames(), 5);
    }

    #[test]
    fn impossible_sizes_are_refused() {
        let with = |change: fn(&mut EcapaConfig)| {
            let mut config = EcapaConfig::default();
            change(&mut config);
            config.validate().expect_err("refused")
        };
        assert_eq!(with(|c| c.dilations.truncate(2)), EcapaConfigError::Layers(5, 5, 2));
        assert_eq!(with(|c| c.kernel_sizes[1] = 4), EcapaConfigError::EvenKernel(4));
        assert!(matches!(with(|c| c.res2net_scale = 7), EcapaConfigError::Channels { scale: 7, .. }));
        assert!(matches!(with(|c| c.channels[2] = 256), EcapaConfigError::Channels { .. }));
        assert!(matches!(with(|c| c.se_channels = 0), EcapaConfigError::Size { field: "se_channels", actual: 0, .. }));
        assert!(matches!(with(|c| c.embedding = i64::MAX), EcapaConfigError::Size { field: "embedding", .. }));
        let huge = with(|c| *c = EcapaConfig { channels: vec![8192; 5], ..EcapaConfig::default() });
        assert!(matches!(huge, EcapaConfigError::Weights { .. }), "{huge}");
    }

    #[test]
    fn the_weights_are_those_of_the_network() {
        let config = EcapaConfig { kernel_sizes: vec![5, 3, 7, 3, 3], ..EcapaConfig::with_channels(48) };
        let store = tch::nn::VarStore::new(tch::Device::Cpu);
        crate::speaker::EcapaTdnn::new(store.root(), &config).expect("a valid configuration");
        let convolutions = store.variables().into_values().filter(|variable| variable.dim() == 3);
        assert_eq!(config.weights(), convolutions.map(|variable| variable.numel() as i64).sum::<i64>());
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(serde_json::from_str::<EcapaConfig>(r#"{"channel": [512]}"#).is_err());
        assert_eq!(serde_json::from_str::<EcapaConfig>("{}").expect("defaults"), EcapaConfig::default());
    }
}
