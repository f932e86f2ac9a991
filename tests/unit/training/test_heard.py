"""Recordings with what was played and found: counting, and which hits are right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backbeat.errors import ConfigError
from backbeat.records import Hit
from backbeat.training.evaluation.heard import (
    Heard,
    families_right,
    instruments_right,
    lags_s,
    of_family,
    of_instrument,
    over_recordings,
    played_families,
    within_recordings,
)
from backbeat.training.evaluation.references import read_techniques
from backbeat.training.evaluation.scoring import Counts
from backbeat.training.playing.strokes import Stroke
from backbeat.values import Instrument as I  # noqa: N817 - tables of instruments read better short


def heard(recording: str, played: list[tuple[float, I]], found: list[tuple[float, I]]) -> Heard:
    strokes = tuple(Stroke(time_s, instrument, 90) for time_s, instrument in sorted(played))
    hits = tuple(Hit(time_s, instrument, 80, 0.7) for time_s, instrument in sorted(found))
    return Heard(recording=recording, duration_s=12.0, played=strokes, families=played_families(strokes), hits=hits)


ONE = heard(
    "one",
    [(1.0, I.KICK), (1.0, I.RIDE), (2.0, I.SNARE), (7.0, I.CRASH), (7.0, I.SIDE_STICK)],
    [(1.004, I.KICK), (1.0, I.CRASH), (7.01, I.CRASH), (7.02, I.SIDE_STICK), (9.0, I.KICK)],
)
TWO = heard("two", [(3.0, I.KICK)], [(2.99, I.KICK)])


def test_families_and_instruments_are_counted_apart() -> None:
    assert over_recordings([ONE], [of_family("cymbals")]).total == Counts(matched=2, expected=2, found=2)
    assert over_recordings([ONE], [of_instrument(I.CRASH)]).total == Counts(matched=1, expected=1, found=2)
    assert over_recordings([ONE], [of_instrument(I.RIDE)]).total == Counts(matched=0, expected=1, found=0)


def test_side_sticks_are_no_snares_as_in_the_annotations() -> None:
    assert over_recordings([ONE], [of_family("snare")]).total == Counts(matched=0, expected=1, found=0)
    assert over_recordings([ONE], [of_instrument(I.SIDE_STICK)]).total.matched == 1


def test_segments_of_one_kit_are_one_cluster() -> None:
    kicks = [of_instrument(I.KICK)]
    assert len(over_recordings([ONE, TWO], kicks).counts) == 2
    again = heard("one", [(1.0, I.KICK)], [])
    assert over_recordings([ONE, TWO, again], kicks).counts[0] == Counts(matched=1, expected=2, found=2)


def test_stretches_add_up_and_keep_to_their_recording() -> None:
    kinds = [of_instrument(I.KICK), of_instrument(I.CRASH)]
    stretches = within_recordings([ONE, TWO], kinds)
    assert list(stretches.strata) == [0, 0, 0, 1, 1, 1]
    assert stretches.total == over_recordings([ONE, TWO], kinds).total


def test_lags_are_found_minus_expected() -> None:
    assert lags_s([ONE, TWO], of_instrument(I.KICK)) == pytest.approx([0.004, -0.01])
    assert len(lags_s([ONE], of_family("toms"))) == 0


def test_hits_are_right_by_instrument_and_by_class() -> None:
    by = {(hit.time_s, hit.instrument): k for k, hit in enumerate(ONE.hits)}
    instruments, families = instruments_right(ONE), families_right(ONE)
    assert [instruments[by[key]] for key in ((1.004, I.KICK), (1.0, I.CRASH), (7.01, I.CRASH), (9.0, I.KICK))] == [
        True,
        False,
        True,
        False,
    ]
    assert families[by[1.0, I.CRASH]]
    assert not families[by[9.0, I.KICK]]
    assert instruments[by[7.02, I.SIDE_STICK]]
    assert not families[by[7.02, I.SIDE_STICK]]


def test_of_two_hits_on_one_stroke_only_one_is_right() -> None:
    twice = heard("x", [(1.0, I.SNARE)], [(1.0, I.SNARE), (1.04, I.SNARE)])
    assert sum(instruments_right(twice)) == sum(families_right(twice)) == 1


def test_techniques_are_read_as_instruments(tmp_path: Path) -> None:
    path = tmp_path / "song.txt"
    path.write_text("1.5\tSDG\n0.5\tKD\n0.5\tTMB\n2.0\tHFT\n0.5\tKD\n", encoding="utf-8")
    assert [(stroke.time_s, stroke.instrument) for stroke in read_techniques(path)] == [
        (0.5, I.KICK),
        (1.5, I.SNARE),
        (2.0, I.TOM_LOW),
    ]


def test_what_is_no_annotation_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("soon\tKD\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="no annotation"):
        read_techniques(tmp_path / "x.txt")
    with pytest.raises(ConfigError, match="no annotation"):
        read_techniques(tmp_path / "missing.txt")


def test_nothing_played_and_nothing_found_counts_nothing() -> None:
    silent = heard("silent", [], [])
    assert over_recordings([silent], [of_family("kick")]).total == Counts()
    assert instruments_right(silent) == []
    assert np.array_equal(silent.families["toms"], np.zeros(0))
