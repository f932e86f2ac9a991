from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backbeat.engines.madmom.activations import MARGIN_FRAMES, PIECE_FRAMES, pieces_of


@given(st.integers(0, 20 * PIECE_FRAMES))
def test_pieces_give_every_frame_once_and_hear_around_it(frames: int) -> None:
    pieces = pieces_of(frames)
    assert [frame for piece in pieces for frame in (piece.start, piece.end)] == [
        edge for start in range(0, frames, PIECE_FRAMES) for edge in (start, min(start + PIECE_FRAMES, frames))
    ]
    for piece in pieces:
        assert 0 <= piece.heard <= max(piece.start - MARGIN_FRAMES, 0)
        assert min(piece.end + MARGIN_FRAMES, frames) <= piece.heard + piece.length <= frames
        assert piece.length <= PIECE_FRAMES + 2 * MARGIN_FRAMES
    assert len({piece.length for piece in pieces}) <= 1
