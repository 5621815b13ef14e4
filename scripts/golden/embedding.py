#!/usr/bin/env python3
"""Golden filterbanks, embeddings and checkpoints of SpeechBrain for tests/parity/embedding.rs and tests/cli_models.rs.

    embedding.py OUTPUT_FOLDER        (needs: safetensors, speechbrain, torch)

The chain is that of `speechbrain/spkrec-ecapa-voxceleb` (its hyperparams.yaml), with a network small enough to commit.
"""

import os
import pathlib
import sys

import torch
from formula import fill, uniform
from safetensors.torch import save_file
from speechbrain.lobes.features import Fbank
from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN
from speechbrain.processing.features import InputNormalization

SAMPLES = 8000
SMALL = {
    "channels": [8, 8, 8, 8, 24],
    "kernel_sizes": [5, 3, 5, 3, 1],
    "attention_channels": 4,
    "res2net_scale": 4,
    "se_channels": 6,
    "lin_neurons": 16,
}


def signal() -> torch.Tensor:
    """A chirp in noise, then digital silence and faint noise, as 16-bit samples."""
    time = torch.arange(SAMPLES, dtype=torch.float64) / 16_000
    chirp = 0.5 * torch.sin(2 * torch.pi * (100.0 * time + 6000.0 * time**2))
    noise = uniform("speechbrain", (SAMPLES,)).double()
    loud = (chirp + 0.05 * noise) * (time < 0.3)
    return torch.round(32_767 * (loud + 1e-3 * noise * (time > 0.4))).to(torch.int16)


class Malicious:
    """Unpickling it runs a command."""

    def __reduce__(self):
        return os.system, ("touch it-ran",)


def main():
    folder = pathlib.Path(sys.argv[1])
    samples = signal().float() / 32_768
    samples = torch.stack([samples, samples.flip(0) / 1024])
    features = Fbank(n_mels=80)(samples)
    normalized = InputNormalization(norm_type="sentence", std_norm=False)(features, torch.ones(2))
    net = ECAPA_TDNN(80, **SMALL).eval()
    fill(net)
    with torch.no_grad():
        embeddings = net(normalized, torch.ones(2)).squeeze(1)
    golden = {"signal": signal(), "features": features, "embeddings": embeddings}
    save_file({name: tensor.contiguous() for name, tensor in golden.items()}, folder / "embedding.safetensors")
    torch.save(net.state_dict(), folder / "ecapa.ckpt")
    torch.save({"weight": torch.ones(2), "more": Malicious()}, folder / "malicious.ckpt")
    print(f"{(features <= features.amax((1, 2), True) - 80).float().mean((1, 2))} of the values are the floor")


if __name__ == "__main__":
    main()
