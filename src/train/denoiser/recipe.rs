//! What `models/recipes/denoiser.toml` says.

use serde::Deserialize;

use crate::augment::Speed;
use crate::denoiser::DenoiserConfig;
use crate::train::runner::RunConfig;

/// How the denoiser is trained.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenoiserRecipe {
    /// Speakers kept for measuring.
    pub held_out: Vec<String>,
    /// Collections of the corpus.
    pub collections: Vec<String>,
    /// The collection of background sounds.
    pub noise: String,
    /// Utterance names of background sounds kept for measuring begin so.
    pub noise_held_out: Vec<String>,
    /// Speeds at which utterances are played.
    pub speeds: Vec<Speed>,
    /// Speeds at which background sounds are played.
    pub noise_speeds: Vec<Speed>,
    /// Crops in a batch.
    pub batch: usize,
    /// Seconds of a crop.
    pub crop_s: f64,
    /// Batches that are made of the same crops, each with the noises of others: mixing by processors may be slower than
    /// learning on a GPU.
    #[serde(default = "crate::train::runner::one")]
    pub uses: u64,
    /// What crops go through.
    pub mixing: MixingConfig,
    /// Weight of the signal-to-noise ratio of what comes out, in dB, in the loss.
    pub ratio_weight: f64,
    /// Weight of the distance of compressed spectra in the loss.
    pub spectrum_weight: f64,
    /// Sizes of the network.
    pub model: DenoiserConfig,
    /// Length and learning rate.
    pub run: RunConfig,
}

/// How often speech meets what, as shares of crops, and how badly.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MixingConfig {
    /// Crops without noise.
    pub clean: f64,
    /// Crops without speech.
    pub silent: f64,
    /// Crops in which the speaker pauses for a while.
    pub pause: f64,
    /// Rooms.
    pub room: f64,
    /// Reverberation times, the shortest and the longest, in seconds.
    pub rt60_s: (f64, f64),
    /// How many rooms there are.
    pub rooms: usize,
    /// Crops of which reverberation is to be taken away, too.
    pub dereverb: f64,
    /// Signal-to-noise ratios.
    pub snr_db: (f64, f64),
    /// Microphones and lines: an uneven response, a band that ends early.
    pub channel: f64,
    /// Clipped peaks.
    pub clipped: f64,
}
