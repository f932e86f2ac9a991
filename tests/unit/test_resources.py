from __future__ import annotations

from backbeat.resources import integrations_folder, presets_folder


def test_the_shipped_presets_can_be_found() -> None:
    assert (presets_folder() / "general-midi.toml").is_file()


def test_the_integrations_can_be_found() -> None:
    assert integrations_folder().is_dir()
