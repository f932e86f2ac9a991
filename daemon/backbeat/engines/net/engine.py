"""The hit engine `net`: Backbeat's own network, inside the package. Hears drum stems and full mixes, fourteen instruments.

`engines/MODEL_CARD.md` says what it was trained on, how, and how well it hears.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np

from backbeat.engines.net.features import density, frame_fullness
from backbeat.engines.net.parts import Parts
from backbeat.engines.net.picker import NAME, pick_hits
from backbeat.engines.net.picking import Activations
from backbeat.engines.net.recording import SILENCE_PEAK, Spectrum, peak_of, prepared, recording
from backbeat.engines.net.runtime import Network, load_network
from backbeat.engines.net.settings import NetSettings, read_settings
from backbeat.engines.net.state import NetState
from backbeat.engines.net.vocabulary import INSTRUMENTS
from backbeat.engines.net.weights import ADVICE, BUILT_IN, NETWORK, SETTINGS, check_weights
from backbeat.engines.protocols import EngineOptions, ModelFiles, TellHits, tell_nobody
from backbeat.errors import ModelError
from backbeat.monitor import Monitor
from backbeat.records import BeatGrid, DrumStem, FloatArray, Hits, hits_from_rows
from backbeat.sensitivity import Sensitivity
from backbeat.values import Instrument, Stage

REVISION = 2
"""To be raised with every change of the code that can change a hit; the weights bring a version of their own."""

CHUNK_FRAMES = 3000
"""Heard at once: more costs memory, less costs time, since what is around is heard again.

A multiple of the step in which the network sums up what goes on around, see `training.recogniser.network`.
"""

_LISTENING_SHARE = 0.4  # of the time, features take about this much


class HeardSoFar(Protocol):
    """Hears what the network has said so far."""

    def __call__(self, so_far: Activations, *, is_all: bool) -> None:
        """`so_far`: from the recording's first frame on."""


class NetEngine:
    """`engines.protocols.HitEngine` with the network given."""

    def __init__(self, network: Network, settings: NetSettings) -> None:
        self.name = NAME
        self.version = f"{REVISION}-{settings.version}"
        self.instruments: frozenset[Instrument] = frozenset(INSTRUMENTS)
        self.network = network
        self.settings = settings

    def hits(
        self,
        stem: DrumStem,
        grid: BeatGrid,  # noqa: ARG002 - strokes need no beat
        monitor: Monitor,
        tell: TellHits = tell_nobody,
    ) -> Hits:
        """All hits in `stem`, told chunk by chunk. Silence gives none."""
        monitor.progress(Stage.HITS, 0.0)
        samples = prepared(stem.samples, stem.sample_rate_hz)
        if peak_of(samples) < SILENCE_PEAK:
            monitor.progress(Stage.HITS, 1.0)
            return hits_from_rows([], engine=self.name, warnings=("The drum signal is silent.",))
        picking = self.settings.picking
        parts = Parts(tell, picking=picking, duration_s=stem.duration_s)
        heard = self.activations(samples, monitor, parts.heard)
        state = NetState.of(heard, duration_s=stem.duration_s, picking=picking)
        recording.forget()  # strokes are found last
        hits = pick_hits(state.to_bytes(), Sensitivity())  # from the compact form, so that to pick again gives the same
        monitor.progress(Stage.HITS, 1.0)
        return hits

    def activations(self, samples: FloatArray, monitor: Monitor, heard_so_far: HeardSoFar | None = None) -> Activations:
        """What the network says about mono `samples`, float32 (n,) at 44.1 kHz, finite; `pick` makes strokes of it.

        heard_so_far: given what it has said after each chunk, from the beginning on, and whether that is all.
        """

        def listened(fraction: float) -> None:
            monitor.check()
            monitor.progress(Stage.HITS, _LISTENING_SHARE * fraction)

        spectrum = recording.spectrum(samples, listened)
        total = len(spectrum.bands)
        instruments = np.zeros((total, len(INSTRUMENTS)), np.float32)
        velocities = np.zeros_like(instruments)
        whole_density = _density(spectrum)  # known before the network speaks: what it says first is judged by it too
        for first in range(0, total, CHUNK_FRAMES):
            monitor.check()
            last = min(first + CHUNK_FRAMES, total)
            start, stop = max(first - self.settings.context_frames, 0), min(last + self.settings.context_frames, total)
            heard = self.network(spectrum.features(start, stop))
            inner = slice(first - start, last - start)
            instruments[first:last] = heard.instruments[inner]
            velocities[first:last] = heard.velocities[inner]
            monitor.progress(Stage.HITS, _LISTENING_SHARE + (0.99 - _LISTENING_SHARE) * last / total)
            if heard_so_far is not None:
                so_far = Activations(instruments=instruments[:last], velocities=velocities[:last], density=whole_density)
                heard_so_far(so_far, is_all=last == total)
        return Activations(instruments=instruments, velocities=velocities, density=whole_density)


def _density(spectrum: Spectrum) -> float:
    """Of the whole recording, a chunk at a time: its features are as large as its spectrum."""
    chunks = range(0, len(spectrum.bands), CHUNK_FRAMES)
    return density(np.concatenate([frame_fullness(spectrum.features(first, first + CHUNK_FRAMES)) for first in chunks]))


def open_engine(options: EngineOptions, models: ModelFiles) -> NetEngine:  # noqa: ARG001 - all openers take the same
    """Load the package's network, or the user's own; raises ModelError when its files are missing or damaged."""
    if models.net_weights is None:
        return open_files()
    settings = check_weights(models.net_weights)
    try:
        return NetEngine(load_network(models.net_weights / NETWORK), settings)
    except ModelError as error:
        raise ModelError(f"Your weights in {models.net_weights} cannot be loaded: {error}", advice=ADVICE) from error


def open_files(folder: Path | None = None) -> NetEngine:
    """The engine with the `net.onnx` and `net.json` of a folder, by default the package's own. Raises ModelError."""
    folder = folder or BUILT_IN
    return NetEngine(load_network(folder / NETWORK), read_settings(folder / SETTINGS))
