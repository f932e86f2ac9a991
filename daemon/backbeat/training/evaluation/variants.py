"""One recording bounced otherwise, by level, offset, sample rate and channels, and how alike the hits are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import soxr

from backbeat.records import FloatArray, Hit
from backbeat.training.evaluation.scoring import matches
from backbeat.values import ANALYSIS_RATE_HZ, Instrument

OTHER_RATES_HZ = (22_050, 48_000, 96_000, 192_000)
SAME_S = 0.005


@dataclass(frozen=True, kw_only=True, eq=False)
class Variant:
    """The recording as it could have been bounced; samples: float32 (n,) or, in stereo, (n, 2)."""

    name: str
    samples: FloatArray
    sample_rate_hz: int


def variants(samples: FloatArray) -> Iterator[Variant]:
    """Bounces of mono `samples`, float32 (n,), 44.1 kHz, that should all give the same hits; 22.05 kHz lacks an octave."""
    quiet = samples * np.float32(10 ** (-30 / 20))
    yield Variant(name="30 dB softer", samples=quiet, sample_rate_hz=ANALYSIS_RATE_HZ)
    yield Variant(name="DC offset of 0.1", samples=samples + np.float32(0.1), sample_rate_hz=ANALYSIS_RATE_HZ)
    for rate_hz in OTHER_RATES_HZ:
        resampled = soxr.resample(samples, ANALYSIS_RATE_HZ, rate_hz, "VHQ")
        yield Variant(name=f"{rate_hz / 1000:g} kHz", samples=resampled, sample_rate_hz=rate_hz)
    both = np.stack([samples, samples], axis=1)
    yield Variant(name="stereo", samples=both, sample_rate_hz=ANALYSIS_RATE_HZ)
    yield Variant(
        name="stereo, right 12 dB softer", samples=both * np.array([1, 0.25], np.float32), sample_rate_hz=ANALYSIS_RATE_HZ
    )


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """equal: share of hits that both have, of one instrument and within 5 ms, 0..1. velocity_steps: their largest difference."""

    equal: float
    velocity_steps: int


def likeness(one: Sequence[Hit], other: Sequence[Hit]) -> Likeness:
    """How alike two results are; two empty ones are alike."""
    pairs = []
    for instrument in Instrument:
        own = [hit for hit in one if hit.instrument is instrument]
        others = [hit for hit in other if hit.instrument is instrument]
        found = matches(np.array([hit.time_s for hit in own]), np.array([hit.time_s for hit in others]), SAME_S)
        pairs += [(own[here], others[there]) for here, there in found]
    total = len(one) + len(other)
    return Likeness(
        equal=2 * len(pairs) / total if total else 1.0,
        velocity_steps=max((abs(here.velocity - there.velocity) for here, there in pairs), default=0),
    )
