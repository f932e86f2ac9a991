"""Both beat engines for real: clicks and loops with known answers, and a real recording."""

from __future__ import annotations

import collections
import doctest
import sys
from pathlib import Path

import mir_eval
import numpy as np
import pytest
import soundfile

from backbeat.engines.madmom.activations import Activations
from backbeat.engines.madmom.bars import FRAMES_PER_SECOND, decode_bars
from backbeat.engines.madmom.compat import import_madmom
from backbeat.engines.protocols import BeatEngine, BeatHint, EngineOptions
from backbeat.engines.registry import open_beat_engine
from backbeat.errors import Cancelled, EngineFailed
from backbeat.monitor import Unwatched
from backbeat.pipeline.audio_to_beats import audio_to_beats
from backbeat.records import BeatGrid, FloatArray, TimeArray
from backbeat.values import Meter, Stage

RATE_HZ = 44_100


class NoModels:
    """Beat engines bring their own."""

    def path(self, name: str) -> Path:
        raise FileNotFoundError(name)

    folder = path


def opened(name: str) -> BeatEngine:
    return open_beat_engine(name, EngineOptions(), NO_MODELS)


NO_MODELS = NoModels()  # one object: engines are kept open by it


@pytest.fixture(scope="module", params=["madmom", "librosa"])
def engine(request: pytest.FixtureRequest) -> BeatEngine:
    return opened(request.param)


@pytest.fixture(scope="module")
def madmom() -> BeatEngine:
    return opened("madmom")


def drums(times_s: TimeArray, pattern: list[str], duration_s: float) -> FloatArray:
    """k, s and h of each step of `pattern` at `times_s`, in turns."""
    random = np.random.default_rng(7)
    n = np.arange(round(0.2 * RATE_HZ)) / RATE_HZ
    noise = random.standard_normal(len(n) + 1)
    sounds = {
        "k": 0.9 * np.sin(2 * np.pi * (50 + 60 * np.exp(-40 * n)) * n) * np.exp(-18 * n),
        "s": 0.5 * noise[1:] * np.exp(-25 * n),
        "h": 0.2 * np.diff(noise) * np.exp(-80 * n),
        "c": 0.6 * np.sin(2 * np.pi * 1000 * n) * np.exp(-150 * n),
    }
    samples = np.zeros(round(duration_s * RATE_HZ), dtype=np.float32)
    for step, time_s in enumerate(times_s):
        for letter in pattern[step % len(pattern)]:
            part = samples[round(time_s * RATE_HZ) :][: len(n)]
            part += sounds[letter][: len(part)].astype(np.float32)
    return samples


ROCK = ["kh", "h", "sh", "h"]


def rock(bpm: float, duration_s: float = 12.0) -> tuple[FloatArray, TimeArray]:
    eighths_s = np.arange(0.3, duration_s, 30.0 / bpm)
    return drums(eighths_s, ROCK, duration_s), eighths_s[::2]


def grid_of(engine: BeatEngine, samples: FloatArray, hint: BeatHint = BeatHint(), rate_hz: int = RATE_HZ) -> BeatGrid:  # noqa: B008 - frozen
    return audio_to_beats(samples, rate_hz, hint, [(engine.name, lambda: engine)], Unwatched())


def beat_f(reference_s: TimeArray, found_s: TimeArray, window_s: float = 0.07) -> float:
    return float(mir_eval.beat.f_measure(reference_s, found_s, f_measure_threshold=window_s))


@pytest.mark.parametrize("bpm", [90, 120, 174])
def test_a_click_gives_its_tempo_and_its_beats(engine: BeatEngine, bpm: int) -> None:
    times_s = np.arange(0.3, 12.0, 60.0 / bpm)
    grid = grid_of(engine, drums(times_s, ["c"], 12.0))
    assert grid.engine == engine.name
    assert grid.tempo_bpm == pytest.approx(bpm, rel=0.01)
    floor = {"madmom": 1.0, "librosa": 0.9}[engine.name]  # librosa may lose the last beat
    assert beat_f(times_s, grid.times_s[(grid.times_s > 0.2) & (grid.times_s < 12.0)], 0.02) >= floor
    assert grid.bpm_unreliable is (engine.name == "librosa")


