"""From a song's recipe to its samples: melody, chords, bass, drums, and the mix; jingles and babble too.

What belongs here: which note is played when. What does not: how it sounds (`instruments`), which songs there
are and where their files go (`compose`). Everything is drawn from the seed: the same seed, the same recording.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from tagger_platform.demo.instruments import GLASS_BELL, RATE, STRINGS, Drums, Instrument, Sound, as_sound, noise, swell

PEAK = 0.707  # -3 dB: room for what encoders add
LEAD_IN_S = 0.05  # before the first note, so that no attack is cut
RING_OUT_S = 1.5  # after the last bar
STEPS_PER_BEAT = 4

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "harmonic": (0, 2, 3, 5, 7, 8, 11),
}
RHYTHMS = {  # lengths of a bar's melody notes, in beats, for songs of three and of four beats
    3: ((1, 1, 1), (2, 1), (1.5, 0.5, 1), (1, 0.5, 0.5, 1), (0.5, 0.5, 0.5, 0.5, 1), (1, 2)),
    4: (
        *((1, 1, 1, 1), (1.5, 0.5, 1, 1), (2, 1, 1), (0.5, 0.5, 1, 2), (1, 0.5, 0.5, 1.5, 0.5), (1.5, 1.5, 1)),
        *((0.5, 0.5, 0.5, 0.5, 1, 1), (0.75, 0.75, 0.5, 1, 1), (3, 0.5, 0.5)),
    ),
}
BEATS = {  # kick, snare and hat, one character a step: x always, o sometimes
    "floor": ("x...x...x...x..o", "....x..o....x...", "..x...x...x...xo"),
    "rock": ("x.....o.x.x..o..", "....x.......x..o", "x.x.x.x.x.x.x.xo"),
    "half": ("x.....x...o.....", "........x.....o.", "x.xox.x.x.xox.xo"),
    "bossa": ("x.....x.x.....x.", "x..x..x...x..x.o", "x.xox.xox.xox.xo"),
    "waltz": ("x.......o...", "....o...x.o.", "x...x.o.x.o."),
    "brush": ("x.........o.....", "....o..o....o..o", "x..ox.x.x..ox.xo"),
}
PLAN = (("intro", 2), ("verse", 7), ("chorus", 7), ("bridge", 4))  # bars; the chorus comes again until the end


@dataclass(frozen=True)
class Song:
    """What makes a song this song. `root` is the MIDI key of its tonic, chords are scale degrees, a bar each."""

    root: int
    scale: str
    bpm: float
    verse: tuple[int, ...]
    chorus: tuple[int, ...]
    lead: Instrument
    chords: Instrument
    bass: Instrument
    beat: str
    pad: Instrument = STRINGS
    swing: float = 0.0
    broken_chords: bool = True
    beats: int = 4
    seconds: float = 62

    def hertz(self, degree: int) -> float:
        octave, step = divmod(degree, 7)
        return float(440 * 2 ** ((self.root + 12 * octave + SCALES[self.scale][step] - 69) / 12))


class Mix:
    """A stereo tape that sounds are laid on."""

    def __init__(self, seconds: float) -> None:
        self.tape = np.zeros((int(seconds * RATE), 2), dtype=np.float32)

    def lay(self, sound: Sound, at_s: float, gain: float, pan: float = 0.0) -> None:
        start = int((at_s + LEAD_IN_S) * RATE)
        sound = sound[: max(0, len(self.tape) - start)]
        angle = (pan + 1) * np.pi / 4
        sides = np.array([np.cos(angle), np.sin(angle)], dtype=np.float32) * gain
        self.tape[start : start + len(sound)] += sound[:, None] * sides

    def master(self, echo_s: float) -> NDArray[np.float32]:
        """A room, an echo that swaps sides, gentle saturation, a fade at the end; the peak at -3 dB."""
        wet = self.tape.copy()
        taps = ((0.0231, 0.20), (0.0377, 0.17), (0.0613, 0.13), (0.0971, 0.09), (echo_s, 0.16), (2 * echo_s, 0.07))
        for delay_s, gain in taps:
            shift = int(delay_s * RATE)
            wet[shift:] += gain * self.tape[:-shift, ::-1]
        wet = np.tanh(wet / (1.5 * float(np.percentile(np.abs(wet[::7]), 99.5))))
        wet *= swell(len(wet), 0.002, RING_OUT_S)[:, None]
        return as_sound(wet * (PEAK / float(np.max(np.abs(wet)))))


@lru_cache(maxsize=2000)
def note(instrument: Instrument, hertz: float, seconds: float) -> Sound:
    return instrument(hertz, seconds)


class Arrangement:
    """Plays one song on a mix, bar by bar. No bar's melody comes twice, so no stretch of the song repeats."""

    def __init__(self, song: Song, seed: int) -> None:
        self.song = song
        self.rng = np.random.default_rng(seed)
        self.bar_s = song.beats * 60 / song.bpm
        self.bars = round((song.seconds - RING_OUT_S) / self.bar_s)
        self.mix = Mix(self.bars * self.bar_s + RING_OUT_S + LEAD_IN_S)
        kick, snare, rattle, hat = self.rng.uniform(size=4)
        drums = Drums(46 + 20 * kick, 150 + 90 * snare, 0.03 + 0.05 * rattle, 0.008 + 0.03 * hat, seed)
        self.kit = (drums.kick(), drums.snare(), drums.hat())
        self.degree = 4
        self.heard: set[tuple[tuple[float, ...], tuple[int, ...]]] = set()

    def play(self) -> NDArray[np.float32]:
        for bar, (section, chord) in enumerate(self._form()):
            start = bar * self.bar_s
            last = bar == self.bars - 1
            self._pad(start, chord, section)
            if last:
                self._strum(start, chord)
                continue
            self._melody(start, chord, section)
            self._chords(start, chord, section)
            self._bass(start, chord, section)
            self._drums(start, section, fill=bar % 4 == 3)
        note.cache_clear()  # no other song has these lengths; it would only be memory
        return self.mix.master(echo_s=1.5 * self.bar_s / self.song.beats)

    def _form(self) -> Iterator[tuple[str, int]]:
        """Section and chord of every bar; it ends at home."""
        sections = [name for name, bars in PLAN for _ in range(bars)]
        sections += ["chorus"] * max(0, self.bars - len(sections))
        for bar, section in enumerate(sections[: self.bars]):
            progression = self.song.chorus if section in ("chorus", "bridge") else self.song.verse
            yield section, 0 if bar == self.bars - 1 else progression[bar % len(progression)]

    def _at(self, start: float, step: float) -> float:
        """When a step of a bar sounds: swung, and never quite as a machine would."""
        late = self.song.swing / STEPS_PER_BEAT if step % 2 >= 1 else 0.0
        exact = start + (step + late * 2) * self.bar_s / (self.song.beats * STEPS_PER_BEAT)
        return max(0.0, exact + float(self.rng.normal(0, 0.004)))

    def _phrase(self, chord: int) -> tuple[tuple[float, ...], tuple[int, ...]]:
        """A bar's rhythm and degrees: strong notes fall on the chord, the others walk; drawn until it is new."""
        while True:
            palette = RHYTHMS[self.song.beats]
            rhythm = palette[int(self.rng.integers(len(palette)))]
            degree, degrees, beat = self.degree, [], 0.0
            for length in rhythm:
                degree += int(self.rng.choice((-2, -1, -1, 1, 1, 2)))
                degree += -3 if degree > 10 else 3 if degree < 1 else 0
                if beat % 2 == 0:
                    degree = min((chord + k for k in (-7, -5, -3, 0, 2, 4, 7, 9)), key=lambda tone: abs(tone - degree))
                degrees.append(degree)
                beat += length
            phrase = (tuple(map(float, rhythm)), tuple(degrees))
            if phrase not in self.heard:
                self.heard.add(phrase)
                self.degree = degree
                return phrase

    def _melody(self, start: float, chord: int, section: str) -> None:
        rhythm, degrees = self._phrase(chord)
        lift = 7 if section == "chorus" and self.song.root < 62 else 0
        beat = 0.0
        for length, degree in zip(rhythm, degrees, strict=True):
            seconds = round(length * self.bar_s / self.song.beats * 0.92, 3)
            sound = note(self.song.lead, self.song.hertz(degree + lift), seconds)
            self.mix.lay(sound, self._at(start, beat * STEPS_PER_BEAT), float(self.rng.uniform(0.36, 0.46)), 0.1)
            beat += length

    def _chords(self, start: float, chord: int, section: str) -> None:
        tones = [chord + k - 7 for k in (0, 2, 4, 7)]
        steps = self.song.beats * STEPS_PER_BEAT
        if self.song.broken_chords or section == "bridge":
            for step in range(0, steps, 2):
                sound = note(self.song.chords, self.song.hertz(int(self.rng.choice(tones)) + 7 * (step % 8 == 6)), 0.4)
                self.mix.lay(sound, self._at(start, step), float(self.rng.uniform(0.12, 0.2)), -0.45)
            return
        for step in (s for s in range(0, steps, 2) if s % 8 == 4 or self.rng.uniform() < 0.3):
            for tone in tones[:3]:
                sound = note(self.song.chords, self.song.hertz(tone + 7), 0.22)
                self.mix.lay(sound, self._at(start, step), 0.12, -0.4)

    def _pad(self, start: float, chord: int, section: str) -> None:
        gain = 0.07 if section == "verse" else 0.11
        for side, tone in enumerate((chord - 7, chord - 5, chord - 3, chord + 6)):
            sound = note(self.song.pad, self.song.hertz(tone), round(self.bar_s, 3))
            self.mix.lay(sound, start, gain, -0.6 + 0.4 * side)

    def _bass(self, start: float, chord: int, section: str) -> None:
        if section == "intro":
            return
        for beat in range(self.song.beats):
            if beat and self.rng.uniform() < 0.25:
                continue
            degree = chord if beat == 0 else chord + int(self.rng.choice((0, 0, 2, 4, 7, -3)))
            sound = note(self.song.bass, self.song.hertz(degree - 14), round(0.85 * self.bar_s / self.song.beats, 3))
            self.mix.lay(sound, self._at(start, beat * STEPS_PER_BEAT), 0.42)

    def _drums(self, start: float, section: str, fill: bool) -> None:
        for part, (sound, pattern) in enumerate(zip(self.kit, BEATS[self.song.beat], strict=True)):
            if section in ("intro", "bridge") and part < 2:
                continue
            for step, mark in enumerate(pattern):
                rolling = fill and part == 1 and step >= len(pattern) - 4
                chance = 0.6 if rolling else {"x": 1.0, "o": 0.35, ".": 0.03}[mark]
                if self.rng.uniform() < chance:
                    gain = (0.6, 0.34, 0.16)[part] * float(self.rng.uniform(0.75, 1.0))
                    self.mix.lay(sound, self._at(start, step), gain, (0.0, -0.1, 0.35)[part])

    def _strum(self, start: float, chord: int) -> None:
        for number, tone in enumerate((chord, chord + 2, chord + 4, chord + 7)):
            sound = note(self.song.chords, self.song.hertz(tone), round(self.bar_s, 3))
            self.mix.lay(sound, start + 0.06 * number, 0.25, -0.3 + 0.2 * number)
        self.mix.lay(note(self.song.bass, self.song.hertz(chord - 14), round(self.bar_s, 3)), start, 0.4)


