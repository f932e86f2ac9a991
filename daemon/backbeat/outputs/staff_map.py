"""Where each drum stands on the staff, with which notehead and in which voice: tables in `presets/notation-NAME.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from backbeat.errors import PresetError
from backbeat.outputs.note_map import NOTATION_PREFIX
from backbeat.resources import presets_folder
from backbeat.values import Instrument

_STEPS = "CDEFGAB"


class Limb(StrEnum):
    """The two voices of a drum part: hands have stems up, feet down."""

    HANDS = "hands"
    FEET = "feet"


STEMS: Mapping[Limb, str] = {Limb.HANDS: "up", Limb.FEET: "down"}


class Notehead(StrEnum):
    """MusicXML's names of the heads that drum parts use."""

    NORMAL = "normal"
    CROSS = "x"
    CIRCLED_CROSS = "circle-x"
    DIAMOND = "diamond"


@dataclass(frozen=True, kw_only=True)
class StaffPlace:
    """step, octave: as if the staff had a treble clef. label: the instrument's name in the score."""

    step: str
    octave: int
    head: Notehead
    limb: Limb
    label: str

    @property
    def height(self) -> int:
        """Rises by one with each staff place."""
        return 7 * self.octave + _STEPS.index(self.step)


StaffMap = Mapping[Instrument, StaffPlace]


@lru_cache(maxsize=8)
def load_staff_map(name: str = "standard") -> StaffMap:
    """The shipped staff map `name`, with a place for every instrument; raises PresetError that lists every mistake."""
    path = presets_folder() / f"{NOTATION_PREFIX}{name}.toml"
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["places"]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError) as error:
        raise PresetError(f"The staff map {path} cannot be read: {error}.") from error
    places: dict[Instrument, StaffPlace] = {}
    mistakes: list[str] = []
    for instrument in Instrument:
        try:
            places[instrument] = _place(rows[instrument])
        except (KeyError, ValueError, TypeError) as error:
            mistakes.append(f"{instrument}: {error}")
    if mistakes:
        raise PresetError(f"The staff map {path} has mistakes: {'; '.join(mistakes)}.")
    return places


def _place(row: Mapping[str, str | int]) -> StaffPlace:
    step = str(row["step"])
    if step not in _STEPS:
        raise ValueError(f"step {step!r} is not one of {', '.join(_STEPS)}")
    return StaffPlace(
        step=step,
        octave=int(row["octave"]),
        head=Notehead(str(row["head"])),
        limb=Limb(str(row["voice"])),
        label=str(row["label"]),
    )
