"""A drawn kit: one consistent source per instrument, tuned and damped by chance, with levels as recordings have them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import soxr

from backbeat.records import FloatArray
from backbeat.training.sounds.bank import Bank, Shot, Source
from backbeat.training.sounds.timbre import FORGED, Timbre, draw_timbre, draw_wires_off, forge
from backbeat.values import ANALYSIS_RATE_HZ, Instrument

HATS = (Instrument.HIHAT_CLOSED, Instrument.HIHAT_PEDAL, Instrument.HIHAT_OPEN)
TOMS = (Instrument.TOM_HIGH, Instrument.TOM_MID, Instrument.TOM_LOW)
RIDES = (Instrument.RIDE, Instrument.RIDE_BELL)
FAMILIES: tuple[tuple[Instrument, ...], ...] = (
    (Instrument.KICK,),
    (Instrument.SNARE,),
    (Instrument.SIDE_STICK,),
    TOMS,
    HATS,
    RIDES,
    (Instrument.CRASH,),
    (Instrument.CHINA,),
    (Instrument.SPLASH,),
)
"""What comes from one kit together: a hi-hat is one pair of cymbals however it is struck."""

_CYMBALS = frozenset((*HATS, *RIDES, Instrument.CRASH, Instrument.CHINA, Instrument.SPLASH))
_MAIN_KIT_SHARE = 0.65
_ELECTRONIC_WEIGHT = 0.12
_LAYERED_EXPONENT = 0.4


@dataclass(frozen=True, kw_only=True)
class KitChances:
    """How often a drawn kit leaves the bank's sounds behind, 0..1; an ablation sets one of them to 0.

    recast: cymbals and hats get another timbre; lent: of those, parts of a second recording. forged: cymbals without a recording.
    wires_off: the snare drum without its wires.
    """

    recast: float = 0.6
    lent: float = 0.45
    forged: float = 0.2
    wires_off: float = 0.06


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How an instrument may differ from its recording.

    level_db: mean and deviation of its loudest stroke's peak against the kick's; measured on drum recordings, closed hats and
    soft rides peak 10 to 30 dB below kick and snare, which is what makes them hard to hear. pitch: deviation in semitones.
    damped: how often its ringing is shortened, with the decay's time constant drawn between the two (seconds).
    """

    level_db: tuple[float, float]
    pitch: float
    damped: float = 0.0
    decay_s: tuple[float, float] = (0.1, 1.0)


