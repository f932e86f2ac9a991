from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from backbeat.service.single_instance import SingleInstance

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a user's folders private by itself")


def test_a_data_folder_that_backbeat_makes_is_for_its_user_alone(tmp_path: Path) -> None:
    with SingleInstance(tmp_path / "data"):
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_one_that_was_there_keeps_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    (tmp_path / "data").chmod(0o755)
    with SingleInstance(tmp_path / "data"):
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o755
