from __future__ import annotations

import csv
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from backbeat.batch.row import COLUMNS, Row, row_of
from backbeat.batch.summary import ROW_GROUP, write_summary
from backbeat.errors import OutputError


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_done_recording_has_all_that_its_result_says(library) -> None:
    path = library.add("kick.wav")
    library.take(path)
    library.do_all()
    row = row_of(library.intake().look(path))
    assert row["state"] == "done"
    assert (row["duration_s"], row["bpm"], row["meter"], row["hits"], row["hits_kick"], row["hits_crash"]) == (
        2.5,
        120.0,
        "4/4",
        3,
        2,
        0,
    )
    assert (row["warnings"], row["seconds_hits"], row["low_confidence"]) == ("quiet; short", 0.4, False)
    assert row["output_midi"].endswith("kick.drums.mid")
    assert row["output_json"].endswith("kick.drums.json")
    assert "output_pdf" not in row
    assert row.keys() <= COLUMNS.keys()


def test_a_failed_one_says_why(library) -> None:
    path = library.add("cover.wav")
    library.take(path)
    library.fail_next("unreadable")
    row = row_of(library.intake().look(path))
    expected = {"error_code": "unreadable", "error_message": "It is no audio", "error_advice": "Export it again."}
    assert row == {"path": str(path), "state": "failed", **expected}


def test_one_that_the_batch_has_not_come_to_is_waiting_and_so_is_one_whose_result_was_deleted(library) -> None:
    path, never = library.add("kick.wav"), library.add("snare.wav")
    assert row_of(library.intake().look(never))["state"] == "waiting"
    job = library.take(path).job
    assert row_of(library.intake().look(path))["state"] == "waiting"
    library.do_all()
    for file in job.request.out_base.parent.glob("kick.drums*"):
        file.unlink()
    assert row_of(library.intake().look(path))["state"] == "waiting"


def test_csv_and_parquet_say_the_same(library, tmp_path: Path) -> None:
    good, bad = library.add("kick \N{MUSICAL SYMBOL G CLEF}, 'loud'.wav"), library.add("cover.wav")
    library.take(good)
    library.do_all()
    library.take(bad)
    library.fail_next()
    rows = [row_of(library.intake().look(path)) for path in (good, bad)]
    assert write_summary(tmp_path / "s.csv", rows) == 2
    assert write_summary(tmp_path / "s.parquet", rows) == 2
    text, table = rows_of(tmp_path / "s.csv"), pq.read_table(tmp_path / "s.parquet")
    assert list(text[0]) == table.column_names == list(COLUMNS)
    for written, kept, row in zip(text, table.to_pylist(), rows, strict=True):
        assert {name: value for name, value in kept.items() if value is not None} == row
        assert written == {name: "" if kept[name] is None else str(kept[name]).replace("False", "false") for name in COLUMNS}


def test_a_name_that_is_no_unicode_can_be_written(library, tmp_path: Path) -> None:
    path = library.add("kick\udcff.wav", "sound")
    library.take(path)
    library.fail_next()
    rows = [row_of(library.intake().look(path))]
    for name in ("s.csv", "s.parquet"):
        assert write_summary(tmp_path / name, rows) == 1
    assert rows_of(tmp_path / "s.csv")[0]["path"].endswith(r"kick\udcff.wav")


def many(count: int) -> Iterator[Row]:
    for number in range(count):
        yield {"path": f"/loops/{number}.wav", "state": "done", "hits": number}


def test_the_rows_are_never_all_held(tmp_path: Path) -> None:
    count = 20 * ROW_GROUP
    write_summary(tmp_path / "warm.csv", many(1))
    tracemalloc.start()
    write_summary(tmp_path / "s.csv", many(count))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 1_000_000
    write_summary(tmp_path / "s.parquet", many(count))
    assert pq.ParquetFile(tmp_path / "s.parquet").num_row_groups == 20


def test_a_summary_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    def broken() -> Iterator[Row]:
        yield from many(3)
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="disk is full"):
        write_summary(tmp_path / "s.csv", broken())
    assert list(tmp_path.iterdir()) == []
