"""The effects of a chain as running things: blocks of sound in, blocks out, nothing late. Runs in the plugin process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

import numpy as np
import pedalboard

from backbeat.errors import PluginError
from backbeat.host.chain_table import EffectKind
from backbeat.host.transient import TransientShaper
from backbeat.records import FloatArray

BLOCK_SAMPLES = 65_536
BUFFER_SAMPLES = 8_192
"""What a plugin gets at a time. The blocks are larger, so that it is the same from the first call to the last: pedalboard
prepares a plugin anew, and so forgets what sounds, when a call brings more than any before."""

LATENCY_MAX_S = 10.0


class Effect(Protocol):
    """Something that sound goes through."""

    def process(self, block: FloatArray) -> FloatArray:
        """The sound, float32 (channels, n), changed; shorter at first by what the effect holds back, and never late by it."""


class BoardEffect:
    """An effect of pedalboard's own, or a plugin that it has loaded.

    pedalboard drops the latency that a plugin reports from the beginning of what comes out, as long as it is not reset.
    """

    def __init__(self, plugin: pedalboard.Plugin, sample_rate_hz: int) -> None:
        self._plugin = plugin
        self._sample_rate_hz = sample_rate_hz

    def process(self, block: FloatArray) -> FloatArray:
        if block.shape[1] == 0:
            return block
        out: FloatArray = self._plugin.process(block, self._sample_rate_hz, buffer_size=BUFFER_SAMPLES, reset=False)
        return out


class PluginStage:
    """A plugin that may know one number of channels only: stereo-only ones get mono twice, mono-only ones come in pairs.

    make: opens the plugin, once more for each channel where that is needed.
    """

    def __init__(self, make: Callable[[], Effect]) -> None:
        self._make = make
        self._row = [make()]
        self._is_doubled = self._is_settled = False

    def process(self, block: FloatArray) -> FloatArray:
        if block.shape[1] == 0:
            return block
        if self._is_settled:
            return self._processed(block)
        try:
            out = self._row[0].process(block)
        except ValueError:  # how pedalboard says that it is another number of channels
            if len(block) == 1:
                self._is_doubled = True
            else:
                self._row += [self._make() for _ in block[1:]]
            out = self._processed(block)
        self._is_settled = True
        return out

    def _processed(self, block: FloatArray) -> FloatArray:
        if self._is_doubled:
            return self._row[0].process(np.repeat(block, 2, axis=0))[:1]
        if len(self._row) == 1:
            return self._row[0].process(block)
        sides = [effect.process(block[n : n + 1]) for n, effect in enumerate(self._row)]
        return np.concatenate(sides)


def built_in_effects(kind: EffectKind, knobs: Mapping[str, float], sample_rate_hz: int) -> list[Effect]:
    """One row of a chain; a pass with several stages is several effects."""
    if kind is EffectKind.TRANSIENT:
        return [TransientShaper(sample_rate_hz, attack_db=knobs["attack_db"], sustain_db=knobs["sustain_db"])]
    make = _MAKERS[kind]
    return [BoardEffect(make(knobs), sample_rate_hz) for _ in range(round(knobs.get("stages", 1)))]


def through(effects: Iterable[Effect], blocks: Iterator[FloatArray], sample_rate_hz: int) -> Iterator[FloatArray]:
    """Every block, float32 (channels, n), through all effects; what comes out is as long in all and starts at the same sample.

    Raises PluginError when an effect keeps more than LATENCY_MAX_S.
    """
    row = list(effects)
    channels = owed = 0
    for block in blocks:
        channels = len(block)
        owed += block.shape[1]
        out = _once(row, _filled(block))
        yield out[:, :owed]
        owed -= min(out.shape[1], owed)
    silence = np.zeros((channels, BLOCK_SAMPLES), dtype=np.float32)
    for _ in range(int(LATENCY_MAX_S * sample_rate_hz / BLOCK_SAMPLES) + 1):
        if owed == 0:
            return
        out = _once(row, silence)
        yield out[:, :owed]
        owed -= min(out.shape[1], owed)
    if owed:
        raise PluginError(f"An effect of the chain gave {owed} samples less than it was given, and gives no more.")


def _filled(block: FloatArray) -> FloatArray:
    """The last block of a recording is as long as the others, with silence behind."""
    missing = BLOCK_SAMPLES - block.shape[1]
    return block if missing <= 0 else np.pad(block, ((0, 0), (0, missing)))


def _once(effects: list[Effect], block: FloatArray) -> FloatArray:
    for effect in effects:
        block = effect.process(np.ascontiguousarray(block))
    return block


def _filter(kind: Callable[..., pedalboard.Plugin]) -> Callable[[Mapping[str, float]], pedalboard.Plugin]:
    return lambda knobs: kind(cutoff_frequency_hz=knobs["cutoff_hz"], gain_db=knobs["gain_db"], q=knobs["q"])


_MAKERS: Mapping[EffectKind, Callable[[Mapping[str, float]], pedalboard.Plugin]] = {
    EffectKind.GATE: lambda knobs: pedalboard.NoiseGate(**knobs),
    EffectKind.COMPRESSOR: lambda knobs: pedalboard.Compressor(**knobs),
    EffectKind.HIGH_PASS: lambda knobs: pedalboard.HighpassFilter(knobs["cutoff_hz"]),
    EffectKind.LOW_PASS: lambda knobs: pedalboard.LowpassFilter(knobs["cutoff_hz"]),
    EffectKind.BELL: _filter(pedalboard.PeakFilter),
    EffectKind.LOW_SHELF: _filter(pedalboard.LowShelfFilter),
    EffectKind.HIGH_SHELF: _filter(pedalboard.HighShelfFilter),
    EffectKind.GAIN: lambda knobs: pedalboard.Gain(**knobs),
    EffectKind.LIMITER: lambda knobs: pedalboard.Limiter(**knobs),
}
