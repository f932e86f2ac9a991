"""Where the hi-hat opens and closes: the o and + over its strokes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from fractions import Fraction

from backbeat.outputs.notation.staff_map_table import HatMarks
from backbeat.records import Role, ScoreNote
from backbeat.values import Instrument


class HatMark(StrEnum):
    """The mark over a stroke."""

    OPEN = "o"
    CLOSED = "+"


_HATS = (Instrument.HIHAT_CLOSED, Instrument.HIHAT_PEDAL, Instrument.HIHAT_OPEN)


def hat_marks(notes: Iterable[tuple[Fraction, ScoreNote]], style: HatMarks) -> dict[Fraction, HatMark]:
    """The marks by the places of their strokes; `notes` come with their places in the score, in any order.

    The foot closes the hat without a mark: its own note tells. At the start the hat is closed.
    """
    if style is HatMarks.NONE:
        return {}
    strokes = sorted((at, _HATS.index(note.instrument)) for at, note in notes if _plays_hat(note))
    marks: dict[Fraction, HatMark] = {}
    is_open = False
    for at, hat in strokes:
        opens = _HATS[hat] is Instrument.HIHAT_OPEN
        if opens and (style is HatMarks.EVERY or not is_open):
            marks[at] = HatMark.OPEN
        elif is_open and _HATS[hat] is Instrument.HIHAT_CLOSED:
            marks[at] = HatMark.CLOSED
        is_open = opens
    return marks


def _plays_hat(note: ScoreNote) -> bool:
    return note.instrument in _HATS and note.role in (Role.STROKE, Role.ROLL)
