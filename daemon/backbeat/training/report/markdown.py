"""Figures as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from backbeat.training.evaluation.scoring import Counts


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, with a line break at its end."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def in_words(counts: Counts) -> str:
    """`matched / expected / found`."""
    return f"{counts.matched} / {counts.expected} / {counts.found}"


def number(figure: float, digits: int = 3, *, signed: bool = False) -> str:
    """The figure, or a dash where there is none."""
    if not np.isfinite(figure):
        return "-"
    return f"{figure:+.{digits}f}" if signed else f"{figure:.{digits}f}"
