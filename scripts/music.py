"""Fits what tells music from speech by embeddings: logistic regressions, models/music.safetensors for voices that `diarize`
hears and models/music-cleaned.safetensors for what `process` takes for speech.

    python scripts/render_music.py --output music/
    voice-clone diarize --input music/ --output found-music/ --stages
    voice-clone mix --speakers people/ --count 40 --output truth/
    voice-clone diarize --input truth/ --output found/ --stages
    python scripts/music.py --music found-music/ --speech found/ --output models/music.safetensors

    voice-clone process --input music/ --output cleaned-music/ --keep-music
    voice-clone speaker embed cleaned-music/processed/speaker_segments --json > music.json
    voice-clone process --input truth/ --output cleaned/ --keep-music
    voice-clone speaker embed cleaned/processed/speaker_segments --json > speech.json
    python scripts/music.py --music music.json --speech speech.json --lost 0.002 --constant \
        --output models/music-cleaned.safetensors

The longer a voice is heard, the surer it is speech or music: the constant changes with the logarithm of its seconds, such
that of voices of any length `--lost` of the speech are taken for music (`--constant`: it does not). Needs numpy, safetensors, scikit-learn.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression


def documents(paths):
    """JSON of `speaker embed`, and of what stages made in folders."""
    for path in paths:
        for file in [path] if path.is_file() else sorted(path.glob("*.stages.json")):
            yield json.loads(file.read_text())


def voices(paths):
    """The embeddings of all voices, the seconds that each is of, and the encoders."""
    embeddings, seconds, encoders = [], [], set()
    for document in documents(paths):
        encoders.add(document["encoder"])
        if "recordings" in document:
            found = document["recordings"]
            seconds += [recording["speech_s"] for recording in found]
        else:
            found = [voice for window in document["windows"] for voice in window["voices"]]
            seconds += [voice["frames"] * document["frame_s"] for voice in found]
        embeddings += [voice["embedding"] for voice in found]
    return np.array(embeddings, np.float32), np.array(seconds), encoders


def threshold(scores, seconds, lost, flat):
    """Constant and slope of the line over log2(seconds) that `lost` of the scores exceed, at any length, or in all (`flat`)."""
    if flat:
        return np.quantile(scores, 1 - lost), 0.0
    octaves = np.log2(seconds)
    parts = np.array_split(np.argsort(octaves), 10)
    slope, constant = np.polyfit(
        [octaves[part].mean() for part in parts], [np.quantile(scores[part], 1 - lost) for part in parts], 1
    )
    return constant, slope


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--music", nargs="+", type=Path, required=True)
    parser.add_argument("--speech", nargs="+", type=Path, required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--lost", type=float, default=0.01)
    parser.add_argument("--constant", action="store_true")
    args = parser.parse_args()

    (music, music_s, encoders), (speech, speech_s, others) = voices(args.music), voices(args.speech)
    if len(encoders | others) != 1:
        parser.error("the voices are of several encoders, or there are none")
    rows, classes = np.concatenate([music, speech]), np.repeat([1, 0], [len(music), len(speech)])
    fitted = LogisticRegression(C=10, class_weight="balanced", max_iter=5000).fit(rows, classes)
    weight = fitted.coef_[0].astype(np.float16)
    constant, slope = threshold(speech @ weight.astype(np.float32), speech_s, args.lost, args.constant)
    metadata = {
        "encoder": json.dumps((encoders | others).pop()),
        "bias": json.dumps(round(-float(constant), 4)),
        "octave": json.dumps(round(-float(slope), 4)),
    }
    save_file({"weight": weight}, args.output, metadata=metadata)
    taken = lambda rows, seconds: np.mean(rows @ weight.astype(np.float32) > constant + slope * np.log2(seconds))
    print(f"{len(music)} voices of music, {100 * taken(music, music_s):.1f} % of them found")
    print(f"{len(speech)} voices of speech, {100 * taken(speech, speech_s):.1f} % of them lost")


if __name__ == "__main__":
    main()