@pytest.mark.parametrize("bpm", [90, 120])
def test_a_rock_groove_gives_its_tempo_and_counts_kicks_as_1_and_3(madmom: BeatEngine, bpm: int) -> None:
    samples, beats_s = rock(bpm)
    grid = grid_of(madmom, samples)
    assert grid.tempo_bpm == pytest.approx(bpm, abs=0.5)
    assert not grid.bpm_unreliable
    assert set(grid.meters) == {Meter(4, 4)}
    at_kicks = [int(grid.numbers[np.argmin(np.abs(grid.times_s - time_s))]) for time_s in beats_s[::2]]
    assert set(at_kicks) == {1, 3}


def test_three_in_a_bar_is_heard(madmom: BeatEngine) -> None:
    eighths_s = np.arange(0.3, 15.0, 0.25)
    grid = grid_of(madmom, drums(eighths_s, ["kh", "h", "sh", "h", "sh", "h"], 15.0))
    assert set(grid.meters) == {Meter(3, 4)}
    downbeats_s = grid.times_s[(grid.numbers == 1) & (grid.times_s > 0.2)]
    assert beat_f(eighths_s[::6], downbeats_s[downbeats_s < 15.0]) == 1.0


@pytest.mark.parametrize("meter", [Meter(3, 4), Meter(6, 8), Meter(7, 8), Meter(2, 2)])
def test_the_users_meter_is_kept(engine: BeatEngine, meter: Meter) -> None:
    samples, _ = rock(110)
    grid = grid_of(engine, samples, BeatHint(meter=meter))
    assert grid.engine == engine.name
    assert set(grid.meters) == {meter}
    assert grid.numbers.max() == meter.beats
    assert 60.0 / np.median(np.diff(grid.times_s)) == pytest.approx(grid.tempo_bpm, rel=0.05)


@pytest.mark.parametrize("bpm", [60.0, 120.0])
def test_the_users_tempo_decides_the_octave(engine: BeatEngine, bpm: float) -> None:
    samples, _ = rock(120)
    grid = grid_of(engine, samples, BeatHint(bpm=bpm))
    assert (grid.engine, grid.tempo_bpm, grid.bpm_unreliable) == (engine.name, bpm, False)
    assert np.median(np.diff(grid.times_s)) == pytest.approx(60.0 / bpm, rel=0.04)


def test_a_tempo_ramp_is_followed_beat_by_beat(madmom: BeatEngine) -> None:
    eighths_s = 0.3 + np.cumsum(30.0 / np.linspace(95.0, 130.0, 60))
    grid = grid_of(madmom, drums(eighths_s, ROCK, eighths_s[-1] + 0.3))
    assert beat_f(eighths_s[::2], grid.times_s[grid.times_s > 0.5]) > 0.95


def test_noise_has_no_reliable_tempo(engine: BeatEngine) -> None:
    noise = 0.1 * np.random.default_rng(3).standard_normal(10 * RATE_HZ)
    grid = grid_of(engine, noise.astype(np.float32))
    assert grid.bpm_unreliable
    assert grid.confidence < 0.5
    assert grid.times_s[-1] >= 10.0


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.05, 2.0])
def test_silence_of_any_length_is_an_engine_failure_and_no_crash(engine: BeatEngine, seconds: float) -> None:
    with pytest.raises(EngineFailed, match="no steady beat"):
        engine.beats(np.zeros(round(seconds * RATE_HZ), dtype=np.float32), RATE_HZ, BeatHint(), Unwatched())


