"""The SQLite file under the store: opening, versions, transactions, and SQLite's errors in plain words."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from backbeat.errors import StoreDamaged, StoreError
from backbeat.jobs.migrations import APPLICATION_ID, VERSION, migrate
from backbeat.jobs.queries import query

BUSY_TIMEOUT_S = 5.0
"""How long to wait while another process (`backbeat jobs`) writes."""

STILL_BUSY_TIMEOUT_S = 0.1
"""How long once it has been waited in vain, until it works again: the daemon must not be deaf while a backup holds the file."""

_DAMAGED = "Start `backbeat run`: it moves the file aside and makes a new one. Your recordings and results stay as they are."
_DAMAGES = {
    "SQLITE_NOTADB": "is not a job database, or is damaged",
    "SQLITE_CORRUPT": "is damaged",
}
_WORDS = {
    "SQLITE_BUSY": ("is held by another program", "Close the program that has it open, then try again."),
    "SQLITE_FULL": ("cannot grow: the disk is full", "Make room on the disk."),
    "SQLITE_IOERR_SHMSIZE": ("cannot be used: the disk is full", "Make room on the disk."),
    "SQLITE_READONLY": ("may not be written", "Check the permissions of the file and its folder."),
    "SQLITE_CANTOPEN": ("cannot be opened", "Check that its folder exists and may be written."),
    "SQLITE_IOERR": ("cannot be read or written", "Check the drive that it is on."),
}


class Database:
    """An open store file. Belongs to the thread that opened it; other processes may have it open too."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Open or make the store at `path`; raises StoreError when it is damaged, newer than this version or in the way."""
        self.path = path
        self._clock = clock
        self._timeout_s = BUSY_TIMEOUT_S
        self._damage: StoreDamaged | None = None
        with self._plain_errors():
            self._connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise
        self._data_version = self._pragma("data_version")

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def check(self) -> None:
        """Look through the whole file, at some hundred megabytes a second; raises StoreDamaged when it is not as it should be."""
        with self._plain_errors():
            (verdict,) = self._connection.execute("pragma quick_check(1)").fetchone()
        if verdict != "ok":
            raise StoreDamaged(f"The job database {self.path} is damaged.", advice=_DAMAGED)

    def raise_damage(self) -> None:
        """Raise StoreDamaged when the file has turned out to be damaged since it was opened, whoever was told of it then."""
        if self._damage is not None:
            raise self._damage

    def changed_elsewhere(self) -> bool:
        """Whether another process has written since the last call (or since opening)."""
        before, self._data_version = self._data_version, self._pragma("data_version")
        return before != self._data_version

    def _prepare(self) -> None:
        self._connection.row_factory = sqlite3.Row
        self._connection.text_factory = text_from_bytes
        self._check_ours()
        with self._plain_errors():
            self._connection.execute("pragma journal_mode = wal")
            # A killed process loses nothing. When the power fails the last changes may be undone, never torn: their
            # jobs are then done again, or are found finished by their JSON. Not worth an fsync for each change.
            self._connection.execute("pragma synchronous = normal")
            self._connection.execute("pragma foreign_keys = on")
            if self._pragma("user_version") < VERSION:
                migrate(self._connection, self.path)

    def _check_ours(self) -> None:
        with self._plain_errors():
            is_empty = not self._connection.execute("select exists (select 1 from sqlite_master)").fetchone()[0]
        if is_empty:
            return
        if self._pragma("application_id") != APPLICATION_ID:
            raise StoreError(f"{self.path} is another program's database.", advice="Set another jobs.data_folder in the config.")
        version = self._pragma("user_version")
        if version > VERSION:
            raise StoreError(
                f"The job database {self.path} was made by a newer Backbeat (version {version}; this one knows {VERSION}).",
                advice="Update Backbeat, or set another jobs.data_folder in the config.",
            )

    def _pragma(self, name: str) -> int:
        with self._plain_errors():
            return int(self._connection.execute(f"pragma {name}").fetchone()[0])

    def _run(self, name: str, **values: Any) -> list[sqlite3.Row]:
        """Run the statement `name` of queries.sql and fetch all it returns."""
        bound = {key: _bindable(value) for key, value in values.items()}
        with self._plain_errors():
            return self._connection.execute(query(name), bound).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing; the write lock is held from the start, so that what was read stays true."""
        with self._plain_errors():
            self._connection.execute("begin immediate")
            self._be_patient(BUSY_TIMEOUT_S)
            try:
                yield
                self._connection.execute("commit")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("rollback")
                raise

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # mistakes of ours, not of the file
        except sqlite3.DatabaseError as error:
            if _kind(error).startswith("SQLITE_BUSY"):
                self._be_patient(STILL_BUSY_TIMEOUT_S)
            in_words = _in_words(error, self.path)
            if isinstance(in_words, StoreDamaged):
                self._damage = in_words
            raise in_words from error

    def _be_patient(self, timeout_s: float) -> None:
        if timeout_s != self._timeout_s:
            self._timeout_s = timeout_s
            self._connection.execute(f"pragma busy_timeout = {round(1000 * timeout_s)}")


def _kind(error: sqlite3.DatabaseError) -> str:
    return getattr(error, "sqlite_errorname", "")


def _in_words(error: sqlite3.DatabaseError, path: Path) -> StoreError:
    kind = _kind(error)
    for name, what in _DAMAGES.items():
        if kind.startswith(name):
            return StoreDamaged(f"The job database {path} {what}.", advice=_DAMAGED)
    for name, (what, advice) in _WORDS.items():
        if kind.startswith(name):
            return StoreError(f"The job database {path} {what}.", advice=advice)
    return StoreError(f"The job database {path} cannot be used: {error}.")


def _bindable(value: Any) -> Any:
    if isinstance(value, Path):
        return path_bytes(value)
    return printable(value) if isinstance(value, str) else value


def path_bytes(path: Path) -> bytes:
    """A path for a statement (`cast(:path as text)`); file names need not be valid Unicode."""
    return str(path).encode("utf-8", "surrogatepass")


def text_from_bytes(raw: bytes) -> str:
    """The inverse, for every text that is read."""
    return raw.decode("utf-8", "surrogatepass")


def printable(text: str) -> str:
    """Words that may quote such a file name, made fit to be stored and shown."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
