"""Hits told while the network still listens: the same as those of the whole recording, whatever it hears."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backbeat.engines.net.engine import CHUNK_FRAMES, NetEngine
from backbeat.engines.net.parts import REACH_FRAMES, Parts, certain_frames
from backbeat.engines.net.picker import pick_hits
from backbeat.engines.net.picking import Activations, PickSettings
from backbeat.engines.net.settings import NetSettings
from backbeat.engines.net.state import NetState
from backbeat.engines.net.vocabulary import INSTRUMENTS
from backbeat.errors import Cancelled
from backbeat.monitor import Unwatched
from backbeat.records import DrumStem, FloatArray, Hit, Hits
from backbeat.sensitivity import Sensitivity
from backbeat.training.evaluation.recordings import NO_BEATS
from backbeat.values import Stage, StemOrigin

PICKING = PickSettings(
    clear=dict.fromkeys(INSTRUMENTS, 0.3),
    dense=dict.fromkeys(INSTRUMENTS, 0.5),
    joining=0.6,
    calibration=dict.fromkeys(INSTRUMENTS, (1.1, -0.2)),
)
SENSITIVITIES = (Sensitivity(), Sensitivity(overall=0), Sensitivity(overall=100))


def drummed(seed: int, frames: int, busy: float) -> Activations:
    """Triangles, plateaus and flams at random frames of random instruments; `busy`: strokes per frame."""
    random = np.random.default_rng(seed)
    instruments = np.zeros((frames, len(INSTRUMENTS)), np.float32)
    for _ in range(int(frames * busy)):
        frame, column = random.integers(frames), random.integers(len(INSTRUMENTS))
        width = int(random.integers(1, 5))
        around = np.arange(max(frame - width, 0), min(frame + width + 1, frames))
        slope = 0.0 if random.random() < 0.1 else 1 / width
        shape = random.choice([0.021, 0.1, 0.5, 1.0]) * np.maximum(1 - slope * np.abs(around - frame), 0)
        instruments[around, column] = np.maximum(instruments[around, column], shape)
    velocities = random.random(instruments.shape).astype(np.float32)
    return Activations(instruments=instruments, velocities=velocities, density=float(random.choice([0.3, 0.5, 0.9])))


def told(heard: Activations, chunks: list[int], duration_s: float) -> list[Hits]:
    """The parts, when the network is heard up to each of these frames in turn and then to the end."""
    found: list[Hits] = []
    parts = Parts(found.append, picking=PICKING, duration_s=duration_s)
    total = len(heard.instruments)
    for last in [*chunks, total]:
        so_far = Activations(instruments=heard.instruments[:last], velocities=heard.velocities[:last], density=heard.density)
        parts.heard(so_far, is_all=last == total)
    return found


def whole(heard: Activations, sensitivity: Sensitivity, duration_s: float) -> list[Hit]:
    return list(pick_hits(NetState.of(heard, duration_s=duration_s, picking=PICKING).to_bytes(), sensitivity))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    busy=st.sampled_from([0.02, 0.08, 0.2, 0.6]),
    chunks=st.lists(st.integers(1, 399), max_size=12, unique=True).map(sorted),
)
def test_the_parts_one_after_another_are_the_whole_to_the_last_bit_at_every_sensitivity(
    seed: int, busy: float, chunks: list[int]
) -> None:
    heard = drummed(seed, 400, busy)
    parts = told(heard, chunks, duration_s=3.998)
    for sensitivity in SENSITIVITIES:
        again = [hit for part in parts for hit in pick_hits(part.state, sensitivity)]
        assert again == whole(heard, sensitivity, 3.998)
    assert [hit for part in parts for hit in part] == whole(heard, Sensitivity(), 3.998)


def test_a_pause_ends_a_part_and_what_follows_it_waits_for_the_next_pause() -> None:
    heard = np.zeros((100, len(INSTRUMENTS)), np.float32)
    heard[10, 0] = heard[60, 1] = heard[98, 2] = 0.9
    assert certain_frames(heard) == 98 - REACH_FRAMES
    heard[30:98, 5] = 0.5
    assert certain_frames(heard) == 30 - REACH_FRAMES
    heard[11:30:7, 3] = 0.02
    heard[:11, 3] = 0.02
    assert certain_frames(heard) == 0, "a cymbal that is never silent for long"


@pytest.mark.parametrize("frames", [0, 1, 7])
def test_what_is_shorter_than_a_pause_is_told_at_its_end(frames: int) -> None:
    heard = drummed(1, frames, 1.0)
    assert certain_frames(np.zeros((frames, len(INSTRUMENTS)), np.float32)) == 0
    assert [hit for part in told(heard, [], 1.0) for hit in part] == whole(heard, Sensitivity(), 1.0)


# The engine around a network by hand


def loud_is_a_stroke(features: FloatArray) -> Activations:
    instruments = np.zeros((len(features), len(INSTRUMENTS)), np.float32)
    instruments[:, 1] = np.clip(features.mean(axis=1) - 0.5, 0, 1)
    return Activations(instruments=instruments, velocities=instruments)


ENGINE = NetEngine(loud_is_a_stroke, NetSettings(version="test", context_frames=5, picking=PICKING, training={}))


def clicks(seconds: float) -> DrumStem:
    random = np.random.default_rng(2)
    samples = np.zeros(int(seconds * 44_100), np.float32)
    for start in range(11_025, len(samples) - 22_050, 15_000):
        samples[start : start + 4000] = random.normal(0, 0.2, 4000) * np.exp(-np.arange(4000) / 900)
    return DrumStem(samples=samples, sample_rate_hz=44_100, origin=StemOrigin.GIVEN, reason="test")


class Watching(Unwatched):
    """Notes what is told and how far the engine is; cancels at a share."""

    def __init__(self, cancel_at: float = 2.0) -> None:
        self.parts: list[Hits] = []
        self.fraction = 0.0
        self.fractions_at_parts: list[float] = []
        self._cancel_at = cancel_at

    def progress(self, stage: Stage, fraction: float) -> None:
        self.fraction = fraction

    def check(self) -> None:
        if self.fraction >= self._cancel_at:
            raise Cancelled("test")

    def tell(self, part: Hits) -> None:
        self.parts.append(part)
        self.fractions_at_parts.append(self.fraction)


def test_the_engine_tells_each_chunk_while_it_listens_on() -> None:
    watching = Watching()
    hits = ENGINE.hits(clicks(3.5 * CHUNK_FRAMES / 100), NO_BEATS, watching, watching.tell)
    assert len(hits) > 100
    assert [hit for part in watching.parts for hit in part] == list(hits)
    assert len(watching.parts) == 4
    assert watching.fractions_at_parts[0] < 0.7
    assert all(earlier.time_s[-1] < later.time_s[0] for earlier, later in pairwise(watching.parts))


def test_a_cancelled_job_has_told_the_beginning_and_nothing_after_it() -> None:
    stem = clicks(4 * CHUNK_FRAMES / 100)
    complete = ENGINE.hits(stem, NO_BEATS, Unwatched())
    watching = Watching(cancel_at=0.65)
    with pytest.raises(Cancelled):
        ENGINE.hits(stem, NO_BEATS, watching, watching.tell)
    beginning = [hit for part in watching.parts for hit in part]
    assert 0 < len(beginning) < len(complete)
    assert beginning == list(complete)[: len(beginning)]


def test_silence_tells_nothing() -> None:
    watching = Watching()
    stem = DrumStem(samples=np.zeros(44_100, np.float32), sample_rate_hz=44_100, origin=StemOrigin.GIVEN, reason="test")
    ENGINE.hits(stem, NO_BEATS, watching, watching.tell)
    assert watching.parts == []
