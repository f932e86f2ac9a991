"""demucs takes the drums out of a mix, by its Python API (the command line would need torchaudio).

As the seed has it: the model's own sample rate, zero mean and unit variance by the mono reference,
`shifts=1, split=True, overlap=0.25`, the drums source, mono.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import soxr
import torch
from demucs.apply import apply_model

from backbeat.engines.demucs.weights import load_weights, model_name
from backbeat.engines.protocols import EngineOptions, ModelFiles, Separator
from backbeat.errors import EngineFailed, EngineMissing, ModelError
from backbeat.monitor import Monitor
from backbeat.records import FloatArray
from backbeat.values import Device, Stage

LOG = logging.getLogger(__name__)

SHIFTS, OVERLAP = 1, 0.25
SECTION_S = 300.0
"""Longest stretch given to demucs at once: it holds all four stems in stereo, about 0.4 GB for five minutes, twice."""
CROSSFADE_S = 6.0
SILENCE_STD = 1e-8
CHECK_EVERY_S = 0.2


def open_engine(options: EngineOptions, models: ModelFiles) -> Separator:
    """Load the model; raises ModelError when it is not here (nothing is downloaded), EngineMissing without the device."""
    folder = models.folder(options.separator_model)
    name = model_name(options.separator_model, folder)
    return DemucsSeparator(model=load_weights(folder, name), name=name, devices=_devices(options.device))


def _devices(wanted: Device) -> tuple[str, ...]:
    """The devices to try, in order. One that the user named has to be there; the CPU comes last in any case."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted is not Device.AUTO and not there[wanted]:
        raise EngineMissing(f"torch finds no {wanted} device here.", advice="Set device to auto or cpu.")
    names = ("cuda", "mps", "cpu") if wanted is Device.AUTO else (str(wanted), "cpu")
    return tuple(dict.fromkeys(name for name in names if there[name]))


class DemucsSeparator:
    """A loaded model. `devices` is tried in order; one that fails is not tried again."""

    def __init__(self, *, model: Any, name: str, devices: tuple[str, ...]) -> None:
        if "drums" not in model.sources:
            raise ModelError(f"The demucs model {name} knows no drums.", advice="Set separator_model to htdemucs.")
        self.name = name
        self.sample_rate_hz = int(model.samplerate)
        self._model = model
        self._drums = model.sources.index("drums")
        self._devices = devices

    def drums(self, samples: FloatArray, sample_rate_hz: int, monitor: Monitor) -> FloatArray:
        """See `Separator`. Memory is bounded: long recordings are done in sections that are crossfaded."""
        length = samples.shape[1]
        mean, std = _mono_mean_and_std(samples)
        drums = np.zeros(length, dtype=np.float32)
        monitor.progress(Stage.SEPARATE, 0.0)
        if std <= SILENCE_STD:
            monitor.progress(Stage.SEPARATE, 1.0)
            return drums
        sections = _sections(length, sample_rate_hz)
        for number, section in enumerate(sections):
            watch = _Watch(monitor, number / len(sections), 1 / len(sections))
            heard = self._section((samples[:, section.start : section.stop] - mean) / std, sample_rate_hz, watch)
            drums[section.start : section.stop] += (heard * std + mean) * section.fade()
        if not np.isfinite(drums).all():
            raise EngineFailed("demucs gave values that are not numbers.", advice="Set device to cpu and try again.")
        monitor.progress(Stage.SEPARATE, 1.0)
        return drums

    def _section(self, normalised: FloatArray, rate_hz: int, watch: _Watch) -> FloatArray:
        """Mono drums of a normalised stretch, as long as it is; falls back along the devices."""
        wav = torch.from_numpy(self._to_model(normalised, rate_hz))[None]
        while True:
            device, *others = self._devices
            try:
                mono = self._apply(wav, device, watch)
            except (RuntimeError, AssertionError, NotImplementedError) as error:  # what torch raises, out of memory included
                if not others:
                    raise EngineFailed(
                        f"demucs failed: {error}", advice="Close other programs if memory is short, and try again."
                    ) from error
                LOG.warning("separation failed on %s (%s): going on with %s", device, error, others[0])
                self._devices = tuple(others)
                self._model.to("cpu")
            except SystemExit as error:
                raise EngineFailed(f"demucs gave up ({error.code}).", advice="Try again, or give a drum stem.") from error
            else:
                return self._from_model(mono, rate_hz, normalised.shape[1])

    def _apply(self, wav: torch.Tensor, device: str, watch: _Watch) -> FloatArray:
        total = wav.shape[-1] + self.sample_rate_hz // 2  # the random shift adds up to half a second
        with _fixed_shift(), watch.inside(self._model), torch.no_grad():
            stems = apply_model(
                self._model,
                wav,
                device=device,
                shifts=SHIFTS,
                split=True,
                overlap=OVERLAP,
                callback=lambda at: watch.chunk(at, total),
            )
        mono: FloatArray = stems[0, self._drums].mean(dim=0).cpu().numpy()
        return mono

    def _to_model(self, samples: FloatArray, rate_hz: int) -> FloatArray:
        channels = self._model.audio_channels
        if len(samples) != channels:
            samples = np.repeat(samples.mean(axis=0, keepdims=True), channels, axis=0)
        if rate_hz != self.sample_rate_hz:
            samples = soxr.resample(samples.T, rate_hz, self.sample_rate_hz).T
        return np.ascontiguousarray(samples, dtype=np.float32)

    def _from_model(self, mono: FloatArray, rate_hz: int, length: int) -> FloatArray:
        if rate_hz != self.sample_rate_hz:
            mono = soxr.resample(mono, self.sample_rate_hz, rate_hz)
        # Resampling there and back may end a sample early or late.
        return np.pad(mono[:length], (0, max(length - len(mono), 0)))


