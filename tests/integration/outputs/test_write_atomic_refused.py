"""Real full disks and real refusals, in a process of its own whose limits and rights can be taken away."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits and users as POSIX has them")

FULL = """
import resource, signal, sys
from pathlib import Path
from backbeat.errors import OutputError
from backbeat.outputs.write_atomic import write_atomic
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomic(Path(sys.argv[1]), b"x" * 5000)
except OutputError as error:
    print(error.message, error.advice)
"""

FULL_WAV = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from backbeat.errors import OutputError
from backbeat.outputs.stem_to_wav import stem_to_wav
from backbeat.records import DrumStem
from backbeat.values import StemOrigin
stem = DrumStem(samples=np.zeros(441000, np.float32), sample_rate_hz=44100, origin=StemOrigin.GIVEN, reason="")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    stem_to_wav(stem, Path(sys.argv[1]))
except OutputError as error:
    print(error.message, error.advice)
"""

REFUSED = """
import os, sys
from pathlib import Path
from backbeat.errors import OutputError
from backbeat.outputs.write_atomic import write_atomic
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    write_atomic(Path(sys.argv[1]), b"x")
except OutputError as error:
    print(error.message, error.advice)
"""


def run_script(script: str, path: Path) -> str:
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout


@pytest.mark.parametrize("script", [FULL, FULL_WAV], ids=["bytes", "wav"])
def test_a_full_disk_is_named_and_the_old_file_stays(tmp_path: Path, script: str) -> None:
    target = tmp_path / "song.drums.wav"
    target.write_bytes(b"old")
    said = run_script(script, target)
    assert "song.drums.wav could not be written: the disk is full. Free some space" in said
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("song.drums.wav", b"old")]


def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    for parent in [tmp_path, *tmp_path.parents]:  # the other user has to get as far as the folder
        if parent.name.startswith("pytest-") or parent == tmp_path:
            parent.chmod(parent.stat().st_mode | 0o011)
    said = run_script(REFUSED, folder / "song.drums.mid")
    assert "locked does not allow it. Allow writing there" in said
    assert list(folder.iterdir()) == []
