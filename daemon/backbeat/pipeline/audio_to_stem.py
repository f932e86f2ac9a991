"""Audio -> DrumStem: take the recording as it is, or take the drums out of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from backbeat.engines.protocols import Separator
from backbeat.errors import EngineFailed, EngineMissing, JobError, ModelError
from backbeat.monitor import Monitor
from backbeat.pipeline.stem_or_mix import stem_or_mix
from backbeat.records import Audio, DrumStem, FloatArray
from backbeat.values import Separation, StemOrigin

HARDLY_ANY_DRUMS = 0.002
"""Share of the mix's energy (-27 dB) under which a separated stem is mostly leakage of the other instruments."""


def audio_to_stem(
    audio: Audio,
    mode: Separation,
    open_separator: Callable[[], Separator],
    *,
    engine_hears_mixes: bool,
    monitor: Monitor,
) -> DrumStem:
    """The mono drum signal, as long as the recording and at its sample rate.

    none: the recording is the stem. demucs: the drums are taken out; raises EngineMissing, ModelError, EngineFailed
    when they cannot be. auto: decided from the signal; a mix goes to an engine that hears mixes as it is, for other
    engines the drums are taken out, and where that cannot be done the mix is used, with a warning. Raises Cancelled.
    """
    if mode is Separation.NONE:
        return _as_it_is(audio, StemOrigin.GIVEN, "The recording was taken as a drum stem because separation is switched off.")
    if mode is Separation.DEMUCS:
        return _separated(audio, open_separator(), "The drums were taken out of the recording as asked for", monitor)

    decision = stem_or_mix(audio, monitor)
    if not decision.is_mix:
        return _as_it_is(audio, StemOrigin.GIVEN, f"The recording was taken as a drum stem: {decision.reason}.")
    if engine_hears_mixes:
        return _as_it_is(audio, StemOrigin.MIX, f"The drums were heard in the mix itself: {decision.reason}.")
    try:
        return _separated(audio, open_separator(), f"The drums were taken out of the recording: {decision.reason}", monitor)
    except (EngineMissing, ModelError, EngineFailed) as error:
        reason = f"The mix was used as it is, because its drums could not be taken out: {decision.reason}."
        return _as_it_is(audio, StemOrigin.MIX, reason, warning=_unseparated(error))


def _unseparated(error: JobError) -> str:
    return (
        "This sounds like a full mix, and its drums could not be taken out first, so other instruments may show up as "
        f"drum hits. {error.in_words}"
    ).strip()


def _as_it_is(audio: Audio, origin: StemOrigin, reason: str, *, warning: str | None = None) -> DrumStem:
    return DrumStem(
        samples=audio.mono(),
        sample_rate_hz=audio.sample_rate_hz,
        origin=origin,
        reason=reason,
        warnings=(warning,) if warning else (),
    )


def _separated(audio: Audio, separator: Separator, reason: str, monitor: Monitor) -> DrumStem:
    drums = separator.drums(audio.samples, audio.sample_rate_hz, monitor)
    quality = _energy_share(drums, audio)
    warnings = []
    if quality < HARDLY_ANY_DRUMS:
        warnings.append(f"{separator.name} found hardly any drums in this recording ({quality:.1%} of its energy).")
    return DrumStem(
        samples=drums,
        sample_rate_hz=audio.sample_rate_hz,
        origin=StemOrigin.SEPARATED,
        reason=f"{reason} (by {separator.name}; they hold {quality:.0%} of its energy).",
        separator=separator.name,
        quality=quality,
        warnings=tuple(warnings),
    )


def _energy_share(drums: FloatArray, audio: Audio) -> float:
    """Energy of the drums against that of the recording's mono mean, 0..1; 0 for silence."""
    whole = _energy(audio.mono())
    return min(_energy(drums) / whole, 1.0) if whole > 0 else 0.0


def _energy(samples: FloatArray) -> float:
    # float64 sums: an hour of float32 squares would lose its quiet half.
    return float(np.einsum("i,i->", samples, samples, dtype=np.float64, casting="same_kind"))
