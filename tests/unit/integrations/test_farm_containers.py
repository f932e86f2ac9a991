"""The container files of the farm say what this checkout can do. No container engine is needed for it, and none was at hand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from backbeat.cli.main import build_parser
from backbeat.config.load import load_config

ROLES = ("daemon", "worker-cpu", "worker-gpu")
INSTRUCTIONS = {"FROM", "RUN", "ARG", "WORKDIR", "COPY", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}


@pytest.fixture
def farm(repository: Path) -> Path:
    return repository / "integrations" / "farm"


@pytest.fixture
def compose(farm: Path) -> dict[str, Any]:
    return yaml.safe_load((farm / "docker-compose.yml").read_text("utf-8"))


def instructions(farm: Path, role: str) -> list[tuple[str, str]]:
    """Instruction and arguments, with continued lines joined and comments left out."""
    lines = [line for line in (farm / f"Dockerfile.{role}").read_text("utf-8").splitlines() if not line.startswith("#")]
    logical = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in logical if line.strip())]


def all_of(farm: Path, role: str, name: str) -> list[str]:
    return [rest for word, rest in instructions(farm, role) if word == name]


def parses(command: list[str]) -> None:
    """Our own command line takes it."""
    assert command[0] == "backbeat"
    build_parser().parse_args(command[1:])


@pytest.mark.parametrize("role", ROLES)
def test_every_instruction_is_one_and_the_base_is_a_fixed_one(farm: Path, role: str) -> None:
    assert {word for word, _ in instructions(farm, role)} <= INSTRUCTIONS
    assert instructions(farm, role)[0] == ("FROM", "python:3.11-slim-bookworm"), "the Python that pyproject asks for"


@pytest.mark.parametrize("role", ROLES)
def test_what_is_copied_is_there(farm: Path, repository: Path, role: str) -> None:
    for copied in all_of(farm, role, "COPY"):
        *sources, _target = copied.split()
        assert sources
        for source in sources:
            assert (repository / source).exists(), source


@pytest.mark.parametrize("role", ROLES)
def test_what_is_installed_are_extras_that_there_are(farm: Path, repository: Path, role: str) -> None:
    extras = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    (install,) = [run for run in all_of(farm, role, "RUN") if "pip install" in run]
    named = re.search(r'"\.\[([\w,]+)\]"', install)
    assert named
    assert set(named[1].split(",")) <= extras.keys()
    assert "farm" in named[1]


@pytest.mark.parametrize("role", ROLES)
def test_nothing_runs_as_root_and_what_runs_is_a_command_of_ours(farm: Path, role: str) -> None:
    assert all_of(farm, role, "USER") == ["backbeat"]
    assert "useradd" in " ".join(all_of(farm, role, "RUN"))
    (command,) = all_of(farm, role, "CMD")
    parses(json.loads(command))
    (health,) = all_of(farm, role, "HEALTHCHECK")
    parses(json.loads(health.partition("CMD ")[2]))


def test_workers_fetch_their_models_before_they_start(farm: Path) -> None:
    script = farm / "entrypoint-worker.sh"
    assert os.access(script, os.X_OK)
    subprocess.run(["sh", "-n", script], check=True, timeout=10)
    parses(
        next(line for line in script.read_text("utf-8").splitlines() if line.startswith("backbeat ")).partition(" ||")[0].split()
    )
    for role in ("worker-cpu", "worker-gpu"):
        assert json.loads(all_of(farm, role, "ENTRYPOINT")[0]) == ["/usr/local/bin/entrypoint-worker.sh"]


def test_a_worker_that_can_fetch_nothing_starts_all_the_same(farm: Path, tmp_path: Path) -> None:
    (tmp_path / "backbeat").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "backbeat").chmod(0o755)
    done = subprocess.run(
        [farm / "entrypoint-worker.sh", "echo", "started"],
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
    )
    assert done.stdout == "started\n"
    assert "not all models" in done.stderr


def test_the_services_are_built_from_files_that_are_there_and_run_commands_of_ours(
    farm: Path, repository: Path, compose: dict[str, Any]
) -> None:
    services = compose["services"]
    assert set(services) == {"redis", "daemon", "worker-default", "worker-heavy", "worker-gpu"}
    for name, service in services.items():
        if "build" in service:
            assert (farm / service["build"]["context"]).resolve() == repository
            assert (repository / service["build"]["dockerfile"]).is_file()
            assert service["depends_on"] == {"redis": {"condition": "service_healthy"}}, name
        if "command" in service and "build" in service:
            parses(service["command"])
    assert "--appendonly" in services["redis"]["command"], "Redis keeps its tasks over a restart"
    assert not services["redis"]["image"].endswith(":latest")


def test_every_volume_is_declared_and_daemon_and_workers_see_the_same_folders(compose: dict[str, Any]) -> None:
    shared = []
    for name, service in compose["services"].items():
        mounts = dict(reversed(volume.rsplit(":", 1)) for volume in service["volumes"])
        assert {source for source in mounts.values() if re.fullmatch(r"\w+", source)} <= compose["volumes"].keys()
        if name != "redis":
            shared.append((mounts["/bounces"], mounts["/farm"]))
        if name.startswith("worker"):
            assert mounts["/models"] == "models", "every worker fetches models when it starts, but not every time anew"
    assert len(set(shared)) == 1


def test_the_configuration_in_the_images_has_no_mistakes_and_is_a_farm(farm: Path, compose: dict[str, Any]) -> None:
    config = load_config(farm / "farm.toml", environ=compose["services"]["daemon"]["environment"]).config
    assert config.queue.is_farm
    assert config.queue.name == "daemon"
    assert config.queue.broker == "redis://redis:6379/0"
    assert str(config.queue.storage) == "/farm"
