import os
from pathlib import Path

import pytest

from backbeat.errors import AudioMissing
from backbeat.intake.file_stamp import file_stamp


def test_a_file_that_is_left_alone_keeps_its_stamp(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(b"sound")
    assert file_stamp(path) == file_stamp(path)
    assert file_stamp(path).size == 5


def test_a_replacement_of_the_same_size_and_time_has_another_stamp(tmp_path: Path) -> None:
    path, other = tmp_path / "song.wav", tmp_path / "new.wav"
    path.write_bytes(b"sound")
    other.write_bytes(b"noise")
    before = file_stamp(path)
    os.utime(other, ns=(before.mtime_ns, before.mtime_ns))
    other.replace(path)
    after = file_stamp(path)
    assert (after.size, after.mtime_ns) == (before.size, before.mtime_ns)
    assert after != before


@pytest.mark.parametrize("name", ["gone.wav", "song.wav/inside.wav"])
def test_a_file_that_is_not_there_is_missing(tmp_path: Path, name: str) -> None:
    (tmp_path / "song.wav").write_bytes(b"sound")
    with pytest.raises(AudioMissing, match="is not there: "):
        file_stamp(tmp_path / name)
