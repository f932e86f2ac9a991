"""A MIDI file as Ardour imports it with its tempo map: where its bar lines and notes lie on Ardour's timeline.

A script does the import in Ardour's editor, and Ardour's own tempo map turns places into samples.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.ardour_program import RATE_HZ, run_in_ardour

TICKS_PER_QUARTER = 1920
"""Ardour's own."""


@dataclass(frozen=True, kw_only=True)
class ArdourImport:
    """bars: seconds and meter of bar lines, also after the end. notes: seconds, quarter notes, MIDI note, velocity; sorted."""

    bars: tuple[tuple[float, str], ...]
    notes: tuple[tuple[float, float, int, int], ...]
    tracks: tuple[str, ...]


def imported_by_ardour(midi: Path, folder: Path) -> ArdourImport:
    """Make a new session in `folder` (empty) with the file in it. Takes about ten seconds."""
    shutil.copy(midi, folder / "in.mid")
    return _read(run_in_ardour(Path(__file__).with_suffix(".lua"), folder))


def _read(text: str) -> ArdourImport:
    rows = [line.split(" ") for line in text.splitlines()]
    bars = tuple((int(row[1]) / RATE_HZ, row[2]) for row in rows if row[0] == "bar")
    notes = tuple(sorted((int(r[1]) / RATE_HZ, _quarters(r[2]), int(r[3]), int(r[4])) for r in rows if r[0] == "note"))
    return ArdourImport(bars=bars, notes=notes, tracks=tuple(" ".join(row[1:]) for row in rows if row[0] == "track"))


def _quarters(beats: str) -> float:
    whole, ticks = beats.split(":")
    return int(whole) + int(ticks) / TICKS_PER_QUARTER
