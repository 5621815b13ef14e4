//! Reading golden arrays and comparing with them.

use std::{collections::BTreeMap, path::Path};

use tch::{Kind, Tensor};

/// The arrays of one golden file.
pub struct Golden(BTreeMap<String, Tensor>);

impl Golden {
    /// Reads `tests/data/golden/<name>.safetensors`.
    pub fn read(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden");
        let path = folder.join(format!("{name}.safetensors"));
        let tensors = Tensor::read_safetensors(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(tensors.into_iter().collect())
    }

    /// The array of this name.
    pub fn get(&self, name: &str) -> &Tensor {
        self.0.get(name).unwrap_or_else(|| panic!("no golden array {name}"))
    }

    /// The arrays whose names start with `prefix`, without it.
    pub fn with_prefix(&self, prefix: &str) -> impl Iterator<Item = (&str, &Tensor)> {
        self.0.iter().filter_map(move |(name, tensor)| Some((name.strip_prefix(prefix)?, tensor)))
    }

    /// Fails where a value differs from the golden array by more than `tolerance`.
    pub fn assert_close(&self, name: &str, actual: &Tensor, tolerance: f64) {
        let expected = self.get(name);
        assert_eq!(actual.size(), expected.size(), "shape of {name}");
        let difference = (actual.to_kind(Kind::Double) - expected.to_kind(Kind::Double)).abs().max().double_value(&[]);
        // A NaN must fail, hence the comparison in this direction.
        assert!(difference <= tolerance, "{name} differs by {difference:e}, more than {tolerance:e}");
    }
}
