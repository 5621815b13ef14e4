"""Numbers that the golden scripts and the tests in Rust make alike, so that no weights need to be committed.

The same definition is in tests/parity/formula.rs: SplitMix64 (Steele et al. 2014) over a counter, started at the
FNV-1a hash of the tensor's name.
"""

import numpy as np
import torch

GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)


def fnv1a(name: str) -> np.uint64:
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = (state ^ byte) * 0x100000001B3 % 2**64
    return np.uint64(state)


def uniform(name: str, shape) -> torch.Tensor:
    """Float32 values in [-1, 1) that depend on the name and the position alone."""
    count = int(np.prod(shape))
    with np.errstate(over="ignore"):
        z = fnv1a(name) + np.arange(1, count + 1, dtype=np.uint64) * GOLDEN_GAMMA
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    values = (z >> np.uint64(40)).astype(np.float64) / 2**23 - 1.0
    return torch.from_numpy(values.astype(np.float32)).reshape(tuple(shape))


def parameter(name: str, shape) -> torch.Tensor:
    """A plausible value of the parameter: gains near 1, variances above 0, weights that keep the signal's size."""
    values = uniform(name, shape)
    if name.endswith("running_var") or (name.endswith("weight") and len(shape) == 1) or name.endswith("weight_g"):
        return 1.0 + 0.5 * values
    if len(shape) <= 1:
        return 0.1 * values
    return values * float(np.float32(np.sqrt(3.0 / np.prod(shape[1:]))))


def fill(module: torch.nn.Module) -> None:
    """Sets every floating-point parameter and buffer of the module by its name."""
    state = module.state_dict()
    module.load_state_dict({k: parameter(k, v.shape) if v.is_floating_point() else v for k, v in state.items()})
