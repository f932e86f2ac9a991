"""What may stand in a chain's TOML file, and everything that is wrong with one.

`name` (the same as the file's), `title` and `purpose` (for people), and the effects in the order of the sound:

    [[effects]]
    effect = "gate"                 # one of EFFECTS, with its knobs; a knob that is left out stands at its default
    threshold_db = -42

    [[effects]]
    effect = "plugin"               # an effect plugin of the user's: VST3, on macOS also Audio Unit
    plugin = "~/.vst3/Gate.vst3"    # relative to the chain's file, or absolute
    plugin_name = "Gate 2"          # only where one file holds several
    state = "gate.vstpreset"        # or what --save-state has written; may be left out
    parameters = { threshold_db = -30, mode = "Soft" }
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from backbeat.did_you_mean import did_you_mean

TEXTS = ("name", "title", "purpose")
EFFECTS_MAX = 32


class EffectKind(StrEnum):
    """What an effect does."""

    GATE = "gate"
    COMPRESSOR = "compressor"
    HIGH_PASS = "high_pass"  # noqa: S105 - a filter
    LOW_PASS = "low_pass"  # noqa: S105 - a filter
    BELL = "bell"
    LOW_SHELF = "low_shelf"
    HIGH_SHELF = "high_shelf"
    TRANSIENT = "transient"
    GAIN = "gain"
    LIMITER = "limiter"
    PLUGIN = "plugin"


@dataclass(frozen=True, kw_only=True)
class Knob:
    """A number of an effect: its range, and where it stands when it is left out; None: it has to be given."""

    lowest: float
    highest: float
    default: float | None = None


_CUTOFF = Knob(lowest=10, highest=20_000)
_Q = Knob(lowest=0.1, highest=20, default=0.71)
_BOOST = Knob(lowest=-36, highest=36)
_STAGES = Knob(lowest=1, highest=8, default=1)
_ATTACK, _RELEASE = Knob(lowest=0.1, highest=500, default=1), Knob(lowest=1, highest=5_000, default=100)
_THRESHOLD = Knob(lowest=-100, highest=0)

EFFECTS: Mapping[EffectKind, Mapping[str, Knob]] = {
    EffectKind.GATE: {
        "threshold_db": _THRESHOLD,
        "ratio": Knob(lowest=1, highest=100, default=10),
        "attack_ms": _ATTACK,
        "release_ms": _RELEASE,
    },
    EffectKind.COMPRESSOR: {
        "threshold_db": _THRESHOLD,
        "ratio": Knob(lowest=1, highest=100),
        "attack_ms": _ATTACK,
        "release_ms": _RELEASE,
    },
    EffectKind.HIGH_PASS: {"cutoff_hz": _CUTOFF, "stages": _STAGES},
    EffectKind.LOW_PASS: {"cutoff_hz": _CUTOFF, "stages": _STAGES},
    EffectKind.BELL: {"cutoff_hz": _CUTOFF, "gain_db": _BOOST, "q": _Q},
    EffectKind.LOW_SHELF: {"cutoff_hz": _CUTOFF, "gain_db": _BOOST, "q": _Q},
    EffectKind.HIGH_SHELF: {"cutoff_hz": _CUTOFF, "gain_db": _BOOST, "q": _Q},
    EffectKind.TRANSIENT: {
        "attack_db": Knob(lowest=-15, highest=15, default=0),
        "sustain_db": Knob(lowest=-24, highest=24, default=0),
    },
    EffectKind.GAIN: {"gain_db": Knob(lowest=-60, highest=60)},
    EffectKind.LIMITER: {"threshold_db": _THRESHOLD, "release_ms": _RELEASE},
}
"""The built-in effects. A pass falls by 6 dB per octave and stage."""

_PLUGIN_KEYS = ("plugin", "plugin_name", "state", "parameters")


def mistakes_in(table: Mapping[str, Any], file_name: str) -> list[str]:
    """Every reason why this is not a chain, as sentences without a full stop. file_name: without its ending."""
    known = (*TEXTS, "effects")
    mistakes = [f"{key!r} is missing" for key in known if key not in table]
    mistakes += [f"{key!r} is not known{did_you_mean(key.lower(), known)}" for key in table if key not in known]
    mistakes += [f"{key!r} must be a text" for key in TEXTS if key in table and not isinstance(table[key], str)]
    if isinstance(table.get("name"), str) and table["name"] != file_name:
        mistakes.append(f"'name' is {table['name']!r}, but the file is called {file_name!r}")
    if "effects" in table:
        mistakes += _effects_mistakes(table["effects"])
    return mistakes


def _effects_mistakes(effects: object) -> Iterator[str]:
    if not isinstance(effects, list) or not all(isinstance(row, dict) for row in effects):
        yield "the effects must be written as [[effects]], one after the other"
        return
    if not 1 <= len(effects) <= EFFECTS_MAX:
        yield f"it has {len(effects)} effects, and can have 1 to {EFFECTS_MAX}"
    for number, row in enumerate(effects, start=1):
        yield from (f"effect {number}: {mistake}" for mistake in _row_mistakes(row))


def _row_mistakes(row: Mapping[str, Any]) -> Iterator[str]:
    kind = row.get("effect")
    if kind not in set(EffectKind):
        said = "'effect' is missing" if kind is None else f"{kind!r} is not an effect{did_you_mean(str(kind), EffectKind)}"
        yield f"{said} (there are {', '.join(EffectKind)})"
    elif kind == EffectKind.PLUGIN:
        yield from _plugin_mistakes(row)
    else:
        yield from _knob_mistakes(row, EffectKind(kind))


def _knob_mistakes(row: Mapping[str, Any], kind: EffectKind) -> Iterator[str]:
    knobs = EFFECTS[kind]
    yield from (f"{kind} has no {key!r}{did_you_mean(key, knobs)}" for key in row if key not in ("effect", *knobs))
    for name, knob in knobs.items():
        value = row.get(name, knob.default)
        if value is None:
            yield f"{kind} needs {name!r}"
        elif isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            yield f"{name} = {value!r} is not a number"
        elif not knob.lowest <= value <= knob.highest:
            yield f"{name} = {value} is outside {knob.lowest:g} to {knob.highest:g}"
        elif name == "stages" and value != int(value):
            yield f"{name} = {value} is not a whole number"


def _plugin_mistakes(row: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{key!r} is not known{did_you_mean(key, _PLUGIN_KEYS)}" for key in row if key not in ("effect", *_PLUGIN_KEYS))
    if not row.get("plugin"):
        yield "'plugin' is missing: the file of the plugin"
    for key in _PLUGIN_KEYS[:-1]:
        if key in row and not isinstance(row[key], str):
            yield f"{key!r} must be a text"
    parameters = row.get("parameters", {})
    if not isinstance(parameters, dict):
        yield "'parameters' must be a table such as { threshold_db = -30 }"
        return
    for name, value in parameters.items():
        if not isinstance(value, str | int | float):
            yield f"parameter {name} = {value!r} is neither a number nor a text"
