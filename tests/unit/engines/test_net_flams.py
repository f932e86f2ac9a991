"""Strokes of one drum that are so close that their activations run into one another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from backbeat.engines.net.flams import flam_partners
from backbeat.engines.net.picking import FAINTEST, Activations, PickSettings, peak_frames, pick
from backbeat.engines.net.vocabulary import COLUMN, INSTRUMENTS
from backbeat.training.segments.targets import hits_to_targets
from backbeat.values import Instrument

SETTINGS = PickSettings(
    clear=dict.fromkeys(INSTRUMENTS, 0.2),
    dense=dict.fromkeys(INSTRUMENTS, 0.2),
    joining=0.6,
    calibration=dict.fromkeys(INSTRUMENTS, (1.0, 0.0)),
)
FRAMES = 60
GRACE, MAIN = 0.55, 0.9


def answer(*strokes: tuple[float, Instrument, float], noise: float = 0.0, seed: int = 0) -> Activations:
    """What a network that learned its targets well says: (seconds, instrument, how sure) each, with noise."""
    instruments = np.zeros((FRAMES, len(INSTRUMENTS)), np.float32)
    for time_s, instrument, sure in strokes:
        onsets, _ = hits_to_targets([(time_s, instrument, 100)], FRAMES)
        instruments = np.maximum(instruments, sure * onsets.astype(np.float32))
    random = np.random.default_rng(seed)
    instruments = np.clip(instruments + (instruments > 0) * random.normal(0, noise, instruments.shape), 0, 1).astype(np.float32)
    return Activations(instruments=instruments, velocities=np.full_like(instruments, 0.5))


def times_s(activations: Activations) -> list[float]:
    return [hit.time_s for hit in pick(activations, SETTINGS)]


@pytest.mark.parametrize("gap_s", [0.0275, 0.03, 0.035, 0.04, 0.045])
@pytest.mark.parametrize("start", np.arange(0.2, 0.21, 0.00125))
def test_a_flam_of_28_to_45_ms_is_two_strokes_wherever_it_lies_between_the_frames(gap_s: float, start: float) -> None:
    found = times_s(answer((start, Instrument.SNARE, GRACE), (start + gap_s, Instrument.SNARE, MAIN)))
    assert found == pytest.approx([start, start + gap_s], abs=0.006)


@pytest.mark.parametrize("start", np.arange(0.2, 0.21, 0.00125))
def test_strokes_of_equal_strength_are_two_from_25_ms_on(start: float) -> None:
    found = times_s(answer((start, Instrument.SNARE, MAIN), (start + 0.025, Instrument.SNARE, MAIN)))
    assert found == pytest.approx([start, start + 0.025], abs=0.006)


@pytest.mark.parametrize(("grace", "main"), [(0.9, 0.9), (0.55, 0.9), (0.9, 0.55)])
def test_a_flam_of_20_ms_is_two_strokes_where_the_frames_show_it(grace: float, main: float) -> None:
    found = times_s(answer((0.2, Instrument.SNARE, grace), (0.22, Instrument.SNARE, main)))
    assert found == pytest.approx([0.2, 0.22], abs=0.004)


def test_noise_of_three_percent_takes_nothing_from_a_flam_of_30_ms() -> None:
    for seed in range(20):
        flam = answer((0.2, Instrument.TOM_LOW, 0.7), (0.23, Instrument.TOM_LOW, MAIN), noise=0.03, seed=seed)
        assert len(times_s(flam)) == 2, seed


@pytest.mark.parametrize("start", [0.2, 0.2025, 0.205, 0.2075])
def test_one_stroke_stays_one_with_the_same_noise(start: float) -> None:
    for seed in range(40):
        assert len(times_s(answer((start, Instrument.SNARE, MAIN), noise=0.03, seed=seed))) == 1, seed


@pytest.mark.parametrize(
    "shape",
    [
        [0.5, 0.9, 0.9, 0.5],
        [0.7, 0.7, 0.7, 0.7],
        [0.7, 0.8, 0.75, 0.78, 0.5],
        [0.4, 0.9, 0.8, 0.85, 0.6, 0.3],
        [0.6, 0.9, 0.6, 0.3, 0.15, 0.2, 0.1],
        [0.9, 0.2, 0.25, 0.1],
        [0.3, 0.5, 0.7, 0.9, 0.7, 0.5, 0.3],
    ],
    ids=["flat tip", "plateau", "dented plateau", "shoulder", "tail", "ripple", "slow"],
)
def test_a_broad_or_uneven_peak_without_a_valley_is_one_stroke(shape: list[float]) -> None:
    activations = answer()
    activations.instruments[20 : 20 + len(shape), COLUMN[Instrument.SNARE]] = shape
    assert len(times_s(activations)) == 1


def test_two_drums_of_a_family_a_little_apart_are_no_flam() -> None:
    """Open and closed hat: the network is not sure which, and says so a little earlier for the one than for the other."""
    assert len(times_s(answer((0.2, Instrument.HIHAT_OPEN, 0.8), (0.22, Instrument.HIHAT_CLOSED, 0.7)))) == 1


@pytest.mark.parametrize("instrument", [Instrument.HIHAT_CLOSED, Instrument.RIDE])
def test_cymbals_have_no_flams_of_20_ms(instrument: Instrument) -> None:
    assert len(times_s(answer((0.2, instrument, 0.9), (0.22, instrument, 0.8)))) == 1


def test_a_drag_is_three_strokes() -> None:
    strokes = [(0.2, Instrument.SNARE, 0.5), (0.23, Instrument.SNARE, 0.6), (0.26, Instrument.SNARE, 0.9)]
    assert len(times_s(answer(*strokes))) == 3


def test_what_is_struck_with_a_flam_is_struck_once() -> None:
    flam = answer((0.2, Instrument.SNARE, 0.8), (0.22, Instrument.SNARE, 0.9), (0.21, Instrument.SIDE_STICK, 0.7))
    hits = [hit.instrument for hit in pick(flam, SETTINGS)]
    assert (hits.count(Instrument.SNARE), hits.count(Instrument.SIDE_STICK)) == (2, 1)


@given(arrays(np.float32, (40, 2), elements=st.integers(0, 20).map(lambda n: n / 20)))
@settings(deadline=None, max_examples=50)
def test_partners_are_never_beside_another_stroke_and_never_one_already(members: np.ndarray) -> None:
    peaks = peak_frames(members.max(axis=1), FAINTEST)
    partners = flam_partners(members, peaks)
    together = np.sort(np.concatenate([peaks, partners]))
    assert (np.diff(together) >= 2).all()


def test_without_peaks_there_are_no_partners() -> None:
    assert flam_partners(np.zeros((10, 3), np.float32), np.zeros(0, np.int64)).tolist() == []
