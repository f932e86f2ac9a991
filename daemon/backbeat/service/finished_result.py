"""Whether the result of a request is there already, whole: what a daemon or a farm finds after it was interrupted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbeat.errors import OutputError
from backbeat.jobs.result_summary import summary_of_result
from backbeat.outputs.read_result import read_result
from backbeat.pipeline.request import Request
from backbeat.values import OutputKind


@dataclass(frozen=True, kw_only=True)
class FinishedResult:
    """outputs: the files. summary: what there is to tell about the job."""

    outputs: Mapping[OutputKind, Path]
    summary: Mapping[str, Any]


def finished_result(request: Request, *, here: Request | None = None) -> FinishedResult | None:
    """The result of a request whose JSON, the commit mark, is there and whose other files are too; else None.

    here: the same request in the words of this computer, where that is not the one that asked.
    """
    here = here or request
    try:
        result = read_result(here.output(OutputKind.JSON))
    except OutputError:
        return None
    outputs = {kind: here.output(kind) for kind in result.outputs}
    if result.identity != request.identity or not all(path.exists() for path in outputs.values()):
        return None
    return FinishedResult(outputs=outputs, summary=summary_of_result(result))
