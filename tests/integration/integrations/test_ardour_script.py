"""Ardour's action as a text: what it says of itself, and what a checker says of it. `tests/acceptance` runs it in Ardour."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path


def test_luacheck_has_nothing_to_say(need_program: Callable[..., str], repository: Path) -> None:
    command = [need_program("luacheck"), "--no-color", "--config", str(repository / "tests" / "lua" / "ardour.luacheckrc")]
    scripts = [repository / "integrations" / "ardour", *sorted((repository / "tests").glob("ardour_*.lua"))]
    done = subprocess.run([*command, *map(str, scripts)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 warnings / 0 errors in 3 files" in done.stdout


def test_it_is_an_editor_action_and_keeps_everything_inside_its_factory(repository: Path) -> None:
    """Ardour saves the bytes of that one function with the user's settings; what stands outside would be missing there."""
    script = (repository / "integrations" / "ardour" / "backbeat.lua").read_text("utf-8")
    assert '["type"]    = "EditorAction"' in script
    outside = re.sub(r"^function factory.*?^end end$", "", script, flags=re.DOTALL | re.MULTILINE)
    outside = re.sub(r"^ardour \{.*?^\}$", "", outside, flags=re.DOTALL | re.MULTILINE)
    assert [line for line in outside.splitlines() if line and not line.startswith("--")] == []


def test_the_page_has_the_actions_name_and_its_sentences(repository: Path) -> None:
    folder = repository / "integrations" / "ardour"
    script, page = (folder / "backbeat.lua").read_text("utf-8"), (folder / "README.md").read_text("utf-8")
    assert re.search(r'name        = "(.+)"', script)[1] in page
    told = [
        sentence for line in re.findall(r"^\| (\*.+\*) \|", page, re.MULTILINE) for sentence in re.findall(r"\*([^*]+)\*", line)
    ]
    ours = [sentence for sentence in told if not sentence.startswith("outside")]  # the daemon says that
    assert len(ours) >= 4
    assert [sentence for sentence in ours if sentence.rstrip(".") not in script] == []
