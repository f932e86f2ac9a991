"""One recording of a batch as one row: the same names in the summary's CSV and Parquet, and in `--json`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backbeat.batch.intake import Taken
from backbeat.errors import OutputError
from backbeat.jobs.database import printable
from backbeat.jobs.job import JobState
from backbeat.outputs.read_result import read_document
from backbeat.values import Instrument, OutputKind, Stage

TEXT, REAL, WHOLE, TRUTH = "text", "real", "whole", "truth"

COLUMNS: Mapping[str, str] = {
    "path": TEXT,
    "state": TEXT,
    "duration_s": REAL,
    "bpm": REAL,
    "bpm_unreliable": TRUTH,
    "meter": TEXT,
    "confidence": REAL,
    "low_confidence": TRUTH,
    "engine": TEXT,
    "hits": WHOLE,
    **{f"hits_{instrument}": WHOLE for instrument in Instrument},
    "warnings": TEXT,
    "error_code": TEXT,
    "error_message": TEXT,
    "error_advice": TEXT,
    **{f"seconds_{stage}": REAL for stage in Stage},
    **{f"output_{kind}": TEXT for kind in OutputKind},
}
"""Name to kind, in order. seconds_STAGE: how long that took. A cell may be empty in every column but `path` and `state`."""

WAITING = "waiting"
"""The state of a recording that the batch has not come to, or has begun and not ended."""

Row = dict[str, Any]


def row_of(taken: Taken) -> Row:
    """What there is to tell about a recording: the columns that have something in them."""
    row = {"path": str(taken.path), **_state(taken)}
    return {name: printable(value) if isinstance(value, str) else value for name, value in row.items() if value is not None}


def _state(taken: Taken) -> Row:
    if (document := _document(taken)) is not None:
        return {"state": str(JobState.DONE), **_found(document, taken)}
    job = taken.job
    if job is None or not job.state.ended or job.state is JobState.DONE:  # done, and its result has been deleted since
        return {"state": WAITING}
    return {
        "state": str(job.state),
        "error_code": job.error_code,
        "error_message": job.error_message or job.reason,
        "error_advice": job.error_advice,
    }


def _document(taken: Taken) -> Mapping[str, Any] | None:
    """The result of this recording, if it is there and is what the job was asked for."""
    try:
        document = read_document(_json_path(taken))
    except OutputError:
        return None
    if taken.job is None:
        return document if document.get("source") == str(taken.path) else None
    return document if document.get("identity") == taken.job.identity else None


def _json_path(taken: Taken) -> Path:
    return taken.out_base.with_name(taken.out_base.name + OutputKind.JSON.suffix)


def _found(document: Mapping[str, Any], taken: Taken) -> Row:
    counts: Mapping[str, int] = document["hit_summary"]
    outputs = {kind: path for kind, path in document["outputs"].items() if path is not None}
    return {
        "duration_s": document["duration_seconds"],
        "bpm": document["detected_bpm"],
        "bpm_unreliable": document["bpm_unreliable"],
        "meter": document["meter"],
        "confidence": document["confidence_score"],
        "low_confidence": document["low_confidence"],
        "engine": document["engine"],
        "hits": sum(counts.values()),
        **{f"hits_{instrument}": counts.get(instrument, 0) for instrument in Instrument},
        "warnings": "; ".join(document["warnings"]),
        **{f"seconds_{stage}": seconds for stage, seconds in document["timings"].items()},
        **{f"output_{kind}": path for kind, path in outputs.items()},
        "output_json": str(_json_path(taken)),
    }
