"""`backbeat models` and `ports`, each for people and for scripts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backbeat.cli.main import main

Capture = pytest.CaptureFixture[str]


def model_in(folder: Path, size: int = 4096) -> str:
    """The address of a file that looks like a Keras model from outside."""
    path = folder / "network.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(size))
    return path.as_uri()


def test_models_are_listed_with_state_and_licence(home: Path, capsys: Capture) -> None:
    assert main(["models", "list"]) == 0
    heading, *rows = capsys.readouterr().out.splitlines()
    assert heading.split() == ["model", "version", "state", "licence", "where"]
    assert {("annoteator", "missing"), ("htdemucs", "missing")} <= {(row.split()[0], row.split()[2]) for row in rows}


def test_a_model_is_fetched_once_then_listed_and_verified(home: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_URI", model_in(home))
    monkeypatch.setenv("MODEL_VERSION", "mine")
    assert main(["models", "fetch", "annoteator", "--json"]) == 0
    told = capsys.readouterr()
    path = Path(json.loads(told.out)["path"])
    assert path.is_relative_to(home / "models")
    assert told.err == "annoteator: downloading\n"
    (home / "network.h5").unlink()

    assert main(["models", "fetch", "annoteator"]) == 0
    assert capsys.readouterr().out == f"annoteator: {path}\n"
    assert main(["models", "verify", "annoteator"]) == 0
    capsys.readouterr()
    main(["models", "list", "--json"])
    (entry,) = [entry for entry in json.loads(capsys.readouterr().out) if entry["name"] == "annoteator"]
    assert (entry["version"], entry["path"]) == ("mine", str(path))


def test_a_model_that_is_not_there_fails_with_words(home: Path, capsys: Capture) -> None:
    assert main(["models", "verify", "annoteator"]) == 1
    assert "backbeat models fetch annoteator" in capsys.readouterr().err
    assert main(["models", "fetch", "annoteator", "--set", f"models.uri={(home / 'gone.h5').as_uri()}"]) == 1
    assert "gone.h5" in capsys.readouterr().err
    assert main(["models", "fetch", "nonsense"]) == 1
    assert "nonsense" in capsys.readouterr().err


def test_verifying_nothing_says_how_to_fetch(home: Path, capsys: Capture) -> None:
    assert main(["models", "verify"]) == 0
    assert "backbeat models fetch" in capsys.readouterr().err


def test_ports_are_a_list_for_scripts(home: Path, capsys: Capture) -> None:
    assert main(["ports", "--json"]) == 0
    ports = json.loads(capsys.readouterr().out)
    assert isinstance(ports, list)
    assert all(port.keys() == {"direction", "name"} for port in ports)
    assert main(["ports"]) == 0
