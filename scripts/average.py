"""The mean of the weights of two trainings, of which one began with the other's (model soup, Wortsman et al. 2022).

    python scripts/average.py one.safetensors other.safetensors --output mean.safetensors

What the first file says of itself is kept. Needs numpy, safetensors.
"""

import argparse

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", nargs=2)
    parser.add_argument("--output", required=True)
    args = parser.parse_args()

    one, other = (safe_open(path, "np") for path in args.weights)
    if set(one.keys()) != set(other.keys()):
        parser.error("they are not of one network: their tensors have other names")
    mean = {}
    for name in one.keys():
        a, b = one.get_tensor(name), other.get_tensor(name)
        if a.shape != b.shape:
            parser.error(f"they are not of one network: {name} is {a.shape} and {b.shape}")
        mean[name] = np.ascontiguousarray((a.astype(np.float32) + b.astype(np.float32)) / 2).astype(a.dtype)
    save_file(mean, args.output, metadata=one.metadata())


if __name__ == "__main__":
    main()
