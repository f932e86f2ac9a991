"""The statements of `queries.sql` by name."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from sqlite3 import complete_statement

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def query(name: str) -> str:
    """The statement under `-- name: NAME`; raises KeyError for a name that is not there."""
    return _statements()[name]


def schema_statements(file_name: str) -> list[str]:
    """The statements of a schema file one by one: `executescript` would commit between them."""
    statements, lines = [], list[str]()
    for line in _read(file_name).splitlines(keepends=True):
        lines.append(line)
        if complete_statement("".join(lines)):
            statements.append("".join(lines))
            lines.clear()
    return statements


@cache
def _statements() -> dict[str, str]:
    _, *parts = _NAME.split(_read("queries.sql"))
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _read(file_name: str) -> str:
    return files("backbeat.jobs").joinpath(file_name).read_text(encoding="utf-8")
