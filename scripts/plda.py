"""Fits the model of how embeddings differ within and between speakers (models/plda.safetensors).

    voice-clone mix --speakers people/ --count 40 --output truth/
    voice-clone diarize --input truth/ --output found/ --stages
    python scripts/plda.py truth/ found/ --output models/plda.safetensors

Several pairs of folders may be given.

The two-covariance model (Brummer and de Villiers 2010) of the voices that `diarize` finds in conversations whose speakers
are known: a voice counts for the speaker who speaks in at least 80 % of it, by its length. Both covariances are drawn
towards multiples of the identity. A share of how far a conversation's mean is from that of all is taken out of its voices
first, as the program does. Needs numpy, safetensors.
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
    """Of each voice that is of one speaker: the embedding, the conversation, the speaker, the frames, the encoder."""
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
                    recording = f"{found} {name}"
                    yield voice["embedding"], recording, names[shares.argmax()], voice["frames"], document["encoder"]


def without_shared(embeddings, recordings, frames, shared):
    """Takes a share of how far each recording's mean is from the mean of all out of its embeddings."""
    left, mean = embeddings.copy(), embeddings.mean(0)
    for recording in np.unique(recordings):
        own = recordings == recording
        left[own] -= shared * (np.average(embeddings[own], axis=0, weights=frames[own]) - mean)
    return left


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
    parser.add_argument("folders", nargs="+", help="what is true and what was found, in turns")
    parser.add_argument("--output", required=True)
    parser.add_argument("--share", type=float, default=0.2, help="how far covariances are drawn towards the identity")
    parser.add_argument("--shared", type=float, default=0.3, help="how much of a recording's mean is the recording's own")
    args = parser.parse_args()
    if len(args.folders) % 2:
        parser.error("a folder of what was found is missing")
    rows = [row for pair in zip(args.folders[::2], args.folders[1::2]) for row in voices(*pair)]
    embeddings, recordings, speakers, frames, encoders = zip(*rows)
    assert len(set(encoders)) == 1, "the voices are of several encoders"
    speakers = np.array([f"{recording} {speaker}" for recording, speaker in zip(recordings, speakers)])
    frames = np.array(frames, float)
    embeddings = without_shared(np.array(embeddings, float), np.array(recordings), frames, args.shared)
    mean, transform, variance, count = fit(embeddings, speakers, frames, args.share)
    tensors = {"mean": mean, "transform": transform, "variance": variance}
    tensors = {name: np.ascontiguousarray(tensor, np.float16) for name, tensor in tensors.items()}
    save_file(tensors, args.output, metadata={"encoder": json.dumps(encoders[0]), "shared": json.dumps(args.shared)})
    print(f"{len(frames)} voices of {count} speakers in conversations")


if __name__ == "__main__":
    main()
