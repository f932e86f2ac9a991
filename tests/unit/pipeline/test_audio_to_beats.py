from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from backbeat.engines.protocols import BeatEngine, BeatHint
from backbeat.errors import Cancelled, EngineFailed, EngineMissing
from backbeat.monitor import Monitor, Unwatched
from backbeat.pipeline.audio_to_beats import audio_to_beats, first_strong_onset_s
from backbeat.pipeline.beat_grid import CountedBeats, grid_of_beats, number_beats
from backbeat.records import BeatGrid, FloatArray
from backbeat.values import FOUR_FOUR, Meter, Stage

RATE_HZ = 8_000


class SteadyEngine:
    """Answers with beats at one tempo between two times, or with what it is given."""

    def __init__(self, bpm: float = 100.0, start_s: float = 1.0, end_s: float = 5.0, grid: BeatGrid | None = None) -> None:
        self.name = "steady"
        times_s = np.arange(start_s, end_s, 60.0 / bpm)
        self.grid = grid or grid_of_beats(
            CountedBeats(times_s=times_s, numbers=number_beats(len(times_s), FOUR_FOUR)),
            FOUR_FOUR,
            tempo_bpm=bpm,
            confidence=0.4,
            bpm_unreliable=True,
            engine=self.name,
        )

    def beats(self, samples: FloatArray, sample_rate_hz: int, hint: BeatHint, monitor: Monitor) -> BeatGrid:
        return self.grid


class FailingEngine:
    name = "failing"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def beats(self, samples: FloatArray, sample_rate_hz: int, hint: BeatHint, monitor: Monitor) -> BeatGrid:
        raise self.error


def opener(engine: BeatEngine) -> tuple[str, Callable[[], BeatEngine]]:
    return engine.name, lambda: engine


def missing() -> BeatEngine:
    raise EngineMissing("it is not installed.")


def some_audio(seconds: float = 6.0, level: float = 0.1) -> FloatArray:
    noise = np.random.default_rng(1).standard_normal(round(seconds * RATE_HZ))
    return (level * noise).astype(np.float32)


def test_the_first_engine_that_answers_is_taken_and_its_grid_covers_the_recording() -> None:
    grid = audio_to_beats(some_audio(), RATE_HZ, BeatHint(), [opener(SteadyEngine()), opener(SteadyEngine(60.0))], Unwatched())
    assert grid.engine == "steady"
    assert grid.tempo_bpm == 100.0
    assert grid.times_s[0] == pytest.approx(0.4)
    assert grid.times_s[-1] >= 6.0
    assert grid.numbers[:4].tolist() == [4, 1, 2, 3]
    assert grid.warnings == ()


@pytest.mark.parametrize(
    "error", [EngineFailed("it fell over."), ValueError("inhomogeneous shape"), MemoryError(), AttributeError("np.int")]
)
def test_an_engine_that_fails_in_any_way_gives_way_to_the_next_and_is_named(error: Exception) -> None:
    openers = [opener(FailingEngine(error)), opener(SteadyEngine())]
    grid = audio_to_beats(some_audio(), RATE_HZ, BeatHint(), openers, Unwatched())
    assert grid.engine == "steady"
    assert len(grid.warnings) == 1
    assert "failing" in grid.warnings[0]
    assert str(error) in grid.warnings[0]


def test_an_engine_that_is_not_installed_gives_way_to_the_next() -> None:
    grid = audio_to_beats(some_audio(), RATE_HZ, BeatHint(), [("madmom", missing), opener(SteadyEngine())], Unwatched())
    assert grid.engine == "steady"
    assert grid.warnings == ("The beats are not from madmom: it is not installed.",)


def test_without_any_engine_120_bpm_from_the_start_is_assumed_and_flagged() -> None:
    grid = audio_to_beats(some_audio(), RATE_HZ, BeatHint(), [("madmom", missing)], Unwatched())
    assert (grid.engine, grid.tempo_bpm, grid.bpm_unreliable, grid.confidence) == ("default", 120.0, True, 0.0)
    assert grid.times_s == pytest.approx(np.arange(0.0, 6.01, 0.5))
    assert set(grid.meters) == {FOUR_FOUR}
    assert len(grid.warnings) == 2
    assert "120 BPM is assumed" in grid.warnings[1]


