"""The report's tables, from recordings with known answers."""

from __future__ import annotations

import pytest

from backbeat.records import Hit
from backbeat.training.evaluation.heard import Heard, played_families
from backbeat.training.evaluation.probes import FlamCount, SingleCount
from backbeat.training.evaluation.variants import Likeness
from backbeat.training.playing.strokes import Stroke
from backbeat.training.report.recordings import (
    class_marks,
    classes_section,
    instruments_section,
    lags_section,
    reliability_section,
    songs_section,
)
from backbeat.training.report.synthetic import (
    confusion_sections,
    flams_section,
    held_out_classes_section,
    held_out_section,
    likeness_section,
    singles_section,
)
from backbeat.values import Instrument as I  # noqa: N817 - tables of instruments read better short


def song(name: str, *, missed: int) -> Heard:
    """Twenty kicks, of which some are missed, and ten closed hats taken for open ones."""
    played = tuple(Stroke(0.5 * k, I.KICK, 40 + 4 * k) for k in range(20))
    played += tuple(Stroke(0.25 + k, I.HIHAT_CLOSED, 70) for k in range(10))
    hits = [Hit(s.time_s + 0.002, I.KICK, s.velocity + 5, 0.9) for s in played[: 20 - missed]]
    hits += [Hit(s.time_s, I.HIHAT_OPEN, 70, 0.4) for s in played[20:]]
    return Heard(recording=name, duration_s=10.0, played=played, families=played_families(played), hits=tuple(hits))


GOOD = [song(name, missed=0) for name in "abc"]
BAD = [song(name, missed=10) for name in "abc"]


def rows(table: str) -> dict[str, list[str]]:
    cells = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table.splitlines() if line.startswith("|")]
    return {line[0].strip("*"): line[1:] for line in cells}


def test_classes_stand_beside_another_system_with_a_paired_difference() -> None:
    table = rows(classes_section(GOOD, BAD, "other"))
    assert table["KD"][:3] == ["60 / 60 / 60", "**1.000**", "1.000 to 1.000"]
    assert table["KD"][4:6] == ["0.667", "+0.333"]
    assert table["KD"][6] == "**+0.333 to +0.333**"
    assert table["TT"][1:] == ["-"] * 7
    assert table["HH"][6] == "+0.000 to +0.000"  # 0 is not outside: not bold


def test_songs_show_what_was_missed() -> None:
    table = rows(songs_section(BAD, GOOD, "other"))
    assert table["a"][:3] == ["0.800", "1.000", "10 / 0"]


def test_instruments_have_counts_and_those_of_few_songs_no_interval_over_songs() -> None:
    table = rows(instruments_section(GOOD))
    assert table["kick"] == ["3", "60 / 60 / 60", "1.000", "1.000 to 1.000", "1.000 to 1.000"]
    assert table["hihat_closed"][1:3] == ["0 / 30 / 0", "0.000"]
    assert table["hihat_open"][2] == "-"
    assert rows(instruments_section(GOOD[:2]))["kick"][3] == "-"


def test_marks_are_made_of_classes_that_were_played() -> None:
    assert list(class_marks({"net": GOOD})) == ["all", "KD", "HH"]


def test_lags_are_in_milliseconds() -> None:
    table = lags_section({"stems": GOOD})
    assert "| stems | KD | 60 | +2.0 | +2.0 to +2.0 |" in table


def test_reliability_lists_bins_and_errors() -> None:
    table = rows(reliability_section({"stems": [(0.85, True)] * 8 + [(0.85, False)] * 2, "none": []}))
    assert table["0.8 to 0.9"] == ["0.85: 0.80 (10)", "-"]
    assert table["calibration error"] == ["0.050", "-"]
    assert table["confidence - right"] == ["+0.050", "-"]


def test_held_out_kits_have_times_and_velocities() -> None:
    table = rows(held_out_section(GOOD))
    assert table["kick"] == ["60 / 60 / 60", "1.000", "1.000 to 1.000", "+2.0", "2.0", "2.0", "1.00", "5"]
    assert table["splash"][3:] == ["-"] * 5
    assert rows(held_out_classes_section(GOOD))["KD"][1] == "1.000"


def test_confusions_are_summed_over_segments() -> None:
    table = rows(confusion_sections(GOOD).split("**cymbals**")[0])
    assert table["hihat_closed"] == ["0", "30", "0", "0"]


def test_flams_are_sorted_by_how_far_apart_they_are() -> None:
    flams = [FlamCount(gap_ms=gap, heard=True, as_two=gap > 25) for gap in (22.0, 28.0, 41.0)]
    table = rows(flams_section({I.SNARE: [*flams, FlamCount(gap_ms=35.0, heard=False, as_two=False)], I.TOM_LOW: []}))
    assert table["snare"] == ["1 of 2 (50%)", "-", "1 of 1 (100%)", "2 of 3 (67%)", "3 of 4"]
    assert table["tom_low"][0] == "-"
    assert table["all"][4] == "3 of 4"


def test_double_triggers_are_per_thousand() -> None:
    table = rows(singles_section({I.RIDE: SingleCount(played=250, heard=200, twice=3, elsewhere=4), I.KICK: SingleCount()}))
    assert table["ride"] == ["250", "200", "3", "15.0", "4"]
    assert table["kick"] == ["0", "0", "0", "-", "0"]
    assert table["all"][3] == "15.0"


@pytest.mark.parametrize(("equal", "shown"), [(1.0, "100.0%"), (0.9666, "96.7%")])
def test_likeness_is_a_share(equal: float, shown: str) -> None:
    assert shown in likeness_section({"song": {"48 kHz": Likeness(equal=equal, velocity_steps=2)}})
