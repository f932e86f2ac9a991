"""Audio -> BeatGrid: the first engine that hears a beat, else the user's tempo, else 120 BPM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from backbeat.engines.protocols import BeatEngine, BeatHint
from backbeat.errors import BackbeatError, Cancelled, EngineFailed
from backbeat.monitor import Monitor
from backbeat.pipeline.beat_grid import beat_bpm_of, extend_grid, grid_from_tempo, quarter_bpm_of
from backbeat.records import BeatGrid, FloatArray
from backbeat.values import FOUR_FOUR, Stage

DEFAULT_BPM = 120.0
"""Seed, 2a."""
BPM_TOLERANCE = 0.04
"""An engine's tempo this near to the user's is the user's."""
SHORTEST_S = 1.0
"""A shorter recording has no beat to find."""
SILENCE_PEAK = 1e-4
"""-80 dB: what is quieter throughout holds no music."""
DEFAULT_ENGINE = "default"
_LEVEL_S = 0.01
_ADVICE = "Set the bpm if you know it."


def audio_to_beats(
    samples: FloatArray,
    sample_rate_hz: int,
    hint: BeatHint,
    openers: Sequence[tuple[str, Callable[[], BeatEngine]]],
    monitor: Monitor,
) -> BeatGrid:
    """A grid over the whole of mono `samples`, float32 (n,); never empty, and never fails.

    The engines are opened and asked in order; each that fails is named in the warnings with its reason. A tempo given
    by the user wins: the grid's tempo is exactly that (in beats of its meter) and not flagged, and where no engine hears
    beats that fit it, beats are laid at it from the first strong onset. Without one, the tempo that the file states, or
    120 BPM from 0 s, is the last resort, flagged. A tempo that is heard and is not the one that the file states is told.
    The grid covers the recording: its first beat is less than a beat after 0, its last at the end or just past it.
    Raises only Cancelled.
    """
    duration_s = len(samples) / sample_rate_hz
    monitor.check()
    monitor.progress(Stage.BEATS, 0.0)
    warnings: list[str] = []
    if duration_s < SHORTEST_S:
        warnings.append("The recording is too short to hear a beat in it.")
        openers = ()
    elif max(float(samples.max()), -float(samples.min())) < SILENCE_PEAK:
        warnings.append("The recording is silent, so there is no beat to hear.")
        openers = ()
    grid = _first_answer(samples, sample_rate_hz, hint, openers, monitor, warnings=warnings)
    if grid is None:
        grid = _laid_grid(samples, sample_rate_hz, hint, warnings)
    else:
        warnings += _differences(grid, hint)
    monitor.progress(Stage.BEATS, 1.0)
    return replace(extend_grid(grid, duration_s), warnings=(*warnings, *grid.warnings))


def _first_answer(
    samples: FloatArray,
    sample_rate_hz: int,
    hint: BeatHint,
    openers: Sequence[tuple[str, Callable[[], BeatEngine]]],
    monitor: Monitor,
    *,
    warnings: list[str],
) -> BeatGrid | None:
    """The first engine's grid that holds water and fits the user's tempo; why not, is added to `warnings`."""
    for name, opener in openers:
        try:
            grid = opener().beats(samples, sample_rate_hz, hint, monitor)
            _check(grid)
            return grid if hint.bpm is None else _at_user_tempo(grid, hint.bpm)
        except Cancelled:
            raise
        except BackbeatError as error:
            reason = error.message
        except Exception as error:  # noqa: BLE001 - whatever an engine does, a worse grid is better than none
            reason = f"{type(error).__name__}: {error}"
        warnings.append(f"The beats are not from {name}: {reason}")
        monitor.check()
    return None


