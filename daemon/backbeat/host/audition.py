"""A result made audible: its hits through the user's drum plugin or the built-in kit, alone or beside the recording."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import numpy as np

from backbeat.errors import PluginError
from backbeat.host.frames import FrameKind
from backbeat.host.isolated import Keeper, ask
from backbeat.host.tasks import PlayTask
from backbeat.monitor import Monitor
from backbeat.records import FloatArray

AUDIBLE = 1e-5
"""-100 dBFS."""


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """What an instrument gave. samples: float32 (channels, n), n may be 0. state: what is to be saved, or None."""

    samples: FloatArray
    plugin_name: str
    latency: int
    state: bytes | None


def play_plugin(task: PlayTask, *, keeper: Keeper, monitor: Monitor) -> Rendered:
    """Have an instrument play. Raises EngineMissing, PluginError (also for silence and for what is no sound), Cancelled."""
    blocks: list[FloatArray] = []
    name, latency, state = task.instrument.file.stem, 0, None
    with closing(ask(task, (), keeper=keeper, monitor=monitor)) as frames:
        for frame in frames:
            if frame.kind is FrameKind.SOUND:
                blocks.append(frame.sound())
            elif "opened" in frame.values:
                name, latency = str(frame.values["opened"]), int(frame.values["latency"])
            elif "state" in frame.values:
                state = frame.payload
    samples = _joined(blocks)
    if task.notes:
        _check(samples, name)
        samples = samples[:, : max(task.length, _last_heard(samples) + 1)]
    return Rendered(samples=samples, plugin_name=name, latency=latency, state=state)


def _joined(blocks: list[FloatArray]) -> FloatArray:
    """One array; a plugin that turned out to play in mono only has begun in two channels with nothing."""
    channels = len(blocks[-1]) if blocks else 1
    return np.concatenate([np.zeros((channels, 0), np.float32), *(block for block in blocks if len(block) == channels)], axis=1)


def _last_heard(samples: FloatArray) -> int:
    heard = np.flatnonzero((np.abs(samples) > AUDIBLE).any(axis=0))
    return int(heard[-1])


def _check(samples: FloatArray, name: str) -> None:
    if not np.isfinite(samples).all():
        raise PluginError(
            f"{name} gave samples that are not numbers.", advice="Try another preset of the plugin, or bring it up to date."
        )
    if not np.abs(samples).max(initial=0.0) > AUDIBLE:
        raise PluginError(
            f"{name} made no sound.",
            advice="Load a kit in it (--edit --save-state FILE), name that file with --state, and see that the note map fits.",
        )
