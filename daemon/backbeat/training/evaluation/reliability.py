"""Whether a confidence means what it says: of the hits at 0.8, about 80 % should be right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_Z = 1.96  # 95 % of a normal distribution


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Hits of nearly one confidence.

    confidence: their mean. right: the share of them that is right, low..high its 95 % Wilson interval (Wilson, JASA 22, 1927).
    """

    confidence: float
    right: float
    low: float
    high: float
    hits: int


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Confidence against share right.

    bins: by rising confidence, those without hits left out. error: expected calibration error, 0..1: the mean distance between
    confidence and share right, bins weighted by their hits (Naeini, Cooper, Hauskrecht, AAAI 2015); NaN without hits.
    bias: mean confidence minus share right; above 0, it promises too much.
    """

    bins: tuple[Bin, ...]
    error: float
    bias: float


def reliability(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> Reliability:
    """Sort hits into `bins` of equal width over 0..1."""
    score, truth = np.asarray(confidences, np.float64), np.asarray(right, np.float64)
    place = np.clip((score * bins).astype(int), 0, bins - 1)
    filled = tuple(_bin(score[place == k], truth[place == k]) for k in range(bins) if (place == k).any())
    if not filled:
        return Reliability(bins=(), error=np.nan, bias=np.nan)
    error = sum(each.hits * abs(each.confidence - each.right) for each in filled) / len(score)
    return Reliability(bins=filled, error=error, bias=float(score.mean() - truth.mean()))


def _bin(score: np.ndarray, truth: np.ndarray) -> Bin:
    hits, share = len(truth), float(truth.mean())
    centre = (share + _Z**2 / (2 * hits)) / (1 + _Z**2 / hits)
    reach = _Z / (1 + _Z**2 / hits) * np.sqrt(share * (1 - share) / hits + _Z**2 / (4 * hits**2))
    return Bin(confidence=float(score.mean()), right=share, low=float(centre - reach), high=float(centre + reach), hits=hits)