SPREADS: Mapping[Instrument, Spread] = {
    Instrument.KICK: Spread(level_db=(0, 3), pitch=1.8, damped=0.3, decay_s=(0.06, 0.3)),
    Instrument.SNARE: Spread(level_db=(-1, 4), pitch=1.8, damped=0.25, decay_s=(0.06, 0.3)),
    Instrument.SIDE_STICK: Spread(level_db=(-6, 4), pitch=2.0, damped=0.2, decay_s=(0.03, 0.2)),
    Instrument.TOM_HIGH: Spread(level_db=(-3, 4), pitch=2.0, damped=0.25, decay_s=(0.1, 0.5)),
    Instrument.TOM_MID: Spread(level_db=(-3, 4), pitch=2.0, damped=0.25, decay_s=(0.1, 0.5)),
    Instrument.TOM_LOW: Spread(level_db=(-3, 4), pitch=2.0, damped=0.25, decay_s=(0.1, 0.6)),
    Instrument.HIHAT_CLOSED: Spread(level_db=(-14, 6), pitch=1.6, damped=0.15, decay_s=(0.05, 0.3)),
    Instrument.HIHAT_PEDAL: Spread(level_db=(-18, 6), pitch=1.6, damped=0.15, decay_s=(0.05, 0.3)),
    Instrument.HIHAT_OPEN: Spread(level_db=(-13, 5.5), pitch=1.6, damped=0.3, decay_s=(0.25, 1.5)),
    Instrument.RIDE: Spread(level_db=(-20, 6.5), pitch=1.8, damped=0.3, decay_s=(0.25, 2.0)),
    Instrument.RIDE_BELL: Spread(level_db=(-14, 6), pitch=2.2, damped=0.3, decay_s=(0.25, 2.0)),
    Instrument.CRASH: Spread(level_db=(-11, 5.5), pitch=1.8, damped=0.3, decay_s=(0.3, 2.0)),
    Instrument.CHINA: Spread(level_db=(-9, 5), pitch=2.8, damped=0.3, decay_s=(0.2, 1.2)),
    Instrument.SPLASH: Spread(level_db=(-11, 5), pitch=2.2, damped=0.3, decay_s=(0.1, 0.6)),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Voice:
    """An instrument of a drawn kit.

    gain: of its loudest stroke, linear, against samples of peak 1. curve: exponent from velocity to amplitude.
    decay_s: time constant of an added damping, or None. pitch: playback ratio, above 1 is higher. timbre: how it differs from
    its recording, with the recording it may borrow from.
    """

    source: Source
    gain: float
    curve: float
    pitch: float
    decay_s: float | None
    timbre: Timbre | None = None
    partner: Source | None = None
    prepared: dict[tuple[int, int], Shot] = field(default_factory=dict)

    def stroke(self, rng: np.random.Generator, velocity: int) -> tuple[Shot, float]:
        """The sound of one stroke and the gain to play it with; neighbouring layers and small detunings take turns."""
        shots = self.source.shots
        spread = 0.12 if len(shots) > 3 else 0.3
        place = np.clip(velocity / 127 + rng.normal(0, spread), 0, 0.999)
        take = (int(place * len(shots)), int(rng.integers(2)))
        if take not in self.prepared:
            self.prepared[take] = self._prepare(take[0], take[1])
        level_jitter = 10 ** (rng.normal(0, 0.7) / 20)
        return self.prepared[take], float(self.gain * (velocity / 127) ** self.curve * level_jitter)

    def _prepare(self, layer: int, variant: int) -> Shot:
        shot = self.source.shots[layer]
        if self.timbre is not None:
            others = self.partner.shots if self.partner else ()
            place = (layer + 0.5) / len(self.source.shots)  # as loud among the partner's strokes as among its own
            shot = self.timbre.applied(shot, others[int(place * len(others))] if others else None)
        return resound(shot, pitch=self.pitch * (1.0, 1.006)[variant], decay_s=self.decay_s)


@dataclass(frozen=True, kw_only=True, eq=False)
class Kit:
    """One or two voices per instrument (a kit has two crashes); an instrument that the bank lacks is missing.

    looseness: how far closed hats are from closed: gain of the open hat's ring that sounds along, 0 for a tight hat.
    """

    voices: Mapping[Instrument, tuple[Voice, ...]]
    looseness: float
    loose_decay_s: float

    def voice(self, rng: np.random.Generator, instrument: Instrument) -> Voice | None:
        """The voice to play this stroke, mostly the first."""
        voices = self.voices.get(instrument, ())
        if not voices:
            return None
        return voices[int(rng.random() < 0.35) % len(voices)]


def resound(shot: Shot, *, pitch: float, decay_s: float | None) -> Shot:
    """A stroke at another pitch (ratio), with its ringing damped by exp(-t / decay_s) from the attack on."""
    samples, attack = shot.samples, shot.attack_samples
    if abs(pitch - 1) > 1e-3:
        samples = soxr.resample(samples, ANALYSIS_RATE_HZ * pitch, ANALYSIS_RATE_HZ, "MQ")
        attack = round(attack / pitch)
    if decay_s is not None:
        ringing_s = np.maximum(np.arange(len(samples), dtype=np.float32) - attack, 0) / ANALYSIS_RATE_HZ
        samples = samples * np.exp(-ringing_s / decay_s)
    return Shot(samples=np.ascontiguousarray(samples, np.float32), attack_samples=attack)


def draw_kit(rng: np.random.Generator, bank: Bank, chances: KitChances | None = None) -> Kit:
    """A kit that was never recorded: most families from one kit, the rest from anywhere, each tuned, damped and levelled."""
    chances = chances or KitChances()
    main = _draw_main(rng, bank)
    voices: dict[Instrument, tuple[Voice, ...]] = {}
    for family in FAMILIES:
        kit = main if rng.random() < _MAIN_KIT_SHARE else None
        if FORGED.issuperset(family) and bank.sources[family[0]] and rng.random() < chances.forged:
            sources: dict[Instrument, tuple[Source, ...]] = {instrument: (forge(rng, instrument),) for instrument in family}
        else:
            sources = _draw_sources(rng, bank, family, kit)
        voices |= _draw_voices(rng, bank, sources, chances)
    if rng.random() < 0.35 and voices.get(Instrument.CRASH):
        voices[Instrument.SPLASH] = (_small_crash(rng, voices[Instrument.CRASH][0]),)
    loose = rng.random() < 0.25
    return Kit(
        voices=voices,
        looseness=float(10 ** (rng.uniform(-26, -8) / 20)) if loose else 0.0,
        loose_decay_s=float(rng.uniform(0.05, 0.3)),
    )


def _draw_main(rng: np.random.Generator, bank: Bank) -> str:
    """A kit by how much it can play; recorded kits far before electronic ones."""
    weights = {
        kit: sum(
            max(_weight(source) for source in of_kit)
            for sources in bank.sources.values()
            if (of_kit := [source for source in sources if source.kit == kit])
        )
        for kit in bank.kits
    }
    return str(rng.choice(list(weights), p=_shares(list(weights.values()))))


def _draw_sources(
    rng: np.random.Generator, bank: Bank, family: Sequence[Instrument], kit: str | None
) -> dict[Instrument, tuple[Source, ...]]:
    """What to choose from for instruments that belong together: one kit's as far as it has them. kit: the wish, None for any."""
    leader = bank.sources[family[0]] or next((bank.sources[i] for i in family if bank.sources[i]), ())
    if not leader:
        return {}
    if kit is None or all(source.kit != kit for source in leader):
        kit = _draw_source(rng, leader).kit
    choices = {}
    for instrument in family:
        of_kit = tuple(source for source in bank.sources[instrument] if source.kit == kit)
        if choice := of_kit or bank.sources[instrument]:
            choices[instrument] = choice
    return choices


def _draw_voices(
    rng: np.random.Generator, bank: Bank, sources: Mapping[Instrument, tuple[Source, ...]], chances: KitChances
) -> dict[Instrument, tuple[Voice, ...]]:
    """Voices for instruments that belong together: one tuning, one level and one change of timbre for all of them."""
    pitch = rng.normal(0, 1)
    level = rng.normal(0, 1)
    timbre = _draw_change(rng, sources, chances)
    lends = timbre is not None and timbre.lent is not None
    voices = {}
    for instrument, choice in sources.items():
        count = 2 if instrument is Instrument.CRASH else 1
        voices[instrument] = tuple(
            replace(
                _voice(rng, _draw_source(rng, choice), instrument, pitch, level),
                timbre=timbre,
                partner=_draw_source(rng, bank.sources[instrument]) if lends and bank.sources[instrument] else None,
            )
            for _ in range(count)
        )
    return voices


def _draw_change(rng: np.random.Generator, family: Collection[Instrument], chances: KitChances) -> Timbre | None:
    if _CYMBALS.issuperset(family) and rng.random() < chances.recast:
        return draw_timbre(rng, lent=rng.random() < chances.lent)
    if Instrument.SNARE in family and rng.random() < chances.wires_off:
        return draw_wires_off(rng)
    return None


def _voice(rng: np.random.Generator, source: Source, instrument: Instrument, pitch: float, level: float) -> Voice:
    spread = SPREADS[instrument]
    mean_db, deviation_db = spread.level_db
    semitones = spread.pitch * (0.85 * pitch + 0.5 * rng.normal())
    decibels = mean_db + deviation_db * (0.85 * level + 0.5 * rng.normal())
    low, high = np.log(spread.decay_s[0]), np.log(spread.decay_s[1])
    return Voice(
        source=source,
        gain=float(10 ** (decibels / 20)),
        curve=float(rng.uniform(1.1, 2.0)),
        pitch=float(2 ** (np.clip(semitones, -7, 7) / 12)),
        decay_s=float(np.exp(rng.uniform(low, high))) if rng.random() < spread.damped else None,
    )


def _small_crash(rng: np.random.Generator, crash: Voice) -> Voice:
    """A splash made of a crash: higher and short, because recorded splashes are few."""
    return Voice(
        source=crash.source,
        gain=crash.gain * 0.8,
        curve=crash.curve,
        pitch=crash.pitch * float(2 ** (rng.uniform(4, 9) / 12)),
        decay_s=float(rng.uniform(0.1, 0.3)),
    )


def _draw_source(rng: np.random.Generator, sources: Sequence[Source]) -> Source:
    return sources[int(rng.choice(len(sources), p=_shares([_weight(source) for source in sources])))]


def _weight(source: Source) -> float:
    """Recorded before electronic, many layers before few."""
    return float((_ELECTRONIC_WEIGHT if source.electronic else 1.0) * len(source.shots) ** _LAYERED_EXPONENT)


def _shares(weights: Sequence[float]) -> FloatArray:
    array = np.asarray(weights, np.float64)
    shares: FloatArray = array / array.sum()
    return shares
