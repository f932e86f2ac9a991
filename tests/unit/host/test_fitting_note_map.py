"""Which note map is taken for a plugin."""

from __future__ import annotations

from pathlib import Path

import pytest

from backbeat.host.fitting_note_map import KNOWN, fitting_note_map
from backbeat.outputs.note_map import note_map_names


@pytest.mark.parametrize(
    ("plugin", "note_map"),
    [
        ("Addictive Drums 2", "addictive-drums-2"),
        ("Superior Drummer 3", "superior-drummer-3"),
        ("EZdrummer 3", "ezdrummer"),
        ("MT-PowerDrumKit", "mt-power-drum-kit-2"),
        ("SSDSampler5", "steven-slate-drums-5"),
        ("sitala", "sitala"),
        ("Battery 4", "battery-maschine"),
        ("Serum", None),
        ("", None),
    ],
)
def test_plugins_are_known_by_their_names(plugin: str, note_map: str | None) -> None:
    assert fitting_note_map(plugin) == note_map


def test_every_note_map_that_is_named_is_there() -> None:
    assert set(KNOWN.values()) <= set(note_map_names())


def test_a_map_of_the_users_that_is_called_like_the_plugin_goes_first(tmp_path: Path) -> None:
    (tmp_path / "addictive-drums-2-custom.toml").touch()
    assert fitting_note_map("Addictive Drums 2 Custom", tmp_path) == "addictive-drums-2-custom"
    assert fitting_note_map("Addictive Drums 2", tmp_path) == "addictive-drums-2"
