"""What recordings are rendered from: sounds, playing and music, and how often each thing happens to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from backbeat.training.backing.music import Backing, load_backing_clips
from backbeat.training.backing.sound_font import load_gm_clips
from backbeat.training.mixing.mixdown import MixChances
from backbeat.training.mixing.rooms import Frequencies, Rooms, draw_rooms
from backbeat.training.playing.grooves import TRAINING_SPLITS, Groove, load_grooves
from backbeat.training.playing.part import PlayChances
from backbeat.training.sounds.bank import Bank, BankFilter, load_bank
from backbeat.training.sounds.kit import Kit, KitChances, draw_kit

SEGMENTS_PER_KIT = 6


@dataclass(kw_only=True, eq=False)
class Sources:
    """What segments are rendered from. Keeps the drawn kit for a few segments: preparing its sounds costs most."""

    bank: Bank
    grooves: Sequence[Groove]
    backing: Backing
    play: PlayChances = field(default_factory=PlayChances)
    mix: MixChances = field(default_factory=MixChances)
    kits: KitChances = field(default_factory=KitChances)
    segments_per_kit: ClassVar[int] = SEGMENTS_PER_KIT
    _kit: Kit | None = None
    _kit_uses: int = 0
    _rooms: tuple[Frequencies, Rooms] | None = None

    def fresh(self) -> Self:
        """The same sources without a kit, rooms or bands drawn so far: what comes next depends on the generator only."""
        return replace(self, backing=self.backing.emptied(), _kit=None, _kit_uses=0, _rooms=None)

    def kit(self, rng: np.random.Generator) -> Kit:
        """The kit in use, or a new one after a few segments."""
        if self._kit is None or self._kit_uses >= self.segments_per_kit:
            self._kit, self._kit_uses = self.draw_kit(rng), 0
        self._kit_uses += 1
        return self._kit

    def draw_kit(self, rng: np.random.Generator) -> Kit:
        """A new kit."""
        return draw_kit(rng, self.bank, self.kits)

    def rooms(self, rng: np.random.Generator, samples: int) -> tuple[Frequencies, Rooms]:
        """The pool of rooms for segments of that many samples."""
        if self._rooms is None or self._rooms[0].samples != samples:
            frequencies = Frequencies.of(samples)
            self._rooms = frequencies, draw_rooms(rng, frequencies)
        return self._rooms


def load_sources(
    root: Path, wanted: BankFilter | None = None, splits: Collection[str] = TRAINING_SPLITS, bands: Path | None = None
) -> Sources:
    """Read bank, grooves and backing clips of one folder. bands: a folder that `backing.sound_font` filled.

    Raises ConfigError as their readers do.
    """
    return Sources(
        bank=load_bank(root, wanted),
        grooves=load_grooves(root, splits),
        backing=Backing(clips=load_backing_clips(root), bands=load_gm_clips(bands) if bands else ()),
    )
