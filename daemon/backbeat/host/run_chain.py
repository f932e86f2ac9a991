"""A recording through a chain of effects, in the plugin process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import numpy as np

from backbeat.errors import PluginError
from backbeat.host.chain import Chain, PluginEffect
from backbeat.host.frames import Frame, FrameKind, sound_frame
from backbeat.host.isolated import Keeper, ask, default_keeper
from backbeat.host.plugin_file import check_plugin_file
from backbeat.host.tasks import ChainTask
from backbeat.monitor import Monitor
from backbeat.records import FloatArray
from backbeat.values import Stage

BLOCK_SAMPLES = 65_536


def run_chain(
    chain: Chain, samples: FloatArray, sample_rate_hz: int, monitor: Monitor, *, keeper: Keeper | None = None
) -> FloatArray:
    """The sound, float32 (channels, n), after all effects: as many channels and samples, none of them late.

    Reports the end of `Stage.READ`. Raises EngineMissing, PluginError, Cancelled.
    """
    for effect in chain.effects:
        if isinstance(effect, PluginEffect):
            check_plugin_file(effect.file)
    task = ChainTask(effects=chain.effects, sample_rate_hz=sample_rate_hz, channels=len(samples))
    out = np.empty_like(samples)
    done = 0
    with closing(ask(task, _frames(samples), keeper=keeper or default_keeper(), monitor=monitor)) as frames:
        for block in (frame.sound() for frame in frames if frame.kind is FrameKind.SOUND):
            if len(block) != len(out) or done + block.shape[1] > out.shape[1]:
                raise PluginError(f"The chain {chain.name} gave another number of channels or samples than it was given.")
            out[:, done : done + block.shape[1]] = block
            done += block.shape[1]
            monitor.progress(Stage.READ, done / out.shape[1])
    if done < out.shape[1]:
        raise PluginError(f"The chain {chain.name} gave {done} samples for {out.shape[1]}.")
    return out


def _frames(samples: FloatArray) -> Iterator[Frame]:
    for start in range(0, samples.shape[1], BLOCK_SAMPLES):
        yield sound_frame(samples[:, start : start + BLOCK_SAMPLES])
    yield Frame(kind=FrameKind.END, values={})
