"""What the plugin process can be asked to do, as plain JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from backbeat.host.chain import BuiltInEffect, PluginEffect
from backbeat.host.chain_table import EffectKind
from backbeat.host.frames import Frame, FrameKind

LOADING_S = 20.0


@dataclass(frozen=True, slots=True)
class Note:
    """One stroke of the performance. on, off: samples from the start, 0 <= on < off. velocity: 1..127."""

    on: int
    off: int
    note: int
    velocity: int


@dataclass(frozen=True, kw_only=True)
class PlayTask:
    """Render notes through an instrument.

    edit: open its window first, and go on when it is closed. save_state: where the state goes after that, or None.
    loading_s: how long the instrument may be silent at first, while it loads its sounds.
    notes: sorted by `on`; may be empty, where only the state is wanted. length: samples that are rendered at least.
    """

    instrument: PluginEffect
    sample_rate_hz: int
    notes: tuple[Note, ...] = ()
    length: int = 0
    loading_s: float = LOADING_S
    edit: bool = False
    save_state: Path | None = None


@dataclass(frozen=True, kw_only=True)
class ChainTask:
    """Send sound through effects."""

    effects: tuple[BuiltInEffect | PluginEffect, ...]
    sample_rate_hz: int
    channels: int


@dataclass(frozen=True, kw_only=True)
class Limits:
    """memory_bytes: how much the process may take for itself, None for no limit."""

    memory_bytes: int | None = None


Task = PlayTask | ChainTask
_PLAY, _CHAIN = "play", "chain"


def task_frame(task: Task, limits: Limits) -> Frame:
    """The first frame that the process is sent."""
    if isinstance(task, PlayTask):
        values: dict[str, Any] = {
            "instrument": _plugin_values(task.instrument),
            "sample_rate_hz": task.sample_rate_hz,
            "notes": [[note.on, note.off, note.note, note.velocity] for note in task.notes],
            "length": task.length,
            "loading_s": task.loading_s,
            "edit": task.edit,
            "save_state": str(task.save_state) if task.save_state else None,
        }
    else:
        values = {
            "effects": [
                _plugin_values(effect) if isinstance(effect, PluginEffect) else {"kind": effect.kind, "knobs": dict(effect.knobs)}
                for effect in task.effects
            ],
            "sample_rate_hz": task.sample_rate_hz,
            "channels": task.channels,
        }
    what = _PLAY if isinstance(task, PlayTask) else _CHAIN
    return Frame(kind=FrameKind.TASK, values={"what": what, "limits": asdict(limits), "task": values})


def task_of(frame: Frame) -> tuple[Task, Limits]:
    """The inverse of `task_frame`."""
    values, limits = dict(frame.values["task"]), Limits(**frame.values["limits"])
    if frame.values["what"] == _CHAIN:
        effects = tuple(_effect(effect) for effect in values.pop("effects"))
        return ChainTask(effects=effects, **values), limits
    instrument, notes, save_state = (values.pop(key) for key in ("instrument", "notes", "save_state"))
    task = PlayTask(
        instrument=_plugin(instrument),
        notes=tuple(Note(*note) for note in notes),
        save_state=Path(save_state) if save_state else None,
        **values,
    )
    return task, limits


def _plugin_values(plugin: PluginEffect) -> dict[str, Any]:
    return {
        "kind": EffectKind.PLUGIN,
        "file": str(plugin.file),
        "name": plugin.name,
        "state": str(plugin.state) if plugin.state else None,
        "parameters": dict(plugin.parameters),
    }


def _effect(values: Mapping[str, Any]) -> BuiltInEffect | PluginEffect:
    if values["kind"] == EffectKind.PLUGIN:
        return _plugin(values)
    return BuiltInEffect(kind=EffectKind(values["kind"]), knobs=values["knobs"])


def _plugin(values: Mapping[str, Any]) -> PluginEffect:
    state = values["state"]
    return PluginEffect(
        file=Path(values["file"]),
        name=values["name"],
        state=Path(state) if state else None,
        parameters=values["parameters"],
    )
