"""The summary of a batch as a file: one row for each recording, written as they come and there only when it is whole."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from backbeat.batch.row import COLUMNS, REAL, TEXT, TRUTH, WHOLE, Row
from backbeat.errors import EngineMissing
from backbeat.extras import how_to_add
from backbeat.outputs.write_atomic import atomic_path

ROW_GROUP = 1000
"""Rows that are held at once."""

EXTRA = "farm"


def check_summary(path: Path) -> None:
    """Tell before the work whether such a file can be written: raises EngineMissing when a package is missing for it."""
    if path.suffix.lower() == ".parquet":
        _pyarrow()


def write_summary(path: Path, rows: Iterable[Row]) -> int:
    """Write all rows to a .csv or .parquet file and return how many there were. Raises OutputError, EngineMissing."""
    with atomic_path(path) as temp:
        return _write_parquet(temp, rows) if path.suffix.lower() == ".parquet" else _write_csv(temp, rows)


def _write_csv(path: Path, rows: Iterable[Row]) -> int:
    """UTF-8 with a mark at its front, without which spreadsheets take it for something else."""
    count = 0
    with path.open("x", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for row in rows:
            writer.writerow({name: _plain(value) for name, value in row.items() if name in COLUMNS})
            count += 1
    return count


def _plain(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _write_parquet(path: Path, rows: Iterable[Row]) -> int:
    pa, parquet = _pyarrow()
    types = {TEXT: pa.string(), REAL: pa.float64(), WHOLE: pa.int64(), TRUTH: pa.bool_()}
    schema = pa.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
    count = 0
    with parquet.ParquetWriter(path, schema) as writer:
        for group in _groups(rows):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
            count += len(group)
    return count


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    remaining = iter(rows)
    while group := list(islice(remaining, ROW_GROUP)):
        yield group


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa  # noqa: PLC0415 - only for Parquet
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise EngineMissing(
            "A Parquet file needs the package pyarrow.", advice=f"{how_to_add(EXTRA)}, or name a .csv file."
        ) from error
    return pa, parquet
