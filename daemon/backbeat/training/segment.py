"""A few seconds of drumming as it could have been recorded, with what was played."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy import fft

from backbeat.records import FloatArray
from backbeat.training.backing import Backing, load_backing_clips
from backbeat.training.backing_gm import load_gm_clips
from backbeat.training.bank import Bank, BankFilter, load_bank
from backbeat.training.grooves import TRAINING_SPLITS, Groove, draw_window, load_grooves
from backbeat.training.kit import Kit, KitChances, draw_kit
from backbeat.training.mixdown import MixChances, mix_down
from backbeat.training.patterns import draw_pattern
from backbeat.training.performance import GROUPS, Group, play, play_percussion
from backbeat.training.rooms import Frequencies, Rooms, draw_rooms
from backbeat.training.strokes import Stroke, tidy
from backbeat.values import ANALYSIS_RATE_HZ, Instrument

LEAD_IN_S = 1.2
"""Playing before the segment begins, whose ringing is heard in it."""
TAIL_S = 0.3

SEGMENTS_PER_KIT = 6

_ALWAYS_MANY = (Instrument.HIHAT_CLOSED, Instrument.RIDE, Instrument.CRASH)
_FLAMMED = frozenset({Instrument.SNARE, Instrument.TOM_HIGH, Instrument.TOM_MID, Instrument.TOM_LOW})
_KEEPERS = (Instrument.RIDE, Instrument.HIHAT_OPEN, Instrument.CRASH, Instrument.RIDE_BELL, Instrument.CHINA)
_KEEPER_SHARES = (0.5, 0.17, 0.15, 0.12, 0.06)


@dataclass(frozen=True, kw_only=True, eq=False)
class Segment:
    """samples: float32 (n,), mono 44.1 kHz; hits: (time_s from its start, instrument, velocity), sorted by time."""

    samples: FloatArray
    hits: tuple[Stroke, ...]


@dataclass(frozen=True, kw_only=True)
class PlayChances:
    """How often each thing is played, 0..1."""

    groove: float = 0.55
    other_keeper: float = 0.24
    other_crash: float = 0.25
    side_stick: float = 0.1
    percussion: float = 0.18
    no_drums: float = 0.025
    no_timekeeper: float = 0.11
    flams: float = 0.18
    group_silent: float = 0.05
    thinned: float = 0.45
    rest: float = 0.14


@dataclass(kw_only=True, eq=False)
class Sources:
    """What segments are rendered from. Keeps the drawn kit for a few segments: preparing its sounds costs most."""

    bank: Bank
    grooves: Sequence[Groove]
    backing: Backing
    play: PlayChances = field(default_factory=PlayChances)
    mix: MixChances = field(default_factory=MixChances)
    kits: KitChances = field(default_factory=KitChances)
    _kit: Kit | None = None
    _kit_uses: int = 0
    _rooms: tuple[Frequencies, Rooms] | None = None

    def fresh(self) -> Sources:
        """The same sources without a kit, rooms or bands drawn so far: what comes next depends on the generator only."""
        return Sources(
            bank=self.bank,
            grooves=self.grooves,
            backing=self.backing.emptied(),
            play=self.play,
            mix=self.mix,
            kits=self.kits,
        )

    def kit(self, rng: np.random.Generator) -> Kit:
        """The kit in use, or a new one after a few segments."""
        if self._kit is None or self._kit_uses >= SEGMENTS_PER_KIT:
            self._kit, self._kit_uses = draw_kit(rng, self.bank, self.kits), 0
        self._kit_uses += 1
        return self._kit

    def rooms(self, rng: np.random.Generator, samples: int) -> tuple[Frequencies, Rooms]:
        """The pool of rooms for segments of that many samples."""
        if self._rooms is None or self._rooms[0].samples != samples:
            frequencies = Frequencies.of(samples)
            self._rooms = frequencies, draw_rooms(rng, frequencies)
        return self._rooms


def load_sources(
    root: Path, wanted: BankFilter | None = None, splits: Collection[str] = TRAINING_SPLITS, bands: Path | None = None
) -> Sources:
    """Read bank, grooves and backing clips of one folder. bands: a folder that `backing_gm` filled.

    Raises ConfigError as their readers do.
    """
    return Sources(
        bank=load_bank(root, wanted),
        grooves=load_grooves(root, splits),
        backing=Backing(clips=load_backing_clips(root), bands=load_gm_clips(bands) if bands else ()),
    )


def render_segment(rng: np.random.Generator, sources: Sources, duration_s: float = 8.0) -> Segment:
    """Draw playing, kit and recording, all from `rng` (and the kit and music kept in `sources`), and render them."""
    whole_s = LEAD_IN_S + duration_s + TAIL_S
    samples = fft.next_fast_len(round(whole_s * ANALYSIS_RATE_HZ), real=True)
    strokes = _silenced(rng, _draw_strokes(rng, sources, start_s=-LEAD_IN_S, stop_s=duration_s + TAIL_S), sources.play)
    performance = play(rng, sources.kit(rng), strokes, start_s=-LEAD_IN_S, samples=samples)
    tracks = dict(performance.tracks)
    if rng.random() < sources.play.percussion:
        percussion = play_percussion(rng, sources.bank, samples=samples)
        tracks[Group.PERCUSSION] = percussion * np.float32(10 ** (rng.normal(-14, 6) / 20))
    frequencies, rooms = sources.rooms(rng, samples)
    recording = mix_down(rng, tracks, rooms=rooms, frequencies=frequencies, backing=sources.backing, chances=sources.mix)
    first = round(LEAD_IN_S * ANALYSIS_RATE_HZ)
    return Segment(
        samples=np.ascontiguousarray(recording[first : first + round(duration_s * ANALYSIS_RATE_HZ)], np.float32),
        hits=tuple(stroke for stroke in performance.played if 0 <= stroke.time_s < duration_s),
    )


def _draw_strokes(rng: np.random.Generator, sources: Sources, *, start_s: float, stop_s: float) -> list[Stroke]:
    if rng.random() < sources.play.no_drums:
        return []
    strokes = _draw_playing(rng, sources, start_s=start_s, stop_s=stop_s)
    if rng.random() < sources.play.thinned:
        strokes = _thinned(rng, strokes)
    if rng.random() < sources.play.flams:
        strokes = _with_flams(rng, strokes)
    return _with_rest(rng, strokes) if rng.random() < sources.play.rest else strokes


def _thinned(rng: np.random.Generator, strokes: Sequence[Stroke]) -> list[Stroke]:
    """Simpler playing: of each instrument only a part of the strokes, or none. Songs are played with fewer notes than grooves."""
    kept = {instrument: rng.uniform(0.0, 1.1) for instrument in Instrument}
    kept |= {instrument: rng.uniform(0.5, 1.4) for instrument in _ALWAYS_MANY}
    return [stroke for stroke in strokes if rng.random() < kept[stroke.instrument]]


def _with_flams(rng: np.random.Generator, strokes: Sequence[Stroke]) -> list[Stroke]:
    """Some strokes of snare and toms led by a grace stroke, 20 to 45 ms before and from half as loud to nearly as loud."""
    share = rng.uniform(0.1, 0.6)
    graces = [
        stroke._replace(
            time_s=stroke.time_s - rng.uniform(0.02, 0.045), velocity=round(float(stroke.velocity * rng.uniform(0.45, 0.9)))
        )
        for stroke in strokes
        if stroke.instrument in _FLAMMED and rng.random() < share
    ]
    return tidy([*strokes, *graces])


def _silenced(rng: np.random.Generator, strokes: Sequence[Stroke], chances: PlayChances) -> list[Stroke]:
    """The same playing without some of the kit: without any hat or ride, or without one group or another.

    Grooves nearly always have a hat or a ride: who learns from them alone hears one in every kick.
    """
    silent = {group for group in Group if rng.random() < chances.group_silent}
    if rng.random() < chances.no_timekeeper:
        silent |= {Group.HATS, Group.RIDE}
    return [stroke for stroke in strokes if GROUPS[stroke.instrument] not in silent] or list(strokes)


def _with_rest(rng: np.random.Generator, strokes: Sequence[Stroke]) -> list[Stroke]:
    """Nobody plays for one to five seconds: what rings, rings out."""
    start_s = rng.uniform(-1, 7)
    stop_s = start_s + rng.uniform(1, 5)
    return [stroke for stroke in strokes if not start_s <= stroke.time_s < stop_s]


def _draw_playing(rng: np.random.Generator, sources: Sources, *, start_s: float, stop_s: float) -> list[Stroke]:
    if not sources.grooves or rng.random() >= sources.play.groove:
        return draw_pattern(rng, start_s=start_s, stop_s=stop_s)
    groove = sources.grooves[_longer_first(rng, sources.grooves)]
    strokes = draw_window(rng, groove, start_s=start_s, stop_s=stop_s)
    return tidy(_reorchestrated(rng, strokes, sources.play)) or draw_pattern(rng, start_s=start_s, stop_s=stop_s)


def _longer_first(rng: np.random.Generator, grooves: Sequence[Groove]) -> int:
    """The longest of three: half of the performances are lone fills of a bar or two."""
    return max((int(rng.integers(len(grooves))) for _ in range(3)), key=lambda index: grooves[index].duration_s)


def _reorchestrated(rng: np.random.Generator, strokes: Sequence[Stroke], chances: PlayChances) -> list[Stroke]:
    """The same playing on other instruments: what kept time on the hats moves to the ride, a crash becomes a china, and so on."""
    moves: dict[Instrument, Instrument] = {}
    if rng.random() < chances.other_keeper:
        moves[Instrument.HIHAT_CLOSED] = _KEEPERS[int(rng.choice(len(_KEEPERS), p=_KEEPER_SHARES))]
    elif rng.random() < chances.other_keeper / 3:
        moves[Instrument.RIDE] = Instrument.HIHAT_CLOSED
    if rng.random() < chances.other_crash:
        moves[Instrument.CRASH] = Instrument.CHINA if rng.random() < 0.4 else Instrument.SPLASH
    if rng.random() < chances.side_stick:
        moves[Instrument.SNARE] = Instrument.SIDE_STICK
    return [stroke._replace(instrument=moves.get(stroke.instrument, stroke.instrument)) for stroke in strokes]
