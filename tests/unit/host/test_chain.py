"""Chains: where they are found, what is read, and when an analysis made with one is out of date."""

from __future__ import annotations

from pathlib import Path

import pytest

from backbeat.errors import PresetError
from backbeat.host.chain import BuiltInEffect, PluginEffect, chain_mark, is_chain, load_chain, read_chain
from backbeat.host.chain_table import EffectKind
from backbeat.outputs.preset_files import chain_files, note_map_files

GATED = """\
name = "gated"
title = "Gated"
purpose = "tests"
[[effects]]
effect = "gate"
threshold_db = -40
[[effects]]
effect = "plugin"
plugin = "Kit.vst3"
state = "kit.state"
parameters = { level = 0.5 }
"""


@pytest.fixture
def presets(tmp_path: Path) -> Path:
    (tmp_path / "chains").mkdir()
    (tmp_path / "chains/gated.toml").write_text(GATED)
    return tmp_path


@pytest.mark.parametrize("name", sorted(chain_files()))
def test_every_shipped_chain_can_be_used_says_for_whom_it_is_and_needs_no_plugin(name: str) -> None:
    chain = load_chain(name)
    assert chain is not None
    assert chain.name == name
    assert len(chain.purpose) > 20
    assert chain_files()[name].read_text().startswith("# For ")
    assert all(isinstance(effect, BuiltInEffect) for effect in chain.effects)


def test_chains_are_no_note_maps() -> None:
    assert len(chain_files()) >= 3
    assert not chain_files().keys() & note_map_files().keys()


def test_none_is_no_chain() -> None:
    assert load_chain("none") is None
    assert chain_mark("none") == ""


def test_a_chain_is_read_with_defaults_and_with_files_beside_it(presets: Path) -> None:
    gate, plugin = read_chain(presets / "chains/gated.toml").effects
    knobs = {"threshold_db": -40, "ratio": 10, "attack_ms": 1, "release_ms": 100}
    assert gate == BuiltInEffect(kind=EffectKind.GATE, knobs=knobs)
    folder = presets / "chains"
    assert plugin == PluginEffect(file=folder / "Kit.vst3", state=folder / "kit.state", parameters={"level": 0.5})


def test_the_users_chain_goes_before_a_shipped_one_of_its_name(presets: Path) -> None:
    mine = GATED.replace("gated", "muddy-room")
    (presets / "chains/muddy-room.toml").write_text(mine)
    chain = load_chain("muddy-room", presets)
    assert chain is not None
    assert chain.title == "Gated"


def test_an_unknown_chain_is_told_with_those_there_are(presets: Path) -> None:
    with pytest.raises(PresetError, match=r"no chain 'gatet'\. Did you mean 'gated'") as told:
        load_chain("gatet", presets)
    assert "muddy-room" in told.value.advice


def test_all_mistakes_of_a_file_are_told_at_once(presets: Path) -> None:
    path = presets / "chains/gated.toml"
    path.write_text(GATED.replace("-40", "40").replace("title", "titel"))
    with pytest.raises(PresetError, match=r"'titel' is not known.*threshold_db = 40"):
        read_chain(path)
    path.write_text("name = ")
    with pytest.raises(PresetError, match="cannot be read"):
        read_chain(path)


def test_the_mark_changes_with_the_file_the_state_and_the_plugin_and_with_nothing_else(presets: Path) -> None:
    marks = [chain_mark("gated", presets)]
    assert marks[0] == chain_mark("gated", presets) != ""
    (presets / "chains/kit.state").write_text("a state")
    marks.append(chain_mark("gated", presets))
    (presets / "chains/Kit.vst3").write_text("a plugin")
    marks.append(chain_mark("gated", presets))
    (presets / "chains/gated.toml").write_text(GATED.replace("-40", "-41"))
    marks.append(chain_mark("gated", presets))
    assert len(set(marks)) == 4


def test_a_chain_that_is_not_there_or_broken_has_no_mark(presets: Path) -> None:
    assert chain_mark("nothing", presets) == ""
    (presets / "chains/gated.toml").write_text("name = ")
    assert chain_mark("gated", presets) == ""


def test_a_file_is_a_chain_by_its_folder_or_by_its_effects(presets: Path, tmp_path: Path) -> None:
    assert is_chain(presets / "chains/gated.toml")
    (tmp_path / "elsewhere.toml").write_text(GATED)
    assert is_chain(tmp_path / "elsewhere.toml")
    assert not is_chain(note_map_files()["general-midi"])
    assert not is_chain(tmp_path / "nowhere.toml")
