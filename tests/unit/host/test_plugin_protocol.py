"""What goes to the plugin process and comes back: frames and tasks survive the way."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from backbeat.host.chain import BuiltInEffect, PluginEffect
from backbeat.host.chain_table import EffectKind
from backbeat.host.frames import Frame, FrameKind, read_frame, sound_frame, write_frame
from backbeat.host.tasks import ChainTask, Limits, Note, PlayTask, Task, task_frame, task_of

PLUGIN = PluginEffect(file=Path("a/Kit.vst3"), name="Kit A", state=Path("kit.state"), parameters={"level": 0.5, "mode": "loud"})
BARE = PluginEffect(file=Path("Kit.vst3"))
TASKS: list[Task] = [
    PlayTask(instrument=BARE, sample_rate_hz=44_100),
    PlayTask(
        instrument=PLUGIN,
        sample_rate_hz=48_000,
        notes=(Note(0, 10, 36, 127), Note(5, 20, 38, 1)),
        length=100,
        loading_s=1.5,
        edit=True,
        save_state=Path("x.state"),
    ),
    ChainTask(effects=(BuiltInEffect(kind=EffectKind.GAIN, knobs={"gain_db": 3.0}), PLUGIN), sample_rate_hz=44_100, channels=2),
]


def carried(*frames: Frame) -> list[Frame | None]:
    stream = io.BytesIO()
    for frame in frames:
        write_frame(stream, frame)
    stream.seek(0)
    return [read_frame(stream) for _ in range(len(frames) + 1)]


@pytest.mark.parametrize("task", TASKS)
def test_a_task_arrives_as_it_was_sent(task: Task) -> None:
    limits = Limits(memory_bytes=1 << 30)
    arrived, end = carried(task_frame(task, limits))
    assert arrived is not None
    assert task_of(arrived) == (task, limits)
    assert end is None


@pytest.mark.parametrize("shape", [(1, 0), (1, 7), (2, 1000)])
def test_sound_arrives_bit_by_bit_in_its_shape(shape: tuple[int, int]) -> None:
    samples = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    arrived = carried(sound_frame(samples), Frame(kind=FrameKind.DONE, values={}))
    assert arrived[0] is not None
    assert np.array_equal(arrived[0].sound(), samples)
    assert arrived[0].sound().shape == shape
    assert arrived[1] == Frame(kind=FrameKind.DONE, values={})


def test_a_stream_that_breaks_off_anywhere_is_at_its_end() -> None:
    stream = io.BytesIO()
    write_frame(stream, sound_frame(np.ones((2, 10), np.float32)))
    whole = stream.getvalue()
    assert all(read_frame(io.BytesIO(whole[:cut])) is None for cut in range(len(whole)))
