"""The beat tracker's search, on activations with known answers: no network is needed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from backbeat.engines.net_beats.cycles import TRIED_METERS, cycles_of
from backbeat.engines.net_beats.decode import Counted, decode
from backbeat.engines.net_beats.features import BEAT_FPS, FRAME_CENTRE_S
from backbeat.engines.net_beats.lattice import PIECE_FRAMES
from backbeat.engines.net_beats.runtime import BeatActivations
from backbeat.engines.protocols import BeatHint
from backbeat.errors import Cancelled
from backbeat.records import FloatArray, IntArray, TimeArray
from backbeat.values import Meter


@dataclass(frozen=True, kw_only=True)
class Heard:
    """Pulses put into activations. level, down_level: how sure the network is of a pulse and of a downbeat."""

    times_s: TimeArray
    numbers: IntArray
    meter: Meter = Meter(4, 4)
    level: float = 0.85
    down_level: float = 0.75
    noise: float = 0.03

    def activations(self, duration_s: float | None = None) -> BeatActivations:
        frames = round((duration_s or self.times_s[-1] + 0.5) * BEAT_FPS)
        random = np.random.default_rng(5)
        beats = np.abs(random.normal(0, self.noise, (frames, 2))) * (1, 0.5)
        at_s = np.arange(frames) / BEAT_FPS + FRAME_CENTRE_S
        for time_s, number in zip(self.times_s, self.numbers, strict=True):
            near = np.clip(1 - np.abs(at_s - time_s) / 0.03, 0, 1)
            beats[:, 0] = np.maximum(beats[:, 0], self.level * near)
            if number == 1:
                beats[:, 1] = np.maximum(beats[:, 1], self.down_level * near)
        meters = np.full((frames, len(TRIED_METERS)), 0.01, np.float32)
        meters[:, TRIED_METERS.index(self.meter)] = 0.96
        return BeatActivations(beats=beats.astype(np.float32), meters=meters)


def steady(bpm: float, per_bar: int, duration_s: float = 30.0, *, start_s: float = 0.3, first: int = 1, **kind: object) -> Heard:
    times_s = np.arange(start_s, duration_s, 60.0 / bpm)
    return Heard(times_s=times_s, numbers=(np.arange(len(times_s)) + first - 1) % per_bar + 1, **kind)  # type: ignore[arg-type]


def counted(activations: BeatActivations, hint: BeatHint = BeatHint()) -> Counted:  # noqa: B008 - frozen
    answer = decode(activations, hint, lambda _: None)
    assert answer is not None
    return answer


def bpm_of(times_s: FloatArray) -> float:
    return float(60.0 * (len(times_s) - 1) / (times_s[-1] - times_s[0]))


@pytest.mark.parametrize("bpm", [52, 75, 100, 120, 147.3, 180, 215])
def test_a_steady_beat_is_followed_within_10_ms_and_counted_from_its_downbeats(bpm: float) -> None:
    heard = steady(bpm, 4)
    grid = counted(heard.activations())
    assert len(grid.times_s) == len(heard.times_s)
    assert np.abs(grid.times_s - heard.times_s).max() < 0.010
    assert np.array_equal(grid.numbers, heard.numbers)
    assert set(grid.meters) == {Meter(4, 4)}
    assert grid.confidence > 0.85


@pytest.mark.parametrize(("meter", "per_bar", "divided"), [("3/4", 3, 1), ("5/4", 5, 1), ("6/8", 2, 3)])
def test_other_meters_are_found_and_their_beats_counted(meter: str, per_bar: int, divided: int) -> None:
    grid = counted(steady(110, per_bar, meter=Meter.parse(meter)).activations())
    assert set(grid.meters) == {Meter.parse(meter)}
    assert grid.numbers.max() == per_bar * divided
    assert bpm_of(grid.times_s) == pytest.approx(110 * divided, rel=0.01)


@pytest.mark.parametrize("groups", [(2, 2, 3), (3, 2, 2), (2, 3, 2)])
def test_seven_eight_is_tapped_unevenly_and_counted_in_eighths(groups: tuple[int, ...]) -> None:
    eighth_s = 0.23
    starts = np.cumsum([0, *groups[:-1]])
    times_s = np.concatenate([(bar * 7 + starts) * eighth_s for bar in range(16)]) + 0.3
    heard = Heard(times_s=times_s, numbers=np.tile([1, 2, 3], 16), meter=Meter(7, 8))
    grid = counted(heard.activations())
    assert set(grid.meters) == {Meter(7, 8)}
    assert np.allclose(np.diff(grid.times_s), eighth_s, atol=0.015)
    downbeats_s = grid.times_s[grid.numbers == 1]
    assert np.abs(downbeats_s - times_s[::3][: len(downbeats_s)]).max() < 0.015


def test_a_tempo_that_drifts_and_a_ramp_are_followed() -> None:
    bpm = np.interp(np.arange(120), [0, 60, 119], [100, 108, 140])
    times_s = 0.2 + np.concatenate([[0], np.cumsum(60 / bpm)])
    heard = Heard(times_s=times_s, numbers=np.arange(len(times_s)) % 4 + 1)
    grid = counted(heard.activations())
    assert len(grid.times_s) == len(times_s)
    assert np.abs(grid.times_s - times_s).max() < 0.012


def test_a_break_is_counted_through() -> None:
    heard = steady(120, 4, duration_s=40.0)
    activations = heard.activations()
    quiet = slice(12 * BEAT_FPS, 22 * BEAT_FPS)
    activations.beats[quiet] = 0.003
    grid = counted(activations)
    assert len(grid.times_s) == len(heard.times_s)
    assert np.abs(grid.times_s - heard.times_s).max() < 0.03
    assert np.array_equal(grid.numbers, heard.numbers)


def test_beats_that_are_half_believed_do_not_double_the_tempo() -> None:
    slow, offbeats = steady(84, 4), steady(84, 4, start_s=0.3 + 30 / 84, level=0.4, down_level=0.0)
    activations = slow.activations(30.5)
    between = offbeats.activations(30.5)
    grid = counted(BeatActivations(beats=np.maximum(activations.beats, between.beats), meters=activations.meters))
    assert bpm_of(grid.times_s) == pytest.approx(84, rel=0.01)


def test_where_octaves_are_equally_likely_the_usual_tempo_is_taken() -> None:
    for bpm, expected in ((60, 120), (104, 104)):
        every, other = (steady(rate, 4, level=0.55, down_level=0.0) for rate in (2 * bpm, bpm))
        activations = every.activations(30.5)
        likely = np.maximum(activations.beats, other.activations(30.5).beats)
        grid = counted(BeatActivations(beats=likely, meters=activations.meters))
        assert bpm_of(grid.times_s) == pytest.approx(expected, rel=0.02)


def test_a_bpm_hint_constrains_the_search() -> None:
    every = steady(160, 4)
    assert bpm_of(counted(every.activations()).times_s) == pytest.approx(160, rel=0.01)
    halved = counted(every.activations(), BeatHint(bpm=80.0))
    assert bpm_of(halved.times_s) == pytest.approx(80, rel=0.01)
    on_beats = np.abs(halved.times_s[:, np.newaxis] - every.times_s).min(axis=1)
    assert on_beats.max() < 0.015


def half_believed(bpm: float) -> BeatActivations:
    """Every other pulse is sure, those between are hardly heard: a half-time beat."""
    sure, between = steady(bpm / 2, 4), steady(bpm / 2, 4, start_s=0.3 + 60 / bpm, level=0.12, down_level=0.0)
    heard = sure.activations(30.5)
    return BeatActivations(beats=np.maximum(heard.beats, between.activations(30.5).beats), meters=heard.meters)


def test_a_tempo_that_the_file_states_decides_the_octave_of_a_half_time_beat() -> None:
    heard = half_believed(140)
    assert bpm_of(counted(heard).times_s) == pytest.approx(70, rel=0.01)
    grid = counted(heard, BeatHint(stated_bpm=140.0))
    assert bpm_of(grid.times_s) == pytest.approx(140, rel=0.01)
    assert grid.confidence > 0.85, "what is heard fits what is stated"


@pytest.mark.parametrize("hint", [BeatHint(bpm=174.0), BeatHint(stated_bpm=174.0)])
def test_a_tempo_that_is_known_is_counted_from_the_beginning_where_every_other_pulse_is_never_heard(hint: BeatHint) -> None:
    slow = steady(87, 4)
    grid = counted(slow.activations(), hint)
    assert bpm_of(grid.times_s) == pytest.approx(174, rel=0.01)
    assert grid.times_s[0] == pytest.approx(slow.times_s[0], abs=0.01)
    assert np.abs(slow.times_s[:, np.newaxis] - grid.times_s).min(axis=1).max() < 0.015


def test_a_stated_tempo_that_nobody_taps_to_is_left_aside() -> None:
    assert bpm_of(counted(steady(120, 4).activations(), BeatHint(stated_bpm=240.0)).times_s) == pytest.approx(120, rel=0.01)


def test_a_tempo_that_the_file_states_decides_the_octave_of_a_double_time_beat() -> None:
    every = steady(150, 4).activations()
    grid = counted(every, BeatHint(stated_bpm=76.0))
    assert bpm_of(grid.times_s) == pytest.approx(75, rel=0.01)


@pytest.mark.parametrize("stated_bpm", [120.0, 64.0, 145.0, 400.0, 20.0])
def test_a_stated_tempo_that_is_not_that_of_the_playing_does_no_harm(stated_bpm: float) -> None:
    heard = steady(97, 4)
    grid = counted(heard.activations(), BeatHint(stated_bpm=stated_bpm))
    assert np.abs(grid.times_s - heard.times_s).max() < 0.010
    assert np.array_equal(grid.numbers, heard.numbers)


def test_a_stated_tempo_is_a_place_to_look_and_the_beats_may_leave_it() -> None:
    times_s = 0.2 + np.concatenate([[0], np.cumsum(60 / np.interp(np.arange(120), [0, 119], [100, 135]))])
    heard = Heard(times_s=times_s, numbers=np.arange(len(times_s)) % 4 + 1)
    grid = counted(heard.activations(), BeatHint(stated_bpm=100.0))
    assert np.abs(grid.times_s - times_s).max() < 0.012


def test_where_two_tempi_are_about_as_likely_the_stated_one_is_taken() -> None:
    fast, slow = steady(128, 4, level=0.5).activations(30.5), steady(97, 4, level=0.5).activations(30.5)
    both = BeatActivations(beats=np.maximum(fast.beats, slow.beats), meters=fast.meters)
    for stated_bpm in (128.0, 97.0):
        assert bpm_of(counted(both, BeatHint(stated_bpm=stated_bpm)).times_s) == pytest.approx(stated_bpm, rel=0.01)


def test_the_users_tempo_goes_before_the_stated_one() -> None:
    grid = counted(steady(160, 4).activations(), BeatHint(bpm=80.0, stated_bpm=160.0))
    assert bpm_of(grid.times_s) == pytest.approx(80, rel=0.01)


def test_with_a_users_tempo_the_beats_follow_a_drummer_who_drifts_around_it() -> None:
    bpm = 110 * (1 + 0.03 * np.sin(np.arange(120) / 9))
    times_s = 0.2 + np.concatenate([[0], np.cumsum(60 / bpm)])
    heard = Heard(times_s=times_s, numbers=np.arange(len(times_s)) % 4 + 1)
    grid = counted(heard.activations(), BeatHint(bpm=110.0))
    assert np.abs(grid.times_s - times_s).max() < 0.012
    steady_s = times_s[0] + np.arange(len(times_s)) * 60 / 110
    assert np.abs(grid.times_s - steady_s).max() > 0.15, "they are not a ruler laid over the recording"


def test_with_a_users_meter_and_downbeat_the_beats_stay_where_they_are_heard_and_the_bars_move() -> None:
    times_s = 0.2 + np.concatenate([[0], np.cumsum(60 / np.interp(np.arange(96), [0, 95], [104, 118]))])
    heard = Heard(times_s=times_s, numbers=np.arange(len(times_s)) % 4 + 1)
    grid = counted(heard.activations(), BeatHint(meter=Meter(3, 4), first_downbeat_s=float(times_s[5])))
    assert np.abs(grid.times_s - times_s).max() < 0.012
    assert np.array_equal(grid.numbers, (np.arange(len(times_s)) - 5) % 3 + 1)


def test_a_meter_hint_constrains_the_search() -> None:
    grid = counted(steady(120, 4).activations(), BeatHint(meter=Meter(3, 4)))
    assert set(grid.meters) == {Meter(3, 4)}
    assert grid.numbers.max() == 3


def test_a_meter_that_is_never_guessed_can_be_asked_for() -> None:
    for text, pulses in (("2/4", 2), ("12/8", 4), ("2/2", 4), ("5/8", None)):
        meter = Meter.parse(text)
        grid = counted(steady(110, pulses or 4).activations(), BeatHint(meter=meter))
        assert set(grid.meters) == {meter}
        assert grid.numbers.max() == meter.beats


def test_a_first_downbeat_hint_moves_the_bars_not_only_their_numbers() -> None:
    heard = steady(120, 4)
    third_s = float(heard.times_s[2])
    grid = counted(heard.activations(), BeatHint(first_downbeat_s=third_s))
    downbeats_s = grid.times_s[grid.numbers == 1]
    assert np.abs(downbeats_s - third_s).min() < 0.015


def test_a_change_of_meter_is_followed() -> None:
    times_s = 0.3 + np.arange(96) * 0.5
    numbers = np.concatenate([np.arange(48) % 4 + 1, np.arange(48) % 3 + 1])
    heard = Heard(times_s=times_s, numbers=numbers)
    activations = heard.activations()
    late = np.arange(len(activations)) > 24.3 * BEAT_FPS
    activations.meters[late] = 0.01
    activations.meters[late, 1] = 0.96
    grid = counted(activations)
    assert grid.meters[0] == Meter(4, 4)
    assert grid.meters[-1] == Meter(3, 4)
    assert np.mean(grid.numbers == numbers) > 0.95


def test_noise_gives_no_confidence_and_nothing_gives_nothing() -> None:
    random = np.random.default_rng(1)
    noise = np.clip(np.abs(random.normal(0, 0.06, (1500, 2))), 0, 1).astype(np.float32)
    flat = np.full((1500, 5), 0.2, np.float32)
    unsure = decode(BeatActivations(beats=noise, meters=flat), BeatHint(), lambda _: None)
    assert unsure is None or unsure.confidence < 0.5
    for frames in (0, 3, 24, 1500):
        silent = BeatActivations(beats=np.zeros((frames, 2), np.float32), meters=np.full((frames, 5), 0.2, np.float32))
        assert decode(silent, BeatHint(), lambda _: None) is None


@pytest.mark.parametrize("duration_s", [0.6, 1.0, 2.0, 3.0])
@pytest.mark.parametrize(
    "hint", [BeatHint(), BeatHint(bpm=210.0), BeatHint(bpm=30.0), BeatHint(meter=Meter(7, 8), first_downbeat_s=9.0)]
)
def test_very_short_recordings_do_no_harm(duration_s: float, hint: BeatHint) -> None:
    grid = decode(steady(120, 4, duration_s=duration_s, start_s=0.0).activations(duration_s), hint, lambda _: None)
    assert grid is None or (np.diff(grid.times_s) > 0).all()


def test_the_search_can_be_stopped() -> None:
    def stop(done: float) -> None:
        if done > 0.2:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        decode(steady(120, 4, duration_s=240.0).activations(), BeatHint(), stop)


@pytest.mark.parametrize("text", ["4/4", "3/4", "6/8", "5/4", "7/8", "5/8", "12/8", "2/2", "11/8", "3/8", "9/8", "7/16", "1/4"])
def test_every_way_to_count_a_bar_is_as_long_as_the_bar(text: str) -> None:
    meter = Meter.parse(text)
    for cycle in cycles_of(meter):
        assert sum(cycle.beats) == meter.beats
        assert sum(cycle.lengths) * cycle.pulse_quarters == pytest.approx(4 * meter.beats / meter.unit)


def test_a_long_recording_is_searched_in_pieces_and_nothing_shows_where_they_join() -> None:
    times_s = 0.3 + np.arange(round(16 * 60 * 2.1)) / 2.1
    heard = Heard(times_s=times_s, numbers=np.arange(len(times_s)) % 4 + 1)
    activations = heard.activations()
    assert len(activations) > 2 * PIECE_FRAMES
    done: list[float] = []
    grid = decode(activations, BeatHint(), done.append)
    assert grid is not None
    assert len(grid.times_s) == len(times_s)
    assert np.abs(grid.times_s - times_s).max() < 0.010
    assert np.array_equal(grid.numbers, heard.numbers)
    assert max(done) <= 1.0


def test_a_long_silence_between_pieces_does_no_harm() -> None:
    activations = steady(126, 4, duration_s=16 * 60).activations()
    activations.beats[5_000:40_000] = 0.0
    grid = counted(activations)
    assert (np.diff(grid.times_s) > 0.2).all()
    assert (np.diff(grid.times_s) < 1.3).all()
