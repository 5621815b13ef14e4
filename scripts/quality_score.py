#!/usr/bin/env python3
"""Fits the quality score of `voice-clone process` to DNSMOS, and says how well it agrees on readers it was not fitted to.

Spoils utterances with noise, rooms, narrow bands and clipping, one or several at once, has the program measure them, and
finds by least squares the constant and the weights of `SCORE` in src/clean/quality.rs.

    pip install numpy scipy soundfile speechmos pyroomacoustics
    python scripts/quality_score.py --corpus corpus/ --program target/release/voice-clone
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile as sf
from scipy.signal import butter, fftconvolve, sosfilt

from denoising import RATE, READERS, judge, read


def room(samples, random):
    import pyroomacoustics as pra

    size = random.uniform([3, 3, 2.4], [8, 6, 3.5])
    absorption, order = pra.inverse_sabine(random.uniform(0.2, 0.9), size)
    box = pra.ShoeBox(size, fs=RATE, materials=pra.Material(absorption), max_order=min(order, 12))
    box.add_source(random.uniform(0.5, size - 0.5))
    box.add_microphone(random.uniform(0.5, size - 0.5))
    box.compute_rir()
    wet = fftconvolve(samples, box.rir[0][0])[: len(samples)]
    return wet * np.std(samples) / np.std(wet)


def spoil(samples, noises, random):
    samples = samples / np.abs(samples).max() * 0.5
    if random.random() < 0.4:
        samples = room(samples, random)
    if random.random() < 0.3:
        samples = sosfilt(butter(8, random.uniform(2500, 7000), output="sos", fs=RATE), samples)
    if random.random() < 0.6:
        noise = np.resize(noises[random.integers(len(noises))], len(samples))
        if random.random() < 0.5:
            noise = random.standard_normal(len(samples))
        samples = samples + noise * np.std(samples) / np.std(noise) * 10 ** (-random.uniform(0, 30) / 20)
    peak = np.abs(samples).max()
    if random.random() < 0.2:
        return np.clip(samples / peak * random.uniform(1.2, 6), -1, 1)
    return samples / peak * random.uniform(0.1, 0.9)


def measures(program, folder, output):
    command = [program, "process", "--input", folder, "--output", output, "--quiet", "--set", "process.copy_raw=false"]
    subprocess.run(command + ["--set", "process.pictures=false"], check=True, stdout=subprocess.DEVNULL)
    return {path.stem: json.loads(path.read_text())["signal"] for path in (output / "metadata/recordings").glob("*.json")}


def features(signal):
    """As `score` in src/clean/quality.rs."""
    snr = 40.0 if signal["snr_db"] is None else np.clip(signal["snr_db"], -5, 40)
    octaves = np.log2(np.clip(signal["bandwidth_hz"], 1000, 8000) / 8000)
    decay = np.clip(0.2 if signal["decay_s"] is None else signal["decay_s"], 0.1, 1.5)
    return [1.0, snr, octaves, decay, np.log10(1 + 1000 * signal["clipped_share"])]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--program", default="voice-clone")
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--keep", type=Path, help="keep the spoilt files, the judgements and the measures here, and use them again")
    args = parser.parse_args()
    paths = sorted((args.corpus / "librispeech").glob("*/*.opus"))
    noises = [read(path) for path in sorted((args.corpus / "noise").glob("*/*.opus"))[::4]]
    with tempfile.TemporaryDirectory() as folder:
        folder = args.keep or Path(folder)
        (folder / "in").mkdir(parents=True, exist_ok=True)
        known = folder / "scores.json"
        scores, held_out = json.loads(known.read_text()) if known.exists() else {}, set()
        for index in range(args.files):
            random = np.random.default_rng(index)
            path = paths[random.integers(len(paths))]
            if path.parent.name in READERS or index % 3 == 0:
                held_out.add(str(index))
            if str(index) in scores:
                continue
            samples = spoil(read(path)[: 9 * RATE], noises, random)
            sf.write(folder / "in" / f"{index}.wav", samples, RATE, subtype="PCM_16")
            scores[str(index)] = float(judge(samples.astype(np.float32)))
        known.write_text(json.dumps(scores))
        signals = measures(args.program, folder / "in", folder / "out")
        signals = {name: signal for name, signal in signals.items() if signal["speech_share"] > 0}
    fitted = [name for name in signals if name not in held_out]
    weights, *_ = np.linalg.lstsq(
        np.array([features(signals[name]) for name in fitted]), np.array([scores[name] for name in fitted]), rcond=None
    )
    print("SCORE =", [round(float(weight), 4) for weight in weights])
    for label, names in (("fitted", fitted), ("others", [name for name in signals if name in held_out])):
        guessed = np.clip(np.array([features(signals[name]) for name in names]) @ weights, 1, 5)
        truth = np.array([scores[name] for name in names])
        correlation = np.corrcoef(guessed, truth)[0, 1]
        print(f"{label}: {len(names)} files, correlation {correlation:.2f}, mean error {np.abs(guessed - truth).mean():.2f}")


if __name__ == "__main__":
    main()
