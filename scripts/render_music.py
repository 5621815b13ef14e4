"""Music that nobody composed: chords, melodies, basses and drums drawn by chance and played by recorded instruments, one
to six at once. `diarize` learns from it what is no voice (scripts/music.py); as a folder of a corpus it is a collection of
background sounds.

    python scripts/render_music.py --output music/ --count 300

Needs mido, numpy, soundfile, and FluidSynth with a General MIDI sound font (Debian: fluidsynth, fluid-soundfont-gm, MIT
licence). Every sixth piece is named 4-..., the others 1-..., as ESC-50's folds are: a recipe can keep the former for
measuring.
"""

import argparse
import random
import subprocess
import tempfile
from pathlib import Path

import mido
import numpy as np
import soundfile

RATE = 16000
TICKS = 480
SCALES = [
    [0, 2, 4, 5, 7, 9, 11],
    [0, 2, 3, 5, 7, 8, 10],
    [0, 2, 3, 5, 7, 8, 11],
    [0, 2, 4, 7, 9],
    [0, 3, 5, 7, 10],
    [0, 2, 3, 5, 7, 9, 10],
]
# Voices that sing are among them; telephones, birds and applause are not.
INSTRUMENTS = range(0, 120)
BASSES = range(32, 40)
DRUMS = 9
# What is drawn out, such as strings, winds, organs and voices, is most like speech.
DRAWN_OUT = [*range(16, 24), *range(40, 45), 48, 49, 50, 51, 52, 53, 54, *range(56, 80), *range(80, 96)]


