#!/usr/bin/env python3
"""Turns what `voice-clone diarize --stream` printed into RTTM files, to score labels as they came.

    mkdir labels
    for file in truth/*.wav; do
        voice-clone diarize --stream --input "$file" --output whole/ > "labels/$(basename "$file" .wav).jsonl"
    done
    python scripts/stream_labels.py labels/ --which first --output first/
    voice-clone evaluate --rttm-ref truth/ --rttm-hyp first/

`first` keeps of each moment the label that came first, `revised` the last one.
"""

import argparse
import itertools
import json
from pathlib import Path

STEPS_PER_S = 100


def label_of_each_step(lines, first: bool) -> dict[int, tuple[str, ...]]:
    """Who speaks in each hundredth of a second."""
    labels = {}
    for line in lines:
        label = json.loads(line)
        if "start_s" not in label:
            continue
        for step in range(round(label["start_s"] * STEPS_PER_S), round(label["end_s"] * STEPS_PER_S)):
            if not (first and step in labels):
                labels[step] = tuple(label["speakers"])
    return labels


def turns(labels: dict[int, tuple[str, ...]]):
    """(start, end, speaker) in steps, in order."""
    speakers = sorted({speaker for label in labels.values() for speaker in label})
    for speaker in speakers:
        steps = sorted(step for step, label in labels.items() if speaker in label)
        for _, run in itertools.groupby(enumerate(steps), key=lambda pair: pair[1] - pair[0]):
            run = [step for _, step in run]
            yield run[0], run[-1] + 1, speaker


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path, help="a folder of .jsonl files")
    parser.add_argument("--which", choices=["first", "revised"], default="revised")
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()

    args.output.mkdir(parents=True, exist_ok=True)
    for path in sorted(args.labels.glob("*.jsonl")):
        labels = label_of_each_step(path.read_text().splitlines(), args.which == "first")
        line = "SPEAKER {} 1 {:.3f} {:.3f} <NA> <NA> {} <NA> <NA>\n"
        found = sorted(turns(labels))
        (args.output / f"{path.stem}.rttm").write_text(
            "".join(
                line.format(path.stem, start / STEPS_PER_S, (end - start) / STEPS_PER_S, speaker)
                for start, end, speaker in found
            )
        )


if __name__ == "__main__":
    main()
