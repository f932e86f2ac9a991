from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backbeat.engines.madmom.bars import BarPath
from backbeat.engines.madmom.prior import counts_eighths, started_on_downbeat
from backbeat.records import FloatArray, TimeArray

RATE_HZ = 44_100


def thuds(times_s: TimeArray, levels: list[float]) -> FloatArray:
    samples = np.zeros(round((times_s[-1] + 0.5) * RATE_HZ), dtype=np.float32)
    n = np.arange(round(0.08 * RATE_HZ))
    thud = np.sin(2 * np.pi * 180.0 * n / RATE_HZ) * np.exp(-n / RATE_HZ * 50)
    for count, time_s in enumerate(times_s):
        start = round(time_s * RATE_HZ)
        samples[start : start + len(thud)] += (levels[count % len(levels)] * thud).astype(np.float32)
    return samples


def test_strong_and_weak_beats_in_turns_are_eighths() -> None:
    times_s = np.arange(0.2, 12.0, 60.0 / 172.0)
    assert counts_eighths(thuds(times_s, [0.9, 0.1]), RATE_HZ, times_s)


@pytest.mark.parametrize(("bpm", "levels"), [(174.0, [0.8]), (174.0, [0.9, 0.8]), (120.0, [0.9, 0.1]), (174.0, [0.9, 0.3, 0.3])])
def test_even_slow_or_three_in_a_bar_are_beats(bpm: float, levels: list[float]) -> None:
    times_s = np.arange(0.2, 12.0, 60.0 / bpm)
    assert not counts_eighths(thuds(times_s, levels), RATE_HZ, times_s)


def test_a_few_beats_say_nothing() -> None:
    times_s = np.array([0.0, 0.3, 0.6])
    assert not counts_eighths(thuds(times_s, [0.9, 0.1]), RATE_HZ, times_s)
    assert not counts_eighths(np.zeros(0, dtype=np.float32), RATE_HZ, np.zeros(0))


def path_from(first_frame: int, first_number: int, *, per_bar: int = 4, count: int = 16) -> BarPath:
    return BarPath(
        frames=first_frame + 50 * np.arange(count),
        numbers=(np.arange(count) + first_number - 1) % per_bar + 1,
        log_likelihood=-1.0,
    )


def alike(path: BarPath, likeness: float) -> FloatArray:
    """Activations at the beats; where the count is 1 a downbeat is likely, in the middle of the bar `likeness` times so."""
    activations = np.full((int(path.frames[-1]) + 10, 2), 0.01, dtype=np.float32)
    activations[path.frames, 0] = 0.3
    for frame, number in zip(path.frames, path.numbers, strict=True):
        if number in (1, 3):
            activations[frame - (frame > 0) : frame + 3, 1] = 0.4 * (1.0 if number == 1 else likeness)
    return activations


@pytest.mark.parametrize(("first_frame", "first_number"), [(1, 3), (50, 4)])
def test_a_recording_cut_on_a_beat_starts_on_a_downbeat_where_half_bars_sound_alike(first_frame: int, first_number: int) -> None:
    path = path_from(first_frame, first_number)
    counted = started_on_downbeat(alike(path, 0.7), path, 4)
    assert np.array_equal(counted.numbers, (path.numbers + 1) % 4 + 1)
    assert np.array_equal(counted.frames, path.frames)


def test_what_the_networks_are_sure_of_stays() -> None:
    path = path_from(1, 3)
    assert np.array_equal(started_on_downbeat(alike(path, 0.03), path, 4).numbers, path.numbers)


@pytest.mark.parametrize(
    "path",
    [path_from(1, 1), path_from(1, 2), path_from(25, 3), path_from(250, 3), path_from(1, 3, count=3)],
    ids=["starts on 1", "starts on 2", "starts between beats", "starts late", "too few beats"],
)
def test_every_other_start_stays(path: BarPath) -> None:
    assert np.array_equal(started_on_downbeat(alike(path, 0.9), path, 4).numbers, path.numbers)


def test_a_bar_of_three_has_no_halves() -> None:
    path = path_from(1, 2, per_bar=3)
    assert started_on_downbeat(alike(path, 0.9), path, 3) == replace(path)
