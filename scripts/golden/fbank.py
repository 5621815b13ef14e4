#!/usr/bin/env python3
"""Golden filterbanks of torchaudio's Kaldi port for tests/parity/fbank.rs.

    fbank.py OUTPUT.safetensors        (needs: torchaudio, safetensors)
"""

import sys

import torch
from formula import uniform
from safetensors.torch import save_file
from torchaudio.compliance import kaldi


def signal() -> torch.Tensor:
    """A tone in noise with an offset, and a second row of silence and faint noise: (2, 4960)."""
    noise = uniform("fbank", (2, 4960))
    time = torch.arange(4960) / 16_000
    loud = 0.4 * torch.sin(2 * torch.pi * 440.0 * time) + 0.1 * noise[0] + 0.05
    return torch.stack([loud, noise[1] * 1e-4 * (time > 0.15)])


def main():
    golden = {"signal": signal()}
    for name, gain in (("unit", 1.0), ("int16", 32_768.0)):
        rows = [
            kaldi.fbank(row.unsqueeze(0) * gain, num_mel_bins=80, sample_frequency=16_000, dither=0.0)
            for row in golden["signal"]
        ]
        golden[name] = torch.stack(rows)
    save_file(golden, sys.argv[1])


if __name__ == "__main__":
    main()
