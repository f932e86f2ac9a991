"""The hit engine `annoteator`: onsets, then AnNOTEator's network on a short clip of each (seed, section 2).

AnNOTEator by Christopher Brown, Stanley Hung and Severus Chang, MIT; the network comes through the model resolver. Two
ways to use it: `seed` is upstream's, `tuned` is ours.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import soxr

from backbeat.engines.annoteator.network import file_digest, load_network
from backbeat.engines.annoteator.outputs import OUTPUTS, Heard, Network
from backbeat.engines.annoteator.seed import listen_as_seed
from backbeat.engines.annoteator.tuned import listen_tuned
from backbeat.engines.annoteator.velocity import velocities
from backbeat.engines.protocols import EngineOptions, ModelFiles, TellHits, tell_nobody
from backbeat.monitor import Monitor
from backbeat.records import BeatGrid, DrumStem, FloatArray, Hit, Hits, hits_from_rows
from backbeat.values import ANALYSIS_RATE_HZ, Compat, Instrument, Stage

NAME = "annoteator"
MODEL = "annoteator"
REVISION = 1
"""To be raised with every change that can change a hit, together with `analysis_cache.REVISION`."""

SILENCE_PEAK = 1e-3
"""-60 dBFS: a file whose loudest sample stays below is hiss, hum or nothing."""


class AnnoteatorEngine:
    """`engines.protocols.HitEngine` with AnNOTEator's network; `network_id` says which."""

    def __init__(self, network: Network, network_id: str, compat: Compat) -> None:
        self.name = NAME
        self.version = f"{REVISION}-{compat}-{network_id}"
        self.instruments: frozenset[Instrument] = frozenset(OUTPUTS)
        self._network = network
        self._compat = compat

    def hits(self, stem: DrumStem, grid: BeatGrid, monitor: Monitor, tell: TellHits = tell_nobody) -> Hits:
        """All hits in `stem`, told at once; the grid's tempo matters in seed mode only. Silence gives none."""
        monitor.progress(Stage.HITS, 0.0)
        if not len(stem.samples) or max(float(stem.samples.max()), -float(stem.samples.min())) < SILENCE_PEAK:
            monitor.progress(Stage.HITS, 1.0)
            return hits_from_rows([], engine=self.name, warnings=("The drum signal is silent.",))
        samples = _at_analysis_rate(stem)
        heard = self._listen(samples, grid.quarter_bpm, monitor, lambda fraction: monitor.progress(Stage.HITS, 0.95 * fraction))
        hits = hits_from_rows(_rows(samples, heard, stem.duration_s, monitor), engine=self.name)
        monitor.progress(Stage.HITS, 1.0)
        tell(hits)
        return hits

    def _listen(self, samples: FloatArray, tempo_bpm: float, monitor: Monitor, report: Callable[[float], None]) -> Heard:
        if self._compat is Compat.SEED:
            return listen_as_seed(samples, tempo_bpm, self._network, monitor, report)
        return listen_tuned(samples, self._network, monitor, report)


def open_engine(options: EngineOptions, models: ModelFiles) -> AnnoteatorEngine:
    """Load the network; raises ModelError when its file is missing, damaged or not to be trusted."""
    path = models.path(MODEL)
    return AnnoteatorEngine(load_network(path), file_digest(path)[:12], options.compat)


def _at_analysis_rate(stem: DrumStem) -> FloatArray:
    """The stem's samples at the rate that the network was trained on."""
    if stem.sample_rate_hz == ANALYSIS_RATE_HZ:
        return stem.samples
    resampled: FloatArray = soxr.resample(stem.samples, stem.sample_rate_hz, ANALYSIS_RATE_HZ)
    return resampled


def _rows(samples: FloatArray, heard: Heard, duration_s: float, monitor: Monitor) -> list[Hit]:
    velocity = velocities(samples, heard, monitor)
    # Resampling can add a sample at the end: an onset on it still lies inside the recording.
    times_s = np.minimum(heard.onset_samples / ANALYSIS_RATE_HZ, duration_s)
    return [
        Hit(float(times_s[k]), OUTPUTS[output], int(velocity[k, output]), float(heard.confidence[k, output]))
        for k, output in np.argwhere(heard.struck)
    ]
