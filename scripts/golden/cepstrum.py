#!/usr/bin/env python3
"""Golden mel cepstra and distortions by librosa and scipy for tests/parity/cepstrum.rs.

    cepstrum.py OUTPUT.safetensors        (needs: librosa, numpy, safetensors, scipy)

The figures are made from the published definitions with other people's transforms, filters and warping, in double
precision; the signals are stored, because both sides must hear the same.
"""

import sys

import librosa
import numpy as np
import scipy.fft
from safetensors.numpy import save_file

RATE, N_FFT, HOP, BANDS = 22_050, 1024, 256, 80
FLOOR_DB, SILENCE_DB = 60.0, 40.0
VOWELS = {"a": (730, 1090, 2440), "i": (270, 2290, 3010), "u": (300, 870, 2240)}


def vowel(name: str, seconds: float, start_hz: float, end_hz: float) -> np.ndarray:
    """Harmonics of a gliding pitch under three resonances."""
    time = np.arange(int(seconds * RATE)) / RATE
    pitch = start_hz * (end_hz / start_hz) ** (time / seconds)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    total = np.zeros_like(time)
    for n in range(1, int(8000 / max(start_hz, end_hz))):
        gain = sum(1 / (1 + ((n * pitch - formant) / 90.0) ** 2) for formant in VOWELS[name])
        total += (gain + 0.01) / n * np.sin(n * phase)
    return 0.2 * total * np.hanning(len(time)) ** 0.3


def utterance(seed: int, speed: float, pitch: float) -> np.ndarray:
    """"sa, iu" at one speed and pitch, with faint noise below, as 16-bit samples."""
    random = np.random.default_rng(seed)
    hiss = 0.03 * np.diff(random.standard_normal(int(0.12 * RATE / speed) + 1))
    parts = [
        np.zeros(int(0.1 * RATE)),
        hiss,
        vowel("a", 0.22 / speed, pitch, 0.9 * pitch),
        np.zeros(int(0.08 * RATE / speed)),
        vowel("i", 0.15 / speed, 1.1 * pitch, pitch),
        vowel("u", 0.2 / speed, pitch, 0.8 * pitch),
        np.zeros(int(0.05 * RATE)),
    ]
    signal = np.concatenate(parts)
    signal += 2e-4 * random.standard_normal(len(signal))
    return np.round(32_767 * np.clip(signal, -1, 1)).astype(np.int16)


def cepstra(samples: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """c_1 to c_order of each frame, (T, order), and whether it is silent, (T)."""
    signal = np.pad(samples / 32_768.0, (N_FFT - HOP) // 2, mode="reflect")
    mel = librosa.feature.melspectrogram(
        y=signal, sr=RATE, n_fft=N_FFT, hop_length=HOP, center=False, power=1.0, n_mels=BANDS, fmin=0, fmax=8000
    )
    mel = np.maximum(mel, 1e-5)
    power = (mel**2).sum(axis=0)
    mel = np.maximum(mel, mel.max() * 10 ** (-FLOOR_DB / 20))
    # scipy's DCT-II is 2 * sum(x cos), so dividing by the number of bands makes log mel = c_0 / 2 + sum(c_d cos).
    cosines = scipy.fft.dct(np.log(mel), type=2, axis=0) / BANDS
    return cosines[1 : order + 1].T, power < power.max() * 10 ** (-SILENCE_DB / 10)


def distortion(a: np.ndarray, b: np.ndarray, order: int) -> float:
    (first, silent), (second, _) = cepstra(a, order), cepstra(b, order)
    _, path = librosa.sequence.dtw(first.T, second.T, metric="euclidean")
    costs = [np.linalg.norm(first[i] - second[j]) for i, j in path if not silent[i]]
    return 10 / np.log(10) * np.sqrt(2) * np.mean(costs)


def main():
    a, b = utterance(1, 1.0, 120.0), utterance(2, 0.85, 150.0)
    golden = {"reference": a, "other": b}
    golden["cepstra"] = np.ascontiguousarray(cepstra(a, 24)[0], dtype=np.float32)
    for order in (13, 24):
        golden[f"distortion_{order}"] = np.array([distortion(a, b, order)])
    save_file(golden, sys.argv[1])
    print({name: (value.shape, value.ravel()[:1]) for name, value in golden.items()})


if __name__ == "__main__":
    main()
