//! What `models/recipes/segmentation.toml` says.

use serde::Deserialize;

use crate::augment::ConversationConfig;
use crate::diarization::segmentation::SegmentationConfig;
use crate::train::runner::RunConfig;

/// How the segmentation network is trained.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentationRecipe {
    /// Speakers kept for measuring.
    pub held_out: Vec<String>,
    /// Collections of the corpus.
    pub collections: Vec<String>,
    /// Collections of background sounds.
    pub noise: Vec<String>,
    /// Utterance names of background sounds kept for measuring begin so.
    pub noise_held_out: Vec<String>,
    /// Windows in a batch.
    pub batch: usize,
    /// How often a window is used, on average.
    #[serde(default = "crate::train::runner::one")]
    pub uses: u64,
    /// Windows with one, two and three people, as shares; what is left has nobody.
    pub people: [f64; 3],
    /// Windows of several people who sound alike, as a share of those of several.
    #[serde(default)]
    pub alike: f64,
    /// How they talk.
    pub conversation: ConversationConfig,
    /// Sizes of the network.
    pub model: SegmentationConfig,
    /// Length and learning rate.
    pub run: RunConfig,
}