def test_a_tempo_that_the_file_states_and_nobody_hears_is_told_with_both_tempi() -> None:
    hint = BeatHint(stated_bpm=120.0, stated_source="the ACID tempo in the file")
    grid = audio_to_beats(some_audio(), RATE_HZ, hint, [opener(SteadyEngine(97.0))], Unwatched())
    assert (grid.engine, grid.tempo_bpm) == ("steady", 97.0)
    (warning,) = grid.warnings
    assert warning.startswith("The ACID tempo in the file says 120 BPM, but 97.0 BPM is heard")


@pytest.mark.parametrize(
    "hint",
    [
        BeatHint(stated_bpm=98.0, stated_source="the file name"),
        BeatHint(stated_bpm=120.0, stated_source="the file name", bpm=97.0),
        BeatHint(),
    ],
)
def test_a_stated_tempo_that_is_heard_or_that_the_user_overrules_needs_no_words(hint: BeatHint) -> None:
    assert audio_to_beats(some_audio(), RATE_HZ, hint, [opener(SteadyEngine(97.0))], Unwatched()).warnings == ()


def test_without_a_beat_the_tempo_that_the_file_states_is_laid_and_flagged() -> None:
    hint = BeatHint(stated_bpm=128.0, stated_source="the file name")
    grid = audio_to_beats(some_audio(), RATE_HZ, hint, [], Unwatched())
    assert (grid.engine, grid.tempo_bpm, grid.bpm_unreliable) == ("default", 128.0, True)
    assert "128 BPM that the file name says" in grid.warnings[0]
    known = audio_to_beats(some_audio(), RATE_HZ, replace(hint, bpm=90.0), [], Unwatched())
    assert (known.tempo_bpm, known.bpm_unreliable) == (90.0, False)


def test_the_users_tempo_replaces_a_compatible_answer_exactly() -> None:
    grid = audio_to_beats(some_audio(), RATE_HZ, BeatHint(bpm=103.0), [opener(SteadyEngine(100.0))], Unwatched())
    assert (grid.engine, grid.tempo_bpm, grid.bpm_unreliable) == ("steady", 103.0, False)


def test_an_answer_that_does_not_fit_the_users_tempo_is_not_taken() -> None:
    samples = np.zeros(6 * RATE_HZ, dtype=np.float32)
    samples[round(1.3 * RATE_HZ) : round(1.4 * RATE_HZ)] = 0.8
    grid = audio_to_beats(samples, RATE_HZ, BeatHint(bpm=150.0), [opener(SteadyEngine(100.0))], Unwatched())
    assert (grid.engine, grid.tempo_bpm, grid.bpm_unreliable) == ("default", 150.0, False)
    assert np.allclose(np.diff(grid.times_s), 0.4)
    assert grid.times_s[grid.numbers == 1] == pytest.approx([1.3, 2.9, 4.5, 6.1])
    assert "100.0 BPM" in grid.warnings[0]


def test_without_a_beat_the_users_first_downbeat_is_where_a_bar_begins() -> None:
    hint = BeatHint(bpm=120.0, first_downbeat_s=1.75)
    grid = audio_to_beats(some_audio(), RATE_HZ, hint, [], Unwatched())
    assert np.isclose(grid.times_s[grid.numbers == 1], 1.75).any()
    assert np.allclose(np.diff(grid.times_s), 0.5)
    guessed = audio_to_beats(some_audio(), RATE_HZ, BeatHint(first_downbeat_s=0.8), [], Unwatched())
    assert guessed.bpm_unreliable
    assert np.isclose(guessed.times_s[guessed.numbers == 1], 0.8).any()


