"""The bank of drum one-shots as playable sources, filtered by licence.

A *source* is one sound generator at all the loudnesses it was recorded at: this crash of this kit, not "some crash". Kits are
drawn from sources, so that a drawn kit sounds like one instrument and not like another one at every stroke.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

from backbeat.errors import ConfigError
from backbeat.records import FloatArray
from backbeat.values import ANALYSIS_RATE_HZ, Instrument

PERMISSIVE = frozenset({"permissive"})
"""The licence tiers that the shipped weights are trained on."""

VALIDATION_TIERS = frozenset({"permissive", "share-alike", "gpl"})
VALIDATION_KITS = ("avl_black_pearl", "sams_sonor", "h2_forzee_stereo", "sf2_timgm_standard")
"""Kits that nothing is trained on, each with nearly every instrument: three recorded ones and a General MIDI sound font.

They are of tiers that training leaves out anyway: measuring on them costs no training sound, and no sound of theirs is in the
weights.
"""

ATTACK_SHARE = 0.25
"""A stroke begins where its waveform first reaches a quarter of the largest value of its first 40 ms."""
ATTACK_WINDOW_S = 0.040

_INSTRUMENTS = {
    "kick": Instrument.KICK,
    "snare": Instrument.SNARE,
    "tom_high": Instrument.TOM_HIGH,
    "tom_mid": Instrument.TOM_MID,
    "tom_low": Instrument.TOM_LOW,
    "hihat_closed": Instrument.HIHAT_CLOSED,
    "hihat_pedal": Instrument.HIHAT_PEDAL,
    "hihat_open": Instrument.HIHAT_OPEN,
    "ride": Instrument.RIDE,
    "ride_bell": Instrument.RIDE_BELL,
    "crash": Instrument.CRASH,
}
_INSTRUMENTS_OF_SUBS = {
    ("snare", "cross_stick"): Instrument.SIDE_STICK,
    ("crash", "china"): Instrument.CHINA,
    ("crash", "splash"): Instrument.SPLASH,
}
_AMBIGUOUS_SUBS = {("crash", "bell"), ("hihat_open", "half_closed"), ("snare", "tamb_on_snare"), ("tom_high", "rototom")}
_ELECTRONIC_TYPES = {"electronic", "mixed"}

_LAYER_IN_NAME = re.compile(r"(vl|vel|rr)\s?\d+|(?<=_)(ff|f|mf|mp|p|pp)(?=_|$)|soft|hard|_v\d+|public")
_TAKE_BEFORE_NAME = re.compile(r"^\d+-")
_TAKE_AFTER_GAP = re.compile(r"[\s_\-]+\d*$")
_TAKE_AFTER_NAME = re.compile(r"[\s_\-\d]+$")


@dataclass(frozen=True, kw_only=True, eq=False)
class Shot:
    """One recorded stroke. samples: float32 mono 44.1 kHz, peak 1; attack_samples: where it begins, from the first sample."""

    samples: FloatArray
    attack_samples: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """One sound generator; `shots` from soft to loud, at least one. sound: the instrument, or the name of other percussion."""

    kit: str
    electronic: bool
    sound: str
    name: str
    shots: tuple[Shot, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Bank:
    """Sources by the instrument they play, and percussion that no instrument of ours is (claps, shakers, tambourines)."""

    sources: Mapping[Instrument, tuple[Source, ...]]
    percussion: tuple[Source, ...]

    @property
    def kits(self) -> tuple[str, ...]:
        """The names of all kits that play an instrument, sorted."""
        return tuple(sorted({source.kit for sources in self.sources.values() for source in sources}))


@dataclass(frozen=True, kw_only=True)
class BankFilter:
    """Which part of a bank to read: licence tiers, and kits by name (None: all of those tiers)."""

    tiers: Collection[str] = PERMISSIVE
    kits: Collection[str] | None = None
    without_kits: Collection[str] = VALIDATION_KITS

    def takes(self, row: Mapping[str, str]) -> bool:
        """Whether a row of the manifest is wanted."""
        wanted = self.kits is None or row["kit"] in self.kits
        return wanted and row["licence_tier"] in self.tiers and row["kit"] not in self.without_kits


VALIDATION = BankFilter(tiers=VALIDATION_TIERS, kits=VALIDATION_KITS, without_kits=())
"""The kits that only measure."""


def read_manifest(root: Path, wanted: BankFilter) -> list[dict[str, str]]:
    """The rows of `root/manifest.csv` that `wanted` takes, in the file's order.

    Raises ConfigError when there is no manifest, or nothing in it is wanted.
    """
    path = root / "manifest.csv"
    if not path.is_file():
        raise ConfigError(f"{root} has no manifest.csv", advice="Give the folder of a drum bank with --bank.")
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if wanted.takes(row)]
    if not rows:
        raise ConfigError(f"no sound in {root} has a licence of {', '.join(sorted(wanted.tiers))} and a kit that was asked for")
    return rows


def load_bank(root: Path, wanted: BankFilter | None = None) -> Bank:
    """Decode every wanted one-shot once and sort them into sources.

    Raises ConfigError as `read_manifest` does, and for a sound that is not mono or not at 44.1 kHz.
    """
    grouped: dict[tuple[str, str, str], list[tuple[float, Shot]]] = defaultdict(list)
    electronic: dict[str, bool] = {}
    for row in read_manifest(root, wanted or BankFilter()):
        sound = sound_of(row)
        if sound is None:
            continue
        electronic[row["kit"]] = row["kit_type"] in _ELECTRONIC_TYPES
        grouped[row["kit"], sound, source_name(row)].append((_rank(row), read_shot(root / row["path"])))
    sources = [
        Source(
            kit=kit,
            electronic=electronic[kit],
            sound=sound,
            name=name,
            shots=tuple(shot for _, shot in sorted(shots, key=lambda ranked: ranked[0])),
        )
        for (kit, sound, name), shots in grouped.items()
    ]
    playable = {i: tuple(s for s in sources if s.sound == i) for i in Instrument}
    return Bank(sources=playable, percussion=tuple(s for s in sources if s.sound not in set(Instrument)))


def sound_of(row: Mapping[str, str]) -> str | None:
    """The instrument that a manifest row sounds like, the name of other percussion, or None for what could be either of two."""
    kind, sub = row["class"], row["sub"]
    if (kind, sub) in _AMBIGUOUS_SUBS:
        return None
    if kind in ("other", "percussion"):
        return sub or "percussion"
    instrument = _INSTRUMENTS_OF_SUBS.get((kind, sub)) or _INSTRUMENTS.get(kind)
    return instrument.value if instrument else None


def source_name(row: Mapping[str, str]) -> str:
    """What the recordings of one sound generator have in common in their names: the name without loudness and take.

    Single-layer sounds of electronic kits are a source each: their numbers mean different settings.
    """
    original = row["orig_path"].lower()
    if row["kit_type"] in _ELECTRONIC_TYPES and row["velocity_layer_or_-1"] == "-1":
        return original
    folder, _, file = original.rpartition("/")
    stem = file.rpartition(".")[0] or file
    bare = _LAYER_IN_NAME.sub("", stem)
    if " note " not in bare:  # the number of a General MIDI note is which drum it is
        numbered_before = _TAKE_BEFORE_NAME.match(bare)
        take = _TAKE_AFTER_NAME if bare == stem and not numbered_before else _TAKE_AFTER_GAP
        bare = take.sub("", _TAKE_BEFORE_NAME.sub("", bare))
    return f"{folder}/{bare.strip()}/{row['sub']}"


def _rank(row: Mapping[str, str]) -> float:
    """Rising with loudness: the source's own layer where it has one, else the recorded peak."""
    layer = int(row["velocity_layer_or_-1"])
    return float(row["raw_peak_dbfs"] or 0) if layer < 0 else float(layer)


def read_shot(path: Path) -> Shot:
    """Decode one stroke and find its attack. Raises ConfigError when it is silent, not mono or not at 44.1 kHz."""
    samples, rate_hz = sf.read(path, dtype="float32")
    if samples.ndim != 1 or rate_hz != ANALYSIS_RATE_HZ:
        raise ConfigError(f"{path} is not mono at {ANALYSIS_RATE_HZ} Hz")
    peak = float(np.abs(samples).max(initial=0.0))
    if peak < 1e-4:
        raise ConfigError(f"{path} is silent")
    scaled = (samples / peak).astype(np.float32)
    return Shot(samples=scaled, attack_samples=attack_of(scaled))


def attack_of(samples: FloatArray) -> int:
    """Index of the sample at which a stroke begins (see ATTACK_SHARE); 0 for silence."""
    first_bit = np.abs(samples[: int(ATTACK_WINDOW_S * ANALYSIS_RATE_HZ)])
    return int(np.argmax(first_bit >= ATTACK_SHARE * first_bit.max(initial=0.0)))
