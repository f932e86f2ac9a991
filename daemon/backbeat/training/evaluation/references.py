"""Annotations of real recordings: `time<TAB>label` lines, as MDB Drums has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from backbeat.errors import ConfigError
from backbeat.records import Hit, TimeArray
from backbeat.training.playing.strokes import Stroke
from backbeat.values import Instrument

FAMILY_LABELS: Mapping[str, str] = {"KD": "kick", "SD": "snare", "TT": "toms", "HH": "hihat", "CY": "cymbals"}
"""The five classes, by the names of `engines.net.vocabulary.FAMILIES`. What else an annotation has (OT) is not counted."""

FAMILY_OF_FOUND: Mapping[Instrument, str] = {
    Instrument.KICK: "kick",
    Instrument.SNARE: "snare",
    Instrument.TOM_HIGH: "toms",
    Instrument.TOM_MID: "toms",
    Instrument.TOM_LOW: "toms",
    Instrument.HIHAT_CLOSED: "hihat",
    Instrument.HIHAT_PEDAL: "hihat",
    Instrument.HIHAT_OPEN: "hihat",
    Instrument.RIDE: "cymbals",
    Instrument.RIDE_BELL: "cymbals",
    Instrument.CRASH: "cymbals",
    Instrument.CHINA: "cymbals",
    Instrument.SPLASH: "cymbals",
}
"""Which class a stroke of ours counts for; side sticks count for none, as in the annotations."""

TECHNIQUES: Mapping[str, Instrument] = {
    "KD": Instrument.KICK,
    "SD": Instrument.SNARE,
    "SDB": Instrument.SNARE,  # brush
    "SDD": Instrument.SNARE,  # drag
    "SDF": Instrument.SNARE,  # flam
    "SDG": Instrument.SNARE,  # ghost note
    "SDNS": Instrument.SNARE,  # snares off
    "SST": Instrument.SIDE_STICK,
    "HIT": Instrument.TOM_HIGH,
    "MHT": Instrument.TOM_MID,
    "HFT": Instrument.TOM_LOW,
    "LFT": Instrument.TOM_LOW,
    "CHH": Instrument.HIHAT_CLOSED,
    "PHH": Instrument.HIHAT_PEDAL,
    "OHH": Instrument.HIHAT_OPEN,
    "RDC": Instrument.RIDE,
    "RDB": Instrument.RIDE_BELL,
    "CRC": Instrument.CRASH,
    "CHC": Instrument.CHINA,
    "SPC": Instrument.SPLASH,
}
"""The playing techniques of MDB Drums (Southall and others, ISMIR 2017) as instruments of ours; others are not counted."""

_TOGETHER_S = 1e-4


def read_reference(path: Path) -> dict[str, TimeArray]:
    """Times in seconds per family, rising, each once. Raises ConfigError when the file cannot be read."""
    times: dict[str, list[float]] = {family: [] for family in FAMILY_LABELS.values()}
    for time_s, label in _lines(path):
        if label in FAMILY_LABELS:
            times[FAMILY_LABELS[label]].append(time_s)
    return {family: np.unique(np.array(list_s, np.float64)) for family, list_s in times.items()}


def read_techniques(path: Path) -> list[Stroke]:
    """The strokes of an annotation of playing techniques, by time, each once; how hard they are is not known: velocity 0.

    Raises ConfigError when the file cannot be read.
    """
    return sorted({Stroke(time_s, TECHNIQUES[label], 0) for time_s, label in _lines(path) if label in TECHNIQUES})


def _lines(path: Path) -> list[tuple[float, str]]:
    try:
        parts = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
        return [(float(pair[0]), pair[1]) for pair in parts if len(pair) == 2]
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path} is no annotation: {error}", advice="It has lines of a time in seconds, a tab and a label."
        ) from error


def found_by_family(hits: Iterable[Hit]) -> dict[str, TimeArray]:
    """Times of strokes per family, rising; strokes of one family at one time count once."""
    times: dict[str, list[float]] = {family: [] for family in FAMILY_LABELS.values()}
    for hit in hits:
        if hit.instrument in FAMILY_OF_FOUND:
            times[FAMILY_OF_FOUND[hit.instrument]].append(hit.time_s)
    return {family: _each_once(list_s) for family, list_s in times.items()}


def _each_once(times_s: Sequence[float]) -> TimeArray:
    rising = np.sort(np.array(times_s, np.float64))
    return rising[np.diff(rising, prepend=-np.inf) > _TOGETHER_S]
