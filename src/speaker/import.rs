//! ECAPA-TDNNs that SpeechBrain trained, such as `speechbrain/spkrec-ecapa-voxceleb`.

use std::collections::{BTreeMap, BTreeSet};

use tch::{Device, Kind, Tensor, nn};

use super::{EcapaConfig, EcapaConfigError, EcapaTdnn, FeatureKind, SpeakerEncoder};
use crate::nn::checkpoint::{CheckpointError, Weights};

/// Why weights are not those of an ECAPA-TDNN of SpeechBrain.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Weights with a configuration, which need no import and may hear other features.
    #[error("it is an encoder of this program already")]
    Own,
    /// Other tensors than the network has.
    #[error("it is no ECAPA-TDNN of SpeechBrain: {}", differences(missing, extra))]
    Names {
        /// Tensors of the network that are not there.
        missing: Vec<String>,
        /// Tensors that the network does not have.
        extra: Vec<String>,
    },
    /// Tensors of other shapes than the network has.
    #[error("it is no ECAPA-TDNN of SpeechBrain: {0}")]
    Shape(#[from] CheckpointError),
    /// Shapes that fit no network.
    #[error("it is no ECAPA-TDNN of SpeechBrain: {0}")]
    Config(#[from] EcapaConfigError),
    /// Weights of a training that failed.
    #[error("`{0}` has values that are not finite numbers")]
    NotFinite(String),
}

fn differences(missing: &[String], extra: &[String]) -> String {
    let list = |(what, names): (&str, &[String])| {
        let some = names.iter().take(3).map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
        match names.len() {
            ..=3 => format!("{what} {some}"),
            count => format!("{what} {some} and {} more", count - 3),
        }
    };
    let both = [("it lacks", missing), ("it also has", extra)].into_iter();
    both.filter(|(_, names)| !names.is_empty()).map(list).collect::<Vec<_>>().join("; ")
}

/// The state dict of SpeechBrain's `ECAPA_TDNN` (its `embedding_model.ckpt`) → weights that [`SpeakerEncoder`] takes.
///
/// The sizes are those of the tensors. Dilations leave no trace in them and are the usual ones: 1, 2, 3 and so on, and
/// 1 in the aggregation. Counters of batches are dropped.
///
/// # Errors
/// Tensors that are missing, that the network does not have, of another shape, or not finite; and weights that have been
/// imported or were trained here.
pub fn from_speechbrain(state: Weights) -> Result<Weights, ImportError> {
    if state.metadata.contains_key(SpeakerEncoder::CONFIG_KEY) {
        return Err(ImportError::Own);
    }
    let mut tensors = state.tensors;
    tensors.retain(|name, _| !name.ends_with(".num_batches_tracked"));
    let config = infer_config(&tensors).unwrap_or_default();
    let store = nn::VarStore::new(Device::Cpu);
    EcapaTdnn::new(store.root(), &config)?;

    let expected: BTreeSet<String> = store.variables().into_keys().collect();
    let missing: Vec<String> = expected.iter().filter(|name| !tensors.contains_key(*name)).cloned().collect();
    let extra: Vec<String> = tensors.keys().filter(|name| !expected.contains(*name)).cloned().collect();
    if !missing.is_empty() || !extra.is_empty() {
        return Err(ImportError::Names { missing, extra });
    }
    tensors.values_mut().for_each(|tensor| *tensor = tensor.to_kind(Kind::Float));
    let finite = |tensor: &Tensor| tensor.isfinite().all().int64_value(&[]) != 0;
    if let Some((name, _)) = tensors.iter().find(|(_, tensor)| !finite(tensor)) {
        return Err(ImportError::NotFinite(name.clone()));
    }
    let mut weights = Weights { tensors, ..Weights::default() };
    weights.load_into(&store, str::to_string)?;
    weights.set_json(SpeakerEncoder::CONFIG_KEY, &config)?;
    weights.set_json(SpeakerEncoder::FEATURES_KEY, &FeatureKind::SpeechBrain)?;
    Ok(weights)
}

/// The sizes of the network, where all tensors that say them are there.
fn infer_config(tensors: &BTreeMap<String, Tensor>) -> Option<EcapaConfig> {
    // Channels out, channels in and kernel of the convolution at this path.
    let conv = |path: &str| tensors.get(&format!("{path}.conv.weight"))?.size3().ok();
    let layer_of = |name: &String| name.strip_prefix("blocks.")?.split('.').next()?.parse::<usize>().ok();
    let last = tensors.keys().filter_map(layer_of).max()?;

    let (hidden, bands, kernel) = conv("blocks.0.conv")?;
    let (mut channels, mut kernel_sizes) = (vec![hidden], vec![kernel]);
    for layer in 1..=last {
        channels.push(conv(&format!("blocks.{layer}.tdnn1.conv"))?.0);
        kernel_sizes.push(conv(&format!("blocks.{layer}.res2net_block.blocks.0.conv"))?.2);
    }
    let (aggregated, _, kernel) = conv("mfa.conv")?;
    channels.push(aggregated);
    kernel_sizes.push(kernel);
    let group = |index: &i64| conv(&format!("blocks.1.res2net_block.blocks.{index}.conv")).is_some();
    Some(EcapaConfig {
        bands,
        dilations: (1..channels.len() as i64).chain([1]).collect(),
        channels,
        kernel_sizes,
        attention_channels: conv("asp.tdnn.conv")?.0,
        res2net_scale: 1 + (0..).take_while(group).count() as i64,
        se_channels: conv("blocks.1.se_block.conv1")?.0,
        embedding: conv("fc")?.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(config: &EcapaConfig) -> Weights {
        let store = nn::VarStore::new(Device::Cpu);
        EcapaTdnn::new(store.root(), config).expect("a valid configuration");
        let mut state = Weights::from_store(&store);
        state.tensors.insert("blocks.0.norm.norm.num_batches_tracked".to_string(), Tensor::from(7i64));
        state
    }

    fn small() -> EcapaConfig {
        EcapaConfig { attention_channels: 4, se_channels: 6, embedding: 10, ..EcapaConfig::with_channels(8) }
    }

    fn error(change: impl FnOnce(&mut BTreeMap<String, Tensor>)) -> String {
        let mut state = state(&small());
        change(&mut state.tensors);
        from_speechbrain(state).expect_err("weights that do not fit").to_string()
    }

    #[test]
    fn sizes_are_read_off_the_shapes() {
        let odd = EcapaConfig {
            channels: vec![6, 6, 6, 20],
            kernel_sizes: vec![3, 5, 7, 3],
            dilations: vec![1, 2, 3, 1],
            res2net_scale: 3,
            ..small()
        };
        for config in [EcapaConfig::with_channels(512), EcapaConfig::with_channels(1024), odd] {
            let weights = from_speechbrain(state(&config)).expect("weights that fit");
            assert_eq!(weights.json::<EcapaConfig>(SpeakerEncoder::CONFIG_KEY).expect("sizes"), config);
            assert!(!weights.tensors.contains_key("blocks.0.norm.norm.num_batches_tracked"));
            assert!(matches!(from_speechbrain(weights), Err(ImportError::Own)));
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let missing = error(|tensors| drop(tensors.remove("blocks.2.tdnn1.conv.conv.weight")));
        assert!(missing.ends_with("SpeechBrain: it lacks \"blocks.2.tdnn1.conv.conv.weight\""), "{missing}");
        let extra = error(|tensors| drop(tensors.insert("head.weight".to_string(), Tensor::from(1f32))));
        assert!(extra.ends_with("SpeechBrain: it also has \"head.weight\""), "{extra}");
        let shape =
            error(|tensors| *tensors.get_mut("asp_bn.norm.bias").expect("a tensor") = Tensor::from_slice(&[1f32]));
        assert!(shape.ends_with("`asp_bn.norm.bias` has shape [1], the model expects [48]"), "{shape}");
        let kernel = error(|tensors| {
            let name = "mfa.conv.conv.weight";
            tensors.insert(name.to_string(), tensors[name].repeat([1, 1, 2]));
        });
        assert!(kernel.ends_with("kernel sizes must be odd, but one is 2"), "{kernel}");
        let broken = error(|tensors| drop(tensors.get_mut("fc.conv.bias").expect("a tensor").fill_(f64::NAN)));
        assert_eq!(broken, "`fc.conv.bias` has values that are not finite numbers");
    }

    #[test]
    fn another_model_is_told_by_its_names() {
        let other = error(|tensors| {
            *tensors = (0..5).map(|index| (format!("encoder.{index}.weight"), Tensor::from(0f32))).collect();
        });
        assert!(other.contains("it lacks \"asp.conv.conv.bias\", \"asp.conv.conv.weight\", "), "{other}");
        assert!(other.contains("; it also has \"encoder.0.weight\", \"encoder.1.weight\", "), "{other}");
        assert!(other.ends_with("\"encoder.2.weight\" and 2 more"), "{other}");
    }
}
