#!/usr/bin/env python3
"""Turns the names of emoji into models/lexicon/emoji.txt, which the binary embeds.

    pip download --no-deps emoji==2.16.0 && unzip emoji-2.16.0-py3-none-any.whl
    scripts/build_emoji.py emoji/unicode_codes/emoji.json models/lexicon/emoji.txt

One emoji a line, sorted by bytes: `emoji<TAB>name`. Joiners, variation selectors and skin tones are left out of the
emoji, as they are before it is looked up. Names are those of Unicode's emoji-test.txt, in words.
"""

import json
import re
import sys
import unicodedata

FULLY_QUALIFIED = 2
DROPPED = {0x200D, 0xFE0F, *range(0x1F3FB, 0x1F400)}


def bare(emoji):
    """The characters by which the emoji is looked up."""
    return "".join(c for c in emoji if ord(c) not in DROPPED)


def words(name):
    """`:thumbs_up:` as `thumbs up`: letters, digits and spaces."""
    plain = unicodedata.normalize("NFKD", name.replace("\u2019", "'"))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = re.sub(r"\(.*?\)", "", plain.strip(":"))
    return re.sub(r"[^A-Za-z0-9' ]+", " ", plain.replace("_", " ")).strip().lower()


def main():
    source, target = sys.argv[1:]
    names = {}
    with open(source, encoding="utf-8") as file:
        emojis = json.load(file)
    # The plain one before those with a skin tone, which share its key.
    for emoji, entry in sorted(emojis.items(), key=lambda item: (len(item[0]), item[0])):
        key = bare(emoji)
        # What has an equal in plain letters, digits or signs is read as that.
        plain = unicodedata.normalize("NFKC", key) != key or key[:1].isascii() or key in "©®™"
        if entry["status"] != FULLY_QUALIFIED or not key or plain:
            continue
        flag = len(key) == 2 and all(0x1F1E6 <= ord(c) <= 0x1F1FF for c in key)
        name = words(entry["en"])
        names.setdefault(key, f"flag of {name}" if flag else name)
    with open(target, "w", encoding="utf-8", newline="\n") as out:
        for key in sorted(names, key=lambda key: key.encode()):
            out.write(f"{key}\t{names[key]}\n")
    print(f"{len(names)} emoji")


if __name__ == "__main__":
    main()
