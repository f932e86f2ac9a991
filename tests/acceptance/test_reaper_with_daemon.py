"""REAPER's scripts with the real daemon: only REAPER is a stand-in, whose render copies a real recording into the inbox."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import soundfile as sf

LUA_TESTS = Path(__file__).parents[1] / "lua"
LENGTH_S = 12
OPTIONS = "engine=net; beats=net; separation=none"


def _needed(found: str | bool, reason: str) -> None:
    if not found:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def lua() -> str:
    path = shutil.which("lua5.4") or ""
    _needed(path, "lua5.4 (Debian: lua5.4) is not installed")
    return path


@pytest.fixture
def lua_socket(lua) -> None:
    done = subprocess.run([lua, "-e", 'require("socket.core")'], capture_output=True, check=False)
    _needed(done.returncode == 0, "LuaSocket (Debian: lua-socket) is not installed")


@pytest.fixture(scope="module")
def segment(shared, tmp_path_factory) -> Path:
    samples, rate = sf.read(shared / "eval" / "dev" / "drum" / "Rock.flac")
    path = tmp_path_factory.mktemp("segment") / "groove.wav"
    sf.write(path, samples[: LENGTH_S * rate], rate, subtype="PCM_24")
    return path


@pytest.fixture
def press_key(lua, segment, repository, tmp_path):
    """Run the action in a REAPER of its own, with the daemon's configuration; returns what came of it."""
    command = tmp_path / "backbeat"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m backbeat "$@"\n', "utf-8")
    command.chmod(0o755)

    def press(daemon, **more: str) -> dict[str, Any]:
        settings = {
            "LUA_PATH": f"{LUA_TESTS}/?.lua;;",
            "TEST_SCRIPTS": str(repository / "integrations" / "reaper" / "Drums"),
            "TEST_SCRATCH": str(tmp_path),
            "BACKBEAT_CONFIG": str(daemon.config),
            "TEST_COMMAND": str(command),
            "TEST_RECORDING": str(segment),
            "TEST_LENGTH_S": str(LENGTH_S),
            "TEST_OPTIONS": OPTIONS,
            **{f"TEST_{name.upper()}": value for name, value in more.items()},
        }
        done = subprocess.run(
            [lua, str(LUA_TESTS / "live.lua")],
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return press


def newest_result(daemon) -> dict[str, Any]:
    path = max(daemon.inbox.glob("reaper-*.drums.json"), key=lambda each: each.stat().st_mtime_ns)
    return json.loads(path.read_bytes())


def assert_notes_are_the_hits(report: dict[str, Any], result: dict[str, Any]) -> None:
    assert report["messages"] == {}
    assert (report["items"], report["undo_steps"]) == (1, 1)
    hits = [hit["time"] for hit in result["hits"]]
    notes = sorted(note["time_s"] for note in report["notes"])
    assert len(notes) == len(hits) > 20
    assert notes == pytest.approx(hits, abs=0.0015)
    assert report["names"]["36"]


def test_by_the_command_the_real_hits_are_on_the_track(running, press_key):
    report = press_key(running, send="command")
    assert_notes_are_the_hits(report, newest_result(running))
    assert report["runs"][0]["jobs"][0]["send"] == "command"
    assert not list(running.inbox.glob("*.answers.jsonl"))
    assert not list(running.inbox.glob("reaper-*.wav"))


@pytest.mark.usefixtures("lua_socket")
def test_by_osc_with_the_real_luasocket_they_are_too(running, press_key):
    report = press_key(running, send="auto")
    assert_notes_are_the_hits(report, newest_result(running))
    assert report["runs"][0]["jobs"][0]["send"] == "osc"


def test_pressing_the_key_again_replaces_the_notes(running, press_key):
    report = press_key(running, send="command", runs="2")
    assert (report["items"], report["undo_steps"]) == (1, 2)
    assert len(report["notes"]) == len(newest_result(running)["hits"])


def test_cancel_stops_the_real_job(running, press_key, shared, tmp_path):
    samples, rate = sf.read(shared / "eval" / "dev" / "drum" / "Shadows.flac")
    sf.write(tmp_path / "long.wav", samples[: 32 * rate], rate)
    long = {"recording": str(tmp_path / "long.wav"), "length_s": "32", "options": ""}  # the daemon's own, slower, recogniser
    report = press_key(running, send="command", cancel="groove: ", **long)
    assert (report["notes"], report["messages"]) == ({}, {})
    assert running.job_list()[0]["state"] == "cancelled"


def test_without_a_daemon_the_user_is_told_how_to_start_it(daemon, press_key):
    report = press_key(daemon, send="command")
    assert report["notes"] == {}
    assert "backbeat run" in report["messages"][0]


def test_a_mistake_in_the_options_is_told_in_the_daemons_words(running, press_key):
    report = press_key(running, send="command", options="engine=nut")
    assert "nut" in report["messages"][0]
    assert report["notes"] == {}


def test_the_plugins_note_names_become_the_notes_that_are_played(daemon, press_key, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))  # where the user's note maps are, for daemon and command
    daemon.start()
    names = {24: "Kick", 26: "Snare", 30: "Hi-Hat Closed", 34: "Hi-Hat Open", 60: "Ride", 62: "Crash 1", 48: "Tom 1"}
    report = press_key(daemon, send="command", plugin=";".join(f"{note}={name}" for note, name in names.items()))
    assert report["messages"] == {}
    assert {24, 26} <= {note["pitch"] for note in report["notes"]} <= set(names)
    assert newest_result(daemon)["settings"]["preset"] == "reaper-thunder-kit"
    assert list((tmp_path / "settings").rglob("reaper-thunder-kit.toml"))
