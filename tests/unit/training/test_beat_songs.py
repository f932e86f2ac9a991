"""What the beat tracker learns from: songs whose beats, bars and time are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from backbeat.engines.net_beats.cycles import TRIED_METERS
from backbeat.engines.net_beats.features import BEAT_FPS
from backbeat.training.beats.patterns import PLANS, draw_bars, draw_quarter_bpm
from backbeat.training.beats.pool import soft_targets
from backbeat.training.beats.song import METER_CLASSES, BeatSong, draw_song
from backbeat.training.beats.steady_grooves import steady_grooves
from backbeat.training.playing.grooves import Groove
from backbeat.training.playing.strokes import Stroke
from backbeat.values import FOUR_FOUR, Instrument, Meter


def groove(*, lag_s: float = 0.0, looseness_s: float = 0.003, bpm: float = 100.0) -> Groove:
    """Eight bars of eighths on the hat, kick on 1 and 3, snare on 2 and 4."""
    random = np.random.default_rng(2)
    strokes = []
    for eighth in range(64):
        time_s = eighth * 30 / bpm + lag_s + random.normal(0, looseness_s)
        strokes.append(Stroke(time_s, Instrument.HIHAT_CLOSED, 80))
        if eighth % 2 == 0:
            strokes.append(Stroke(time_s, Instrument.SNARE if eighth % 4 else Instrument.KICK, 110))
    return Groove(strokes=tuple(sorted(strokes)), tempo_bpm=bpm, meter=FOUR_FOUR, style="rock", beat=True)


def songs(count: int = 60) -> list[BeatSong]:
    rng = np.random.default_rng(9)
    return [draw_song(rng, [groove()], 30.0) for _ in range(count)]


def test_the_classes_that_are_learned_are_those_that_the_engine_reads() -> None:
    assert METER_CLASSES == TRIED_METERS


@pytest.mark.parametrize("plan", [plan for plan, _ in PLANS], ids=lambda plan: f"{plan.meter} {plan.steps} {plan.pulses}")
def test_every_plan_is_as_long_as_its_meter_and_tapped_within_reach(plan: object) -> None:
    meter, pulses = plan.meter, plan.pulses  # type: ignore[attr-defined]
    assert plan.quarters == pytest.approx(4 * meter.beats / meter.unit)  # type: ignore[attr-defined]
    assert pulses[0] == 0
    rng = np.random.default_rng(0)
    for _ in range(50):
        assert 50 <= draw_quarter_bpm(rng, plan) <= 220  # type: ignore[arg-type]


def test_bars_of_a_pattern_begin_with_a_kick_more_often_than_not() -> None:
    rng = np.random.default_rng(4)
    kicked = []
    for _ in range(40):
        strokes = draw_bars(rng, PLANS[0][0], 8, 0.5)
        kicks = np.array([stroke.time_s for stroke in strokes if stroke.instrument is Instrument.KICK] or [-9.0])
        kicked += [float(np.abs(kicks - 2.0 * bar).min()) < 0.05 for bar in range(8)]
    assert np.mean(kicked) > 0.6


def test_pulses_rise_and_bars_are_counted_through() -> None:
    for song in songs():
        assert (np.diff(song.pulses_s) > 0.1).all()
        assert (np.diff([stroke.time_s for stroke in song.strokes]) >= 0).all()
        if song.meter is None:
            assert not len(song.pulses_s)
            continue
        steps = np.diff(song.numbers)
        assert set(steps) <= {1, 1 - song.numbers.max()}
        assert song.meter in METER_CLASSES


def test_strokes_stay_with_the_beats_however_time_is_bent() -> None:
    off_s = []
    for song in songs(80):
        if song.meter != Meter(4, 4):
            continue
        kicks_s = np.array([stroke.time_s for stroke in song.strokes if stroke.instrument is Instrument.KICK])
        halves_s = np.sort(np.concatenate([song.pulses_s, (song.pulses_s[1:] + song.pulses_s[:-1]) / 2]))
        if len(kicks_s):
            off_s.append(np.median(np.abs(kicks_s[:, np.newaxis] - halves_s).min(axis=1)))
    assert len(off_s) > 20
    assert np.median(off_s) < 0.02


def test_grooves_that_lead_their_click_are_moved_onto_it_and_loose_ones_left_out() -> None:
    (moved,) = steady_grooves([groove(lag_s=-0.02)])
    assert np.median([stroke.time_s % 0.3 for stroke in moved.strokes if 0.01 < stroke.time_s % 0.3 < 0.29] or [0.0]) < 0.3
    kicks = [stroke.time_s for stroke in moved.strokes if stroke.instrument is Instrument.KICK]
    assert abs(np.mean([(time_s + 0.6) % 1.2 - 0.6 for time_s in kicks])) < 0.003
    assert steady_grooves([groove(looseness_s=0.12)]) == []
    assert steady_grooves([groove(lag_s=0.07)]) == []


def test_targets_are_triangles_between_the_frames() -> None:
    targets = soft_targets(np.array([10.0, 30.5], np.float32), np.array([True, False]), 50)
    assert targets[10].tolist() == [1.0, 1.0]
    assert targets[9, 0] == targets[11, 0] == pytest.approx(1 - 1 / (0.03 * BEAT_FPS))
    assert targets[30, 0] == targets[31, 0] == pytest.approx(1 - 0.5 / (0.03 * BEAT_FPS))
    assert targets[30:32, 1].max() == 0.0
    assert targets.sum() == pytest.approx(targets[8:13].sum() + targets[28:34].sum())
    assert soft_targets(np.array([-0.4, 49.9], np.float32), np.array([True, True]), 50)[[0, 49]].min() > 0.3
