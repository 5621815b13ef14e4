"""Fits what tells music from speech by embeddings (models/music.safetensors): a logistic regression.

    python scripts/render_music.py --output music/
    voice-clone diarize --input music/ --output found-music/ --stages
    voice-clone mix --speakers people/ --count 40 --output truth/
    voice-clone diarize --input truth/ --output found/ --stages
    python scripts/music.py --music found-music/ --speech found/ --output models/music.safetensors

The constant is chosen so that `--lost` of the voices of speech are taken for music. Needs numpy, safetensors,
scikit-learn.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression


def voices(folders):
    """The embeddings of all voices, and the encoders that they are of."""
    embeddings, encoders = [], set()
    for path in sorted(path for folder in folders for path in folder.glob("*.stages.json")):
        document = json.loads(path.read_text())
        encoders.add(document["encoder"])
        embeddings += [voice["embedding"] for window in document["windows"] for voice in window["voices"]]
    return np.array(embeddings, np.float32), encoders


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--music", nargs="+", type=Path, required=True)
    parser.add_argument("--speech", nargs="+", type=Path, required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--lost", type=float, default=0.01)
    args = parser.parse_args()

    (music, encoders), (speech, others) = voices(args.music), voices(args.speech)
    if len(encoders | others) != 1:
        parser.error("the voices are of several encoders, or there are none")
    rows, classes = np.concatenate([music, speech]), np.repeat([1, 0], [len(music), len(speech)])
    fitted = LogisticRegression(C=10, class_weight="balanced", max_iter=5000).fit(rows, classes)
    weight = fitted.coef_[0].astype(np.float16)
    bias = -float(np.quantile(speech @ weight.astype(np.float32), 1 - args.lost))
    metadata = {"encoder": json.dumps((encoders | others).pop()), "bias": json.dumps(round(bias, 4))}
    save_file({"weight": weight}, args.output, metadata=metadata)
    found = np.mean(music @ weight.astype(np.float32) + bias > 0)
    print(f"{len(music)} voices of music, {100 * found:.1f} % of them found; {len(speech)} of speech")


if __name__ == "__main__":
    main()
