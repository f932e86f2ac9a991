"""The beat engine `net`: Backbeat's own beats and bars, inside the package. Hears drum stems and full mixes.

A small network says for each moment how likely it is a beat and a downbeat (`runtime`), a search through all ways to
count gives the grid (`decode`). `engines/MODEL_CARD.md` says what it was trained on and how well it does.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from backbeat.engines.net.features import FPS
from backbeat.engines.net.recording import Spectrum, prepared, recording
from backbeat.engines.net_beats.decode import Counted, decode
from backbeat.engines.net_beats.features import BEAT_BANDS, BEAT_FPS, beat_features
from backbeat.engines.net_beats.runtime import BeatActivations, BeatNetwork, load_beat_network
from backbeat.engines.net_beats.settings import SETTINGS, BeatSettings, read_beat_settings
from backbeat.engines.protocols import BeatHint, EngineOptions, ModelFiles
from backbeat.errors import EngineFailed
from backbeat.monitor import Monitor
from backbeat.pipeline.beat_grid import tempo_of_beats
from backbeat.records import BeatGrid, FloatArray
from backbeat.values import Stage

NAME = "net"
NETWORK = "net_beats.onnx"
BUILT_IN = Path(__file__).parent
"""The folder of the weights that ship."""
RELIABLE = 0.5
PULSES_MIN = 4
"""Fewer say nothing about the tempo."""
CHUNK_FRAMES = 100 * BEAT_FPS
"""What the network hears at once: its layers for five minutes would be 60 MB."""
_POOLED_AT_ONCE = 60 * FPS
_SPECTRUM_END, _NETWORK_END = 0.5, 0.75  # of the time


class NetBeats:
    """A BeatEngine with the network given."""

    name = NAME

    def __init__(self, network: BeatNetwork, settings: BeatSettings) -> None:
        self.network = network
        self.settings = settings

    def beats(self, samples: FloatArray, sample_rate_hz: int, hint: BeatHint, monitor: Monitor) -> BeatGrid:
        """The grid of mono `samples`, float32 (n,), any rate, from the first beat that is heard to the last.

        With `hint.bpm` the pulses stay within 4 % of it, with `hint.meter` the bars are of it, and at `hint.first_downbeat_s` one
        begins. With `hint.stated_bpm` pulses near it are looked for too, and taken where they are about as likely, or where they
        are those that are heard, counted twice as fast or half as fast. Reports `Stage.BEATS`; can be cancelled inside. Raises
        EngineFailed where there is no beat at all.
        """

        def part(start: float, end: float, fraction: float) -> None:
            monitor.check()
            monitor.progress(Stage.BEATS, start + (end - start) * fraction)

        spectrum = recording.spectrum(prepared(samples, sample_rate_hz), lambda done: part(0.0, _SPECTRUM_END, done))
        activations = self.activations(spectrum, monitor)
        counted = decode(activations, hint, lambda done: part(_NETWORK_END, 1.0, done))
        if counted is None:
            raise EngineFailed("net heard no beat.", advice="Give the tempo if you know it.")
        monitor.progress(Stage.BEATS, 1.0)
        return _grid(counted, hint)

    def activations(self, spectrum: Spectrum, monitor: Monitor) -> BeatActivations:
        """What the network says about a recording."""
        heard = _features_of(spectrum)
        parts: list[BeatActivations] = []
        for first in range(0, len(heard), CHUNK_FRAMES):
            monitor.check()
            last = min(first + CHUNK_FRAMES, len(heard))
            start, stop = max(first - self.settings.context_frames, 0), min(last + self.settings.context_frames, len(heard))
            answer = self.network(heard[start:stop])
            inner = slice(first - start, last - start)
            parts.append(BeatActivations(beats=answer.beats[inner], meters=answer.meters[inner]))
            monitor.progress(Stage.BEATS, _SPECTRUM_END + (_NETWORK_END - _SPECTRUM_END) * last / len(heard))
        if not parts:
            return BeatActivations(beats=np.zeros((0, 2), np.float32), meters=np.zeros((0, 5), np.float32))
        return BeatActivations(
            beats=np.concatenate([part.beats for part in parts]), meters=np.concatenate([part.meters for part in parts])
        )


def open_engine(options: EngineOptions, models: ModelFiles) -> NetBeats:  # noqa: ARG001 - the network comes with the package
    """Load the network; raises ModelError when the package's own files are missing or damaged."""
    return open_beat_files()


def open_beat_files(folder: Path | None = None) -> NetBeats:
    """The engine with the `net_beats.onnx` and `net_beats.json` of a folder, by default the package's own. Raises ModelError."""
    folder = folder or BUILT_IN
    return NetBeats(load_beat_network(folder / NETWORK), read_beat_settings(folder / SETTINGS))


def _features_of(spectrum: Spectrum) -> FloatArray:
    """What the network sees, float32 (frames, BEAT_BANDS), made of a minute at a time: the recogniser's features are larger."""
    starts = range(0, len(spectrum.level), _POOLED_AT_ONCE)
    parts = [beat_features(spectrum.features(start, start + _POOLED_AT_ONCE)) for start in starts]
    return np.concatenate([np.zeros((0, BEAT_BANDS), np.float32), *parts])


def _grid(counted: Counted, hint: BeatHint) -> BeatGrid:
    unsure = counted.confidence < RELIABLE or len(counted.pulses_s) < PULSES_MIN
    return BeatGrid(
        times_s=counted.times_s,
        numbers=counted.numbers,
        meters=counted.meters,
        tempo_bpm=tempo_of_beats(counted.times_s),
        confidence=counted.confidence,
        bpm_unreliable=hint.bpm is None and unsure,
        engine=NAME,
    )
