from __future__ import annotations

import numpy as np
import pytest

from backbeat.errors import EngineFailed
from backbeat.pipeline.choose_hits import choose_hits
from backbeat.records import Analysis, BeatGrid, Hit, Hits, SeparationReport, hits_from_rows
from backbeat.sensitivity import Sensitivity
from backbeat.settings import Settings
from backbeat.values import FOUR_FOUR, Instrument, StemOrigin

HEARD = hits_from_rows([Hit(1.0, Instrument.SPLASH, 90, 0.8)], engine="test", warnings=("quiet",), state=b"state")


def analysis(hits: Hits = HEARD) -> Analysis:
    return Analysis(
        fingerprint="f" * 64,
        duration_s=2.0,
        host_bpm=None,
        host_bpm_source=None,
        separation=SeparationReport(origin=StemOrigin.GIVEN, reason="as told", separator=None, quality=None),
        grid=BeatGrid(
            times_s=np.array([0.0]),
            numbers=np.array([1]),
            meters=(FOUR_FOUR,),
            tempo_bpm=120.0,
            confidence=1.0,
            bpm_unreliable=False,
            engine="test",
        ),
        hits=hits,
        warnings=("quiet",),
    )


class Engines:
    """One engine that picks again, `test`; counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, Sensitivity]] = []

    def open_picker(self, name: str):
        return self.pick if name == "test" else None

    def pick(self, state: bytes, sensitivity: Sensitivity) -> Hits:
        self.asked.append((state, sensitivity))
        if state == b"damaged":
            raise EngineFailed("damaged")
        rows = [Hit(1.0, Instrument.SPLASH, 90, 0.8), Hit(1.5, Instrument.TOM_MID, 20, 0.1)]
        return hits_from_rows(rows, engine="test", state=state)


def chosen(analysis_: Analysis, **options: object) -> tuple[Analysis, Engines]:
    engines = Engines()
    return choose_hits(analysis_, Settings(engine="test").changed(options), engines.open_picker), engines


def test_as_shipped_the_hits_are_the_engines_own_and_nothing_is_picked() -> None:
    same, engines = chosen(analysis())
    assert same.hits is HEARD
    assert engines.asked == []


def test_another_sensitivity_picks_from_what_was_heard() -> None:
    changed, engines = chosen(analysis(), sensitivity="60, toms=70")
    assert engines.asked == [(b"state", Sensitivity.parse("60, toms=70"))]
    assert changed.hits.instruments == (Instrument.SPLASH, Instrument.TOM_MID)
    assert (changed.hits.warnings, changed.warnings) == (("quiet",), ("quiet",))


def test_common_instruments_are_folded_after_picking() -> None:
    folded, engines = chosen(analysis(), instruments="common")
    assert (folded.hits.instruments, engines.asked) == ((Instrument.CRASH,), [])
    both, _ = chosen(analysis(), instruments="common", sensitivity=60)
    assert both.hits.instruments == (Instrument.CRASH, Instrument.TOM_HIGH)


def test_an_engine_that_cannot_pick_again_keeps_its_hits_and_says_so() -> None:
    kept, _ = chosen(analysis(), engine="other", sensitivity=60)
    assert kept.hits is HEARD
    assert kept.warnings == ("quiet", "The other recogniser has no sensitivity: its hits are as it finds them.")


def test_silence_has_nothing_to_pick_from_and_needs_no_warning() -> None:
    silent = hits_from_rows([], engine="test")
    same, engines = chosen(analysis(silent), sensitivity=100)
    assert (same.hits, same.warnings, engines.asked) == (silent, ("quiet",), [])


def test_what_cannot_be_read_any_more_is_for_the_caller_to_hear_again() -> None:
    with pytest.raises(EngineFailed):
        chosen(analysis(hits_from_rows([], engine="test", state=b"damaged")), sensitivity=60)
