#!/usr/bin/env python3
"""Takes hidden units out of the ConvNeXt blocks of a component: a smaller network to go on training from.

    pip install numpy safetensors
    scripts/prune.py models/vocoder.safetensors --hidden 856 --output smaller.safetensors
    voice-clone train --base vocoder --from smaller.safetensors --recipe <with that many> ...

What a unit adds varies by the norm of its column in the second layer times the standard deviation of its activation, for
which the normalised input counts as Gaussian. The units that vary least go; their mean is added to the bias.
"""
import argparse, json, math

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file


def gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("weights")
    parser.add_argument("--hidden", type=int, required=True, help="units that are kept in each block")
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()
    with safe_open(arguments.weights, "numpy") as file:
        metadata, tensors = dict(file.metadata()), {name: file.get_tensor(name) for name in file.keys()}
    config = json.loads(metadata["model"])
    points, weights = np.polynomial.hermite_e.hermegauss(40)
    weights /= weights.sum()
    for name in [name for name in tensors if name.endswith("pwconv1.weight")]:
        block = name.removesuffix("pwconv1.weight")
        of = lambda part: tensors[block + part].astype(np.float64)
        first, second = of("pwconv1.weight"), of("pwconv2.weight")
        middle = first @ of("norm.bias") + of("pwconv1.bias")
        spread = np.linalg.norm(first * of("norm.weight"), axis=1)
        active = gelu(middle[:, None] + spread[:, None] * points)
        mean = active @ weights
        varies = np.sqrt(np.maximum((active**2) @ weights - mean**2, 0)) * np.linalg.norm(second, axis=0)
        order = np.argsort(-varies)
        kept, gone = np.sort(order[: arguments.hidden]), order[arguments.hidden :]
        new = {
            "pwconv1.weight": first[kept],
            "pwconv1.bias": of("pwconv1.bias")[kept],
            "pwconv2.weight": second[:, kept],
            "pwconv2.bias": of("pwconv2.bias") + second[:, gone] @ mean[gone],
        }
        print(f"{block} {len(gone)} units with {(varies[gone]**2).sum() / (varies**2).sum():.2%} of the variance go")
        tensors |= {block + part: np.ascontiguousarray(value, np.float16) for part, value in new.items()}
    config["hidden"] = arguments.hidden
    metadata["model"] = json.dumps(config)
    save_file(tensors, arguments.output, metadata)


main()
