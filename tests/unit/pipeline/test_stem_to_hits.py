from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from backbeat.engines.protocols import TellHits, tell_nobody
from backbeat.errors import Cancelled, EngineFailed, ModelError
from backbeat.monitor import Monitor, Unwatched
from backbeat.pipeline.stem_to_hits import stem_to_hits
from backbeat.records import BeatGrid, DrumStem, Hits
from backbeat.values import Instrument, StemOrigin


@dataclass
class FakeEngine:
    """Answers what it is told, or raises it."""

    answer: Hits | Exception
    name: str = "fake"
    version: str = "1"
    instruments: frozenset[Instrument] = frozenset({Instrument.KICK, Instrument.SNARE})

    def hits(self, stem: DrumStem, grid: BeatGrid, monitor: Monitor, tell: TellHits = tell_nobody) -> Hits:
        if isinstance(self.answer, Exception):
            raise self.answer
        tell(self.answer)
        return self.answer


STEM = DrumStem(samples=np.zeros(44_100, dtype=np.float32), sample_rate_hz=44_100, origin=StemOrigin.GIVEN, reason="test")
GRID = BeatGrid(
    times_s=np.zeros(0),
    numbers=np.zeros(0, dtype=np.int64),
    meters=(),
    tempo_bpm=120.0,
    confidence=1.0,
    bpm_unreliable=False,
    engine="test",
)


def answer(times_s=(0.1, 0.5), velocity=(90, 100), confidence=(0.5, 1.0), instruments=(Instrument.KICK, Instrument.SNARE)):
    return Hits(
        time_s=np.array(times_s, dtype=np.float64),
        instruments=tuple(instruments),
        velocity=np.array(velocity, dtype=np.int64),
        confidence=np.array(confidence, dtype=np.float64),
        engine="fake",
    )


def ask(engine_answer, tell=tell_nobody):
    return stem_to_hits(STEM, GRID, FakeEngine(engine_answer), Unwatched(), tell)


def test_a_sane_answer_is_passed_on():
    hits = answer()
    assert ask(hits) is hits


def test_what_the_engine_tells_beforehand_is_passed_on():
    told: list[Hits] = []
    hits = answer()
    ask(hits, told.append)
    assert told == [hits]


def test_nonsense_is_not_told_either():
    told: list[Hits] = []
    with pytest.raises(EngineFailed, match="nonsensical"):
        ask(answer(times_s=(0.1, 2.0)), told.append)
    assert told == []


def test_no_hits_are_a_sane_answer():
    assert len(ask(answer((), (), (), ()))) == 0


@pytest.mark.parametrize("times_s", [(0.0, 1.0), (0.5, 0.5)])
def test_hits_may_lie_on_the_edges_of_the_recording_and_together(times_s):
    assert len(ask(answer(times_s))) == 2


@pytest.mark.parametrize(
    ("nonsense", "words"),
    [
        ({"times_s": (0.1, np.nan)}, "not a number"),
        ({"times_s": (0.1, np.inf)}, "not a number"),
        ({"times_s": (0.5, 0.1)}, "not in order"),
        ({"times_s": (-0.01, 0.1)}, "outside of the recording"),
        ({"times_s": (0.1, 1.01)}, "outside of the recording"),
        ({"velocity": (0, 100)}, "velocity"),
        ({"velocity": (1, 128)}, "velocity"),
        ({"confidence": (-0.1, 1.0)}, "confidence"),
        ({"confidence": (0.1, 1.1)}, "confidence"),
        ({"confidence": (0.1, np.nan)}, "confidence"),
        ({"instruments": (Instrument.KICK, Instrument.RIDE)}, "ride"),
    ],
)
def test_nonsense_is_an_engine_failure_that_says_what_is_wrong(nonsense, words):
    with pytest.raises(EngineFailed, match=words) as caught:
        ask(answer(**nonsense))
    assert "fake" in caught.value.message
    assert caught.value.advice


def test_a_foreign_error_becomes_an_engine_failure_that_names_it():
    with pytest.raises(EngineFailed, match="ValueError: shapes differ") as caught:
        ask(ValueError("shapes differ"))
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize("error", [Cancelled("stop"), ModelError("damaged")])
def test_cancel_and_our_own_errors_pass_through(error):
    with pytest.raises(type(error)) as caught:
        ask(error)
    assert caught.value is error
