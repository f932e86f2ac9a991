"""Strokes to targets and back."""

from __future__ import annotations

import numpy as np
import pytest

from backbeat.engines.net.vocabulary import COLUMN, INSTRUMENTS
from backbeat.training.segments.targets import hits_to_targets, stroke_times_s
from backbeat.values import Instrument


def test_a_stroke_on_a_frame_is_one_there_and_half_beside_it() -> None:
    onsets, velocities = hits_to_targets([(0.20, Instrument.RIDE, 127)], 50)
    column = COLUMN[Instrument.RIDE]
    assert onsets[18:23, column].tolist() == [0, 0.5, 1, 0.5, 0]
    assert velocities[19:22, column].tolist() == [1, 1, 1]
    assert onsets.shape == (50, len(INSTRUMENTS))
    assert onsets.sum() == 2


@pytest.mark.parametrize("time_s", [0.0, 0.2, 0.2033, 0.205, 0.2091, 0.481, 0.49])
def test_the_time_can_be_read_off_again(time_s: float) -> None:
    onsets, _ = hits_to_targets([(time_s, Instrument.KICK, 90)], 50)
    target = onsets[:, COLUMN[Instrument.KICK]].astype(np.float32)
    assert stroke_times_s(target) == pytest.approx([time_s], abs=3e-4)


def test_strokes_of_a_flam_keep_their_own_velocities() -> None:
    onsets, velocities = hits_to_targets([(0.20, Instrument.SNARE, 40), (0.23, Instrument.SNARE, 120)], 50)
    column = COLUMN[Instrument.SNARE]
    assert stroke_times_s(onsets[:, column].astype(np.float32)) == pytest.approx([0.20, 0.23], abs=1e-3)
    assert velocities[20, column] == pytest.approx(40 / 127, abs=1e-3)
    assert velocities[23, column] == pytest.approx(120 / 127, abs=1e-3)


def test_strokes_beyond_the_end_leave_nothing() -> None:
    onsets, _ = hits_to_targets([(0.9, Instrument.KICK, 90)], 50)
    assert not onsets.any()
