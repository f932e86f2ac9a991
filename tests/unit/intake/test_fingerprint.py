import hashlib
import os
from pathlib import Path

import pytest

from backbeat.errors import AudioMissing, AudioUnreadable, Cancelled
from backbeat.intake.fingerprint import fingerprint
from backbeat.monitor import Unwatched
from backbeat.values import Stage


class CancelledAfter:
    """A monitor that lets `checks` calls pass."""

    def __init__(self, checks: int) -> None:
        self.left = checks

    def progress(self, stage: Stage, fraction: float) -> None:
        pass

    def check(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cancelled("cancelled")


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, (1 << 20) + 1])
def test_the_fingerprint_is_the_sha256_of_the_bytes(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    path = tmp_path / "song.wav"
    path.write_bytes(content)
    assert fingerprint(path, Unwatched()) == hashlib.sha256(content).hexdigest()


def test_it_can_be_cancelled_between_blocks(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(bytes(3 << 20))
    with pytest.raises(Cancelled):
        fingerprint(path, CancelledAfter(2))


def test_a_missing_file_and_a_folder_are_said_to_be_that(tmp_path: Path) -> None:
    with pytest.raises(AudioMissing, match=r"gone\.wav is not there"):
        fingerprint(tmp_path / "gone.wav", Unwatched())
    with pytest.raises(AudioUnreadable, match="is a folder"):
        fingerprint(tmp_path, Unwatched())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes in the file system")
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioUnreadable, match="not a regular file"):
        fingerprint(tmp_path / "pipe.wav", Unwatched())
