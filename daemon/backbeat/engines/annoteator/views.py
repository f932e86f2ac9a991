"""How the tuned listener asks AnNOTEator's network: each drum through a weighting of its own.

A hat under a kick is not heard because the kick fills the clip, and single answers swing widely with the level and with the
place of the stroke in the clip. So the clip is shown through a few weightings that leave mostly one drum, each at a level
of its own, and the answers to several levels and places are averaged as log odds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import librosa
import numpy as np

from backbeat.engines.annoteator.clips import CLIP_SAMPLES, HIGH_HZ, MEL_BANDS, cut, mel_power
from backbeat.engines.annoteator.outputs import OUTPUTS, Network
from backbeat.records import FloatArray, IntArray, TimeArray
from backbeat.values import ANALYSIS_RATE_HZ


@dataclass(frozen=True, kw_only=True)
class View:
    """How the network is asked about some drums.

    low_hz, high_hz: edges (12 dB per octave) of the weighting; None where open.
    leads_s: where the clips begin before the onset. levels_db: levels of the weighted clips, as mel power summed over the
    attack of a loud stroke of the file. subtract: take away what was sounding before.
    """

    low_hz: float | None = None
    high_hz: float | None = None
    leads_s: tuple[float, ...]
    levels_db: tuple[float, ...]
    subtract: bool = False

    @cached_property
    def weights(self) -> FloatArray:
        """Power weights of the mel bands, float32 (128, 1)."""
        hz = np.maximum(librosa.mel_frequencies(MEL_BANDS, fmin=0.0, fmax=HIGH_HZ), 1.0)
        weights = np.ones(MEL_BANDS)
        if self.low_hz is not None:
            weights /= 1.0 + (self.low_hz / hz) ** 4
        if self.high_hz is not None:
            weights /= 1.0 + (hz / self.high_hz) ** 4
        return weights.astype(np.float32)[:, None]

    def of(self, mel: FloatArray, before: FloatArray) -> FloatArray:
        """Mel power (n, 128, frames) through the view; `before` is what was sounding before, (n, 128, 1)."""
        return (np.maximum(mel - before, 0.0) if self.subtract else mel) * self.weights


KICK_VIEW = View(high_hz=150.0, leads_s=(0.020, 0.025), levels_db=(10.0,))
DRUM_VIEW = View(leads_s=(0.015, 0.020), levels_db=(10.0, 20.0, 30.0), subtract=True)
METAL_VIEW = View(low_hz=3_000.0, leads_s=(0.015, 0.020, 0.025, 0.030), levels_db=(10.0,))
VIEWS = (KICK_VIEW, DRUM_VIEW, METAL_VIEW)
CLIPS_PER_ONSET = sum(len(view.leads_s) * len(view.levels_db) for view in VIEWS)

REFERENCE_LEAD_S = 0.020
ATTACK_FRAMES = slice(1, 8)

BEFORE_START_S = 0.060
BEFORE_SAMPLES = 2048
"""What was sounding before: 46 ms that end 14 ms before the onset, clear of its attack."""


def attack_powers(samples: FloatArray, onsets: IntArray) -> TimeArray:
    """Mel power of each attack through each of `VIEWS`, float64 (n, views)."""
    mel, before = _mel_at(samples, onsets, REFERENCE_LEAD_S), _mel_before(samples, onsets)
    powers: TimeArray = np.stack([view.of(mel, before)[:, :, ATTACK_FRAMES].sum(axis=(1, 2)) for view in VIEWS], axis=1)
    return powers.astype(np.float64)


def ask(samples: FloatArray, onsets: IntArray, loud_powers: TimeArray, network: Network) -> TimeArray:
    """Mean log odds of the answers to each of `VIEWS`, float64 (n, views, 6).

    loud_powers: what `attack_powers` gives for a loud stroke of the file, (views,).
    """
    mels = {lead_s: _mel_at(samples, onsets, lead_s) for view in VIEWS for lead_s in view.leads_s}
    before = _mel_before(samples, onsets)
    clips = [
        view.of(mels[lead_s], before) * np.float32(10.0 ** (level_db / 10.0) / loud)
        for view, loud in zip(VIEWS, loud_powers, strict=True)
        for lead_s in view.leads_s
        for level_db in view.levels_db
    ]
    probabilities = network(np.concatenate(clips)[..., None]).astype(np.float64)
    answers = _log_odds(probabilities).reshape(len(clips), len(onsets), len(OUTPUTS))
    ends = np.cumsum([len(view.leads_s) * len(view.levels_db) for view in VIEWS])[:-1]
    return np.stack([part.mean(axis=0) for part in np.split(answers, ends)], axis=1)


def _mel_at(samples: FloatArray, onsets: IntArray, lead_s: float) -> FloatArray:
    return mel_power(cut(samples, onsets - round(lead_s * ANALYSIS_RATE_HZ), CLIP_SAMPLES))


def _mel_before(samples: FloatArray, onsets: IntArray) -> FloatArray:
    clips = cut(samples, onsets - round(BEFORE_START_S * ANALYSIS_RATE_HZ), BEFORE_SAMPLES)
    before: FloatArray = mel_power(clips).mean(axis=2, keepdims=True)
    return before


def _log_odds(probability: TimeArray) -> TimeArray:
    held = np.clip(probability, 1e-7, 1.0 - 1e-7)
    log_odds: TimeArray = np.log(held / (1.0 - held))
    return log_odds
