"""The file of thresholds and calibrations beside the weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from backbeat.engines.net.picking import PickSettings
from backbeat.engines.net.settings import NetSettings, read_settings, write_settings
from backbeat.engines.net.vocabulary import INSTRUMENTS
from backbeat.errors import ModelError

SETTINGS = NetSettings(
    version="abc",
    context_frames=79,
    picking=PickSettings(
        clear={instrument: 0.1 + 0.05 * k for k, instrument in enumerate(INSTRUMENTS)},
        dense={instrument: 0.1 + 0.04 * k for k, instrument in enumerate(INSTRUMENTS)},
        joining=0.6,
        calibration={instrument: (1.0 + k, -0.1 * k) for k, instrument in enumerate(INSTRUMENTS)},
    ),
    training={"steps": 12},
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write_settings(SETTINGS, tmp_path / "net.json")
    assert read_settings(tmp_path / "net.json") == SETTINGS


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"version": "a", "context_frames": 3, "clear": {"kick": 1}}'])
def test_a_damaged_file_is_told_in_words(tmp_path: Path, content: str) -> None:
    (tmp_path / "net.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be read"):
        read_settings(tmp_path / "net.json")


def test_a_missing_file_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        read_settings(tmp_path / "net.json")
