from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.errors import EngineFailed
from backbeat.outputs.engraving.svg_path import Op, Segment, path_segments


def move(x: float, y: float) -> Segment:
    return Segment(Op.MOVE, ((x, y),))


def line(x: float, y: float) -> Segment:
    return Segment(Op.LINE, ((x, y),))


def curve(*numbers: float) -> Segment:
    a, b, c, d, e, f = numbers
    return Segment(Op.CURVE, ((a, b), (c, d), (e, f)))


CLOSE = Segment(Op.CLOSE)


@pytest.mark.parametrize(
    ("data", "segments"),
    [
        ("", []),
        ("M1 2L3 4z", [move(1, 2), line(3, 4), CLOSE]),
        ("m1 2l3 4", [move(1, 2), line(4, 6)]),
        ("M1,2 3,4 5,6", [move(1, 2), line(3, 4), line(5, 6)]),
        ("m1 2 3 4 5 6", [move(1, 2), line(4, 6), line(9, 12)]),
        ("M1 2H5V7h-1v-2", [move(1, 2), line(5, 2), line(5, 7), line(4, 7), line(4, 5)]),
        ("M1 1h2v2z l1 1", [move(1, 1), line(3, 1), line(3, 3), CLOSE, line(2, 2)]),
        ("M0 0C1 2 3 4 5 6", [move(0, 0), curve(1, 2, 3, 4, 5, 6)]),
        ("M1 1c1 2 3 4 5 6", [move(1, 1), curve(2, 3, 4, 5, 6, 7)]),
        ("M0 0c1 2 3 4 5 6 1 2 3 4 5 6", [move(0, 0), curve(1, 2, 3, 4, 5, 6), curve(6, 8, 8, 10, 10, 12)]),
        ("M0 0C0 1 2 3 4 3s4 5 6 7", [move(0, 0), curve(0, 1, 2, 3, 4, 3), curve(6, 3, 8, 8, 10, 10)]),
        ("M1 2S3 4 5 6", [move(1, 2), curve(1, 2, 3, 4, 5, 6)]),
        ("M0 0Q3 3 6 0", [move(0, 0), curve(2, 2, 4, 2, 6, 0)]),
        ("M0 0q3 3 6 0t6 0", [move(0, 0), curve(2, 2, 4, 2, 6, 0), curve(8, -2, 10, -2, 12, 0)]),
        ("M3 0T9 0", [move(3, 0), curve(3, 0, 5, 0, 9, 0)]),
        ("M-1-2l.5.5-1e1+2", [move(-1, -2), line(-0.5, -1.5), line(-10.5, 0.5)]),
        ("  M 10 , 20\n L 1\t2 Z ", [move(10, 20), line(1, 2), CLOSE]),
    ],
)
def test_each_command_becomes_what_pdf_can_do(data: str, segments: list[Segment]) -> None:
    assert path_segments(data) == segments


@pytest.mark.parametrize("data", ["M1", "M1 2L3", "1 2", "M0 0A5 5 0 0 1 1 1", "M0 0 z 3 4", "M0 0 L#", "M1 L2 3", "L1e"])
def test_what_is_no_path_is_an_error_and_not_half_a_note(data: str) -> None:
    with pytest.raises(EngineFailed, match="is not a path that Backbeat can read"):
        path_segments(data)


numbers = st.integers(-10_000, 10_000)


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=20))
def test_relative_and_absolute_commands_draw_the_same(points: list[tuple[int, int]]) -> None:
    absolute = "M" + " ".join(f"{x} {y}" for x, y in points)
    steps = [points[0], *((x - a, y - b) for (a, b), (x, y) in pairwise(points))]
    assert path_segments(absolute) == path_segments("m" + " ".join(f"{x},{y}" for x, y in steps))