def test_the_users_tempo_counts_quarters_in_every_meter() -> None:
    grid = audio_to_beats(some_audio(), RATE_HZ, BeatHint(bpm=90.0, meter=Meter(6, 8)), [], Unwatched())
    assert (grid.tempo_bpm, grid.quarter_bpm) == (180.0, 90.0)
    assert np.allclose(np.diff(grid.times_s), 1.0 / 3.0)
    assert grid.numbers.max() == 6


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, dtype=np.float32),
        np.zeros(1, dtype=np.float32),
        some_audio(0.05),
        np.zeros(3 * RATE_HZ, dtype=np.float32),
        some_audio(3.0, level=1e-6),
    ],
    ids=["no samples", "one sample", "50 ms", "silence", "nearly silence"],
)
@pytest.mark.parametrize("hint", [BeatHint(), BeatHint(bpm=93.0, meter=Meter(7, 8))], ids=["nothing known", "tempo known"])
def test_where_there_is_nothing_to_hear_no_engine_is_asked_and_there_is_still_a_grid(samples: FloatArray, hint: BeatHint) -> None:
    asked = [opener(FailingEngine(AssertionError("asked")))]
    grid = audio_to_beats(samples, RATE_HZ, hint, asked, Unwatched())
    assert len(grid.times_s) >= 1
    assert grid.times_s[0] >= 0
    assert grid.times_s[-1] >= len(samples) / RATE_HZ
    assert grid.bpm_unreliable is (hint.bpm is None)
    assert not any("asked" in warning for warning in grid.warnings)
    assert grid.warnings


def broken_grid(times_s: list[float], tempo_bpm: float = 120.0, first: int = 1) -> BeatGrid:
    beats = CountedBeats(times_s=np.array(times_s), numbers=np.arange(first, first + len(times_s)))
    return grid_of_beats(beats, FOUR_FOUR, tempo_bpm=tempo_bpm, confidence=1.0, bpm_unreliable=False, engine="steady")


@pytest.mark.parametrize(
    "grid",
    [
        broken_grid([]),
        broken_grid([1.0, 1.0, 2.0]),
        broken_grid([2.0, 1.0]),
        broken_grid([-0.5, 0.5]),
        broken_grid([0.0, float("nan")]),
        broken_grid([0.0, 0.5], tempo_bpm=0.0),
        broken_grid([0.0, 0.5], tempo_bpm=float("nan")),
        broken_grid([0.0, 0.5], first=0),
    ],
    ids=["empty", "twice", "falling", "negative", "nan", "tempo 0", "tempo nan", "number 0"],
)
def test_an_engine_that_answers_with_nonsense_is_not_believed(grid: BeatGrid) -> None:
    answer = audio_to_beats(some_audio(), RATE_HZ, BeatHint(), [opener(SteadyEngine(grid=grid))], Unwatched())
    assert answer.engine == "default"
    assert "steady" in answer.warnings[0]


def test_cancelling_is_not_a_failure_of_the_engine() -> None:
    openers = [opener(FailingEngine(Cancelled("stop"))), opener(SteadyEngine())]
    with pytest.raises(Cancelled):
        audio_to_beats(some_audio(), RATE_HZ, BeatHint(), openers, Unwatched())


def test_progress_ends_at_one() -> None:
    class Recorder(Unwatched):
        seen: list[tuple[Stage, float]]

        def progress(self, stage: Stage, fraction: float) -> None:
            self.seen.append((stage, fraction))

    recorder = Recorder()
    recorder.seen = []
    audio_to_beats(some_audio(), RATE_HZ, BeatHint(), [opener(SteadyEngine())], recorder)
    assert {stage for stage, _ in recorder.seen} == {Stage.BEATS}
    assert recorder.seen[-1] == (Stage.BEATS, 1.0)
    assert all(before[1] <= after[1] for before, after in itertools.pairwise(recorder.seen))


def test_the_first_strong_onset_ignores_the_noise_before_it() -> None:
    samples = some_audio(3.0, level=0.01)
    samples[round(1.25 * RATE_HZ) : round(1.5 * RATE_HZ)] *= 50
    samples[round(2.25 * RATE_HZ) : round(2.5 * RATE_HZ)] *= 80
    assert first_strong_onset_s(samples, RATE_HZ) == pytest.approx(1.25, abs=0.02)
    assert first_strong_onset_s(np.zeros(100, dtype=np.float32), RATE_HZ) == 0.0
