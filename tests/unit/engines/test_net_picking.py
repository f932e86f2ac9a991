"""From activations to strokes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backbeat.engines.net.picking import Activations, PickSettings, peak_frames, pick, refined_times_s
from backbeat.engines.net.vocabulary import COLUMN, INSTRUMENTS
from backbeat.values import Instrument

SETTINGS = PickSettings(
    clear=dict.fromkeys(INSTRUMENTS, 0.4),
    dense=dict.fromkeys(INSTRUMENTS, 0.2),
    joining=0.6,
    calibration=dict.fromkeys(INSTRUMENTS, (1.0, 0.0)),
)


def triangle(frames: int, *tips: tuple[float, float]) -> np.ndarray:
    """What a perfect network answers: (tip in frames, height) each."""
    k = np.arange(frames)
    rows = [height * np.maximum(1 - np.abs(k - tip) / 2, 0) for tip, height in tips]
    return np.max(rows, axis=0).astype(np.float32)


def heard(frames: int = 60, **tips: list[tuple[float, float, float]]) -> Activations:
    """Activations with strokes per instrument: (tip in frames, height, velocity 0..1)."""
    instruments = np.zeros((frames, len(INSTRUMENTS)), np.float32)
    velocities = np.zeros_like(instruments)
    for name, strokes in tips.items():
        column = COLUMN[Instrument(name)]
        instruments[:, column] = triangle(frames, *((tip, height) for tip, height, _ in strokes))
        for tip, _, velocity in strokes:
            velocities[round(tip) - 1 : round(tip) + 2, column] = velocity
    return Activations(instruments=instruments, velocities=velocities)


def test_each_stroke_comes_out_with_its_time_instrument_and_velocity() -> None:
    hits = pick(heard(kick=[(10.0, 0.9, 0.8)], hihat_closed=[(10.0, 0.7, 0.3), (25.0, 0.8, 0.5)]), SETTINGS)
    assert [(hit.instrument, hit.velocity) for hit in hits] == [
        (Instrument.KICK, 102),
        (Instrument.HIHAT_CLOSED, 38),
        (Instrument.HIHAT_CLOSED, 64),
    ]
    assert [hit.time_s for hit in hits] == pytest.approx([0.10, 0.10, 0.25])


@pytest.mark.parametrize("tip", [20.0, 20.2, 20.49, 20.5, 20.7, 21.0])
@pytest.mark.parametrize("height", [0.45, 1.0])
def test_times_are_finer_than_frames(tip: float, height: float) -> None:
    activation = triangle(50, (tip, height))
    times_s = refined_times_s(activation, peak_frames(activation, 0.3))
    assert times_s == pytest.approx([tip / 100], abs=1e-4)


def test_the_first_and_the_last_frame_can_be_strokes() -> None:
    activation = triangle(30, (0.0, 1.0), (29.0, 1.0))
    assert peak_frames(activation, 0.4).tolist() == [0, 29]
    assert (refined_times_s(activation, peak_frames(activation, 0.4)) >= 0).all()


def test_a_flam_of_thirty_milliseconds_stays_two_strokes_and_a_stutter_is_one() -> None:
    assert len(pick(heard(snare=[(20.0, 0.7, 0.4), (23.0, 0.9, 0.9)]), SETTINGS)) == 2
    stutter = heard(snare=[(20.0, 0.9, 0.9)])
    stutter.instruments[21, COLUMN[Instrument.SNARE]] = 0.9
    assert len(pick(stutter, SETTINGS)) == 1


def test_below_the_threshold_there_is_nothing() -> None:
    assert pick(heard(snare=[(20.0, 0.39, 0.5)]), SETTINGS) == []


def test_in_dense_music_less_is_enough() -> None:
    quiet = heard(snare=[(20.0, 0.31, 0.5)])
    assert pick(replace(quiet, density=0.3), SETTINGS) == []
    assert pick(replace(quiet, density=0.45), SETTINGS) == []
    assert len(pick(replace(quiet, density=0.5), SETTINGS)) == 1
    assert len(pick(replace(quiet, density=1.2), SETTINGS)) == 1


def test_a_threshold_holds_for_one_instrument_of_a_family() -> None:
    lenient = replace(SETTINGS, clear={**SETTINGS.clear, Instrument.RIDE: 0.2})
    activations = heard(ride=[(20.0, 0.3, 0.5)], crash=[(40.0, 0.3, 0.5)])
    assert [hit.instrument for hit in pick(activations, lenient)] == [Instrument.RIDE]


def test_the_most_active_instrument_of_a_family_gets_the_stroke() -> None:
    hits = pick(heard(ride=[(20.0, 0.5, 0.5)], crash=[(20.0, 0.45, 0.9)]), SETTINGS)
    assert [hit.instrument for hit in hits] == [Instrument.RIDE]


def test_two_cymbals_at_once_need_to_be_sure_and_share_one_time() -> None:
    hits = pick(heard(ride=[(20.2, 0.7, 0.5)], crash=[(20.0, 0.9, 0.9)]), SETTINGS)
    assert [hit.instrument for hit in hits] == [Instrument.RIDE, Instrument.CRASH]
    assert len({hit.time_s for hit in hits}) == 1


def test_velocities_stay_within_midi() -> None:
    hits = pick(heard(kick=[(10.0, 0.9, 0.0), (30.0, 0.9, 1.0)]), SETTINGS)
    assert [hit.velocity for hit in hits] == [1, 127]


def test_confidence_is_the_calibrated_activation() -> None:
    def confidence(activation: float, line: tuple[float, float]) -> float:
        settings = replace(SETTINGS, calibration={**SETTINGS.calibration, Instrument.KICK: line})
        (hit,) = pick(heard(kick=[(10.0, activation, 0.5)]), settings)
        return hit.confidence

    assert confidence(0.8, (1.0, 0.0)) == pytest.approx(0.8)
    assert confidence(0.8, (2.0, -0.5)) == pytest.approx(1 / (1 + np.exp(-(2 * np.log(4) - 0.5))))
    assert confidence(0.41, (2.0, -0.5)) < confidence(1.0, (2.0, -0.5)) < 1.0


def test_nothing_heard_gives_no_strokes() -> None:
    assert pick(heard(frames=0), SETTINGS) == []
    assert pick(heard(frames=100), SETTINGS) == []
