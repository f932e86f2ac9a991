from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from backbeat.pipeline.fold_hits import FOLDS, SAME_STROKE_S, fold_hits
from backbeat.records import Hit, hits_from_rows
from backbeat.values import Instrument

rows = st.builds(
    Hit, st.integers(0, 300).map(lambda ms: ms / 1000), st.sampled_from(Instrument), st.integers(1, 127), st.floats(0, 1)
)


def folded(*hits: Hit) -> list[Hit]:
    return list(fold_hits(hits_from_rows(list(hits), engine="test")))


def test_a_drummers_common_kit_is_what_remains() -> None:
    remaining = [str(instrument) for instrument in Instrument if instrument not in FOLDS]
    assert remaining == ["kick", "snare", "tom_high", "tom_low", "hihat_closed", "hihat_open", "ride", "crash"]
    assert not FOLDS.keys() & set(FOLDS.values()), "nothing is folded twice"


def test_hits_that_fall_together_become_one_as_loud_and_as_sure_as_the_most_of_them() -> None:
    assert folded(Hit(1.0, Instrument.CRASH, 60, 0.9), Hit(1.004, Instrument.CHINA, 100, 0.5)) == [
        Hit(1.0, Instrument.CRASH, 100, 0.9)
    ]


def test_hits_of_different_instruments_beside_one_another_stay_where_they_are() -> None:
    hits = [Hit(1.0, Instrument.KICK, 60, 0.9), Hit(1.0, Instrument.SNARE, 60, 0.9), Hit(1.0, Instrument.HIHAT_OPEN, 60, 0.9)]
    assert folded(*hits) == hits


def test_a_flam_on_a_folded_drum_stays_two_strokes() -> None:
    assert [
        hit.instrument for hit in folded(Hit(1.0, Instrument.SIDE_STICK, 60, 0.9), Hit(1.012, Instrument.SIDE_STICK, 60, 0.9))
    ] == [Instrument.SNARE] * 2
    assert len(folded(Hit(1.0, Instrument.SNARE, 60, 0.9), Hit(1.02, Instrument.SIDE_STICK, 60, 0.9))) == 2


def test_engine_warnings_and_state_stay() -> None:
    hits = fold_hits(hits_from_rows([], engine="test", warnings=("silent",), state=b"s"))
    assert (len(hits), hits.engine, hits.warnings, hits.state) == (0, "test", ("silent",), b"s")


@given(st.lists(rows, max_size=30))
@settings(deadline=None)
def test_no_stroke_is_invented_or_lost_and_to_fold_again_changes_nothing(hits: list[Hit]) -> None:
    once = folded(*hits)
    assert {hit.instrument for hit in once} <= set(Instrument) - FOLDS.keys()
    for hit in hits:
        common = FOLDS.get(hit.instrument, hit.instrument)
        assert any(each.instrument is common and abs(each.time_s - hit.time_s) < SAME_STROKE_S for each in once)
    assert len(once) <= len(hits)
    assert folded(*once) == once
