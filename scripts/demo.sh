#!/usr/bin/env bash
# The main job from end to end: two built-in voices record a conversation; it is processed, a voice is trained from
# one of its speakers, says a sentence, and is evaluated against recordings that training has not seen.
#
#   scripts/demo.sh <voice-clone> <output folder>
set -euo pipefail
vc=$(realpath "$1")
out=$2
texts=$(dirname "$0")/../datasets/demo
# The demonstration keeps its voices to itself.
export VOICE_CLONE_VOICES_DIR=$PWD/$out/voices

rm -rf "$out"
mkdir -p "$out"
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

record() { # speaker, built-in voice
  local speaker=$1 voice=$2 line number=0
  mkdir -p "$out/recordings/$speaker"
  while IFS= read -r line; do
    number=$((number + 1))
    local file
    file=$(printf '%s/recordings/%s/%02d' "$out" "$speaker" "$number")
    "$vc" generate -q --text "$line" --voice "$voice" --output "$file.wav"
    printf '%s\n' "$line" >"$file.txt"
  done <"$texts/$speaker.txt"
  echo "  $speaker: $number sentences"
}

say "1. Recording a conversation of two built-in voices"
record anna heart
record ben adam
# The last three of Anna's sentences are kept for the evaluation.
mkdir -p "$out/held-out"
for number in 14 15 16; do mv "$out/recordings/anna/$number".* "$out/held-out/"; done

say "2. process: level, find speech, cut into utterances"
"$vc" process --input "$out/recordings/anna" --output "$out/data/anna" --speaker anna
"$vc" process --input "$out/recordings/ben" --output "$out/data/ben" --speaker ben

say "3. train: a voice from one of the speakers"
"$vc" train --input "$out/data/anna" --model anna --gpu none

say "4. generate: a sentence that she never said"
"$vc" generate --text "Nothing of this was sent anywhere: the voice was made on your own machine, in $(date +%Y)." \
  --voice anna --output "$out/anna-says.wav"
"$vc" generate --text "And this is imitated from a single recording, without any training." \
  --voice "$out/recordings/ben/03.wav" --output "$out/ben-imitated.flac"

say "5. evaluate: against recordings that training has not seen"
"$vc" evaluate --model anna --test-data "$out/held-out" --output "$out/report.json"

say "Listen to and look at"
ls -1 "$out/recordings/anna/01.wav" "$out/recordings/ben/01.wav" "$out"/data/anna/processed/normalized/* \
  "$out/anna-says.wav" "$out/ben-imitated.flac" "$out/report.json" "$out/data/anna/metadata/report.json" | sed 's/^/  /'
