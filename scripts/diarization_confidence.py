"""Fits, or checks, the confidences of diarized turns.

    voice-clone mix --speakers people/ --count 24 --output truth/
    voice-clone diarize --input truth/ --output found/
    python scripts/diarization_confidence.py truth/ found/

A turn is right if its speaker, matched to the reference's for the whole recording, speaks in most of it. Prints the
weights of a logistic regression for src/diarization/confidence.rs, and how often turns are right by the confidence that
they were written with. Needs numpy, scipy, scikit-learn.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.linear_model import LogisticRegression

FRAME_S = 0.01


def active(spans, frames):
    row = np.zeros(frames, bool)
    for start, end in spans:
        row[round(start / FRAME_S) : round(end / FRAME_S)] = True
    return row


def by_speaker(turns):
    speakers = {}
    for speaker, start, end in turns:
        speakers.setdefault(speaker, []).append((start, end))
    return speakers


def reference(path):
    fields = [line.split() for line in path.read_text().splitlines() if line.startswith("SPEAKER")]
    return by_speaker((f[7], float(f[3]), float(f[3]) + float(f[4])) for f in fields)


def turns(truth, found):
    """Each turn's evidence, its written confidence, and whether it is right."""
    for path in sorted(Path(found).glob("*.json")):
        rttm = Path(truth) / (path.stem + ".rttm")
        if path.name.endswith(".stages.json") or not rttm.exists():
            continue
        document = json.loads(path.read_text())
        frames = round(document["duration_s"] / FRAME_S) + 1
        real = [active(spans, frames) for spans in reference(rttm).values()]
        said = by_speaker((t["speaker"], t["start_s"], t["end_s"]) for t in document["turns"])
        rows = [active(spans, frames) for spans in said.values()]
        overlap = np.array([[(a & b).sum() for b in real] for a in rows]).reshape(len(rows), len(real))
        match = dict(zip(*linear_sum_assignment(-overlap)))
        index = {speaker: i for i, speaker in enumerate(said)}
        for turn in document["turns"]:
            inside = slice(round(turn["start_s"] / FRAME_S), round(turn["end_s"] / FRAME_S))
            other = match.get(index[turn["speaker"]])
            right = other is not None and real[other][inside].mean() > 0.5
            activity = np.clip(turn["activity"], 0.01, 0.99)
            length = max(turn["end_s"] - turn["start_s"], 0.1)
            yield np.log(activity / (1 - activity)), turn["margin"], np.log(length), turn["confidence"], right


def main():
    rows = np.array(list(turns(*sys.argv[1:3])), float)
    evidence, confidence, right = rows[:, :3], rows[:, 3], rows[:, 4] > 0.5
    model = LogisticRegression(C=100).fit(evidence, right)
    names = ["ACTIVITY", "MARGIN", "DURATION"]
    print(f"{len(rows)} turns, {right.mean():.3f} right")
    print(f"CONSTANT {model.intercept_[0]:.3f}", *(f"{n} {w:.3f}" for n, w in zip(names, model.coef_[0])))
    edges = [0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0001]
    for low, high in zip(edges, edges[1:]):
        chosen = (confidence >= low) & (confidence < high)
        if chosen.any():
            mean, share = confidence[chosen].mean(), right[chosen].mean()
            print(f"confidence {mean:.2f}: {share:.2f} right ({chosen.sum()} turns)")


if __name__ == "__main__":
    main()
