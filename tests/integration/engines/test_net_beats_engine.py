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
from tests.beatless import BEATLESS, Sound, metronome, noise
from tests.rhythms import RATE_HZ, RHYTHMS, Played, Rhythm, play, synthesise

from backbeat.engines.net.recording import recording as memo
from backbeat.engines.net_beats.engine import NetBeats, open_beat_files
from backbeat.engines.protocols import BeatHint
from backbeat.errors import BackbeatError, Cancelled, ModelError
from backbeat.monitor import Unwatched
from backbeat.pipeline.audio_to_beats import audio_to_beats
from backbeat.records import BeatGrid, FloatArray
from backbeat.values import Meter, Stage

ENGINES = Path(__file__).resolve().parents[3] / "daemon" / "backbeat" / "engines" / "net_beats"
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


@pytest.mark.parametrize("sound", BEATLESS, ids=lambda sound: sound.__name__)
@pytest.mark.parametrize("duration_s", [6.0, 20.0])
def test_what_has_no_beat_has_no_reliable_tempo(engine: NetBeats, sound: Sound, duration_s: float) -> None:
    for seed in range(3):
        grid = grid_of(engine, sound(np.random.default_rng(seed), duration_s))
        assert grid.bpm_unreliable
        assert grid.confidence < 0.5
        assert grid.times_s[-1] >= duration_s - 1.5, "it covers the recording all the same"


@pytest.mark.parametrize("bpm", [60, 90, 120, 174])
def test_clicks_and_nothing_else_are_counted_at_their_tempo_or_an_octave_of_it(engine: NetBeats, bpm: int) -> None:
    samples, clicks_s = metronome(bpm, 12.0)
    grid = grid_of(engine, samples)
    assert np.log2(grid.quarter_bpm / bpm) == pytest.approx(round(np.log2(grid.quarter_bpm / bpm)), abs=0.01)
    slower_s, faster_s = sorted((clicks_s, grid.times_s), key=len)
    assert np.abs(slower_s[1:-1, np.newaxis] - faster_s).min(axis=1).max() < 0.02
    stated = grid_of(engine, samples, BeatHint(stated_bpm=float(bpm)))
    assert stated.quarter_bpm == pytest.approx(bpm, rel=0.01)


@pytest.mark.parametrize("name", ["half-time 140", "jazz 165", "7/8 2+2+3 140"])
def test_the_tempo_that_a_file_states_settles_the_octave(engine: NetBeats, name: str) -> None:
    played = play(NAMED[name], seed=list(NAMED).index(name))
    samples = synthesise(played, list(NAMED).index(name))
    assert beats_f(played, grid_of(engine, samples)) < 0.7, "by ear alone it is taken for half as fast"
    grid = grid_of(engine, samples, BeatHint(stated_bpm=NAMED[name].bpm, stated_source="the file name"))
    assert beats_f(played, grid) > 0.95
    assert grid.warnings == ()


def test_a_stated_tempo_that_nobody_plays_changes_nothing_but_is_told(engine: NetBeats) -> None:
    samples = synthesise(play(short("rock 92")))
    heard = grid_of(engine, samples)
    stated = grid_of(engine, samples, BeatHint(stated_bpm=120.0, stated_source="the ACID tempo in the file"))
    assert np.array_equal(stated.times_s, heard.times_s)
    assert "The ACID tempo in the file says 120 BPM, but 92.0 BPM is heard" in stated.warnings[0]


def test_a_users_tempo_and_downbeat_hold_in_a_drifting_recording_and_the_beats_follow_the_drummer(engine: NetBeats) -> None:
    played = play(NAMED["wanders by 3 %"])
    third_s = float(played.beats_s[2])
    hint = BeatHint(bpm=112.0, meter=Meter(4, 4), first_downbeat_s=third_s)
    grid = grid_of(engine, synthesise(played), hint)
    assert grid.quarter_bpm == 112.0
    assert (
        mir_eval.beat.f_measure(played.beats_s, grid.times_s[grid.times_s < played.duration_s], f_measure_threshold=0.03) > 0.97
    )
    ruler_s = played.beats_s[0] + np.arange(len(played.beats_s)) * 60 / 112
    assert np.abs(played.beats_s - ruler_s).max() > 0.1, "a ruler would not do"
    downbeats_s = grid.times_s[grid.numbers == 1]
    assert np.abs(downbeats_s[:, np.newaxis] - played.beats_s[played.numbers == 3]).min(axis=0).max() < 0.03


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.5, 1.0, 1.5, 3.0])
@pytest.mark.parametrize("level", [0.0, 1e-5, 0.5])
def test_short_and_silent_recordings_do_no_harm(engine: NetBeats, seconds: float, level: float) -> None:
    samples = noise(np.random.default_rng(3), seconds) * np.float32(level)
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
