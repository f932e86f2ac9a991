"""Beams over the notes of one group."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class Beam(StrEnum):
    """What one beam line does at a note, in music21's words."""

    START = "start"
    CONTINUE = "continue"
    STOP = "stop"
    HOOK_RIGHT = "partial-right"
    HOOK_LEFT = "partial-left"


def beams_of(flags: Sequence[int]) -> list[tuple[Beam, ...]]:
    """The beams of notes that follow one another, from the eighth's on; `flags`: how many each would have alone, 1 or more.

    A single note keeps its flags.
    """
    if len(flags) < 2:
        return [()] * len(flags)
    neighbours = zip([0, *flags], flags, [*flags[1:], 0], strict=False)
    return [tuple(_beam(level, before, after) for level in range(1, count + 1)) for before, count, after in neighbours]


def _beam(level: int, flags_before: int, flags_after: int) -> Beam:
    if flags_before >= level and flags_after >= level:
        return Beam.CONTINUE
    if flags_after >= level:
        return Beam.START
    if flags_before >= level:
        return Beam.STOP
    return Beam.HOOK_LEFT if flags_before else Beam.HOOK_RIGHT
