"""Where each drum stands on the staff, with which notehead and in which voice: tables in `presets/notation-NAME.toml`.

There is no universal drum notation, so a user may write tables of their own, in the user's preset folder. A file has `name`
(the same as the file's, without `notation-`), `title` (for people), `source` (where the places come from), `hat_marks`
(`HatMarks`) and the table `[places]` with a row for every instrument:

    snare = { step = "C", octave = 5, head = "normal", voice = "hands", label = "Snare Drum" }
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from backbeat.errors import PresetError
from backbeat.outputs.notation.staff_map_table import STEPS, HatMarks, Limb, Notehead, mistakes_in
from backbeat.outputs.preset_files import NOTATION_PREFIX, notation_files, preset_file
from backbeat.toml_text import TOMLDecodeError, parse_toml
from backbeat.values import Instrument

STANDARD = "standard"

STEMS: Mapping[Limb, str] = {Limb.HANDS: "up", Limb.FEET: "down"}


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
        return 7 * self.octave + STEPS.index(self.step)


@dataclass(frozen=True, kw_only=True)
class StaffMap:
    """One table. places: one for every instrument."""

    name: str
    title: str
    source: str
    hat_marks: HatMarks
    places: Mapping[Instrument, StaffPlace]


def staff_map_names(user_folder: Path | None = None) -> tuple[str, ...]:
    """The names there are, sorted: the shipped ones, and the user's."""
    return tuple(sorted(notation_files(user_folder)))


def load_staff_map(name: str = STANDARD, user_folder: Path | None = None) -> StaffMap:
    """The staff map `name`; the user's own file goes before a shipped one of the same name.

    Raises PresetError that lists every mistake in the file, or the names there are.
    """
    return read_staff_map(preset_file(name, notation_files(user_folder), "staff map"))


def read_staff_map(path: Path) -> StaffMap:
    """The staff map in the file `path`; raises PresetError that lists every mistake in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PresetError(f"The staff map {path} cannot be read: {error}.") from error
    return _staff_map(text, path)


@lru_cache(maxsize=8)
def _staff_map(text: str, path: Path) -> StaffMap:
    try:
        table = parse_toml(text)
    except TOMLDecodeError as error:
        raise PresetError(f"The staff map {path} cannot be read: {error}.") from error
    mistakes = mistakes_in(table, path.stem.removeprefix(NOTATION_PREFIX))
    if mistakes:
        raise PresetError(
            f"The staff map {path} has mistakes: {'; '.join(mistakes)}.",
            advice=f"The shipped one, {NOTATION_PREFIX}{STANDARD}.toml, shows what a staff map looks like.",
        )
    return StaffMap(
        name=table["name"],
        title=table["title"],
        source=table["source"],
        hat_marks=HatMarks(table["hat_marks"]),
        places={instrument: _place(table["places"][instrument]) for instrument in Instrument},
    )


def _place(row: Mapping[str, str | int]) -> StaffPlace:
    return StaffPlace(
        step=str(row["step"]),
        octave=int(row["octave"]),
        head=Notehead(str(row["head"])),
        limb=Limb(str(row["voice"])),
        label=str(row["label"]),
    )
