"""A drum bank of a few synthesised strokes, with everything a real one has: licences, layers, grooves, backing."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile as sf

RATE_HZ = 44_100
PRE_ROLL = 66
"""Samples of silence before each stroke of the tiny bank: 1.5 ms."""

INSTRUMENT_ROWS = (
    ("kick", ""),
    ("snare", ""),
    ("snare", "cross_stick"),
    ("tom_high", ""),
    ("tom_mid", ""),
    ("tom_low", ""),
    ("hihat_closed", ""),
    ("hihat_pedal", ""),
    ("hihat_open", ""),
    ("ride", ""),
    ("ride_bell", ""),
    ("crash", ""),
    ("crash", "china"),
    ("crash", "splash"),
    ("other", "shaker"),
)

_COLUMNS = (
    "path",
    "kit",
    "class",
    "sub",
    "velocity_layer_or_-1",
    "orig_path",
    "kit_type",
    "licence_tier",
    "raw_peak_dbfs",
)


@dataclass
class TinyBank:
    """Writes a bank into a folder; `write` makes the lists from what was added."""

    root: Path
    rows: list[dict[str, str]] = field(default_factory=list)
    grooves: list[dict[str, str]] = field(default_factory=list)

    def add(
        self,
        kit: str,
        kind: str,
        sub: str = "",
        *,
        layer: int = -1,
        name: str = "",
        tier: str = "permissive",
        kit_type: str = "acoustic",
        peak_dbfs: float = 0.0,
        samples: np.ndarray | None = None,
        rate_hz: int = RATE_HZ,
    ) -> None:
        """One stroke: noise or a tone that begins at once after the pre-roll and decays."""
        number = len(self.rows)
        path = self.root / "oneshots" / kit / f"{number:03d}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        sf.write(path, stroke(number) if samples is None else samples, rate_hz, subtype="PCM_16")
        original = name or f"{kind}{sub}_vl{layer}.wav"
        values = (
            str(path.relative_to(self.root)),
            kit,
            kind,
            sub,
            str(layer),
            original,
            kit_type,
            tier,
            str(peak_dbfs),
        )
        self.rows.append(dict(zip(_COLUMNS, values, strict=True)))

    def add_kit(self, kit: str, tier: str = "permissive", kit_type: str = "acoustic") -> None:
        """A kit with every instrument in two layers, and a shaker."""
        for kind, sub in INSTRUMENT_ROWS:
            for layer in (1, 2):
                self.add(kit, kind, sub, layer=layer, tier=tier, kit_type=kit_type)

    def add_groove(
        self,
        notes: list[tuple[float, int, int]],
        *,
        bpm: float = 120,
        split: str = "train",
        kind: str = "beat",
        meter: str = "4-4",
    ) -> Path:
        """A performance of (time in beats, note, velocity)."""
        path = self.root / "grooves" / f"{len(self.grooves)}.mid"
        path.parent.mkdir(parents=True, exist_ok=True)
        midi = mido.MidiFile(ticks_per_beat=480)
        track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))])
        ticks = 0
        for beat, note, velocity in notes:
            track.append(mido.Message("note_on", channel=9, note=note, velocity=velocity, time=round(beat * 480) - ticks))
            ticks = round(beat * 480)
        midi.tracks.append(track)
        midi.save(path)
        self.grooves.append(
            {
                "path": str(path.relative_to(self.root)),
                "bpm": str(bpm),
                "time_signature": meter,
                "style": "rock",
                "beat_type": kind,
                "gmd_split": split,
            }
        )
        return path

    def write(self) -> Path:
        """Write the lists; returns the folder."""
        self.root.mkdir(parents=True, exist_ok=True)
        _write_csv(self.root / "manifest.csv", self.rows)
        if self.grooves:
            _write_csv(self.root / "grooves" / "grooves.csv", self.grooves)
        return self.root

    def write_backing(self) -> None:
        """One clip of two seconds."""
        folder = self.root / "backing"
        folder.mkdir(parents=True)
        tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(2 * RATE_HZ) / RATE_HZ)
        sf.write(folder / "tone.flac", tone, RATE_HZ)
        _write_csv(folder / "backing.csv", [{"path": "backing/tone.flac"}])


def stroke(seed: int, seconds: float = 0.6) -> np.ndarray:
    """A stroke of noise and a tone that begins with its largest value, after the pre-roll."""
    rng = np.random.default_rng(seed)
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    sound = (0.5 * rng.uniform(-1, 1, len(at)) + 0.5 * np.cos(2 * np.pi * rng.uniform(80, 900) * at)) * np.exp(-at / 0.12)
    sound[0] = 1.0
    return np.concatenate([np.zeros(PRE_ROLL), 0.89 * sound])


def _write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else list(_COLUMNS))
        writer.writeheader()
        writer.writerows(rows)


def rock_bars(bars: int = 8) -> list[tuple[float, int, int]]:
    """Kick, snare and hats on TD-11 pads, times in beats."""
    notes = []
    for eighth in range(bars * 8):
        notes.append((eighth / 2, 42, 80))
        if eighth % 4 == 0:
            notes.append((eighth / 2, 36, 100))
        if eighth % 4 == 2:
            notes.append((eighth / 2, 38, 110))
    return notes


@pytest.fixture
def empty_bank(tmp_path: Path) -> TinyBank:
    """A bank to add to."""
    return TinyBank(tmp_path / "bank")


@pytest.fixture(scope="session")
def tiny_bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two permissive kits, one under another licence, one held out; a groove of each split; a clip of music; to be read only."""
    bank = TinyBank(tmp_path_factory.mktemp("training") / "bank")
    bank.add_kit("north")
    bank.add_kit("south")
    bank.add_kit("copyleft", tier="gpl")
    bank.add_kit("sams_sonor", tier="share-alike")
    bank.add_groove(rock_bars())
    bank.add_groove(rock_bars(), split="validation")
    bank.write_backing()
    return bank.write()
