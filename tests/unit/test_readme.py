"""What the README says can be typed, is; what it lists, is there."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from backbeat.cli.main import build_parser
from backbeat.config.load import load_config
from backbeat.engines.registry import ENGINES
from backbeat.intake.osc_requests import COMMANDS
from backbeat.outputs.hits_to_osc import TYPES
from backbeat.outputs.note_map import load_note_map, note_map_names
from backbeat.values import Stage

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def shell_lines() -> list[str]:
    return [line.split("#")[0].strip() for block in blocks("sh") for line in block.splitlines() if line.strip()]


def backbeat_lines() -> list[str]:
    """Commands of ours, whether they stand alone or behind `uv run ...`."""
    return [line.split("backbeat ", 1)[1] for line in shell_lines() if re.search(r"(^|\s)backbeat ", line)]


def test_the_readme_begins_with_two_commands_and_ci_runs_the_second() -> None:
    first, second = shell_lines()[:2]
    assert first == "uv run --no-dev backbeat demo"
    assert second in (REPOSITORY / ".ci" / "run").read_text("utf-8").splitlines()


@pytest.mark.parametrize("line", backbeat_lines())
def test_every_command_in_the_readme_is_understood(line: str) -> None:
    build_parser().parse_args(shlex.split(line))


@pytest.mark.parametrize("example", blocks("toml"))
def test_the_configurations_in_the_readme_are_valid(example: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(example, "utf-8")
    config = load_config(file, environ={}).config
    assert len(config.watch) == len(tomllib.loads(example).get("watch", ()))


def test_the_readme_lists_every_osc_address() -> None:
    missing = [address for address in (*COMMANDS, *TYPES) if f"`{address}`" not in README]
    assert missing == []


def test_the_readme_lists_every_note_map_with_its_status() -> None:
    maps = [load_note_map(name) for name in note_map_names()]
    assert [m.name for m in maps if not re.search(rf"\| `{m.name}` \| [^|]* \| {m.status} \|", README)] == []


def test_the_readme_lists_every_engine_with_its_extra_and_every_stage() -> None:
    assert [
        engine.name
        for engine in ENGINES
        if f"| `{engine.name}` | {f'`{engine.extra}`' if engine.extra else 'always there'} |" not in README
    ] == []
    assert ", ".join(Stage) in README
