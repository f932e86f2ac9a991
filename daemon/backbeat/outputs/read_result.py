"""What Backbeat itself wants to know again from a result that it wrote."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backbeat.errors import OutputError
from backbeat.outputs.feel_json import feel_from_json
from backbeat.records import Feel, Hit, Hits, hits_from_rows
from backbeat.values import Instrument, OutputKind

SCHEMA_VERSION = 1
VELOCITY_MAX = 127


@dataclass(frozen=True, kw_only=True)
class Result:
    """The part of a result file that is needed again.

    outputs: the files of the result by kind, this JSON among them; whether they are still there is not checked.
    hits: as they were heard, with times rounded to a microsecond.
    feel: straight, with nothing measured, in results of versions that did not measure it.
    """

    identity: str
    fingerprint: str
    source: Path
    outputs: Mapping[OutputKind, Path]
    detected_bpm: float
    bpm_unreliable: bool
    midi_bpm: float
    confidence_score: float
    low_confidence: bool
    duration_s: float
    hits: Hits
    warnings: tuple[str, ...]
    feel: Feel = field(default_factory=Feel)

    @property
    def hit_count(self) -> int:
        return len(self.hits)


def read_result(path: Path) -> Result:
    """Read a result file; raises OutputError when it is not there, damaged, not ours, or of a newer version."""
    return result_of(read_document(path), path)


def result_of(document: Mapping[str, Any], path: Path) -> Result:
    """What is needed of a result file that `read_document` has read; raises OutputError when something is missing."""
    try:
        return _result(document, path)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise _not_ours(path) from error


def read_document(path: Path) -> Mapping[str, Any]:
    """All of a result file, as `result.schema.json` describes it; raises OutputError as `read_result` does."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise OutputError(f"The result {path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise OutputError(f"The result {path} is damaged.", advice="Transcribe the recording again.") from error
    version = document.get("schema_version") if isinstance(document, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise OutputError(
            f"The result {path} was written by a newer version of Backbeat.",
            advice="Bring Backbeat up to date, or transcribe the recording again with this one.",
        )
    if not isinstance(document, dict) or version != SCHEMA_VERSION:
        raise _not_ours(path)
    return document


def _not_ours(path: Path) -> OutputError:
    return OutputError(f"The file {path} is not a result of Backbeat.", advice="Transcribe the recording again.")


def _result(document: Mapping[str, Any], path: Path) -> Result:
    outputs = {OutputKind(kind): Path(file) for kind, file in document["outputs"].items() if file is not None}
    return Result(
        identity=str(document["identity"]),
        fingerprint=str(document["fingerprint"]),
        source=Path(document["source"]),
        outputs={**outputs, OutputKind.JSON: path},
        detected_bpm=float(document["detected_bpm"]),
        bpm_unreliable=bool(document["bpm_unreliable"]),
        midi_bpm=float(document["midi_bpm"]),
        confidence_score=float(document["confidence_score"]),
        low_confidence=bool(document["low_confidence"]),
        duration_s=float(document["duration_seconds"]),
        hits=hits_from_rows([_hit(row) for row in document["hits"]], engine=str(document["engine"])),
        warnings=tuple(str(warning) for warning in document["warnings"]),
        feel=feel_from_json(document.get("feel")),
    )


def _hit(row: Mapping[str, Any]) -> Hit:
    hit = Hit(float(row["time"]), Instrument(row["instrument"]), int(row["midi_velocity"]), float(row["confidence"]))
    if not (0 <= hit.time_s < math.inf and 1 <= hit.velocity <= VELOCITY_MAX and 0 <= hit.confidence <= 1):
        raise ValueError(f"{hit} cannot be a hit")
    return hit
