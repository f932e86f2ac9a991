"""Music without drums to mix behind them: clips of the bank, and bands from `sound_font` and `synthesiser`."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray

from backbeat.records import FloatArray
from backbeat.training.backing.synthesiser import draw_backing
from backbeat.values import ANALYSIS_RATE_HZ

_SYNTHESISED_SHARE = 0.75
_RENDERED_SHARE = 0.45
"""Of bands with sampled instruments, where there are any; then bands are synthesised in up to `_NOT_CLIPS_SHARE`."""
_NOT_CLIPS_SHARE = 0.85
_RENEWED_SHARE = 0.1
_POOL_SIZE = 12
_SHORTEST_S = 1.0


def load_backing_clips(root: Path) -> tuple[FloatArray, ...]:
    """The clips that `root/backing/backing.csv` lists, of at least a second, float32 mono, RMS 1; empty without such a list."""
    path = root / "backing" / "backing.csv"
    if not path.is_file():
        return ()
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    clips = []
    for row in rows:
        samples, rate_hz = sf.read(root / row["path"], dtype="float32", always_2d=True)
        mono = samples.mean(axis=1)
        if rate_hz == ANALYSIS_RATE_HZ and len(mono) >= _SHORTEST_S * rate_hz:
            clips.append((mono / (np.sqrt(np.mean(mono**2)) + 1e-9)).astype(np.float32))
    return tuple(clips)


@dataclass(kw_only=True, eq=False)
class Backing:
    """Draws backing music. clips: of the bank; bands: rendered beforehand (`sound_font`, float32 or float16, RMS 1).

    Others are synthesised as needed, kept in a pool that renews itself, and used several times.
    """

    clips: tuple[FloatArray, ...]
    bands: tuple[NDArray[np.floating[Any]], ...] = ()
    _bands: list[FloatArray] = field(default_factory=list)

    def draw(self, rng: np.random.Generator, samples: int) -> FloatArray:
        """Music of that many samples, float32, RMS about 1, at a random place and up to three semitones from its pitch."""
        whole = self._whole(rng, samples)
        if rng.random() < 0.6:
            ratio = 2 ** (rng.uniform(-3, 3) / 12)
            whole = soxr.resample(whole, ANALYSIS_RATE_HZ * ratio, ANALYSIS_RATE_HZ, "LQ")
        start = int(rng.integers(len(whole)))
        repeats = -(-(start + samples) // len(whole))
        piece: FloatArray = np.tile(whole, repeats)[start : start + samples]
        return piece

    def emptied(self) -> Backing:
        """The same clips without the bands synthesised so far."""
        return Backing(clips=self.clips, bands=self.bands)

    def _whole(self, rng: np.random.Generator, samples: int) -> FloatArray:
        if not self.bands:
            return self._clip(rng) if self.clips and rng.random() > _SYNTHESISED_SHARE else self._band(rng, samples)
        kind = rng.random()
        if kind < _RENDERED_SHARE:
            return self.bands[int(rng.integers(len(self.bands)))].astype(np.float32, copy=False)
        return self._clip(rng) if self.clips and kind > _NOT_CLIPS_SHARE else self._band(rng, samples)

    def _clip(self, rng: np.random.Generator) -> FloatArray:
        return self.clips[int(rng.integers(len(self.clips)))]

    def _band(self, rng: np.random.Generator, samples: int) -> FloatArray:
        if len(self._bands) >= _POOL_SIZE and rng.random() > _RENEWED_SHARE:
            return self._bands[int(rng.integers(len(self._bands)))]
        band = draw_backing(rng, samples / ANALYSIS_RATE_HZ)
        if len(self._bands) < _POOL_SIZE:
            self._bands.append(band)
        else:
            self._bands[int(rng.integers(_POOL_SIZE))] = band
        return band
