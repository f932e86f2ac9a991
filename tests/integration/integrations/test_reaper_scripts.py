"""The scripts for REAPER, run by a plain Lua against a stand-in for REAPER; what is tested is written in tests/lua."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

LUA_TESTS = Path(__file__).parents[2] / "lua"
Program = Callable[[str, str], str]


@pytest.mark.parametrize("name", sorted(path.stem for path in LUA_TESTS.glob("test_*.lua")))
def test_the_scripts_do_as_promised(name: str, program: Program, reaper_folder: Path, tmp_path: Path) -> None:
    settings = {
        "LUA_PATH": f"{LUA_TESTS}/?.lua",
        "TEST_SCRIPTS": str(reaper_folder / "Drums"),
        "TEST_SCRATCH": str(tmp_path),
    }
    command = [program("lua5.4", "lua5.4"), str(LUA_TESTS / f"{name}.lua")]
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, "\n".join([*_failures(done.stdout), done.stderr])
    assert "0 failed" in done.stdout


def _failures(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("ok ")]


def test_a_failing_lua_test_fails_here_too(program: Program, reaper_folder: Path, tmp_path: Path) -> None:
    script = tmp_path / "failing.lua"
    script.write_text('local bench = require("bench")\nbench.test("two is one", function() bench.equal(2, 1) end)\nbench.run()\n')
    settings = {
        "LUA_PATH": f"{LUA_TESTS}/?.lua",
        "TEST_SCRIPTS": str(reaper_folder / "Drums"),
        "TEST_SCRATCH": str(tmp_path),
    }
    command = [program("lua5.4", "lua5.4"), str(script)]
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "FAIL two is one" in done.stdout


def test_luacheck_has_nothing_to_say(program: Program, reaper_folder: Path) -> None:
    command = [program("luacheck", "lua-check"), "--no-color", "--config", str(LUA_TESTS / ".luacheckrc")]
    done = subprocess.run(
        [*command, str(reaper_folder), str(LUA_TESTS)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "0 warnings / 0 errors" in done.stdout
