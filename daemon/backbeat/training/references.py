"""Annotations of real recordings: `time<TAB>label` lines, as MDB Drums has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from backbeat.errors import ConfigError
from backbeat.records import Hits, TimeArray
from backbeat.values import Instrument

FAMILY_LABELS: Mapping[str, str] = {"KD": "kick", "SD": "snare", "TT": "toms", "HH": "hihat", "CY": "cymbals"}
"""The five classes, by the names of `engines.net_vocabulary.FAMILIES`. What else an annotation has (OT) is not counted."""

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

_TOGETHER_S = 1e-4


def read_reference(path: Path) -> dict[str, TimeArray]:
    """Times in seconds per family, rising, each once. Raises ConfigError when the file cannot be read."""
    times: dict[str, list[float]] = {family: [] for family in FAMILY_LABELS.values()}
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            parts = line.split()
            if len(parts) == 2 and parts[1] in FAMILY_LABELS:
                times[FAMILY_LABELS[parts[1]]].append(float(parts[0]))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path} is no annotation: {error}", advice="It has lines of a time in seconds, a tab and a label."
        ) from error
    return {family: np.unique(np.array(list_s, np.float64)) for family, list_s in times.items()}


def found_by_family(hits: Hits) -> dict[str, TimeArray]:
    """Times of strokes per family, rising; strokes of one family at one time count once."""
    times: dict[str, list[float]] = {family: [] for family in FAMILY_LABELS.values()}
    for hit in hits:
        if hit.instrument in FAMILY_OF_FOUND:
            times[FAMILY_OF_FOUND[hit.instrument]].append(hit.time_s)
    return {family: _each_once(list_s) for family, list_s in times.items()}


def _each_once(times_s: Sequence[float]) -> TimeArray:
    rising = np.sort(np.array(times_s, np.float64))
    return rising[np.diff(rising, prepend=-np.inf) > _TOGETHER_S]
