"""Figures on rendered material as Markdown: held-out kits, confusions, flams, other bounces of one recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from backbeat.engines.net.vocabulary import INSTRUMENTS
from backbeat.training.evaluation.bootstrap import f_interval
from backbeat.training.evaluation.confusion import GROUPS, confusion
from backbeat.training.evaluation.heard import Heard, of_instrument, over_recordings
from backbeat.training.evaluation.held_out import figures_of
from backbeat.training.evaluation.probes import FlamCount, SingleCount
from backbeat.training.evaluation.variants import Likeness
from backbeat.training.report.markdown import in_words, number, table
from backbeat.training.report.recordings import CLASSES
from backbeat.values import Instrument

_GAPS_MS = ((20, 30), (30, 40), (40, 46))


def held_out_classes_section(segments: Sequence[Heard]) -> str:
    """The five classes, intervals over the drawn kits."""
    rows = []
    for label, kinds in CLASSES.items():
        kits = over_recordings(segments, kinds)
        rows.append([label, in_words(kits.total), f"{kits.total.f_measure:.3f}", str(f_interval(kits))])
    return table(["class", "matched / played / found", "F", "95 % (kits)"], rows)


def held_out_section(segments: Sequence[Heard]) -> str:
    """The fourteen instruments: F, time and velocity."""
    rows = []
    for instrument in INSTRUMENTS:
        figures = figures_of(segments, instrument)
        kits = over_recordings(segments, [of_instrument(instrument)])
        median, most = figures.time_error_ms
        rows.append(
            [
                str(instrument),
                in_words(figures.counts),
                f"{figures.counts.f_measure:.3f}",
                str(f_interval(kits)),
                number(figures.lag_ms, 1, signed=True),
                number(median, 1),
                number(most, 1),
                number(figures.velocity_correlation, 2),
                number(figures.velocity_error, 0),
            ]
        )
    header = ["instrument", "matched / played / found", "F", "95 % (kits)", "lag, ms", "error, ms: median", "95 %"]
    return table([*header, "velocity: correlation", "mean error"], rows)


def confusion_sections(segments: Sequence[Heard]) -> str:
    """A table per group of instruments that are alike."""
    sections = []
    for title, group in GROUPS.items():
        total = np.sum([confusion(each.played, each.hits, group) for each in segments], axis=0)
        names = [*map(str, group), "(nothing)"]
        rows = [[f"**{name}**", *map(str, line)] for name, line in zip(names, total, strict=True)]
        sections.append(f"**{title}**\n\n{table(['played, found as', *map(str, group), '(missed)'], rows)}")
    return "\n".join(sections)


def flams_section(flams: Mapping[Instrument, Sequence[FlamCount]]) -> str:
    """How many flams of which anything was heard came out as two strokes, by drum and by how far apart they are."""
    rows = []
    for drum, counted in flams.items():
        bands = [[each for each in counted if low <= each.gap_ms < high] for low, high in _GAPS_MS]
        rows.append([str(drum), *(_as_two(band) for band in (*bands, counted)), _heard(counted)])
    everything = [each for counted in flams.values() for each in counted]
    bands = [[each for each in everything if low <= each.gap_ms < high] for low, high in _GAPS_MS]
    rows.append(["**all**", *(_as_two(band) for band in (*bands, everything)), _heard(everything)])
    return table(["flams on", *(f"{low} to {high} ms" for low, high in _GAPS_MS), "as two", "heard at all"], rows)


def _as_two(counted: Sequence[FlamCount]) -> str:
    heard = sum(each.heard for each in counted)
    two = sum(each.as_two for each in counted)
    return f"{two} of {heard} ({two / heard:.0%})" if heard else "-"


def _heard(counted: Sequence[FlamCount]) -> str:
    return f"{sum(each.heard for each in counted)} of {len(counted)}"


def singles_section(singles: Mapping[Instrument, SingleCount]) -> str:
    """What became of single strokes."""
    rows = [[str(drum), *_single_cells(count)] for drum, count in singles.items()]
    rows.append(["**all**", *_single_cells(sum(singles.values(), SingleCount()))])
    return table(["single strokes on", "played", "heard", "heard twice", "per 1000 heard", "with a hit elsewhere"], rows)


def _single_cells(count: SingleCount) -> list[str]:
    rate = 1000 * count.twice / count.heard if count.heard else float("nan")
    return [str(count.played), str(count.heard), str(count.twice), number(rate, 1), str(count.elsewhere)]


def likeness_section(likenesses: Mapping[str, Mapping[str, Likeness]]) -> str:
    """Per recording and variant: the share of equal hits."""
    rows = [
        [recording, variant, f"{each.equal:.1%}", str(each.velocity_steps)]
        for recording, variants in likenesses.items()
        for variant, each in variants.items()
    ]
    return table(["recording", "bounced", "equal hits", "velocities differ by at most"], rows)
