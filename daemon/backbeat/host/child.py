"""The plugin process: does one task, tells how it went, and ends. Whatever a plugin does, it does it here.

Nothing but this process imports pedalboard for the host.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from backbeat.errors import BackbeatError
from backbeat.host.chain import PluginEffect
from backbeat.host.frames import Frame, FrameKind, read_frame, sound_frame, write_frame
from backbeat.host.tasks import ChainTask, Limits, PlayTask, Task, task_of
from backbeat.program_limits import limit_own_memory
from backbeat.records import FloatArray
from backbeat.service.parent_watch import end_with_parent
from backbeat.standard_streams import take_standard_streams

if TYPE_CHECKING:  # pedalboard is imported late
    from backbeat.host.effects import Effect


def main() -> NoReturn:
    """Do the task that comes in on standard input."""
    incoming, outgoing = take_standard_streams()
    end_with_parent()
    faulthandler.enable()
    frame = read_frame(incoming)
    if frame is not None:
        task, limits = task_of(frame)
        _hold_back(limits)
        try:
            for answer in _answers(task, incoming):
                write_frame(outgoing, answer)
        except BackbeatError as error:
            write_frame(outgoing, _failed(error.message, error.advice))
        except MemoryError:
            write_frame(outgoing, _failed("The plugin needs more memory than there is.", "Load a smaller kit in it."))
        except Exception as error:  # noqa: BLE001 - pedalboard and plugins raise what they like, and all of it has to be told
            write_frame(outgoing, _failed(f"The plugin failed: {type(error).__name__}: {error}", ""))
    # Without taking the plugin down: some crash or hang in that, when all is said.
    sys.stderr.flush()
    os._exit(0)


def _answers(task: Task, incoming: BinaryIO) -> Iterator[Frame]:
    if isinstance(task, PlayTask):
        yield from _play(task)
    else:
        for block in _through_chain(task, incoming):
            yield sound_frame(block)
    yield Frame(kind=FrameKind.DONE, values={})


def _play(task: PlayTask) -> Iterator[Frame]:
    from backbeat.host import plugin as plugins  # noqa: PLC0415 - a failing import has to be told to the parent
    from backbeat.host.performance import Instrument, perform  # noqa: PLC0415

    plugin = plugins.open_instrument(task.instrument, task.loading_s)
    yield Frame(kind=FrameKind.NOTICE, values={"opened": plugin.name, "latency": int(plugin.reported_latency_samples)})
    if task.edit:
        plugins.edit(plugin)
        yield Frame(kind=FrameKind.NOTICE, values={"edited": plugin.name})
    if task.save_state is not None:
        state = plugins.save_state(plugin, task.save_state)
        yield Frame(kind=FrameKind.NOTICE, values={"state": plugin.name}, payload=state)
    if task.notes:
        instrument = Instrument(plugin, task.sample_rate_hz)
        for sound in perform(instrument, task.notes, task.length, task.sample_rate_hz, task.loading_s):
            yield sound_frame(sound)


def _through_chain(task: ChainTask, incoming: BinaryIO) -> Iterator[FloatArray]:
    from backbeat.host import effects  # noqa: PLC0415

    row: list[Effect] = []
    for effect in task.effects:
        if isinstance(effect, PluginEffect):
            row.append(effects.PluginStage(partial(_opened_effect, effect, task.sample_rate_hz)))
        else:
            row += effects.built_in_effects(effect.kind, effect.knobs, task.sample_rate_hz)
    return effects.through(row, _blocks(incoming), task.sample_rate_hz)


def _opened_effect(wanted: PluginEffect, sample_rate_hz: int) -> Effect:
    from backbeat.host.effects import BoardEffect  # noqa: PLC0415
    from backbeat.host.plugin import open_effect  # noqa: PLC0415

    return BoardEffect(open_effect(wanted), sample_rate_hz)


def _blocks(incoming: BinaryIO) -> Iterator[FloatArray]:
    while (frame := read_frame(incoming)) is not None and frame.kind is FrameKind.SOUND:
        yield frame.sound()


def _failed(message: str, advice: str) -> Frame:
    return Frame(kind=FrameKind.FAILED, values={"message": message, "advice": advice})


def _hold_back(limits: Limits) -> None:
    """A plugin that eats all memory is to fail by itself; where Linux has to end something, let it be this process."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    if limits.memory_bytes is not None:
        limit_own_memory(limits.memory_bytes)


if __name__ == "__main__":
    main()
