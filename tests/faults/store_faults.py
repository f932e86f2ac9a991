"""What can happen to the job database, and a daemon's day with each of it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.faults.daemon_under_fault import DaemonUnderFault, wait_until

from backbeat.jobs.store import Store
from backbeat.pipeline.request import Request
from backbeat.settings import Settings

Damage = Callable[[Path], object]


def header_overwritten(database: Path) -> None:
    with database.open("r+b") as file:
        file.write(bytes(100))


def pages_overwritten(database: Path) -> None:
    with database.open("r+b") as file:
        file.seek(2 * 4096)
        file.write(b"\xa5" * 4096)


def truncated(database: Path) -> None:
    os.truncate(database, database.stat().st_size // 2)


def emptied(database: Path) -> None:
    os.truncate(database, 0)


def deleted(database: Path) -> None:
    database.unlink()


def journal_truncated(database: Path) -> None:
    journal = _journal(database)
    os.truncate(journal, journal.stat().st_size // 2)


def journal_overwritten(database: Path) -> None:
    with _journal(database).open("r+b") as file:
        file.seek(file.seek(0, os.SEEK_END) // 2)
        file.write(os.urandom(8192))


def journal_deleted(database: Path) -> None:
    _journal(database).unlink()


def _journal(database: Path) -> Path:
    return database.with_name(database.name + "-wal")


WHEN_STOPPED: tuple[Damage, ...] = (header_overwritten, pages_overwritten, truncated, emptied, deleted)
WHEN_KILLED: tuple[Damage, ...] = (journal_truncated, journal_overwritten, journal_deleted)
"""A daemon that is stopped in order leaves no journal."""


def damaged_between_runs(daemon: DaemonUnderFault, damage: Damage, bounces: list[Path]) -> None:
    """One round for a daemon that runs: it ends, its store is damaged, a bounce comes, it starts. Adds to `bounces`."""
    number = len(bounces)
    bounces += [daemon.bounce(f"before{number}-{n}", 300 + number + n) for n in range(2)]
    daemon.wait_until_done(bounces)
    written = {path: path.stat().st_mtime_ns for bounce in bounces for path in daemon.out.glob(f"{bounce.stem}.drums.*")}
    if damage in WHEN_KILLED:
        daemon.kill()
    else:
        daemon.stop()
    bounces.append(daemon.bounce(f"waiting{number}", 400 + number))
    damage(daemon.data / "jobs.sqlite")
    daemon.start()
    daemon.wait_until_done(bounces)
    again = [path.name for path, time_ns in written.items() if path.stat().st_mtime_ns != time_ns]
    assert not again, f"{damage.__name__}: these were done already and have been done again: {again}"


def damaged_while_it_runs(daemon: DaemonUnderFault, bounces: list[Path]) -> None:
    """The file is overwritten under a running daemon, whose memory does not hold it all. Adds to `bounces`."""
    database = daemon.data / "jobs.sqlite"
    daemon.stop()
    with Store(database) as store:  # a store that is too large to be kept in memory
        for n in range(4000):
            path = daemon.folder / "long ago" / f"{n}.wav"
            request = Request(path=path, fingerprint=f"{n:064x}", out_base=path.with_suffix(".drums"), settings=Settings())
            store.adopt(request, {}, {})
    daemon.start()
    began = len(daemon.said())
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("begin immediate")
        other.execute("update jobs set updated_at = updated_at where seq = (select max(seq) from jobs)")
        with database.open("r+b") as file:
            file.seek(4096)
            file.write(os.urandom(database.stat().st_size - 4096))
        other.execute("commit")  # upon which what the daemon holds in memory counts no more
    bounces.append(daemon.bounce("meanwhile", 500))
    wait_until("it is said", lambda: "Starting again" in daemon.said()[began:] and "made anew" in daemon.said()[began:])
    daemon.wait_until_done(bounces)


@contextmanager
def held_by_another_program(daemon: DaemonUnderFault) -> Iterator[None]:
    """Inside, nobody else can write to the store, as while a backup program copies it."""
    with closing(sqlite3.connect(daemon.data / "jobs.sqlite", isolation_level=None, timeout=30)) as other:
        other.execute("begin exclusive")
        yield
        other.execute("rollback")


def bounced_while_held(daemon: DaemonUnderFault) -> Path:
    """A bounce that the store cannot take for a while; the daemon answers meanwhile, and says it once."""
    began = len(daemon.said())
    with held_by_another_program(daemon):
        bounce = daemon.bounce("held", 600)
        wait_until("it is said", lambda: "held.wav has to wait" in daemon.said()[began:])
        assert daemon.pongs()
    daemon.wait_until_done([bounce])
    assert daemon.said()[began:].count("held by another program") == 1
    return bounce
