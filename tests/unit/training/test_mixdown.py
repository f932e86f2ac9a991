from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from backbeat.training.backing.music import Backing
from backbeat.training.mixing.mixdown import MixChances, mix_down
from backbeat.training.mixing.rooms import Frequencies, Rooms, draw_rooms
from backbeat.training.playing.performance import Group

RATE_HZ = 44_100
SAMPLES = 4 * RATE_HZ
NOTHING = MixChances(**{chance.name: 0.0 for chance in fields(MixChances)})


@pytest.fixture(scope="module")
def frequencies() -> Frequencies:
    return Frequencies.of(SAMPLES)


@pytest.fixture(scope="module")
def rooms(frequencies: Frequencies) -> Rooms:
    return draw_rooms(np.random.default_rng(0), frequencies, each=2)


@pytest.fixture
def tracks() -> dict[Group, np.ndarray]:
    """A kick at 1 s and a hat at 2 s, noise bursts of 50 ms."""
    rng = np.random.default_rng(3)
    kick, hat = np.zeros((2, SAMPLES), np.float32)
    burst = rng.uniform(-1, 1, 2205).astype(np.float32) * np.exp(-np.arange(2205) / 500).astype(np.float32)
    kick[RATE_HZ : RATE_HZ + 2205] = burst
    hat[2 * RATE_HZ : 2 * RATE_HZ + 2205] = 0.1 * burst
    return {Group.KICK: kick, Group.HATS: hat}


def _mix(
    tracks: dict[Group, np.ndarray], rooms: Rooms, frequencies: Frequencies, chances: MixChances, seed: int = 0
) -> np.ndarray:
    backing = Backing(clips=(np.sin(np.arange(RATE_HZ)).astype(np.float32),))
    return mix_down(np.random.default_rng(seed), tracks, rooms=rooms, frequencies=frequencies, backing=backing, chances=chances)


@pytest.mark.parametrize("seed", range(12))
def test_a_recording_is_finite_as_long_as_its_tracks_and_not_clipped(
    tracks: dict[Group, np.ndarray], rooms: Rooms, frequencies: Frequencies, seed: int
) -> None:
    recording = _mix(tracks, rooms, frequencies, MixChances(), seed)
    assert recording.dtype == np.float32
    assert recording.shape == (SAMPLES,)
    assert np.isfinite(recording).all()
    assert 0.05 < np.abs(recording).max() <= 1.0


@pytest.mark.parametrize("seed", range(8))
def test_rooms_compression_and_colour_leave_the_attack_at_its_label(
    tracks: dict[Group, np.ndarray], rooms: Rooms, frequencies: Frequencies, seed: int
) -> None:
    drums_only = replace(MixChances(), backing=0.0, separated=0.0, noise=0.0)
    recording = np.abs(_mix(tracks, rooms, frequencies, drums_only, seed))
    near = recording[RATE_HZ - 1323 : RATE_HZ + 1764]
    attack_ms = (np.argmax(near >= 0.25 * near.max()) - 1323) / RATE_HZ * 1000
    assert -2 <= attack_ms <= 2


def test_the_quiet_parts_hold_what_was_asked_for(tracks: dict[Group, np.ndarray], rooms: Rooms, frequencies: Frequencies) -> None:
    before = slice(0, RATE_HZ // 2)
    dry = _mix(tracks, rooms, frequencies, NOTHING)
    assert _share(dry, before) < 1e-3
    assert _share(_mix(tracks, rooms, frequencies, replace(NOTHING, backing=1.0)), before) > 1e-3
    assert 0 < _share(_mix(tracks, rooms, frequencies, replace(NOTHING, noise=1.0)), before) < 2e-3


def test_a_room_rings_on_after_the_stroke(tracks: dict[Group, np.ndarray], rooms: Rooms, frequencies: Frequencies) -> None:
    ringing = slice(int(1.1 * RATE_HZ), int(1.3 * RATE_HZ))
    dry = _mix(tracks, rooms, frequencies, NOTHING)
    wet = [_share(_mix(tracks, rooms, frequencies, replace(NOTHING, room=1.0), seed), ringing) for seed in range(6)]
    assert max(wet) > 10 * _share(dry, ringing)


def test_a_codec_takes_the_treble_off(tracks: dict[Group, np.ndarray], rooms: Rooms, frequencies: Frequencies) -> None:
    def treble(recording: np.ndarray) -> float:
        power = np.abs(np.fft.rfft(recording)) ** 2
        return float(power[frequencies.hz > 18_000].sum() / power.sum())

    full = _mix(tracks, rooms, frequencies, NOTHING)
    cut = _mix(tracks, rooms, frequencies, replace(NOTHING, low_pass=1.0))
    assert treble(cut) < 1e-4 * treble(full)


def test_silence_and_no_tracks_at_all_stay_finite(rooms: Rooms, frequencies: Frequencies) -> None:
    for tracks in ({}, {Group.KICK: np.zeros(SAMPLES, np.float32)}):
        recording = _mix(tracks, rooms, frequencies, replace(MixChances(), noise=0.0))
        assert recording.shape == (SAMPLES,)
        assert np.isfinite(recording).all()


def test_the_same_seed_mixes_the_same(tracks: dict[Group, np.ndarray], rooms: Rooms, frequencies: Frequencies) -> None:
    one, other = (_mix(tracks, rooms, frequencies, MixChances(), 7) for _ in range(2))
    assert np.array_equal(one, other)


def _share(recording: np.ndarray, where: slice) -> float:
    """RMS of a stretch against the peak of the whole."""
    return float(np.sqrt(np.mean(recording[where] ** 2)) / np.abs(recording).max())