@dataclass(frozen=True, kw_only=True)
class _Section:
    """A stretch of samples; `fade_in`, `fade_out`: samples at its ends that the neighbours share."""

    start: int
    stop: int
    fade_in: int
    fade_out: int

    def fade(self) -> FloatArray:
        """Linear gains, float32; those of neighbours add up to 1 where they overlap."""
        gains = np.ones(self.stop - self.start, dtype=np.float32)
        gains[: self.fade_in] = (np.arange(self.fade_in) + 0.5) / max(self.fade_in, 1)
        if self.fade_out:
            gains[-self.fade_out :] = 1 - (np.arange(self.fade_out) + 0.5) / self.fade_out
        return gains


def _sections(length: int, rate_hz: int) -> list[_Section]:
    """Equal sections of at most SECTION_S that overlap by CROSSFADE_S and cover `length` samples."""
    longest, overlap = round(SECTION_S * rate_hz), round(CROSSFADE_S * rate_hz)
    count = max(ceil((length - overlap) / (longest - overlap)), 1)
    edges = [round(number * (length - overlap) / count) for number in range(count)] if count > 1 else [0]
    stops = [edge + overlap for edge in edges[1:]] + [length]
    return [
        _Section(
            start=start,
            stop=stop,
            fade_in=overlap if number else 0,
            fade_out=overlap if number < count - 1 else 0,
        )
        for number, (start, stop) in enumerate(zip(edges, stops, strict=True))
    ]


def _mono_mean_and_std(samples: FloatArray, block: int = 1 << 20) -> tuple[float, float]:
    """Mean and standard deviation of the mean of the channels, block by block; 0, 0 for no samples."""
    count = samples.shape[1]
    if not count:
        return 0.0, 0.0
    blocks = [samples[:, start : start + block].mean(axis=0, dtype=np.float64) for start in range(0, count, block)]
    mean = sum(float(part.sum()) for part in blocks) / count
    return mean, float(np.sqrt(sum(float(np.square(part - mean).sum()) for part in blocks) / count))


@contextmanager
def _fixed_shift() -> Iterator[None]:
    """The shift is drawn from `random` by demucs: the same recording is to give the same stem."""
    state = random.getstate()
    random.seed(0)
    try:
        yield
    finally:
        random.setstate(state)


class _Watch:
    """Progress and cancel inside one section, which is `share` of the whole and begins at `done`."""

    def __init__(self, monitor: Monitor, done: float, share: float) -> None:
        self._monitor = monitor
        self._done = done
        self._share = share
        self._furthest = 0.0
        self._checked_s = 0.0

    def chunk(self, at: dict[str, Any], total: int) -> None:
        """The callback of demucs, at the start and the end of each chunk; what is raised here ends the separation."""
        self._monitor.check()
        models = at["models"]
        self._furthest = max(self._furthest, (at["model_idx_in_bag"] + at["segment_offset"] / total) / models)
        self._monitor.progress(Stage.SEPARATE, self._done + self._share * min(self._furthest, 1.0))

    @contextmanager
    def inside(self, model: torch.nn.Module) -> Iterator[None]:
        """A chunk can take many seconds on a laptop: look for a cancel before each of the network's layers too."""
        with ExitStack() as hooks:
            for layer in model.modules():
                hooks.callback(layer.register_forward_pre_hook(self._layer).remove)
            yield

    def _layer(self, *_: object) -> None:
        now_s = time.monotonic()
        if now_s - self._checked_s >= CHECK_EVERY_S:
            self._checked_s = now_s
            self._monitor.check()
