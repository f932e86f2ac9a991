"""What is read is what was allowed to be read, however names are swapped in between."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backbeat.errors import AudioMissing, AudioUnreadable, PathRefused
from backbeat.intake.open_beneath import open_beneath
from backbeat.intake.roots import Roots

INSIDE, OUTSIDE = b"inside", b"private"
ROUNDS = 400

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with a file and a folder in it; beside it a folder with the same names and private contents."""
    for folder, content in ((tmp_path / "bounces", INSIDE), (tmp_path / "private", OUTSIDE)):
        (folder / "album").mkdir(parents=True)
        (folder / "song.wav").write_bytes(content)
        (folder / "album" / "song.wav").write_bytes(content)
    return tmp_path / "bounces"


def content(roots: Roots, path: Path) -> bytes:
    with roots.open(path) as opened:
        return opened.file.read()


def test_a_file_under_a_root_is_read_also_through_a_link_inside(root: Path) -> None:
    (root / "link.wav").symlink_to(root / "album" / "song.wav")
    with Roots([root]).open(root / "link.wav") as opened:
        assert opened.path == root / "album" / "song.wav"
        assert opened.file.read() == INSIDE


def test_a_root_that_is_a_link_itself_is_the_users_own_word(root: Path) -> None:
    (root.parent / "alias").symlink_to(root)
    assert content(Roots([root.parent / "alias"]), root.parent / "alias" / "album" / "song.wav") == INSIDE


@pytest.mark.parametrize("swapped", ["song.wav", "album"])
def test_a_link_that_was_put_in_the_way_after_the_check_is_not_followed(root: Path, swapped: str) -> None:
    (root / swapped).rename(root / "aside")
    (root / swapped).symlink_to(root.parent / "private" / swapped)
    asked = Path("album/song.wav") if swapped == "album" else Path("song.wav")
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        os.close(open_beneath(root, asked))


@contextmanager
def swapping(name: Path, other: Path) -> Iterator[None]:
    """`name` is itself and a link to `other` in turns, as fast as this computer can."""
    kept, link = name.with_name("kept"), name.with_name("link")
    link.symlink_to(other)
    name.rename(kept)
    link.rename(name)
    stopped = threading.Event()

    def swap() -> None:
        while not stopped.is_set():
            name.rename(link)
            kept.rename(name)
            name.rename(kept)
            link.rename(name)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


@pytest.mark.parametrize("swapped", ["song.wav", "album"])
def test_swapping_links_while_files_are_opened_lets_nothing_private_out(root: Path, swapped: str) -> None:
    asked = root / "album" / "song.wav" if swapped == "album" else root / "song.wav"
    roots = Roots([root])
    seen = set()
    with swapping(root / swapped, root.parent / "private" / swapped):
        for _ in range(ROUNDS):
            try:
                seen.add(content(roots, asked))
            except (PathRefused, AudioMissing, AudioUnreadable) as refused:
                seen.add(type(refused))
    assert OUTSIDE not in seen
    assert PathRefused in seen


def test_a_pipe_that_took_the_files_place_is_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "pipe.wav")
    os.close(open_beneath(root, Path("pipe.wav")))  # without O_NONBLOCK this would hang
    with pytest.raises(PathRefused, match="not an ordinary file"):
        content(Roots([root]), root / "pipe.wav")


def test_a_hard_link_inside_is_a_file_inside(root: Path) -> None:
    """The rule: who can make a name for a file in the folder could have copied it there."""
    os.link(root.parent / "private" / "song.wav", root / "same.wav")
    assert content(Roots([root]), root / "same.wav") == OUTSIDE


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/stdin", "/proc/self/environ", "/dev/fd/0"])
def test_devices_and_the_systems_own_files_are_refused(root: Path, path: str) -> None:
    with pytest.raises((PathRefused, AudioMissing), match=r"outside the configured folders|is not there"):
        content(Roots([root]), Path(path))


def test_even_below_a_root_a_device_is_no_recording() -> None:
    with pytest.raises(PathRefused, match="not an ordinary file"):
        content(Roots([Path("/dev")]), Path("/dev/null"))
