"""Bringing a store of an earlier Backbeat to this one's version, with a copy of what it was kept beside it.

The steps are one transaction: a process that is killed in the middle leaves the old version. The copy is for going back to the
earlier Backbeat, which refuses the new version; it is made once for each version and never used by itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from backbeat.errors import OutputError, StoreError
from backbeat.jobs.queries import schema_statements
from backbeat.outputs.write_atomic import atomic_path

SCRIPTS = ("schema.sql",)
"""Files that bring the store from version n to n + 1, in order; the file's version is SQLite's `user_version`."""

APPLICATION_ID = 0x42424A51
"""`BBJQ` in SQLite's header: tells our file from another program's."""

VERSION = len(SCRIPTS)
"""What this Backbeat makes and reads."""

Steps = Sequence[Sequence[str]]
"""SQL statements for each version; those at index n lead from version n to n + 1."""


def migrate(connection: sqlite3.Connection, path: Path, steps: Steps | None = None) -> None:
    """Bring the store at `path`, on which `connection` is open, to the newest version; nothing is done when it has that.

    The connection is in autocommit mode. Of two processes one migrates and the other finds it done. Raises StoreError when the
    copy cannot be kept, sqlite3.Error when a step fails; then the store is as it was.
    """
    steps = [schema_statements(script) for script in SCRIPTS] if steps is None else steps
    connection.execute("begin immediate")  # before the version is looked at: another process may be migrating
    try:
        (version,) = connection.execute("pragma user_version").fetchone()
        if 0 < version < len(steps):
            _keep_copy(path, version)
        for statement in (statement for step in steps[version:] for statement in step):
            connection.execute(statement)
        connection.execute(f"pragma application_id = {APPLICATION_ID}")
        connection.execute(f"pragma user_version = {max(version, len(steps))}")
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise


def copy_of(path: Path, version: int) -> Path:
    """Where the store is kept as it was at that version."""
    return path.with_name(f"{path.stem}.version-{version}{path.suffix}")


def _keep_copy(path: Path, version: int) -> None:
    """What is committed, through a connection of its own: ours holds the lock for writing, not for reading."""
    copy = copy_of(path, version)
    try:
        with atomic_path(copy) as temp, closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(temp)) as target:
            source.backup(target)
    except OutputError as error:
        raise StoreError(
            f"The job database {path} is of an earlier version, and cannot be copied before it is changed: {error.message}",
            advice=error.advice,
        ) from error
