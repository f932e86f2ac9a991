"""Whether the result of a request is there already, whole: what a daemon or a farm finds after it was interrupted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backbeat.errors import OutputError
from backbeat.jobs.result_summary import summary_of_result
from backbeat.outputs.read_result import read_result
from backbeat.pipeline.request import Request
from backbeat.values import OutputKind


def finished_outputs(request: Request, *, here: Request | None = None) -> dict[OutputKind, Path] | None:
    """The files of a request whose JSON, the commit mark, is there and whose other files are too; else None.

    here: the same request in the words of this computer, where that is not the one that asked.
    """
    here = here or request
    try:
        result = read_result(here.output(OutputKind.JSON))
    except OutputError:
        return None
    is_complete = result.identity == request.identity and all(here.output(kind).exists() for kind in result.outputs)
    return {kind: here.output(kind) for kind in result.outputs} if is_complete else None


def summary_of(outputs: Mapping[OutputKind, Path]) -> dict[str, Any]:
    """What there is to tell about a finished job, from its result. Raises OutputError."""
    return summary_of_result(read_result(outputs[OutputKind.JSON]))
