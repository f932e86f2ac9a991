"""A recording, what was played in it and what a system found: the material of every figure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backbeat.records import Hit, TimeArray
from backbeat.training.evaluation.bootstrap import Clusters, whole, windowed_counts
from backbeat.training.evaluation.references import FAMILY_LABELS, FAMILY_OF_FOUND, found_by_family
from backbeat.training.evaluation.scoring import WINDOW_S, Counts, matches
from backbeat.training.playing.strokes import Stroke
from backbeat.values import Instrument

STRETCH_S = 5.0
"""Length of the stretches that are resampled within recordings: a bar or two, strokes of different ones are hardly related."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Heard:
    """One recording or rendered segment.

    recording: what it is drawn with when figures are resampled: a song, or a kit that several segments were rendered with.
    played: by time; velocity 0 where it is not known. families: times of the five classes, rising; hits: by time.
    """

    recording: str
    duration_s: float
    played: tuple[Stroke, ...]
    families: Mapping[str, TimeArray]
    hits: tuple[Hit, ...]


Times = Callable[[Heard], tuple[TimeArray, TimeArray]]
"""Which strokes to count: gives the rising times of those that were expected and of those that were found."""


def of_family(family: str) -> Times:
    """The strokes of one of the five classes."""
    return lambda heard: (heard.families[family], found_by_family(heard.hits)[family])


def of_instrument(instrument: Instrument) -> Times:
    """The strokes of one instrument; strokes at one time count once."""

    def times(heard: Heard) -> tuple[TimeArray, TimeArray]:
        expected = (stroke.time_s for stroke in heard.played if stroke.instrument is instrument)
        return _rising(expected), _rising(hit.time_s for hit in heard.hits if hit.instrument is instrument)

    return times


def played_families(played: Iterable[Stroke]) -> dict[str, TimeArray]:
    """The five classes of strokes of known instruments; side sticks are of none of them."""
    families: dict[str, list[float]] = {family: [] for family in FAMILY_LABELS.values()}
    for stroke in played:
        if stroke.instrument in FAMILY_OF_FOUND:
            families[FAMILY_OF_FOUND[stroke.instrument]].append(stroke.time_s)
    return {family: _rising(times_s) for family, times_s in families.items()}


def over_recordings(heard: Sequence[Heard], kinds: Sequence[Times]) -> Clusters:
    """Counts of all `kinds` together, a cluster per recording."""
    totals: dict[str, Counts] = {}
    for each in heard:
        for kind in kinds:
            expected_s, found_s = kind(each)
            matched = len(matches(expected_s, found_s, WINDOW_S))
            counts = Counts(matched=matched, expected=len(expected_s), found=len(found_s))
            totals[each.recording] = totals.get(each.recording, Counts()) + counts
    return whole(list(totals.values()))


def within_recordings(heard: Sequence[Heard], kinds: Sequence[Times]) -> Clusters:
    """Counts of all `kinds` together, a cluster per stretch, a stratum per recording."""
    counts: list[Counts] = []
    strata: list[int] = []
    for number, each in enumerate(heard):
        parts = [windowed_counts(*kind(each), duration_s=each.duration_s, window_s=STRETCH_S) for kind in kinds]
        stretches = [Counts.sum(together) for together in zip(*parts, strict=True)]
        counts += stretches
        strata += [number] * len(stretches)
    return Clusters(counts=counts, strata=strata)


def lags_s(heard: Iterable[Heard], kind: Times) -> TimeArray:
    """Found minus expected of all matched strokes, seconds."""
    lags = []
    for each in heard:
        expected_s, found_s = kind(each)
        lags += [float(found_s[there] - expected_s[here]) for here, there in matches(expected_s, found_s, WINDOW_S)]
    return np.array(lags, np.float64)


def instruments_right(heard: Heard) -> list[bool]:
    """Per hit, whether a stroke of its instrument was played there; each stroke makes one hit right."""
    return _right(heard, [hit.instrument for hit in heard.hits], lambda name: of_instrument(Instrument(name))(heard)[0])


def families_right(heard: Heard) -> list[bool]:
    """Per hit, whether a stroke of its class was played there; each stroke makes one hit right. Side sticks are always wrong."""
    labels = [FAMILY_OF_FOUND.get(hit.instrument, "") for hit in heard.hits]
    return _right(heard, labels, lambda name: heard.families[name] if name else np.zeros(0))


def _right(heard: Heard, labels: Sequence[str], expected_s: Callable[[str], TimeArray]) -> list[bool]:
    right = [False] * len(labels)
    for label in set(labels):
        own = [k for k, each in enumerate(labels) if each == label]
        found_s = np.array([heard.hits[k].time_s for k in own], np.float64)
        for _, there in matches(expected_s(label), found_s, WINDOW_S):
            right[own[there]] = True
    return right


def _rising(times_s: Iterable[float]) -> TimeArray:
    return np.unique(np.array(list(times_s), np.float64))
