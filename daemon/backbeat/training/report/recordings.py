"""Figures on annotated recordings as Markdown: classes and instruments with their intervals, beside another system's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from backbeat.engines.net.vocabulary import INSTRUMENTS
from backbeat.training.evaluation.bootstrap import Clusters, Interval, difference_interval, f_interval
from backbeat.training.evaluation.heard import Heard, Times, lags_s, of_family, of_instrument, over_recordings, within_recordings
from backbeat.training.evaluation.references import FAMILY_LABELS
from backbeat.training.evaluation.reliability import reliability
from backbeat.training.report.markdown import in_words, number, table
from backbeat.training.report.plots import Mark

CLASSES: Mapping[str, tuple[Times, ...]] = {
    "all": tuple(of_family(family) for family in FAMILY_LABELS.values()),
    **{label: (of_family(family),) for label, family in FAMILY_LABELS.items()},
}
"""The five classes, and all of their strokes together (micro)."""

_FEW_RECORDINGS = 3


def classes_section(ours: Sequence[Heard], theirs: Sequence[Heard], their_name: str) -> str:
    """The five classes, ours against another system's answers for the same recordings (`theirs`, in the same order)."""
    rows = []
    for label, kinds in CLASSES.items():
        songs, stretches = over_recordings(ours, kinds), within_recordings(ours, kinds)
        if not songs.total.expected:
            rows.append([label, in_words(songs.total), *["-"] * 7])
            continue
        other_songs, other_stretches = over_recordings(theirs, kinds), within_recordings(theirs, kinds)
        rows.append(
            [
                label,
                in_words(songs.total),
                f"**{songs.total.f_measure:.3f}**",
                *_intervals(songs, stretches),
                f"{other_songs.total.f_measure:.3f}",
                number(songs.total.f_measure - other_songs.total.f_measure, signed=True),
                _signed(difference_interval(songs, other_songs)),
                _signed(difference_interval(stretches, other_stretches)),
            ]
        )
    header = ["class", "matched / annotated / found", "F", "95 % (songs)", "95 % (these songs)"]
    return table([*header, their_name, "difference", "95 % (songs)", "95 % (these songs)"], rows)


def class_marks(systems: Mapping[str, Sequence[Heard]]) -> dict[str, list[Mark]]:
    """For `plots.interval_plot`: F per class with its interval over songs, per system."""
    rows = {}
    for label, kinds in CLASSES.items():
        clusters = {name: over_recordings(heard, kinds) for name, heard in systems.items()}
        if all(each.total.expected for each in clusters.values()):
            rows[label] = [
                Mark(system=name, figure=each.total.f_measure, interval=f_interval(each)) for name, each in clusters.items()
            ]
    return rows


def songs_section(ours: Sequence[Heard], theirs: Sequence[Heard], their_name: str) -> str:
    """F per song, all classes, and what was missed and falsely found per class."""
    rows = []
    for heard, other in zip(ours, theirs, strict=True):
        per_class = [over_recordings([heard], kinds).total for kinds in CLASSES.values()]
        errors = [f"{c.expected - c.matched} / {c.found - c.matched}" for c in per_class[1:]]
        other_f = over_recordings([other], CLASSES["all"]).total.f_measure
        rows.append([heard.recording, f"{per_class[0].f_measure:.3f}", f"{other_f:.3f}", *errors])
    return table(["song", "F", their_name, *(f"{label}: missed / false" for label in FAMILY_LABELS)], rows)


def instruments_section(heard: Sequence[Heard]) -> str:
    """The fourteen instruments. An instrument that is in fewer than three songs has no interval over songs."""
    everything = [of_instrument(instrument) for instrument in INSTRUMENTS]
    rows = [_instrument_row("**all**", heard, everything)]
    rows += [_instrument_row(str(instrument), heard, [of_instrument(instrument)]) for instrument in INSTRUMENTS]
    return table(["instrument", "songs", "matched / annotated / found", "F", "95 % (songs)", "95 % (these songs)"], rows)


def _instrument_row(name: str, heard: Sequence[Heard], kinds: Sequence[Times]) -> list[str]:
    songs, stretches = over_recordings(heard, kinds), within_recordings(heard, kinds)
    played_in = sum(counts.expected > 0 for counts in songs.counts)
    if not songs.total.expected:
        return [name, "0", in_words(songs.total), "-", "-", "-"]
    over_songs, within = _intervals(songs, stretches)
    return [
        name,
        str(played_in),
        in_words(songs.total),
        f"{songs.total.f_measure:.3f}",
        over_songs if played_in >= _FEW_RECORDINGS else "-",
        within,
    ]


def lags_section(materials: Mapping[str, Sequence[Heard]]) -> str:
    """Found minus annotated per class, in ms."""
    rows = []
    for material, heard in materials.items():
        for label, family in FAMILY_LABELS.items():
            lags_ms = lags_s(heard, of_family(family)) * 1000
            if len(lags_ms):
                low, median, high = np.percentile(lags_ms, [5, 50, 95])
                rows.append([material, label, str(len(lags_ms)), f"{median:+.1f}", f"{low:+.1f} to {high:+.1f}"])
    return table(["material", "class", "strokes", "median, ms", "90 % of them, ms"], rows)


def reliability_section(materials: Mapping[str, Sequence[tuple[float, bool]]]) -> str:
    """Per material, hits as (confidence, right): share right per bin of confidence, and the expected calibration error."""
    curves = {name: reliability(*_columns(hits)) for name, hits in materials.items()}
    rows = []
    for low in range(10):
        cells = []
        for curve in curves.values():
            at = next((each for each in curve.bins if int(min(each.confidence * 10, 9)) == low), None)
            cells.append(f"{at.confidence:.2f}: {at.right:.2f} ({at.hits})" if at else "-")
        rows.append([f"{low / 10:.1f} to {(low + 1) / 10:.1f}", *cells])
    rows.append(["calibration error", *(number(curve.error) for curve in curves.values())])
    rows.append(["confidence - right", *(number(curve.bias, signed=True) for curve in curves.values())])
    return table(["confidence", *curves], rows)


def _columns(hits: Sequence[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    return [confidence for confidence, _ in hits], [right for _, right in hits]


def _intervals(songs: Clusters, stretches: Clusters) -> tuple[str, str]:
    return str(f_interval(songs)), str(f_interval(stretches))


def _signed(interval: Interval) -> str:
    """With signs; bold where 0 is outside."""
    text = f"{interval.low:+.3f} to {interval.high:+.3f}"
    return f"**{text}**" if interval.low > 0 or interval.high < 0 else text
