"""The built-in kit: every drum sounds, at its place, and hats close."""

from __future__ import annotations

import numpy as np
import pytest

from backbeat.built_in_kit import SOUNDS
from backbeat.host.play_built_in import play_built_in
from backbeat.records import FloatArray, Hit, hits_from_rows
from backbeat.values import ANALYSIS_RATE_HZ, Instrument
from backbeat.velocity_curve import VelocityCurve

LINEAR = VelocityCurve()


def played(*hits: Hit, length: int = 0) -> FloatArray:
    return play_built_in(hits_from_rows(list(hits), engine="test"), LINEAR, length)


def test_there_is_a_sound_for_every_instrument() -> None:
    assert SOUNDS.keys() == set(Instrument)


@pytest.mark.parametrize("instrument", Instrument)
def test_a_stroke_begins_within_a_millisecond_of_its_time_and_dies_away(instrument: Instrument) -> None:
    at = round(0.25 * ANALYSIS_RATE_HZ)
    (sound,) = played(Hit(0.25, instrument, 127, 1.0), length=4 * ANALYSIS_RATE_HZ)
    loud = np.flatnonzero(np.abs(sound) > 0.1 * np.abs(sound).max())
    assert not sound[:at].any()
    assert at <= loud[0] <= at + 44
    assert np.abs(sound).max() > 0.05
    assert np.abs(sound[-1000:]).max() < 0.01 * np.abs(sound).max()


def test_no_two_instruments_sound_alike() -> None:
    spectra = []
    for instrument in Instrument:
        (sound,) = played(Hit(0, instrument, 127, 1.0), length=ANALYSIS_RATE_HZ)
        power = np.abs(np.fft.rfft(sound[:ANALYSIS_RATE_HZ].reshape(10, -1))) ** 2
        spectra.append((power / np.linalg.norm(power)).ravel())
    likeness = np.array(spectra) @ np.array(spectra).T - np.eye(len(spectra))
    assert likeness.max() < 0.95


def test_softer_strokes_are_softer_by_as_much() -> None:
    loud, soft = (played(Hit(0, Instrument.SNARE, velocity, 1.0)) for velocity in (120, 60))
    assert np.allclose(loud, 2 * soft, atol=1e-6)


@pytest.mark.parametrize("closing", [Instrument.HIHAT_CLOSED, Instrument.HIHAT_PEDAL])
def test_a_stroke_on_the_hats_ends_an_open_one(closing: Instrument) -> None:
    open_hat, closed = Hit(0, Instrument.HIHAT_OPEN, 127, 1.0), Hit(0.2, closing, 1, 1.0)
    later = slice(round(0.25 * ANALYSIS_RATE_HZ), round(0.6 * ANALYSIS_RATE_HZ))
    assert np.abs(played(open_hat)[0, later]).max() > 0.02
    assert np.abs(played(open_hat, closed)[0, later]).max() < 0.005


def test_it_is_the_same_every_time_and_lasts_until_the_end() -> None:
    hits = [Hit(n / 10, Instrument.RIDE, 90, 1.0) for n in range(20)]
    assert np.array_equal(played(*hits), played(*hits))
    assert played(length=1000).shape == (1, 1000)
    assert played(*hits, length=10 * ANALYSIS_RATE_HZ).shape == (1, 10 * ANALYSIS_RATE_HZ)
