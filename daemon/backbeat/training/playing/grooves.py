"""Performances of the Groove MIDI Dataset as strokes, with their tempo and meter.

Source: Gillick, Roberts, Engel, Eck, Bamman: Learning to Groove with Inverse Sequence Transformations, ICML 2019; the bank has
the files and `grooves.csv`.
"""

from __future__ import annotations

import csv
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np

from backbeat.errors import ConfigError
from backbeat.training.playing.strokes import Stroke, tidy
from backbeat.values import Instrument, Meter

TRAINING_SPLITS = frozenset({"train"})
VALIDATION_SPLITS = frozenset({"validation", "test"})
"""The dataset's own splits."""

TD11_NOTES = {
    36: Instrument.KICK,
    38: Instrument.SNARE,
    40: Instrument.SNARE,  # rim shot
    37: Instrument.SIDE_STICK,
    48: Instrument.TOM_HIGH,
    50: Instrument.TOM_HIGH,
    45: Instrument.TOM_MID,
    47: Instrument.TOM_MID,
    43: Instrument.TOM_LOW,
    58: Instrument.TOM_LOW,
    42: Instrument.HIHAT_CLOSED,
    22: Instrument.HIHAT_CLOSED,  # edge of the closed hat
    46: Instrument.HIHAT_OPEN,
    26: Instrument.HIHAT_OPEN,  # edge of the open hat
    44: Instrument.HIHAT_PEDAL,
    49: Instrument.CRASH,
    55: Instrument.CRASH,  # edge of crash 1, not a splash as in General MIDI
    57: Instrument.CRASH,
    52: Instrument.CRASH,  # edge of crash 2, not a china
    51: Instrument.RIDE,
    59: Instrument.RIDE,  # edge of the ride
    53: Instrument.RIDE_BELL,
}
"""What the pads of the Roland TD-11 that the dataset was played on send."""

_FEWEST_STROKES = 12
_DEFAULT_TEMPO = 500_000  # microseconds per quarter note, Standard MIDI File 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Groove:
    """One performance. strokes: sorted by time from 0 s; beat: False for a lone fill."""

    strokes: tuple[Stroke, ...]
    tempo_bpm: float
    meter: Meter
    style: str
    beat: bool

    @property
    def bar_s(self) -> float:
        """How long a bar lasts."""
        return 240.0 / self.tempo_bpm * self.meter.beats / self.meter.unit

    @property
    def duration_s(self) -> float:
        """From the first beat to the end of the bar in which the last stroke falls."""
        return float(np.ceil((self.strokes[-1].time_s + 0.05) / self.bar_s) * self.bar_s)


def load_grooves(root: Path, splits: Collection[str] = TRAINING_SPLITS) -> tuple[Groove, ...]:
    """Read the performances of these splits that `root/grooves/grooves.csv` lists and that have at least 12 strokes.

    Raises ConfigError when the list is missing or nothing in it is of these splits.
    """
    path = root / "grooves" / "grooves.csv"
    if not path.is_file():
        raise ConfigError(f"{path} is missing", advice="Give the folder of a drum bank with --bank.")
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["gmd_split"] in splits]
    read = ((row, midi_to_strokes(root / row["path"])) for row in rows)
    grooves = tuple(_groove(row, strokes) for row, strokes in read if len(strokes) >= _FEWEST_STROKES)
    if not grooves:
        raise ConfigError(f"{path} lists no performance of {', '.join(sorted(splits))}")
    return grooves


def _groove(row: dict[str, str], strokes: list[Stroke]) -> Groove:
    return Groove(
        strokes=tuple(strokes),
        tempo_bpm=float(row["bpm"]),
        meter=Meter.parse(row["time_signature"].replace("-", "/")),
        style=row["style"],
        beat=row["beat_type"] == "beat",
    )


def midi_to_strokes(path: Path) -> list[Stroke]:
    """The strokes of a TD-11 recording, tidied, times from the start of the file.

    The recordings have one tempo each. Tracks are read one by one: mido's merged view copies each of a thousand pedal movements.
    """
    midi = mido.MidiFile(path)
    tempos = [message.tempo for track in midi.tracks for message in track if message.type == "set_tempo"]
    tick_s = (tempos[0] if tempos else _DEFAULT_TEMPO) / 1_000_000 / midi.ticks_per_beat
    strokes = []
    for track in midi.tracks:
        ticks = 0
        for message in track:
            ticks += message.time
            if message.type == "note_on" and message.velocity and message.note in TD11_NOTES:
                strokes.append(Stroke(ticks * tick_s, TD11_NOTES[message.note], message.velocity))
    return tidy(strokes)


def draw_window(rng: np.random.Generator, groove: Groove, *, start_s: float, stop_s: float) -> list[Stroke]:
    """A random stretch of the performance at 0.7 to 1.15 of its speed, from `start_s` to `stop_s`, repeated where too short.

    Repeats follow one another on the bar.
    """
    speed = rng.uniform(0.7, 1.15)
    span_s = stop_s - start_s
    length_s = groove.duration_s
    times_s = np.array([stroke.time_s for stroke in groove.strokes])
    offset_s = rng.uniform(0, max(length_s - span_s * speed, groove.bar_s)) if groove.beat else 0.0
    rounds = int(np.ceil((offset_s + span_s * speed) / length_s))
    out: list[Stroke] = []
    for turn in range(rounds):
        placed_s = (times_s + turn * length_s - offset_s) / speed + start_s
        inside = np.flatnonzero((placed_s >= start_s) & (placed_s < stop_s))
        out += [groove.strokes[index]._replace(time_s=float(placed_s[index])) for index in inside]
    return tidy(out)
