"""What a chain's file may say, and how its mistakes are told."""

from __future__ import annotations

from typing import Any

import pytest

from backbeat.host.chain_table import EFFECTS, EffectKind, mistakes_in


def table(*effects: Any, **changed: Any) -> dict[str, Any]:
    return {"name": "mine", "title": "Mine", "purpose": "tests", "effects": list(effects), **changed}


GATE = {"effect": "gate", "threshold_db": -40}


def test_a_chain_of_every_effect_has_no_mistakes() -> None:
    middle = {kind: {name: (knob.lowest + knob.highest) // 2 for name, knob in knobs.items()} for kind, knobs in EFFECTS.items()}
    plugin = {
        "effect": "plugin",
        "plugin": "a.vst3",
        "plugin_name": "A",
        "state": "a.state",
        "parameters": {"mix": 0.5, "on": True},
    }
    assert mistakes_in(table(*({"effect": str(kind), **knobs} for kind, knobs in middle.items()), plugin), "mine") == []
    assert EFFECTS.keys() | {EffectKind.PLUGIN} == set(EffectKind)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (table(), "it has 0 effects"),
        (table(GATE, name="other"), "the file is called 'mine'"),
        (table(GATE, titel="x"), "'titel' is not known, did you mean 'title'?"),
        (table(GATE, effects={}), "must be written as [[effects]]"),
        (table({"effect": "gait"}), "'gait' is not an effect, did you mean 'gate'?"),
        (table({}), "'effect' is missing"),
        (table({"effect": "gate"}), "gate needs 'threshold_db'"),
        (table(GATE, {**GATE, "threshold_db": 3}), "effect 2: threshold_db = 3 is outside -100 to 0"),
        (table({**GATE, "ratio": "4"}), "ratio = '4' is not a number"),
        (table({**GATE, "ratio": True}), "ratio = True is not a number"),
        (table({**GATE, "ratio": float("nan")}), "is not a number"),
        (table({**GATE, "atack_ms": 4}), "gate has no 'atack_ms', did you mean 'attack_ms'?"),
        (table({"effect": "high_pass", "cutoff_hz": 80, "stages": 1.5}), "stages = 1.5 is not a whole number"),
        (table({"effect": "plugin"}), "'plugin' is missing"),
        (table({"effect": "plugin", "plugin": "a.vst3", "parameters": [1]}), "'parameters' must be a table"),
        (table({"effect": "plugin", "plugin": "a.vst3", "parameters": {"mix": [1]}}), "neither a number nor a text"),
        (table({"effect": "plugin", "plugin": "a.vst3", "state": 3}), "'state' must be a text"),
        (table({"effect": "plugin", "plugin": "a.vst3", "sate": "x"}), "'sate' is not known, did you mean 'state'?"),
    ],
)
def test_each_mistake_is_told_in_words(wrong: dict[str, Any], told: str) -> None:
    assert told in "; ".join(mistakes_in(wrong, "mine"))
