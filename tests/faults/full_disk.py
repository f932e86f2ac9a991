"""A small disk of one's own that can be filled to the last page."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.faults.daemon_under_fault import DaemonUnderFault, left_behind, wait_until

PAGE_BYTES = 4096
FULL = "the disk is full"


class CannotMount(Exception):
    """This process may not mount."""


class SmallDisk:
    """A mounted tmpfs."""

    def __init__(self, path: Path, *, size_kib: int) -> None:
        self.path = path
        self._size_kib = size_kib
        self._filler = path / "filler"

    def mount(self) -> None:
        """Raises CannotMount."""
        self.path.mkdir(exist_ok=True, parents=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={self._size_kib}k", "backbeat-test", str(self.path)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            raise CannotMount("a test disk needs the right to mount (root)")

    def unmount(self) -> None:
        """Also while files on it are open, as pulling out a stick does."""
        subprocess.run(["umount", "--lazy", str(self.path)], check=True)

    def read_only(self, wanted: bool) -> None:
        subprocess.run(["mount", "-o", f"remount,{'ro' if wanted else 'rw'}", str(self.path)], check=True)

    def fill(self, *, but_kib: int = 0) -> None:
        """Leave just so much room."""
        self._filler.unlink(missing_ok=True)
        room = os.statvfs(self.path)
        wanted = room.f_bavail * room.f_frsize - but_kib * 1024
        with self._filler.open("wb", buffering=0) as file, suppress(OSError):
            while wanted > 0:
                wanted -= file.write(bytes(min(wanted, PAGE_BYTES)))

    def make_room(self) -> None:
        self._filler.unlink(missing_ok=True)


@contextmanager
def small_disk(path: Path, *, size_kib: int = 2048) -> Iterator[SmallDisk]:
    """Mounted inside, gone afterwards. Raises CannotMount."""
    disk = SmallDisk(path, size_kib=size_kib)
    disk.mount()
    try:
        yield disk
    finally:
        disk.unmount()


def no_room_at_each_write(daemon: DaemonUnderFault, disk: SmallDisk) -> list[Path]:
    """`disk` holds the output folder: a bounce with no room at all, one with a page more ... until there is room for every file.

    Each says which file could not be written, leaves nothing half written, and is done when there is room. Returns the bounces.
    """
    bounces: list[Path] = []
    for pages in range(100):
        disk.fill(but_kib=pages * PAGE_BYTES // 1024)
        began = len(daemon.said())
        bounce = daemon.bounce(f"pages{pages}", pages)
        bounces.append(bounce)
        wait_until("it is done or has failed", lambda b=bounce, at=began: daemon.all_done([b]) or FULL in daemon.said()[at:])
        had_room = FULL not in daemon.said()[began:]
        assert not left_behind(daemon)
        assert daemon.result(bounce, ".json").exists() == had_room, "the mark of a whole result comes last"
        disk.make_room()
        if had_room:
            return bounces
        ask_again(daemon, bounce)
        daemon.wait_until_done([bounce])
    raise AssertionError("there is never room")


def no_room_for_the_store(daemon: DaemonUnderFault, disk: SmallDisk) -> list[Path]:
    """`disk` holds the data folder: what is bounced meanwhile waits, and is done when there is room. Returns the bounces."""
    disk.fill()
    began = len(daemon.said())
    bounces = [daemon.bounce(f"meanwhile{n}", 100 + n) for n in range(3)]
    wait_until("it is said", lambda: all(f"{b.name} has to wait" in daemon.said()[began:] for b in bounces))
    assert FULL in daemon.said()[began:]
    (answer,) = daemon.ask("/backbeat/transcribe", str(bounces[0]))
    assert answer.address == "/backbeat/error"
    assert FULL in str(answer.arguments[1])
    assert daemon.pongs()
    disk.make_room()
    daemon.wait_until_done(bounces)
    return bounces


def output_folder_refused(daemon: DaemonUnderFault, name: str, words: str, *, mend: Callable[[], object]) -> Path:
    """The output folder cannot be written: it is said in `words`, nothing is left, and after `mend` the bounce is done."""
    bounce = daemon.bounce(name, 200 + len(name))
    began = len(daemon.said())
    wait_until(f"it says {words!r}", lambda: words in daemon.said()[began:])
    assert daemon.pongs()
    mend()
    ask_again(daemon, bounce)
    daemon.wait_until_done([bounce])
    return bounce


def ask_again(daemon: DaemonUnderFault, bounce: Path) -> None:
    """As somebody does who has mended it and does not want to wait for the next attempt."""
    assert daemon.ask("/backbeat/transcribe", str(bounce))[0].address != "/backbeat/error"
