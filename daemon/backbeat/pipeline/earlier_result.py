"""What an earlier result in the same place leaves behind, and when it has to go."""

from __future__ import annotations

from pathlib import Path

from backbeat.errors import OutputError
from backbeat.outputs.read_result import read_result
from backbeat.pipeline.request import Request
from backbeat.values import OutputKind

NOT_ALWAYS_MADE = (OutputKind.STEM, OutputKind.PDF, OutputKind.PNG, OutputKind.SVG)


def retire_earlier_result(request: Request) -> None:
    """Call it before the first file of a new result is written. Raises OutputError.

    The JSON goes first: it marks a result as complete, and from now on its files are changed. Then goes what the new
    result may not have, because it would be taken for the new bounce's. MIDI and notation are replaced as they are made.
    Files that somebody has changed since stay.
    """
    mark = request.output(OutputKind.JSON)
    try:
        earlier = read_result(mark).outputs
    except OutputError:
        return  # nothing there, or nothing of ours
    try:
        complete_ns = mark.stat().st_mtime_ns
        mark.unlink()
        for kind in NOT_ALWAYS_MADE:
            path = request.output(kind)
            if earlier.get(kind) == path and _is_older(path, complete_ns):
                path.unlink()
    except OSError as error:
        raise OutputError(
            f"The earlier result {error.filename} cannot be replaced: {error.strerror or error}.",
            advice="Close the program that has it open, then retry.",
        ) from error


def _is_older(path: Path, time_ns: int) -> bool:
    return path.is_file() and path.stat().st_mtime_ns <= time_ns
