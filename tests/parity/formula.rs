//! Numbers that the golden scripts make alike: the definition is in `scripts/golden/formula.py`.

use tch::{Tensor, nn};

const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

fn fnv1a(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

fn split_mix(counter: u64) -> u64 {
    let z = (counter ^ (counter >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Float32 values in [-1, 1) that depend on the name and the position alone.
pub fn uniform(name: &str, shape: &[i64]) -> Tensor {
    let count: i64 = shape.iter().product();
    let start = fnv1a(name);
    let value = |index: u64| {
        let bits = split_mix(start.wrapping_add(index.wrapping_mul(GOLDEN_GAMMA)));
        ((bits >> 40) as f64 / 8_388_608.0 - 1.0) as f32
    };
    let values: Vec<f32> = (1..=count as u64).map(value).collect();
    Tensor::from_slice(&values).reshape(shape)
}

/// A plausible value of the parameter.
pub fn parameter(name: &str, shape: &[i64]) -> Tensor {
    let values = uniform(name, shape);
    let gain = name.ends_with("weight") && shape.len() == 1;
    if gain || name.ends_with("running_var") || name.ends_with("weight_g") {
        return values * 0.5 + 1.0;
    }
    match shape {
        [] | [_] => values * 0.1,
        [_, rest @ ..] => values * f64::from((3.0 / rest.iter().product::<i64>() as f64).sqrt() as f32),
    }
}

/// Sets every variable of the store by its name.
pub fn fill(store: &nn::VarStore) {
    let variables = store.variables();
    assert!(!variables.is_empty(), "a network without variables");
    tch::no_grad(|| {
        for (name, mut variable) in variables {
            variable.copy_(&parameter(&name, &variable.size()));
        }
    });
}
