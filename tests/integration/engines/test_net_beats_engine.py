"""The built-in beat tracker for real: rhythms with known answers, what has no beat, and real recordings."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import mir_eval
import numpy as np
import pytest
import soundfile
from tests.rhythms import RATE_HZ, RHYTHMS, Played, Rhythm, play, synthesise

from backbeat.engines.net_beats import NetBeats, open_beat_files
from backbeat.engines.net_recording import recording as memo
from backbeat.engines.protocols import BeatHint
from backbeat.errors import BackbeatError, Cancelled, ModelError
from backbeat.monitor import Unwatched
from backbeat.pipeline.audio_to_beats import audio_to_beats
from backbeat.records import BeatGrid, FloatArray
from backbeat.values import Meter, Stage

ENGINES = Path(__file__).resolve().parents[3] / "daemon" / "backbeat" / "engines"
NAMED = {rhythm.name: rhythm for rhythm in RHYTHMS}


@pytest.fixture(scope="module")
def engine() -> NetBeats:
    return open_beat_files()


def grid_of(engine: NetBeats, samples: FloatArray, hint: BeatHint = BeatHint(), rate_hz: int = RATE_HZ) -> BeatGrid:  # noqa: B008 - frozen
    return audio_to_beats(samples, rate_hz, hint, [("net", lambda: engine)], Unwatched())


def beats_f(played: Played, grid: BeatGrid) -> float:
    return float(mir_eval.beat.f_measure(played.beats_s, grid.times_s[grid.times_s < played.duration_s]))


def downbeats_f(played: Played, grid: BeatGrid) -> float:
    found_s = grid.times_s[(grid.times_s < played.duration_s) & (grid.numbers == 1)]
    return float(mir_eval.beat.f_measure(played.beats_s[played.numbers == 1], found_s))


def short(name: str, duration_s: float = 24.0) -> Rhythm:
    return replace(NAMED[name], duration_s=duration_s)


@pytest.mark.parametrize("name", ["rock 92", "rock 120", "rock 150", "four on the floor 128", "funk 104"])
def test_a_plain_rhythm_gets_its_beats_bars_and_tempo(engine: NetBeats, name: str) -> None:
    played = play(short(name))
    grid = grid_of(engine, synthesise(played))
    assert grid.engine == "net"
    assert beats_f(played, grid) > 0.97
    assert downbeats_f(played, grid) > 0.9
    assert grid.tempo_bpm == pytest.approx(NAMED[name].bpm, rel=0.01)
    assert not grid.bpm_unreliable
    assert set(grid.meters) == {Meter(4, 4)}


@pytest.mark.parametrize("name", ["wanders by 3 %", "100 to 130", "140 to 112", "a break of 5 s"])
def test_a_tempo_that_moves_and_a_break_are_followed(engine: NetBeats, name: str) -> None:
    played = play(NAMED[name])
    assert beats_f(played, grid_of(engine, synthesise(played))) > 0.93


@pytest.mark.parametrize("name", ["3/4 120", "6/8 105", "5/4 130", "7/8 2+2+3 140"])
def test_a_meter_that_is_given_is_the_meter_of_every_bar_and_beats_fit(engine: NetBeats, name: str) -> None:
    played = play(NAMED[name])
    meter = Meter.parse(played.meters[0])
    grid = grid_of(engine, synthesise(played), BeatHint(bpm=NAMED[name].bpm, meter=meter))
    assert set(grid.meters) == {meter}
    assert beats_f(played, grid) > 0.85
    assert grid.quarter_bpm == pytest.approx(NAMED[name].bpm)
    assert not grid.bpm_unreliable


def test_a_tempo_that_is_given_constrains_the_beats(engine: NetBeats) -> None:
    played = play(short("rock 120"))
    halved = grid_of(engine, synthesise(played), BeatHint(bpm=60.0))
    assert np.median(np.diff(halved.times_s)) == pytest.approx(1.0, rel=0.02)
    assert not halved.bpm_unreliable


def test_a_first_downbeat_that_is_given_is_one_and_its_bars_follow(engine: NetBeats) -> None:
    played = play(short("rock 120"))
    second_beat_s = float(played.beats_s[1])
    grid = grid_of(engine, synthesise(played), BeatHint(first_downbeat_s=second_beat_s))
    assert np.abs(grid.times_s[grid.numbers == 1] - second_beat_s).min() < 0.03


def test_level_rate_and_offset_do_not_matter(engine: NetBeats) -> None:
    played = play(short("rock 92"))
    samples = synthesise(played)
    plain = grid_of(engine, samples)
    quiet = grid_of(engine, samples * np.float32(0.01) + np.float32(0.2))
    assert np.allclose(plain.times_s, quiet.times_s, atol=0.01)
    slower = grid_of(
        engine,
        np.interp(np.arange(0, len(samples), 44_100 / 32_000), np.arange(len(samples)), samples).astype(np.float32),
        rate_hz=32_000,
    )
    assert beats_f(played, slower) > 0.95


def drone(duration_s: float = 20.0) -> FloatArray:
    at_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    return (0.2 * np.sin(2 * np.pi * 110 * at_s) + 0.1 * np.sin(2 * np.pi * 164 * at_s)).astype(np.float32)


def noise(duration_s: float = 20.0) -> FloatArray:
    return (0.1 * np.random.default_rng(3).standard_normal(round(duration_s * RATE_HZ))).astype(np.float32)


def random_strokes(duration_s: float = 20.0) -> FloatArray:
    """Kicks, snares and toms at times without any order, one and a half a second."""
    random = np.random.default_rng(11)
    times_s = np.sort(random.uniform(0, duration_s, round(duration_s * 1.5)))
    strokes = tuple((float(time_s), "kst"[int(random.integers(3))], 0.8) for time_s in times_s)
    none = np.zeros(0)
    return synthesise(Played(strokes=strokes, beats_s=none, numbers=none.astype(np.int64), meters=(), duration_s=duration_s))


@pytest.mark.parametrize("sound", [drone, noise, random_strokes])
def test_what_has_no_beat_has_no_reliable_tempo(engine: NetBeats, sound: object) -> None:
    grid = grid_of(engine, sound())  # type: ignore[operator]
    assert grid.bpm_unreliable
    assert len(grid.times_s)


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.5, 1.0, 1.5, 3.0])
@pytest.mark.parametrize("level", [0.0, 1e-5, 0.5])
def test_short_and_silent_recordings_do_no_harm(engine: NetBeats, seconds: float, level: float) -> None:
    samples = noise(3.0)[: round(seconds * RATE_HZ)] * np.float32(level)
    grid = grid_of(engine, samples)
    assert grid.bpm_unreliable
    try:
        alone = engine.beats(samples, RATE_HZ, BeatHint(), Unwatched())
    except BackbeatError as error:
        assert "beat" in error.message  # noqa: PT017 - either answer is right
    else:
        assert (np.diff(alone.times_s) > 0).all()


def test_samples_that_are_no_numbers_do_no_harm(engine: NetBeats) -> None:
    samples = synthesise(play(short("rock 120", 10.0)))
    samples[1000:1100] = np.nan
    samples[5000] = np.inf
    grid = engine.beats(samples, RATE_HZ, BeatHint(), Unwatched())
    assert np.isfinite(grid.times_s).all()


def test_it_reports_progress_in_order_and_can_be_stopped_anywhere(engine: NetBeats) -> None:
    class Recorder(Unwatched):
        def __init__(self, stop_after: int | None) -> None:
            self.seen: list[float] = []
            self.stop_after = stop_after

        def progress(self, stage: Stage, fraction: float) -> None:
            assert stage is Stage.BEATS
            self.seen.append(fraction)

        def check(self) -> None:
            if self.stop_after is not None and len(self.seen) >= self.stop_after:
                raise Cancelled("stopped")

    samples = synthesise(play(short("rock 120", 15.0)))
    whole = Recorder(None)
    engine.beats(samples, RATE_HZ, BeatHint(), whole)
    assert whole.seen == sorted(whole.seen)
    assert whole.seen[-1] == 1.0
    for stop_after in (0, len(whole.seen) // 2, len(whole.seen) - 2):
        with pytest.raises(Cancelled):
            engine.beats(samples + np.float32(1e-6 * (1 + stop_after)), RATE_HZ, BeatHint(), Recorder(stop_after))


def test_the_spectrum_is_shared_with_who_asks_next(engine: NetBeats) -> None:
    samples = synthesise(play(short("rock 120", 10.0)))
    engine.beats(samples, RATE_HZ, BeatHint(), Unwatched())

    def computed(_: float) -> None:
        raise AssertionError("it was computed again")

    assert len(memo.spectrum(samples.copy(), computed).level)


def test_four_minutes_take_little_time(engine: NetBeats) -> None:
    samples = np.tile(synthesise(play(short("rock 120", 24.0))), 10)
    spectrum_s, whole_s = [], []
    for repeat in range(3):
        changed = samples + np.float32(1e-6 * repeat)
        started_s = time.perf_counter()
        memo.spectrum(changed, lambda _: None)
        spectrum_s.append(time.perf_counter() - started_s)
        started_s = time.perf_counter()
        engine.beats(changed, RATE_HZ, BeatHint(), Unwatched())
        whole_s.append(time.perf_counter() - started_s)
    assert min(whole_s) < 4.0  # 60 times real time: a busy computer passes, a quadratic search does not


def test_damaged_files_are_reported_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="beat tracker"):
        open_beat_files(tmp_path)
    (tmp_path / "net_beats.json").write_bytes((ENGINES / "net_beats.json").read_bytes())
    (tmp_path / "net_beats.onnx").write_bytes(b"no network")
    with pytest.raises(ModelError, match="beat tracker"):
        open_beat_files(tmp_path)


def test_the_files_that_ship_are_small_and_belong_together() -> None:
    settings = json.loads((ENGINES / "net_beats.json").read_text("utf-8"))
    assert (ENGINES / "net_beats.onnx").stat().st_size < 1_500_000
    assert settings["training"]["songs"] > 0


@pytest.mark.parametrize("part", ["drum", "mix"])
def test_real_recordings_get_their_beats_and_most_downbeats(engine: NetBeats, shared: Path, part: str) -> None:
    found = Counter[str]()
    for path in sorted((shared / "eval" / "dev" / part).glob("*.flac")):
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        reference = np.loadtxt(shared / "eval" / "dev" / "ref_beats" / f"{path.stem}.beats")
        grid = grid_of(engine, samples.mean(axis=1, dtype=np.float32), rate_hz=rate_hz)
        heard = grid.times_s < len(samples) / rate_hz
        found["beats"] += mir_eval.beat.f_measure(reference[:, 0], grid.times_s[heard])
        found["downbeats"] += mir_eval.beat.f_measure(
            reference[reference[:, 1] == 1, 0], grid.times_s[heard & (grid.numbers == 1)]
        )
    assert found["beats"] / 7 > 0.93
    assert found["downbeats"] / 7 > 0.8