def test_quiet_and_other_rates_are_no_obstacle(engine: BeatEngine) -> None:
    samples, beats_s = rock(120)
    quiet = (samples[::2] * 0.003).astype(np.float32)
    grid = grid_of(engine, quiet, rate_hz=RATE_HZ // 2)
    assert grid.tempo_bpm == pytest.approx(120, abs=1)
    assert beat_f(beats_s, grid.times_s[(grid.times_s > 0.2) & (grid.times_s < 12.0)]) == 1.0


def test_progress_never_goes_back(engine: BeatEngine) -> None:
    class Recorder(Unwatched):
        def __init__(self) -> None:
            self.fractions: list[float] = []

        def progress(self, stage: Stage, fraction: float) -> None:
            self.fractions.append(fraction)

    recorder = Recorder()
    engine.beats(rock(90)[0], RATE_HZ, BeatHint(), recorder)  # madmom hears eighths first, and decodes again
    assert recorder.fractions == sorted(recorder.fractions)
    assert recorder.fractions[-1] == 1.0


def test_cancelling_ends_it_inside(engine: BeatEngine) -> None:
    class CancelledLater(Unwatched):
        fraction = 0.0

        def progress(self, stage: Stage, fraction: float) -> None:
            assert stage is Stage.BEATS
            self.fraction = fraction

        def check(self) -> None:
            if self.fraction > 0.1:
                raise Cancelled("stop")

    samples, _ = rock(120, 40.0)
    watcher = CancelledLater()
    with pytest.raises(Cancelled):
        engine.beats(samples, RATE_HZ, BeatHint(), watcher)
    assert watcher.fraction < 1.0


@pytest.fixture(scope="module")
def recording(shared: Path) -> tuple[FloatArray, TimeArray]:
    """17 s of drums from a real song, and its beats (time, number)."""
    samples, rate_hz = soundfile.read(shared / "eval" / "dev" / "drum" / "Reggae.flac", dtype="float32")
    assert rate_hz == RATE_HZ
    return samples, np.loadtxt(shared / "eval" / "dev" / "ref_beats" / "Reggae.beats")


def test_beats_of_a_real_recording(engine: BeatEngine, recording: tuple[FloatArray, TimeArray]) -> None:
    samples, reference = recording
    grid = grid_of(engine, samples)
    inside = grid.times_s < len(samples) / RATE_HZ
    floor = {"madmom": 0.97, "librosa": 0.9}[engine.name]
    assert beat_f(reference[:, 0], grid.times_s[inside]) >= floor
    assert grid.tempo_bpm == pytest.approx(109.9, abs=0.7)
    if engine.name == "madmom":
        assert beat_f(reference[reference[:, 1] == 1, 0], grid.times_s[inside & (grid.numbers == 1)]) >= 0.9
        assert not grid.bpm_unreliable


def test_our_networks_and_decoder_give_what_madmoms_own_give(recording: tuple[FloatArray, TimeArray]) -> None:
    samples = recording[0][: 9 * RATE_HZ]
    downbeats = import_madmom("features.downbeats")
    signal = import_madmom("audio.signal").Signal(samples, sample_rate=RATE_HZ)
    expected = downbeats.RNNDownBeatProcessor()(signal)
    found = Activations().run(samples, lambda _fraction: None)
    assert np.abs(found - expected).max() < 1e-4
    for per_bar in (3, 4):
        hmm = downbeats.DBNDownBeatTrackingProcessor([per_bar], fps=100).hmms[0]
        loud = np.flatnonzero((expected >= 0.05).any(axis=1))
        states, log_likelihood = hmm.viterbi(expected[loud[0] : loud[-1] + 1])
        positions = hmm.transition_model.state_space.state_positions[states]
        begins = np.flatnonzero(np.diff(positions.astype(int)) != 0) + 1 + loud[0]
        path = decode_bars(expected, per_bar, min_bpm=55.0, max_bpm=215.0, between=lambda _fraction: None)
        assert path.log_likelihood == pytest.approx(log_likelihood, abs=1e-3)
        assert all(np.min(np.abs(path.frames - begin)) <= 6 for begin in begins)
        assert abs(len(path.frames) - len(begins)) <= 1


def test_where_a_long_recording_is_cut_into_pieces_makes_no_difference_to_the_beats() -> None:
    def beats_s(part: FloatArray, start_s: float) -> TimeArray:
        chances = activations.run(part, lambda _fraction: None)
        path = decode_bars(chances, 4, min_bpm=55.0, max_bpm=215.0, between=lambda _fraction: None)
        times_s: TimeArray = path.frames / FRAMES_PER_SECOND + start_s
        return times_s[(times_s > 20.0) & (times_s < 43.0)]

    activations = Activations()
    samples, _ = rock(113, 44.0)
    cut_at_30 = beats_s(samples, 0.0)
    cut_at_40 = beats_s(samples[10 * RATE_HZ :], 10.0)
    assert len(cut_at_30) == len(cut_at_40) == pytest.approx(23 * 113 / 60, abs=1)
    assert np.abs(cut_at_30 - cut_at_40).max() <= 0.021


def test_madmom_leaves_no_trace_of_its_import(madmom: BeatEngine) -> None:
    assert madmom.name in sys.modules
    assert not hasattr(collections, "MutableSequence")
    assert {"float", "int", "object", "complex"}.isdisjoint(vars(np))
    assert doctest.OutputChecker.__module__ == "doctest"
    assert getattr(sys.modules.get("pkg_resources"), "__file__", "none") is not None
    assert sys.modules["madmom.features.tempo"].np.float is float
    assert sys.modules["madmom.features.tempo"].np.zeros is np.zeros
