"""Audio -> Audio: a recording through the effects that its job asks for, before anything is heard in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from backbeat.errors import PluginError
from backbeat.monitor import Monitor
from backbeat.records import Audio, FloatArray

Effects = Callable[[FloatArray, int, Monitor], FloatArray]
"""Samples, float32 (channels, n), their rate, and the monitor, to samples of the same shape."""


def apply_chain(audio: Audio, name: str, effects: Effects, monitor: Monitor) -> Audio:
    """The recording as the chain `name` gives it: as long, at the same rate, sample for sample at its place.

    Raises PluginError when the chain gives what is no sound; whatever `effects` raises passes through.
    """
    samples = effects(audio.samples, audio.sample_rate_hz, monitor)
    if not np.isfinite(samples).all():
        raise PluginError(
            f"The chain {name} gave samples that are not numbers.", advice="Look at the settings of its effects, or leave it out."
        )
    warnings = audio.warnings
    if audio.samples.any() and not samples.any():
        warnings = (*warnings, f"The chain {name} left nothing of the recording: look at the thresholds of its effects.")
    return replace(audio, samples=samples, warnings=warnings)
