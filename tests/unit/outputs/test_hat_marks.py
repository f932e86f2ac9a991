from __future__ import annotations

from fractions import Fraction

import pytest
from tests.drum_scores import HAT, OPEN_HAT, PEDAL, SNARE, grace, note

from backbeat.outputs.notation.hat_marks import hat_marks
from backbeat.outputs.notation.staff_map_table import HatMarks
from backbeat.values import Instrument

STROKES = {"c": HAT, "o": OPEN_HAT, "p": PEDAL, "s": SNARE}


def marks(strokes: str, style: HatMarks) -> str:
    """The marks over strokes a quarter note apart: `.` for none."""
    found = hat_marks(((Fraction(at), note(0, str(at), STROKES[letter])) for at, letter in enumerate(strokes)), style)
    return "".join(found.get(Fraction(at), ".") for at in range(len(strokes)))


@pytest.mark.parametrize(
    ("strokes", "changes", "every"),
    [
        ("cccc", "....", "...."),
        ("ccoc", "..o+", "..o+"),
        ("ooco", "o.+o", "oo+o"),
        ("oscs", "o.+.", "o.+."),
        ("opcc", "o...", "o..."),
        ("opoc", "o.o+", "o.o+"),
    ],
)
def test_an_o_where_the_hat_opens_and_a_plus_where_a_stroke_closes_it(strokes: str, changes: str, every: str) -> None:
    assert marks(strokes, HatMarks.CHANGES) == changes
    assert marks(strokes, HatMarks.EVERY) == every
    assert marks(strokes, HatMarks.NONE) == "." * len(strokes)


def test_the_order_of_the_notes_does_not_matter() -> None:
    notes = [(Fraction(2), note(0, "2", HAT)), (Fraction(1), note(0, "1", OPEN_HAT))]
    assert hat_marks(notes, HatMarks.CHANGES) == {Fraction(1): "o", Fraction(2): "+"}


def test_grace_notes_and_other_drums_have_no_marks() -> None:
    notes = [(Fraction(0), grace(0, "0", OPEN_HAT)), (Fraction(1), note(0, "1", Instrument.RIDE))]
    assert hat_marks(notes, HatMarks.EVERY) == {}
