#!/usr/bin/env python3
"""Golden spectra of librosa and torchaudio for tests/parity/features.rs.

    features.py OUTPUT.safetensors        (needs: librosa, torchaudio, safetensors)

The convention is that of HiFi-GAN at 22.05 kHz: edges mirrored by (n_fft - hop) / 2 samples, no further centring,
magnitude, Slaney's filters, natural logarithm of max(x, 1e-5).
"""

import sys

import librosa
import numpy as np
import torch
import torchaudio
from formula import uniform
from safetensors.torch import save_file

RATE, N_FFT, HOP, N_MELS, LOW, HIGH = 22_050, 1024, 256, 80, 0.0, 8000.0
SAMPLES = 4000  # no multiple of the hop


def signal() -> torch.Tensor:
    """A gliding tone in noise that fades to silence."""
    time = torch.arange(SAMPLES, dtype=torch.float64) / RATE
    tone = 0.5 * torch.sin(2 * torch.pi * (200.0 * time + 4000.0 * time**2))
    fade = torch.clamp(1.2 - time * RATE / SAMPLES * 1.5, min=0.0)
    return ((tone + 0.1 * uniform("noise", (SAMPLES,))) * fade).float()


def log_mel(magnitude: np.ndarray, filters: np.ndarray) -> torch.Tensor:
    # HiFi-GAN's own epsilon under the root.
    return torch.from_numpy(np.log(np.maximum(filters @ np.sqrt(magnitude**2 + 1e-9), 1e-5))).float()


def main():
    padding = (N_FFT - HOP) // 2
    padded = np.pad(signal().numpy(), padding, mode="reflect")
    golden = {"signal": signal()}

    spectrum = librosa.stft(padded, n_fft=N_FFT, hop_length=HOP, win_length=N_FFT, window="hann", center=False)
    golden["librosa.spectrum"] = torch.view_as_real(torch.from_numpy(spectrum[:, 3:6].astype(np.complex64)))
    filters = librosa.filters.mel(sr=RATE, n_fft=N_FFT, n_mels=N_MELS, fmin=LOW, fmax=HIGH)
    golden["librosa.mel"] = log_mel(np.abs(spectrum), filters)

    transform = torchaudio.transforms.Spectrogram(N_FFT, hop_length=HOP, power=1.0, center=False)
    banks = torchaudio.functional.melscale_fbanks(
        N_FFT // 2 + 1, LOW, HIGH, N_MELS, RATE, norm="slaney", mel_scale="slaney"
    ).T
    golden["torchaudio.mel"] = log_mel(transform(torch.from_numpy(padded)).numpy(), banks.numpy())

    # The filters' product with four columns of noise pins them down without keeping 80 x 513 numbers.
    probe = uniform("probe", (N_FFT // 2 + 1, 4))
    golden["librosa.filters"] = torch.from_numpy(filters) @ probe
    golden["torchaudio.filters"] = banks @ probe
    save_file({name: tensor.contiguous() for name, tensor in golden.items()}, sys.argv[1])


if __name__ == "__main__":
    main()
