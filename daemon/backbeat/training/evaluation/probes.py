"""Short rendered passages with one question each: are flams heard as two strokes, and single strokes as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import fft

from backbeat.engines.net.vocabulary import FAMILIES
from backbeat.records import FloatArray, Hit, TimeArray
from backbeat.training.evaluation.scoring import matches
from backbeat.training.mixing.mixdown import MixChances, mix_down
from backbeat.training.playing.performance import play
from backbeat.training.playing.strokes import Stroke
from backbeat.training.sources import Sources
from backbeat.values import ANALYSIS_RATE_HZ, Instrument

FLAM_GAPS_MS = (20, 45)
FLAM_DRUMS = (Instrument.SNARE, Instrument.TOM_HIGH, Instrument.TOM_MID, Instrument.TOM_LOW)
DRUMS_ALONE = MixChances(backing=0.0, separated=0.0)
PASSAGE_S = 8.0
_FIRST_S = 0.6
_FLAM_WINDOW_S = 0.0125  # half of the closest flam and a little: each stroke needs a hit of its own
_DOUBLE_REACH_S = 0.15


@dataclass(frozen=True, kw_only=True, eq=False)
class Passage:
    """samples: float32 mono 44.1 kHz; drum: the one that plays; strokes: those that sound, by time."""

    samples: FloatArray
    drum: Instrument
    strokes: tuple[Stroke, ...]


def flam_passage(rng: np.random.Generator, sources: Sources, drum: Instrument) -> Passage:
    """A flam every 0.6 s or so on a newly drawn kit: a grace stroke of 0.4 to 0.8 of the velocity, 20 to 45 ms ahead."""
    strokes = []
    for time_s in _places_s(rng):
        velocity = rng.uniform(70, 120)
        gap_s = rng.uniform(*FLAM_GAPS_MS) / 1000
        strokes += [
            Stroke(time_s - gap_s, drum, int(velocity * rng.uniform(0.4, 0.8))),
            Stroke(time_s, drum, int(velocity)),
        ]
    return _rendered(rng, sources, drum, strokes)


def single_passage(rng: np.random.Generator, sources: Sources, drum: Instrument) -> Passage:
    """Single strokes, soft and loud, 0.6 s or so apart on a newly drawn kit."""
    return _rendered(rng, sources, drum, [Stroke(time_s, drum, int(rng.uniform(30, 122))) for time_s in _places_s(rng)])


def _places_s(rng: np.random.Generator) -> list[float]:
    gaps_s = rng.uniform(0.5, 0.75, int(PASSAGE_S / 0.5))
    times_s = _FIRST_S + np.cumsum(gaps_s) - gaps_s[0]
    return [float(time_s) for time_s in times_s if time_s < PASSAGE_S - 0.4]


def _rendered(rng: np.random.Generator, sources: Sources, drum: Instrument, strokes: Sequence[Stroke]) -> Passage:
    """Play them on a kit of their own and mix them without music."""
    samples = fft.next_fast_len(round(PASSAGE_S * ANALYSIS_RATE_HZ), real=True)
    performance = play(rng, sources.fresh().kit(rng), strokes, start_s=0.0, samples=samples)
    frequencies, rooms = sources.rooms(rng, samples)
    recording = mix_down(
        rng,
        dict(performance.tracks),
        rooms=rooms,
        frequencies=frequencies,
        backing=sources.backing,
        chances=DRUMS_ALONE,
    )
    return Passage(samples=recording, drum=drum, strokes=performance.played)


@dataclass(frozen=True, kw_only=True)
class FlamCount:
    """Flams of which a stroke was heard, by how far apart the two were. as_two: both were."""

    gap_ms: float
    heard: bool
    as_two: bool


def count_flams(passage: Passage, hits: Sequence[Hit]) -> list[FlamCount]:
    """What became of each flam; hits on the drum's whole family count, whichever tom or stroke it was taken for."""
    found_s = _of_family(passage.drum, hits)
    counted = []
    for grace, main in zip(passage.strokes[::2], passage.strokes[1::2], strict=False):
        pair_s = np.array([grace.time_s, main.time_s], np.float64)
        near_s = found_s[(found_s > grace.time_s - 0.03) & (found_s < main.time_s + 0.03)]
        both = len(matches(pair_s, near_s, _FLAM_WINDOW_S)) == 2
        counted.append(FlamCount(gap_ms=float(np.diff(pair_s)[0] * 1000), heard=len(near_s) > 0, as_two=both))
    return counted


@dataclass(frozen=True, kw_only=True)
class SingleCount:
    """Single strokes: how many were played, heard on their family, heard twice, and heard on another family too."""

    played: int = 0
    heard: int = 0
    twice: int = 0
    elsewhere: int = 0

    def __add__(self, other: SingleCount) -> SingleCount:
        return SingleCount(
            played=self.played + other.played,
            heard=self.heard + other.heard,
            twice=self.twice + other.twice,
            elsewhere=self.elsewhere + other.elsewhere,
        )


def count_singles(passage: Passage, hits: Sequence[Hit]) -> SingleCount:
    """Hits on the drum's family within 150 ms after a stroke (50 ms before it); more than one is a double trigger."""
    own_s = _of_family(passage.drum, hits)
    all_s = np.array([hit.time_s for hit in hits], np.float64)
    total = SingleCount()
    for stroke in passage.strokes:
        own, every = _near(own_s, stroke.time_s), _near(all_s, stroke.time_s)
        total += SingleCount(played=1, heard=int(own > 0), twice=int(own > 1), elsewhere=int(every > own))
    return total


def _near(times_s: TimeArray, time_s: float) -> int:
    return int(np.count_nonzero((times_s > time_s - 0.05) & (times_s < time_s + _DOUBLE_REACH_S)))


def _of_family(drum: Instrument, hits: Sequence[Hit]) -> TimeArray:
    """Times of the hits on the family of `drum`, rising; two instruments at one time are one stroke."""
    members = next(members for members in FAMILIES.values() if drum in members)
    return np.unique(np.array([hit.time_s for hit in hits if hit.instrument in members], np.float64))
