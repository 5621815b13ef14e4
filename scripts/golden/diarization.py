#!/usr/bin/env python3
"""Golden figures for scoring diarization: random turns, and the corpus' meetings against a spoilt copy of themselves,
as `pyannote.metrics` scores them.

    diarization.py --meetings DIR --output tests/data/golden/diarization.json     (needs: pyannote.metrics)
"""

import argparse
import json
import pathlib
import random

from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate, JaccardErrorRate


def random_turns(draw, speakers, count, length=60.0):
    """(start, duration, speaker), in milliseconds; a speaker's turns don't overlap each other."""
    turns, free = [], {}
    for _ in range(count):
        speaker = draw.choice(speakers)
        start = free.get(speaker, 0) + draw.randrange(0, 8000)
        duration = draw.randrange(100, 5000)
        if (start + duration) / 1000 < length:
            turns.append((start, duration, speaker))
            free[speaker] = start + duration + 1
    return turns


def spoilt(turns):
    """Every fifth turn is missing, the others are late by 0.3 s, and every seventh is someone else's.

    Nobody overlaps himself: pyannote.metrics counts such time twice, `dscore` and this program once."""
    return [(start + 300, duration, f"other{index}" if index % 7 == 6 else speaker)
            for index, (start, duration, speaker) in enumerate(turns) if index % 5 != 4]


def annotation(turns):
    made = Annotation()
    for index, (start, duration, speaker) in enumerate(turns):
        made[Segment(start / 1000, (start + duration) / 1000), index] = speaker
    return made


def rttm(turns):
    return "".join(f"SPEAKER x 1 {start / 1000:.3f} {duration / 1000:.3f} <NA> <NA> {speaker} <NA> <NA>\n"
                   for start, duration, speaker in turns)


def expected(reference, hypothesis, collar, skip_overlap, until):
    # pyannote's collar is the width on both sides together.
    rules = {"collar": 2 * collar, "skip_overlap": skip_overlap}
    uem = Timeline([Segment(0, until if until else 1e6)])
    found = DiarizationErrorRate(**rules)(annotation(reference), annotation(hypothesis), uem=uem, detailed=True)
    jaccard = JaccardErrorRate(**rules)(annotation(reference), annotation(hypothesis), uem=uem)
    return {
        "speech_s": found["total"], "missed_s": found["missed detection"], "false_alarm_s": found["false alarm"],
        "confusion_s": found["confusion"], "jaccard_error_rate": jaccard,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meetings", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    args = parser.parse_args()
    draw = random.Random(4)
    cases = []
    for number in range(24):
        people = [f"p{index}" for index in range(1 + number % 5)]
        reference = random_turns(draw, people, 6 + number)
        hypothesis = random_turns(draw, ["a", "b", "c"], 20) if number % 2 else spoilt(reference)
        rules = {"collar": [0.0, 0.25, 0.1][number % 3], "skip_overlap": number % 4 == 3, "until": 30 if number % 7 == 6 else None}
        cases.append({"reference": rttm(reference), "hypothesis": rttm(hypothesis), **rules,
                      "expected": expected(reference, hypothesis, **rules)})
    meetings = {}
    for path in sorted(args.meetings.glob("*.rttm")):
        lines = [line.split() for line in path.read_text().splitlines()]
        turns = [(round(float(line[3]) * 1000), round(float(line[4]) * 1000), line[7]) for line in lines]
        meetings[path.stem] = expected(turns, spoilt(turns), 0.0, False, 30)
    args.output.write_text(json.dumps({"cases": cases, "meetings": meetings}, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
