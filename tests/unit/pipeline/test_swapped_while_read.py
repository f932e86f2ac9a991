"""A recording that is exchanged for a link to something private, in the middle of being read."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from backbeat.errors import AudioChanged
from backbeat.pipeline.file_to_audio import AudioLimits, file_to_audio
from backbeat.pipeline.file_to_envelope import file_to_envelope
from backbeat.records import Audio
from backbeat.values import Stage

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")


class Swapper:
    """A monitor that exchanges the recording at the first check, and puts it back when told, or at the check `back_at`."""

    def __init__(self, path: Path, private: Path, *, back_at: int | None = None) -> None:
        self._path, self._private, self._back_at = path, private, back_at
        self._aside = path.with_name("aside")
        self._checks = 0

    def progress(self, stage: Stage, fraction: float) -> None:
        pass

    def check(self) -> None:
        if self._checks == 0:
            self._path.rename(self._aside)
            self._path.symlink_to(self._private)
        elif self._checks == self._back_at:
            self._aside.replace(self._path)
        self._checks += 1


@pytest.fixture
def recordings(audio_files: ModuleType, tmp_path: Path) -> tuple[Path, Path]:
    """A recording at a quarter of full level, and a private one, loud, as long."""
    quiet = np.full((1, 44_100 * 4), 0.25, dtype=np.float32)
    path = audio_files.write_sound(tmp_path / "song.wav", quiet, subtype="FLOAT")
    return path, audio_files.write_sound(tmp_path / "private.wav", 4 * quiet, subtype="FLOAT")


def read(path: Path, content: str, monitor: Swapper) -> Audio:
    return file_to_audio(path, fingerprint=content, channels=1, limits=AudioLimits(max_minutes=1), monitor=monitor)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_exchanged_and_put_back_what_was_read_is_what_was_meant(recordings: tuple[Path, Path]) -> None:
    path, private = recordings
    audio = read(path, sha256(path), Swapper(path, private, back_at=9))
    assert not path.is_symlink()
    np.testing.assert_array_equal(audio.samples, np.float32(0.25))


def test_exchanged_for_good_it_is_another_recording(recordings: tuple[Path, Path]) -> None:
    path, private = recordings
    with pytest.raises(AudioChanged):
        read(path, sha256(path), Swapper(path, private))
    assert path.is_symlink()


def test_ffmpeg_too_reads_what_was_meant(audio_files: ModuleType, recordings: tuple[Path, Path], tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    path, private = (audio_files.encode_with_ffmpeg(wav, tmp_path / f"{wav.stem}.mka", "-c:a", "flac") for wav in recordings)
    audio = read(path, sha256(path), Swapper(path, private, back_at=9))
    assert not path.is_symlink()
    assert np.abs(audio.samples).max() < 0.3


@pytest.mark.parametrize("back_at", [None, 9])
def test_the_picture_is_of_what_was_meant(recordings: tuple[Path, Path], back_at: int | None) -> None:
    path, private = recordings
    envelope = file_to_envelope(
        path, fingerprint=sha256(path), start_s=0.0, end_s=4.0, step_s=0.1, monitor=Swapper(path, private, back_at=back_at)
    )
    np.testing.assert_array_equal(envelope.high, np.float32(0.25))
