"""What people type all the time is there at once: nothing heavy is imported for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from backbeat.jobs.store import Store

HEAVY = (
    "matplotlib",
    "torch",
    "tensorflow",
    "keras",
    "librosa",
    "music21",
    "onnxruntime",
    "madmom",
    "demucs",
    "numpy",
    "scipy",
    "soundfile",
)
UNNEEDED = (*HEAVY, "rich", "rtmidi", "watchdog", "pythonosc", "boto3", "yt_dlp")

SCRIPT = """
import json, sys
from backbeat.cli.main import main
try:
    code = main(sys.argv[1:])
except SystemExit as ended:
    code = ended.code
sys.stderr.write(json.dumps({"code": code, "modules": sorted(sys.modules)}))
"""


@pytest.mark.parametrize(
    "command",
    [
        ["--help"],
        ["--version"],
        ["transcribe", "--help"],
        ["run", "--help"],
        ["demo", "--help"],
        ["plot", "--help"],
        ["play", "--help"],
        ["batch", "--help"],
        ["top", "--help"],
        ["jobs", "list"],
        ["jobs", "list", "--json"],
        ["config", "show"],
        ["config", "path"],
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_imported_for(command: list[str], home: Path) -> None:
    (home / "data").mkdir()
    Store(home / "data" / "jobs.sqlite").close()
    done = subprocess.run([sys.executable, "-c", SCRIPT, *command], capture_output=True, text=True, timeout=60, check=True)
    report = json.loads(done.stderr.splitlines()[-1].removeprefix("No jobs yet."))
    assert report["code"] == 0
    assert not set(UNNEEDED) & set(report["modules"])
