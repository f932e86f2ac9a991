"""The hit engine `net`: Backbeat's own network, inside the package. Hears drum stems and full mixes, fourteen instruments.

`MODEL_CARD.md` beside this file says what it was trained on, how, and how well it hears.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soxr

from backbeat.engines.net_features import BANDS, HOP_SAMPLES, density, frame_fullness, local_level, relative, spectrum_blocks
from backbeat.engines.net_picking import Activations, pick
from backbeat.engines.net_runtime import Network, load_network
from backbeat.engines.net_settings import NetSettings, read_settings
from backbeat.engines.net_vocabulary import INSTRUMENTS
from backbeat.engines.protocols import EngineOptions, ModelFiles
from backbeat.monitor import Monitor
from backbeat.records import BeatGrid, DrumStem, FloatArray, Hit, Hits, hits_from_rows
from backbeat.values import ANALYSIS_RATE_HZ, Instrument, Stage

NAME = "net"
REVISION = 1
"""To be raised with every change of the code that can change a hit; the weights bring a version of their own."""

CHUNK_FRAMES = 3000
_LISTENING_SHARE = 0.4  # of the time, features take about this much
_SILENCE_PEAK = 1e-4  # -80 dBFS
_LOUD_PEAK = 16.0  # far above any bounce: brought down, so that squares stay within float32


class NetEngine:
    """`engines.protocols.HitEngine` with the network given."""

    def __init__(self, network: Network, settings: NetSettings) -> None:
        self.name = NAME
        self.version = f"{REVISION}-{settings.version}"
        self.instruments: frozenset[Instrument] = frozenset(INSTRUMENTS)
        self.hears_mixes = True
        self.network = network
        self.settings = settings

    def hits(self, stem: DrumStem, grid: BeatGrid, monitor: Monitor) -> Hits:  # noqa: ARG002 - strokes need no beat
        """All hits in `stem`. Silence gives none."""
        monitor.progress(Stage.HITS, 0.0)
        samples = _prepared(stem)
        if _peak(samples) < _SILENCE_PEAK:
            monitor.progress(Stage.HITS, 1.0)
            return hits_from_rows([], engine=self.name, warnings=("The drum signal is silent.",))
        rows = pick(self.activations(samples, monitor), self.settings.picking)
        monitor.progress(Stage.HITS, 1.0)
        # Resampling can add a sample at the end: a stroke on it still lies inside the recording.
        inside = [Hit(min(hit.time_s, stem.duration_s), hit.instrument, hit.velocity, hit.confidence) for hit in rows]
        return hits_from_rows(inside, engine=self.name)

    def activations(self, samples: FloatArray, monitor: Monitor) -> Activations:
        """What the network says about mono `samples`, float32 (n,) at 44.1 kHz, finite; `pick` makes strokes of it."""
        bands, level = self._spectrum(samples, monitor)
        total = len(bands)
        instruments = np.zeros((total, len(INSTRUMENTS)), np.float32)
        velocities = np.zeros_like(instruments)
        fullness = np.zeros(total, np.float32)
        for first in range(0, total, CHUNK_FRAMES):
            monitor.check()
            last = min(first + CHUNK_FRAMES, total)
            start, stop = max(first - self.settings.context_frames, 0), min(last + self.settings.context_frames, total)
            features = relative(bands[start:stop], level[start:stop])
            heard = self.network(features)
            inner = slice(first - start, last - start)
            fullness[first:last] = frame_fullness(features[inner])
            instruments[first:last] = heard.instruments[inner]
            velocities[first:last] = heard.velocities[inner]
            monitor.progress(Stage.HITS, _LISTENING_SHARE + (0.99 - _LISTENING_SHARE) * last / total)
        return Activations(instruments=instruments, velocities=velocities, density=density(fullness))

    def _spectrum(self, samples: FloatArray, monitor: Monitor) -> tuple[FloatArray, FloatArray]:
        """Band magnitudes of the whole recording and the level to measure them against: 33 KB per second of audio."""
        bands: list[FloatArray] = [np.zeros((0, BANDS), np.float32)]
        loudness: list[FloatArray] = [np.zeros(0, np.float32)]
        done_samples = 0
        for block, block_loudness in spectrum_blocks(samples):
            monitor.check()
            bands.append(block)
            loudness.append(block_loudness)
            done_samples += len(block) * HOP_SAMPLES
            monitor.progress(Stage.HITS, _LISTENING_SHARE * min(done_samples / len(samples), 1.0))
        return np.concatenate(bands), local_level(np.concatenate(loudness))


def open_engine(options: EngineOptions, models: ModelFiles) -> NetEngine:  # noqa: ARG001 - the network comes with the package
    """Load the network; raises ModelError when the package's own files are missing or damaged."""
    return open_files()


def open_files(folder: Path | None = None) -> NetEngine:
    """The engine with the `net.onnx` and `net.json` of a folder, by default the package's own. Raises ModelError."""
    folder = folder or Path(__file__).parent
    return NetEngine(load_network(folder / "net.onnx"), read_settings(folder / "net.json"))


def _prepared(stem: DrumStem) -> FloatArray:
    """The stem's samples at the network's rate, finite, and no louder than squares can bear."""
    samples = stem.samples
    if stem.sample_rate_hz != ANALYSIS_RATE_HZ:
        samples = soxr.resample(samples, stem.sample_rate_hz, ANALYSIS_RATE_HZ)
    peak = _peak(samples)
    if not np.isfinite(peak):
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        peak = _peak(samples)
    return samples / np.float32(peak) if peak > _LOUD_PEAK else samples


def _peak(samples: FloatArray) -> float:
    """The largest magnitude; NaN where there is one; 0 for nothing."""
    return max(float(samples.max()), -float(samples.min())) if len(samples) else 0.0