class Piece:
    """Notes and controls by the tick at which they happen."""

    def __init__(self, rng):
        self.rng = rng
        self.events = []
        self.tonic = rng.randrange(12)
        self.scale = rng.choice(SCALES)
        self.bars = [rng.randrange(len(self.scale)) for _ in range(rng.choice([2, 4, 4, 8]))]
        self.tempo = rng.uniform(50, 170)
        self.beats = rng.choice([3, 4, 4, 4])

    def add(self, tick, kind, **what):
        self.events.append((max(0, int(tick)), mido.Message(kind, **what)))

    def pitch(self, degree, octave):
        octaves, step = divmod(degree, len(self.scale))
        return min(108, max(24, self.tonic + 12 * (octave + octaves) + self.scale[step]))

    def note(self, channel, pitch, tick, ticks, loudness):
        velocity = min(127, max(15, int(loudness + self.rng.gauss(0, 8))))
        begin = tick + self.rng.gauss(0, 6)
        self.add(begin, "note_on", channel=channel, note=pitch, velocity=velocity)
        self.add(begin + max(30, ticks), "note_off", channel=channel, note=pitch)

    def chords(self, channel, ticks):
        """Held, or struck every so often, or one note after the other."""
        octave, size = self.rng.choice([3, 4, 5]), self.rng.choice([2, 3, 3, 4])
        manner, loudness = self.rng.choice(["held", "struck", "broken"]), self.rng.uniform(45, 95)
        bar, part = TICKS * self.beats, self.rng.choice([TICKS // 2, TICKS, TICKS // 3])
        for number, begin in enumerate(range(0, ticks, bar)):
            root = self.bars[number % len(self.bars)]
            pitches = [self.pitch(root + 2 * index, octave) for index in range(size)]
            if manner == "held":
                for pitch in pitches:
                    self.note(channel, pitch, begin, bar * self.rng.uniform(0.8, 1.05), loudness)
                continue
            for index, tick in enumerate(range(begin, begin + bar, part)):
                for pitch in pitches if manner == "struck" else [pitches[index % size]]:
                    self.note(channel, pitch, tick, part * self.rng.uniform(0.4, 1.5), loudness)

    def melody(self, channel, ticks):
        """A walk on the scale in phrases, with the pauses, swells and bends of somebody who plays it."""
        octave, loudness = self.rng.choice([4, 5, 5, 6]), self.rng.uniform(60, 110)
        degree, tick, leap = 0, 0, self.rng.choice([1, 2, 4])
        lengths = self.rng.choice([[1, 1, 2, 0.5], [0.5, 0.5, 1, 0.25], [2, 3, 1], [1 / 3, 2 / 3, 1]])
        bends, vibrato = self.rng.random() < 0.4, self.rng.random() < 0.5
        while tick < ticks:
            length = int(self.rng.choice(lengths) * TICKS)
            if self.rng.random() < 0.15:
                tick += length * self.rng.choice([1, 2])
                continue
            degree = max(-7, min(9, degree + self.rng.randint(-leap, leap)))
            self.note(channel, self.pitch(degree, octave), tick, length * self.rng.uniform(0.5, 1.1), loudness)
            if bends and self.rng.random() < 0.3:
                start = self.rng.randrange(-4000, 4000)
                for step in range(9):
                    self.add(tick + step * 15, "pitchwheel", channel=channel, pitch=start * (8 - step) // 8)
            if vibrato and length >= TICKS:
                self.add(tick, "control_change", channel=channel, control=1, value=0)
                self.add(tick + length // 3, "control_change", channel=channel, control=1, value=self.rng.randrange(20, 110))
            tick += length

    def bass(self, channel, ticks):
        loudness, part = self.rng.uniform(60, 100), self.rng.choice([TICKS, TICKS // 2, 2 * TICKS])
        for tick in range(0, ticks, part):
            root = self.bars[tick // (TICKS * self.beats) % len(self.bars)]
            self.note(channel, self.pitch(root + self.rng.choice([0, 0, 0, 4]), 2), tick, part * 0.9, loudness)

    def drums(self, ticks):
        patterns = [(36, [0, 2]), (38, [1, 3]), (self.rng.choice([42, 51]), [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5])]
        patterns += [(self.rng.choice([45, 47, 54, 56, 60, 64, 69, 75]), [self.rng.uniform(0, 3.9) // 0.25 * 0.25])]
        loudness = self.rng.uniform(50, 110)
        for begin in range(0, ticks, TICKS * self.beats):
            for drum, beats in patterns:
                for beat in (beat for beat in beats if beat < self.beats and self.rng.random() < 0.93):
                    self.note(DRUMS, drum, begin + beat * TICKS, 60, loudness)

    def swell(self, channel, ticks):
        value = 100
        for tick in range(0, ticks, TICKS // 2):
            value = max(30, min(127, value + self.rng.randint(-12, 12)))
            self.add(tick, "control_change", channel=channel, control=11, value=value)

    def compose(self, seconds):
        ticks = int(seconds * self.tempo / 60 * TICKS)
        alone = self.rng.random() < 0.35
        parts = ["melody"] if alone else ["chords"] * self.rng.choice([0, 1, 1, 2]) + ["melody"] * self.rng.choice([0, 1, 1, 2])
        for channel, part in enumerate(parts or ["chords"]):
            instrument = self.rng.choice(DRAWN_OUT if self.rng.random() < 0.5 else list(INSTRUMENTS))
            self.add(0, "program_change", channel=channel, program=instrument)
            self.add(0, "control_change", channel=channel, control=91, value=self.rng.randrange(0, 110))
            getattr(self, part)(channel, ticks)
            if self.rng.random() < 0.5:
                self.swell(channel, ticks)
        if not alone and self.rng.random() < 0.5:
            self.add(0, "program_change", channel=8, program=self.rng.choice(list(BASSES)))
            self.bass(8, ticks)
        if not alone and self.rng.random() < 0.5:
            self.drums(ticks)

    def midi(self):
        track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(self.tempo))])
        now = 0
        for tick, message in sorted(self.events, key=lambda event: event[0]):
            track.append(message.copy(time=tick - now))
            now = tick
        return mido.MidiFile(ticks_per_beat=TICKS, tracks=[track])


def render(piece, seconds, soundfont):
    with tempfile.TemporaryDirectory() as folder:
        midi, sound = Path(folder, "piece.mid"), Path(folder, "piece.wav")
        piece.midi().save(midi)
        command = ["fluidsynth", "-ni", "-q", "-g", "0.4", "-r", str(RATE), "-F", sound, soundfont, midi]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        samples, _ = soundfile.read(sound, dtype="float32")
    return samples.mean(axis=1)[: int(seconds * RATE)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", required=True, type=Path)
    parser.add_argument("--count", type=int, default=240)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--soundfont", default="/usr/share/sounds/sf2/FluidR3_GM.sf2")
    args = parser.parse_args()

    args.output.mkdir(parents=True, exist_ok=True)
    for number in range(args.count):
        piece = Piece(random.Random(f"{args.seed} {number}"))
        piece.compose(args.seconds)
        samples = render(piece, args.seconds, args.soundfont)
        peak = np.abs(samples).max(initial=0.0)
        if peak < 1e-3:
            continue
        name = f"{4 if number % 6 == 5 else 1}-{number:04}.flac"
        soundfile.write(args.output / name, samples / peak * 0.5, RATE)


if __name__ == "__main__":
    main()
