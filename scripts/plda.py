"""Fits the model of how embeddings differ within and between speakers (models/plda.safetensors).

    voice-clone mix --speakers people/ --count 40 --output truth/
    voice-clone diarize --input truth/ --output found/ --stages
    python scripts/plda.py truth/ found/ --output models/plda.safetensors

The two-covariance model (Brummer and de Villiers 2010) of the voices that `diarize` finds in conversations whose speakers
are known: a voice counts for the speaker who speaks in at least 80 % of it, by its length. Both covariances are drawn
towards multiples of the identity. Needs numpy, safetensors.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

SHORTEST_FRAMES = 25
PURE = 0.8
LEAST_VOICES = 3


def reference(path, frame_s, frames):
    """Speakers and when each speaks: (S, T)."""
    fields = [line.split() for line in path.read_text().splitlines() if line.startswith("SPEAKER")]
    names = sorted({f[7] for f in fields})
    rows = np.zeros((len(names), frames), np.float32)
    for f in fields:
        start, end = (round(seconds / frame_s) for seconds in (float(f[3]), float(f[3]) + float(f[4])))
        rows[names.index(f[7]), start:end] = 1
    return names, rows


def voices(truth, found):
    """Of each voice that is of one speaker: the embedding, the conversation and the speaker, the frames."""
    for path in sorted(Path(found).glob("*.stages.json")):
        document = json.loads(path.read_text())
        name = path.name.removesuffix(".stages.json")
        windows = document["windows"]
        frames = max(window["start"] + window["frames"] for window in windows)
        names, rows = reference(Path(truth) / f"{name}.rttm", document["frame_s"], frames)
        for window in windows:
            for voice in window["voices"]:
                first = window["start"] + voice["first"]
                active = np.array(voice["activity"], np.float32)
                shares = (rows[:, first : first + len(active)] * active).sum(1)
                if voice["frames"] >= SHORTEST_FRAMES and shares.max() >= PURE * max(shares.sum(), 1e-6):
                    yield voice["embedding"], f"{name} {names[shares.argmax()]}", voice["frames"], document["encoder"]


def drawn(covariance, share):
    size = len(covariance)
    return (1 - share) * covariance + share * np.trace(covariance) / size * np.eye(size)


def fit(embeddings, speakers, frames, share):
    mean = embeddings.mean(0)
    within, weight, centres = np.zeros((embeddings.shape[1],) * 2), 0.0, []
    for speaker in np.unique(speakers):
        own = speakers == speaker
        if own.sum() < LEAST_VOICES:
            continue
        w = frames[own]
        centre = (embeddings[own] * w[:, None]).sum(0) / w.sum()
        rest = embeddings[own] - centre
        within += (rest * w[:, None]).T @ rest
        weight += w.sum()
        centres.append(centre)
    values, vectors = np.linalg.eigh(drawn(within / weight, share))
    whitening = vectors @ np.diag(values**-0.5) @ vectors.T
    centres = (np.array(centres) - mean) @ whitening.T
    variance, axes = np.linalg.eigh(drawn(centres.T @ centres / len(centres), share))
    return mean, axes.T @ whitening, variance, len(centres)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("truth")
    parser.add_argument("found")
    parser.add_argument("--output", required=True)
    parser.add_argument("--share", type=float, default=0.2, help="how far covariances are drawn towards the identity")
    args = parser.parse_args()
    embeddings, speakers, frames, encoders = zip(*voices(args.truth, args.found))
    assert len(set(encoders)) == 1, "the voices are of several encoders"
    mean, transform, variance, count = fit(
        np.array(embeddings, float), np.array(speakers), np.array(frames, float), args.share
    )
    tensors = {"mean": mean, "transform": transform, "variance": variance}
    tensors = {name: np.ascontiguousarray(tensor, np.float16) for name, tensor in tensors.items()}
    save_file(tensors, args.output, metadata={"encoder": json.dumps(encoders[0])})
    print(f"{len(frames)} voices of {count} speakers in conversations")


if __name__ == "__main__":
    main()