def _check(grid: BeatGrid) -> None:
    """Raise EngineFailed for a grid that nobody could play to."""
    times_s = grid.times_s
    if not len(times_s):
        raise EngineFailed("it found no beats.")
    if not np.isfinite(times_s).all() or times_s[0] < 0 or (np.diff(times_s) <= 0).any():
        raise EngineFailed("its beats are not in order.")
    if not np.isfinite(grid.tempo_bpm) or grid.tempo_bpm <= 0:
        raise EngineFailed("it found no tempo.")
    if grid.numbers.min() < 1:
        raise EngineFailed("its beats are not counted from 1.")


def _at_user_tempo(grid: BeatGrid, quarter_bpm: float) -> BeatGrid:
    meter = grid.meters[0]
    wanted_bpm = beat_bpm_of(quarter_bpm, meter)
    if abs(grid.tempo_bpm / wanted_bpm - 1.0) > BPM_TOLERANCE:
        heard_bpm = quarter_bpm_of(grid.tempo_bpm, meter)
        raise EngineFailed(f"it hears {heard_bpm:.1f} BPM, which does not fit your {quarter_bpm:g}.")
    return replace(grid, tempo_bpm=wanted_bpm, bpm_unreliable=False)


def _differences(grid: BeatGrid, hint: BeatHint) -> list[str]:
    """A sentence where the file states another tempo than is heard; the user's own needs none."""
    stated_bpm, heard_bpm = hint.stated_bpm, grid.quarter_bpm
    if hint.bpm is not None or stated_bpm is None or abs(heard_bpm / stated_bpm - 1.0) <= BPM_TOLERANCE:
        return []
    source = _capital(hint.stated_source or "the file")
    return [
        f"{source} says {stated_bpm:g} BPM, but {heard_bpm:.1f} BPM is heard, and the beats follow what is heard. "
        "Set the bpm if the other is right."
    ]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _laid_grid(samples: FloatArray, sample_rate_hz: int, hint: BeatHint, warnings: list[str]) -> BeatGrid:
    """Steady beats at the user's tempo, at the one that the file states, or at 120 BPM."""
    meter = hint.meter or FOUR_FOUR
    known = hint.bpm is not None
    if hint.bpm is not None and hint.first_downbeat_s is not None:
        first_beat_s = hint.first_downbeat_s
        warnings.append(f"The beats are laid at your {hint.bpm:g} BPM from your first downbeat on.")
    elif hint.bpm is not None:
        first_beat_s = first_strong_onset_s(samples, sample_rate_hz)
        warnings.append(f"The beats are laid at your {hint.bpm:g} BPM from the first stroke on.")
    elif hint.stated_bpm is not None:
        first_beat_s = (
            hint.first_downbeat_s if hint.first_downbeat_s is not None else first_strong_onset_s(samples, sample_rate_hz)
        )
        source = hint.stated_source or "the file"
        warnings.append(f"No beat is heard: the beats are laid at the {hint.stated_bpm:g} BPM that {source} says. {_ADVICE}")
    else:
        first_beat_s = hint.first_downbeat_s or 0.0
        warnings.append(f"The tempo is not known: {DEFAULT_BPM:g} BPM is assumed. {_ADVICE}")
    return grid_from_tempo(
        beat_bpm_of(hint.bpm or hint.stated_bpm or DEFAULT_BPM, meter),
        meter,
        first_beat_s=first_beat_s,
        duration_s=len(samples) / sample_rate_hz,
        confidence=1.0 if known else 0.0,
        bpm_unreliable=not known,
        engine=DEFAULT_ENGINE,
    )


def first_strong_onset_s(samples: FloatArray, sample_rate_hz: int) -> float:
    """Seconds at which the level of mono `samples` first rises by half of its greatest rise; 0 where it never does.

    The level is the RMS of 10 ms.
    """
    size = max(round(_LEVEL_S * sample_rate_hz), 1)
    rows = samples[: len(samples) // size * size].reshape(-1, size)
    level = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64) / size)
    rise = np.diff(level, prepend=0.0)
    if not len(rise) or rise.max() <= 0:
        return 0.0
    return float(np.argmax(rise >= 0.5 * rise.max()) * size / sample_rate_hz)
