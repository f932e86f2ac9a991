"""What fine-tuning hears: the user's kit as it is, in many rooms and bands, and, with a bank, what the network knew before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from backbeat.training.backing.music import Backing
from backbeat.training.playing.grooves import Groove
from backbeat.training.playing.part import PlayChances
from backbeat.training.playing.strokes import Stroke, tidy
from backbeat.training.sounds.bank import Bank
from backbeat.training.sounds.kit import Kit, KitChances, Voice, draw_kit
from backbeat.training.sources import Sources, load_sources
from backbeat.values import FOUR_FOUR, Instrument

KIT_SHARE = 0.6
"""With a bank: how many of the kits that are drawn are the user's own."""

SEGMENTS_PER_FILE = 32
SEGMENTS_PER_KIT = 2
"""Preparing one kit's sounds is quick: it is mixed anew more often than the kits of a bank."""

_PRACTICES = 100
_PRACTICE_S = 30.0
_NEARNESS = 0.25  # of the tuning that kits of a bank get: the drums of a known kit are tuned now and then
_AS_IT_IS = KitChances(recast=0.0, lent=0.0, forged=0.0, wires_off=0.0)


@dataclass(kw_only=True, eq=False)
class KitSources(Sources):
    """Sources that play the user's own kit: its sounds only, nearly at their pitch, at levels as mixes have them.

    others: the bank that the remaining kits are drawn from; None for none.
    """

    segments_per_kit: ClassVar[int] = SEGMENTS_PER_KIT
    others: Bank | None = None

    def draw_kit(self, rng: np.random.Generator) -> Kit:
        """The user's own, or one of the others."""
        if self.others is not None and rng.random() >= KIT_SHARE:
            return draw_kit(rng, self.others, self.kits)
        kit = draw_kit(rng, self.bank, _AS_IT_IS)
        near = {
            instrument: own
            for instrument, voices in kit.voices.items()
            if (own := tuple(_near(voice) for voice in voices if voice.source in self.bank.sources[instrument]))
        }
        return replace(kit, voices=near)


def _near(voice: Voice) -> Voice:
    return replace(voice, pitch=voice.pitch**_NEARNESS, decay_s=None, prepared={})


def kit_sources(kit: Bank, *, grooves: Sequence[Groove] = (), backing: Backing | None = None) -> KitSources:
    """Sources for a user's kit, without anything else: playing and the music behind it are generated as far as none is given."""
    play = replace(PlayChances(), percussion=PlayChances().percussion if kit.percussion else 0.0)
    return KitSources(bank=kit, grooves=grooves, backing=backing or Backing(clips=()), play=play)


def with_practice(sources: KitSources, seed: int) -> KitSources:
    """The same sources, whose playing is often that of somebody who tries out every drum of the kit alike.

    Music has ten strokes on the hats for one on the middle tom: what is rare would be learned last.
    """
    rng = np.random.default_rng((seed, 1))
    instruments = [instrument for instrument in Instrument if sources.bank.sources[instrument]]
    grooves = [practice(rng, instruments) for _ in range(max(len(sources.grooves), _PRACTICES))]
    return replace(sources, grooves=(*sources.grooves, *grooves))


def practice(rng: np.random.Generator, instruments: Sequence[Instrument]) -> Groove:
    """Half a minute on a grid of eighths or sixteenths, each stroke on any instrument, soft or loud, now and then on two."""
    tempo_bpm = float(rng.uniform(60, 150))
    step_s = 60 / tempo_bpm / float(rng.choice([2, 4]))
    density = rng.uniform(0.4, 0.95)
    strokes = [
        Stroke(float(step * step_s + abs(rng.normal(0, 0.006))), instruments[int(place)], int(rng.uniform(15, 127)))
        for step in range(int(_PRACTICE_S / step_s))
        if rng.random() < density
        for place in rng.choice(len(instruments), min(len(instruments), 1 + int(rng.random() < 0.3)), replace=False)
    ]
    return Groove(strokes=tuple(tidy(strokes)), tempo_bpm=tempo_bpm, meter=FOUR_FOUR, style="practice", beat=True)


def kit_sources_with_bank(kit: Bank, root: Path) -> KitSources:
    """Sources for a user's kit among those of a bank, with the bank's grooves and music. Raises ConfigError as its readers do."""
    known = load_sources(root)
    return KitSources(
        bank=replace(kit, percussion=(*kit.percussion, *known.bank.percussion)),
        grooves=known.grooves,
        backing=known.backing,
        others=known.bank,
    )
