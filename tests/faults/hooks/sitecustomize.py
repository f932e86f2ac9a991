"""Kills a process of Backbeat at a named moment: Python loads this from `PYTHONPATH`, and the program knows nothing of it.

FAULT_TRACE: a file to which every moment is appended, as `role moment`. FAULT_POINT: `role moment|number`: just before that
moment comes for the number-th time, the process ends itself with SIGKILL, once: FAULT_FIRED is the file that says it happened.

Moments are what the process is about to do to the world: a statement that changes the store, a file opened for writing,
renamed or removed. Reading is none.
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import sys
import threading
from collections import Counter
from pathlib import Path

ROLE = "worker" if "backbeat.service.worker" in sys.orig_argv else "daemon"
CHANGES = ("begin", "commit", "insert", "update", "delete")
STATE = re.compile(r"set state = '(\w+)'")
TABLE = re.compile(r"(?:into|update|from)\s+(\w+)")
TEMPORARY = re.compile(r"\.[0-9a-f]{8}\.part$")
HASHED = re.compile(r"^\.?[0-9a-f]{40}(?=\.json)")
NAMELESS = re.compile(r"^[a-z0-9_]{8}$")
"""What the module `tempfile` calls its files."""


class Fuse:
    """Counts the moments and burns at the chosen one."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._trace = environment.get("FAULT_TRACE")
        self._point, _, number = environment.get("FAULT_POINT", "").partition("|")
        self._number = int(number or 1)
        self._fired = environment.get("FAULT_FIRED", os.devnull)
        self._seen: Counter[str] = Counter()
        self._inside = threading.local()

    def moment(self, name: str) -> None:
        if getattr(self._inside, "is_so", False):
            return  # what this hook does itself
        self._inside.is_so = True
        try:
            self._note(f"{ROLE} {name}")
        finally:
            self._inside.is_so = False

    def _note(self, moment: str) -> None:
        if self._trace:
            with Path(self._trace).open("a", encoding="utf-8") as trace:
                trace.write(f"{moment}\n")
        self._seen[moment] += 1
        if moment == self._point and self._seen[moment] == self._number:
            try:
                os.close(os.open(self._fired, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return
            os.kill(os.getpid(), signal.SIGKILL)


def statement_name(statement: str) -> str | None:
    """What a statement changes; None for those that change nothing, and for a trigger's remark that it begins."""
    statement = "\n".join(line for line in statement.splitlines() if not line.startswith("--"))
    verb = statement.split(None, 1)[0].lower() if statement.strip() else ""
    if verb not in CHANGES:
        return None
    table, state = TABLE.search(statement), STATE.search(statement)
    return " ".join(["sql", verb, *([table[1]] if table else []), *([f"to {state[1]}"] if state else [])])


def file_name(path: object) -> str:
    """The part of a file's name that is the same in every run: a result's suffix, `analysis`, the whole name of others."""
    name = Path(os.fsdecode(path)).name  # type: ignore[arg-type]
    if NAMELESS.match(name):
        return "scratch"
    stable = HASHED.sub("analysis", TEMPORARY.sub(" (temporary)", name))
    return stable.partition(".drums")[2] or stable


fuse = Fuse(dict(os.environ))
connect_as_it_is = sqlite3.connect


def connect(*arguments: object, **options: object) -> sqlite3.Connection:
    connection = connect_as_it_is(*arguments, **options)  # type: ignore[call-overload]

    def statement(text: str) -> None:
        if name := statement_name(text):
            fuse.moment(name)

    connection.set_trace_callback(statement)
    return connection


def on_event(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str | bytes) and isinstance(flags := arguments[2], int):
        if flags & (os.O_WRONLY | os.O_RDWR) and not os.fsdecode(arguments[0]).startswith("/dev/"):
            fuse.moment(f"open {file_name(arguments[0])}")
    elif event == "os.rename":
        fuse.moment(f"rename to {file_name(arguments[1])}")
    elif event == "os.remove":
        fuse.moment(f"remove {file_name(arguments[0])}")


if "FAULT_TRACE" in os.environ or "FAULT_POINT" in os.environ:
    sqlite3.connect = connect  # type: ignore[assignment]
    sys.addaudithook(on_event)