def jingle(seed: int, seconds: float) -> NDArray[np.float32]:
    """A station's ident: a run of bells up to a held chord, with a swish underneath."""
    rng = np.random.default_rng(seed)
    song = Song(int(rng.integers(58, 66)), "lydian", 120, (0,), (0,), GLASS_BELL, GLASS_BELL, STRINGS, "floor")
    mix = Mix(seconds)
    hiss = noise(1.6, seed)
    mix.lay(as_sound(lfilter([0.3], [1, -0.7], hiss) * swell(hiss.size, 1.3, 0.3)), 0.0, 0.12)
    at_s = 0.1
    for degree in (int(d) for d in np.cumsum(rng.choice((-2, 1, 2, 2, 3), size=9))):
        mix.lay(note(GLASS_BELL, song.hertz(degree % 14), 0.5), at_s, 0.4, float(rng.uniform(-0.5, 0.5)))
        at_s += float(rng.choice((0.15, 0.2, 0.3)))
    for number, degree in enumerate((-7, 0, 2, 4, 8)):
        mix.lay(note(STRINGS, song.hertz(degree), seconds - at_s - 1.2), at_s, 0.3, -0.6 + 0.3 * number)
        mix.lay(note(GLASS_BELL, song.hertz(degree + 7), 2.0), at_s + 0.08 * number, 0.35)
    return mix.master(echo_s=0.29)
