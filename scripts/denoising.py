#!/usr/bin/env python3
"""How well `voice-clone process` takes noise away, by judges that none of us wrote.

Mixes utterances of held-out readers with held-out noises at several signal-to-noise ratios, has the program clean them,
and prints, for each ratio and each method, how much scale-invariant SDR rises, DNSMOS (speechmos), how far noise falls in
pauses, and for clean speech what is left of it, with the cosine of resemblyzer's embeddings.

    pip install numpy scipy soundfile speechmos resemblyzer
    python scripts/denoising.py --corpus corpus/ --program target/release/voice-clone

What the program changes on purpose besides noise (trimming, level) is undone by its manifest and by the scale of the
measure; pauses are kept. The readers' own recordings are not without noise: one has mains hum at 60 Hz and another
rumble, which the program rightly takes away, but which the target holds. So SI-SDR is also given of what is above 80 Hz,
before and after alike. Noises are the clips of the fold that the recipe holds out, repeated to the speech's length.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile as sf
from scipy.signal import butter, resample_poly, sosfiltfilt

RATE = 16_000
READERS = ["1088", "3242", "1737", "7312"]


def read(path):
    samples, rate = sf.read(path, dtype="float32", always_2d=True)
    samples = samples.mean(axis=1)
    divisor = np.gcd(rate, RATE)
    return resample_poly(samples, RATE // divisor, rate // divisor) if rate != RATE else samples


def above(hertz, samples):
    """Without what is below `hertz`, all other times kept."""
    if not hertz:
        return samples
    return sosfiltfilt(butter(6, hertz, "highpass", fs=RATE, output="sos"), samples)


def si_sdr(made, target):
    scaled = np.dot(made, target) / np.dot(target, target) * target
    return 10 * np.log10(np.sum(scaled**2) / np.sum((made - scaled) ** 2))


def speech_of(corpus, per_reader):
    chosen = []
    for reader in READERS:
        files = sorted((corpus / "librispeech" / reader).glob("*.opus"))
        step = max(1, len(files) // per_reader)
        chosen += files[::step][:per_reader]
    return [(path.stem, read(path)) for path in chosen]


def noises_of(corpus, fold):
    files = sorted((corpus / "noise").glob(f"*/{fold}-*.opus"))
    return [(path.parent.name, read(path)) for path in files]


def made_noise(kind, length, speech, random):
    time = np.arange(length) / RATE
    if kind == "hum":
        return sum(np.sin(2 * np.pi * 50 * k * time + k) / k for k in range(1, 12))
    if kind == "hiss":
        return random.standard_normal(length)
    if kind == "clicks":
        places = random.integers(0, length - 50, max(1, length * 5 // RATE))
        noise = np.zeros(length)
        for place in places:
            noise[place : place + 50] += random.uniform(-1, 1) * 0.8 ** np.arange(50) * np.cos(np.arange(50))
        return noise
    if kind == "babble":
        voices = [np.resize(voice[random.integers(len(voice) // 2) :], length) for _, voice in speech]
        return sum(voice / np.std(voice) for voice in (voices[i] for i in random.permutation(len(voices))[:6]))
    raise ValueError(kind)


def pauses(target):
    """Samples where the reader is silent: 20 ms frames 40 dB below the loudest, at least 100 ms in a row."""
    frame = RATE // 50
    level = np.array([np.mean(target[i : i + frame] ** 2) for i in range(0, len(target) - frame, frame)])
    quiet = level < level.max() * 1e-4
    mask = np.zeros(len(target), bool)
    start = None
    for i, is_quiet in enumerate(np.append(quiet, False)):
        if is_quiet and start is None:
            start = i
        elif not is_quiet and start is not None:
            if i - start >= 5:
                mask[(start + 1) * frame : (i - 1) * frame] = True
            start = None
    return mask


def clean(program, folder, output, method):
    command = [program, "process", "--input", folder, "--output", output, "--quiet", "--set", "process.copy_raw=false"]
    command += ["--set", f"process.denoise.method={method}", "--set", f"process.sample_rate={RATE}"]
    command += ["--set", "process.max_pause_s=0", "--set", "process.format=wavfloat"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    made = {}
    for path in (output / "metadata" / "recordings").glob("*.json"):
        manifest = json.loads(path.read_text())
        if manifest["normalized"]:
            made[manifest["id"]] = (
                read(output / manifest["normalized"]["path"]),
                round(manifest["normalized"]["start_s"] * RATE),
            )
    return made


def judge(samples):
    from speechmos import dnsmos

    peak = np.abs(samples).max()
    return dnsmos.run(samples / max(peak, 1.0), sr=RATE)["ovrl_mos"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--program", default="voice-clone")
    parser.add_argument("--fold", default="4", help="the fold of ESC-10 that training did not hear")
    parser.add_argument("--readers-utterances", type=int, default=10)
    parser.add_argument("--methods", nargs="+", default=["network", "rnnoise"])
    parser.add_argument("--snr", nargs="+", type=int, default=[0, 5, 10])
    parser.add_argument("--above", type=float, default=80, help="what one more SI-SDR leaves out, in Hz (see above)")
    parser.add_argument("--no-dnsmos", action="store_true")
    parser.add_argument("--by-noise", action="store_true", help="also print the gain by kind of noise")
    args = parser.parse_args()

    random = np.random.default_rng(0)
    speech = speech_of(args.corpus, args.readers_utterances)
    noises = noises_of(args.corpus, args.fold)
    items = {}
    for index, (name, target) in enumerate(speech):
        target = target[: 12 * RATE]
        kind, noise = noises[index * len(noises) // len(speech)]
        items[name] = (target, [(kind, np.resize(noise, len(target)))])
        for extra in ("hum", "hiss", "clicks", "babble"):
            if index % 4 == 0:
                others = [other for other in speech if other[0][:4] != name[:4]]
                items[name][1].append((extra, made_noise(extra, len(target), others, random)))
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        mixtures = folder / "mixtures"
        mixtures.mkdir()
        truth = {}

        def add(key, noisy, target, snr, kind):
            sf.write(mixtures / f"{key}.wav", noisy, RATE, subtype="FLOAT")
            truth[key] = (noisy, target, snr, kind)

        for name, (target, kinds) in items.items():
            add(f"{name}-clean", target, target, None, "clean")
            for kind, noise in kinds:
                for snr in args.snr:
                    gain = np.std(target) / np.std(noise) * 10 ** (-snr / 20)
                    add(f"{name}-{kind}-{snr}", (target + gain * noise).astype(np.float32), target, snr, kind)
        for method in args.methods:
            report(method, clean(args.program, mixtures, folder / method, method), truth, args)


def report(method, made, truth, args):
    rows, by_kind = {}, {}
    embed = embedder()
    for key, (noisy, target, snr, kind) in truth.items():
        if key not in made:
            rows.setdefault(snr, []).append(None)
            continue
        samples, start = made[key]
        length = min(len(samples), len(target) - start)
        samples, noisy, target = samples[:length], noisy[start : start + length], target[start : start + length]
        row = {}
        for name, hertz in (("SI-SDR", 0), (f"above {args.above:.0f} Hz", args.above)):
            after, before, sought = (above(hertz, signal) for signal in (samples, noisy, target))
            row[name] = si_sdr(after, sought) - (si_sdr(before, sought) if snr is not None else 0)
        if not args.no_dnsmos:
            row["dnsmos before"], row["dnsmos after"] = judge(noisy), judge(samples)
        if snr is None:
            row["cosine"] = float(np.dot(embed(samples), embed(noisy)))
        else:
            quiet = pauses(target)
            if quiet.sum() > RATE // 5:
                scale = np.dot(samples, target) / np.dot(target, target)
                row["pauses"] = 10 * np.log10(np.mean((samples[quiet] / scale) ** 2 + 1e-12) / np.mean(noisy[quiet] ** 2))
        rows.setdefault(snr, []).append(row)
        by_kind.setdefault((kind, snr), []).append(row["SI-SDR"])
    for snr, found in sorted(rows.items(), key=lambda item: (item[0] is None, item[0])):
        missing = sum(row is None for row in found)
        found = [row for row in found if row is not None]
        names = {name: None for row in found for name in row}
        means = {name: np.mean([row[name] for row in found if name in row]) for name in names}
        label = "clean" if snr is None else f"{snr} dB"
        print(f"{method:8} {label:6} n={len(found)} missing={missing} " + "  ".join(f"{k} {v:.2f}" for k, v in means.items()))
    if args.by_noise:
        for (kind, snr), gains in sorted(by_kind.items(), key=lambda item: (item[0][0], str(item[0][1]))):
            print(f"    {kind:16} {snr} {np.mean(gains):.2f} (n={len(gains)})")


def embedder():
    from resemblyzer import VoiceEncoder, preprocess_wav

    encoder = VoiceEncoder("cpu", verbose=False)
    return lambda samples: encoder.embed_utterance(preprocess_wav(samples.astype(np.float32), source_sr=RATE))


if __name__ == "__main__":
    main()
