#!/usr/bin/env python3
"""Small checkpoints in both of PyTorch's forms for tests/parity/pytorch.rs.

    pytorch.py OUTPUT_FOLDER        (needs: torch)
"""

import pathlib
import sys
from collections import OrderedDict

import torch
from formula import uniform


def main():
    folder = pathlib.Path(sys.argv[1])
    base = uniform("base", (4, 6))
    checkpoint = {
        "model": OrderedDict(
            weight=torch.nn.Parameter(base),
            transposed=base.t(),
            part=base[1:3, 2:5],
            half=base.half(),
            scalar=torch.tensor(7),
            empty=torch.zeros(0, 3),
        ),
        "step": 300_000,
        "big": 2**80,
        "rates": (1e-3, [True, None, -5]),
        "optimizer": torch.optim.Adam([base.clone()], lr=0.1).state_dict(),
        "shape": torch.Size([2, 3]),
        "device": torch.device("cpu"),
    }
    torch.save(checkpoint, folder / "archive.pt")
    torch.save(checkpoint, folder / "legacy.pt", _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    main()
