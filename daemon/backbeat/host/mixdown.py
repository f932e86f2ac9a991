"""Rendered drums beside the recording: mixed, or one on each side, as loud as one another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backbeat.host.loudness import loudness
from backbeat.records import FloatArray

PEAK_MAX = 10 ** (-1 / 20)
"""-1 dBFS: what would be louder is turned down as a whole."""
BOOST_MAX_DB = 40.0


@dataclass(frozen=True, kw_only=True)
class Mixdown:
    """samples: float32 (channels, n). drums_gain_db: by how much the drums were matched. turned_down_db: 0 or more."""

    samples: FloatArray
    drums_gain_db: float = 0.0
    turned_down_db: float = 0.0


def alone(drums: FloatArray) -> Mixdown:
    """Only the drums, as they are played."""
    return _below_full_scale(drums, drums_gain_db=0.0)


def mixed(drums: FloatArray, original: FloatArray, sample_rate_hz: int, balance: float) -> Mixdown:
    """Both, like a crossfader: at 0 the original alone, at 1 the drums alone, at 0.5 both as loud as the original is.

    drums, original: float32 (channels, n) at the same rate, from the same first sample; the longer one decides the length.
    """
    gain_db = _match(drums, original, sample_rate_hz)
    left, right = _alike(original, drums * np.float32(10 ** (gain_db / 20)))
    both = left * np.float32(min(2 - 2 * balance, 1)) + right * np.float32(min(2 * balance, 1))
    return _below_full_scale(both, drums_gain_db=gain_db)


def side_by_side(drums: FloatArray, original: FloatArray, sample_rate_hz: int) -> Mixdown:
    """The original in the left channel, the drums in the right one, as loud as one another."""
    gain_db = _match(drums, original, sample_rate_hz)
    left, right = _alike(_mono(original), _mono(drums) * np.float32(10 ** (gain_db / 20)))
    return _below_full_scale(np.concatenate([left, right]), drums_gain_db=gain_db)


def _match(drums: FloatArray, original: FloatArray, sample_rate_hz: int) -> float:
    """Decibels that bring the drums to the loudness of the original; 0 where one of them is silent."""
    difference = loudness(original, sample_rate_hz) - loudness(_in_stereo_if(drums, len(original)), sample_rate_hz)
    return float(np.clip(difference, -BOOST_MAX_DB, BOOST_MAX_DB)) if np.isfinite(difference) else 0.0


def _alike(one: FloatArray, other: FloatArray) -> tuple[FloatArray, FloatArray]:
    channels, length = max(len(one), len(other)), max(one.shape[1], other.shape[1])
    return _filled(one, channels, length), _filled(other, channels, length)


def _filled(sound: FloatArray, channels: int, length: int) -> FloatArray:
    return np.pad(_in_stereo_if(sound, channels), ((0, 0), (0, length - sound.shape[1])))


def _in_stereo_if(sound: FloatArray, channels: int) -> FloatArray:
    return np.repeat(sound, channels, axis=0) if len(sound) < channels else sound


def _mono(sound: FloatArray) -> FloatArray:
    mono: FloatArray = sound.mean(axis=0, keepdims=True, dtype=np.float32)
    return mono


def _below_full_scale(samples: FloatArray, *, drums_gain_db: float) -> Mixdown:
    peak = float(np.abs(samples).max(initial=0.0))
    down_db = 20 * np.log10(peak / PEAK_MAX) if peak > PEAK_MAX else 0.0
    return Mixdown(
        samples=samples * np.float32(10 ** (-down_db / 20)) if down_db else samples,
        drums_gain_db=drums_gain_db,
        turned_down_db=float(down_db),
    )
