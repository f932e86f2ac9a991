from __future__ import annotations

import itertools

import numpy as np
import pytest

from backbeat.engines.madmom.bars import (
    FRAMES_PER_SECOND,
    MAX_TEMPI,
    OBSERVATION_LAMBDA,
    TRANSITION_LAMBDA,
    BarPath,
    beat_intervals,
    decode_bars,
)
from backbeat.errors import Cancelled
from backbeat.records import FloatArray, TimeArray


def quiet(_fraction: float) -> None:
    """Watch nothing."""


def activations_of(times_s: TimeArray, per_bar: int, duration_s: float, *, first: int = 1) -> FloatArray:
    """Activations as a network gives them: a peak of 30 ms at each beat, in the second column at downbeats."""
    activations = np.full((round(duration_s * FRAMES_PER_SECOND), 2), 0.005, dtype=np.float32)
    for n, time_s in enumerate(times_s):
        frame = round(float(time_s) * FRAMES_PER_SECOND)
        column = 1 if (n + first - 1) % per_bar == 0 else 0
        for step, height in ((-1, 0.3), (0, 0.8), (1, 0.3)):
            if 0 <= frame + step < len(activations):
                activations[frame + step, column] = height
    return activations


def decode(activations: FloatArray, per_bar: int, low: float = 55.0, high: float = 215.0) -> BarPath:
    return decode_bars(activations, per_bar, min_bpm=low, max_bpm=high, between=quiet)


@pytest.mark.parametrize("bpm", [60, 90, 120, 174, 210])
@pytest.mark.parametrize("first", [1, 3])
def test_steady_beats_are_found_to_the_frame_and_counted(bpm: int, first: int) -> None:
    times_s = np.arange(0.37, 20.0, 60.0 / bpm)
    path = decode(activations_of(times_s, 4, 20.0, first=first), 4)
    assert np.array_equal(path.frames, np.round(times_s * FRAMES_PER_SECOND))
    assert np.array_equal(path.numbers, (np.arange(len(times_s)) + first - 1) % 4 + 1)


@pytest.mark.parametrize("per_bar", [3, 4])
def test_the_right_meter_is_the_likelier_one(per_bar: int) -> None:
    activations = activations_of(np.arange(0.1, 20.0, 0.5), per_bar, 20.0)
    likelihoods = {meter: decode(activations, meter).log_likelihood for meter in (3, 4)}
    assert max(likelihoods, key=lambda meter: likelihoods[meter]) == per_bar


def test_a_tempo_ramp_is_followed() -> None:
    times_s = np.cumsum(60.0 / np.linspace(90.0, 130.0, 50))
    path = decode(activations_of(times_s, 4, times_s[-1] + 0.5), 4)
    assert np.array_equal(path.frames, np.round(times_s * FRAMES_PER_SECOND))


def test_the_tempo_stays_in_the_range_that_is_asked_for() -> None:
    activations = activations_of(np.arange(0.1, 20.0, 0.5), 4, 20.0)
    path = decode(activations, 4, low=57.6, high=62.4)
    assert np.median(np.diff(path.frames)) == pytest.approx(100, abs=3)


def test_a_range_of_a_single_interval_works() -> None:
    assert beat_intervals(300.0, 300.0).tolist() == [20]
    assert len(decode(activations_of(np.arange(0.1, 5.0, 0.2), 4, 5.0), 4, 300.0, 300.0).frames) == 25


def test_the_usual_range_is_spaced_logarithmically() -> None:
    intervals = beat_intervals(55.0, 215.0)
    assert (intervals[0], intervals[-1]) == (28, 109)
    assert len(intervals) == MAX_TEMPI
    assert (np.diff(intervals) >= 1).all()


@pytest.mark.parametrize("frames", [0, 1, 2, 5, 50])
def test_silence_of_any_length_has_no_beats(frames: int) -> None:
    path = decode(np.zeros((frames, 2), dtype=np.float32), 4)
    assert len(path.frames) == len(path.numbers) == 0
    assert path.log_likelihood == -np.inf


@pytest.mark.parametrize("frames", [1, 2, 5, 50])
def test_certain_activations_of_any_length_do_no_harm(frames: int) -> None:
    path = decode(np.ones((frames, 2), dtype=np.float32), 4)
    assert np.isfinite(path.log_likelihood)
    assert (np.diff(path.frames) > 0).all()


def test_what_the_watcher_raises_passes_through() -> None:
    def cancel(fraction: float) -> None:
        if fraction > 0.5:
            raise Cancelled("stop")

    activations = activations_of(np.arange(0.1, 60.0, 0.5), 4, 60.0)
    with pytest.raises(Cancelled):
        decode_bars(activations, 4, min_bpm=55.0, max_bpm=215.0, between=cancel)


@pytest.mark.parametrize("seed", range(5))
def test_the_path_is_the_best_of_all_that_there_are(seed: int) -> None:
    """A small model, with every path tried: 2 beats a bar, 3 intervals, 11 frames."""
    activations = np.random.default_rng(seed).uniform(0.06, 0.45, (11, 2)).astype(np.float32)
    intervals = beat_intervals(1500.0, 3000.0)
    assert intervals.tolist() == [2, 3, 4]
    found = decode(activations, 2, 1500.0, 3000.0)
    assert found.log_likelihood == pytest.approx(best_by_trying(activations.astype(np.float64), intervals.tolist()))


def best_by_trying(activations: TimeArray, intervals: list[int]) -> float:
    frames = len(activations)
    chance = {a: {b: np.exp(-TRANSITION_LAMBDA * abs(b / a - 1)) for b in intervals} for a in intervals}
    quiet_chance = (1 - activations.sum(axis=1)) / (OBSERVATION_LAMBDA - 1)
    start = -np.log(2 * sum(intervals))
    best = -np.inf
    most_beats = frames // intervals[0] + 2
    for count in range(1, most_beats + 1):  # the first may be over at frame 0
        for lengths in itertools.product(intervals, repeat=count):
            for offset, first_beat in itertools.product(range(1, lengths[0] + 1), (0, 1)):
                ends = np.cumsum(lengths) - offset
                if ends[-1] < frames or (count > 1 and ends[-2] >= frames):
                    continue
                score = start
                for before, after in itertools.pairwise(lengths):
                    score += np.log(chance[before][after] / sum(chance[before].values()))
                entries = np.concatenate([[-offset], ends[:-1]])
                for frame in range(frames):
                    beat = int(np.searchsorted(entries, frame, side="right")) - 1
                    position = frame - entries[beat]
                    # a beat of up to 16 frames emits in its first frame only
                    column = 1 if (first_beat + beat) % 2 == 0 else 0
                    score += np.log(activations[frame, column] if position == 0 else quiet_chance[frame])
                best = max(best, score)
    return float(best)
