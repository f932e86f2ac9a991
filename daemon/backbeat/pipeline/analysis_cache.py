"""Keeps what was heard in a recording, so that a repeat or a change of note map or sensitivity need not hear it again.

One JSON file per analysis: numbers and words only, nothing that could run. What the engine picks hits from is in it too, as
base64. Losing the folder loses nothing but time.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from backbeat import __version__
from backbeat.errors import OutputError
from backbeat.outputs.write_atomic import write_atomic
from backbeat.records import Analysis, BeatGrid, Hits, SeparationReport
from backbeat.settings import CHOOSING_SETTINGS, HEARING_SETTINGS, Settings
from backbeat.values import Instrument, Meter, StemOrigin

log = logging.getLogger(__name__)

REVISION = 3
"""Raised when an engine or a step hears differently within one version of Backbeat."""


@dataclass(frozen=True, kw_only=True)
class AnalysisCache:
    """A folder of analyses. keep: how many are kept, newest first. models: says which model files are configured."""

    folder: Path
    models: str
    keep: int = 500

    def get(self, fingerprint: str, settings: Settings) -> Analysis | None:
        """The analysis of that recording under these settings, or None; a damaged file counts as none.

        An analysis with warnings serves only to choose from it again: when it is asked for with the same choice as the last
        time it is None, because what caused the warnings may have been mended since.
        """
        path = self._path(fingerprint, settings)
        try:
            content = json.loads(path.read_text("utf-8"))
            choice = content.pop("choice")
            analysis = _from_json(content)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("the kept analysis %s is damaged and is made again: %s", path.name, error)
            return None
        if analysis.warnings:
            if choice == _choice(settings):
                return None
            self.put(analysis, settings)
        return replace(analysis, timings_s={})

    def put(self, analysis: Analysis, settings: Settings) -> None:
        """Keep it, as it is before `choose_hits`."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomic(self._path(analysis.fingerprint, settings), _to_json(analysis, _choice(settings)))
            self._prune()
        except (OSError, OutputError) as error:
            log.warning("the analysis could not be kept: %s", error)

    def _path(self, fingerprint: str, settings: Settings) -> Path:
        hearing = [str(getattr(settings, name)) for name in HEARING_SETTINGS]
        key = "\0".join([fingerprint, __version__, str(REVISION), self.models, *hearing])
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()[:40]}.json"

    def _prune(self) -> None:
        kept = sorted(self.folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in kept[self.keep :]:
            path.unlink(missing_ok=True)


def _choice(settings: Settings) -> str:
    return "; ".join(str(getattr(settings, name)) for name in CHOOSING_SETTINGS)


def _to_json(analysis: Analysis, choice: str) -> bytes:
    return json.dumps({**asdict(analysis), "choice": choice}, default=_plain, separators=(",", ":")).encode()


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):  # an engine may give NumPy's own kind of number or truth
        return value.item()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} has no place in an analysis")


def _from_json(data: dict[str, Any]) -> Analysis:
    grid, hits, separation = data["grid"], data["hits"], data["separation"]
    return Analysis(
        **{
            **data,
            "warnings": tuple(data["warnings"]),
            "separation": SeparationReport(**{**separation, "origin": StemOrigin(separation["origin"])}),
            "grid": BeatGrid(
                **{
                    **grid,
                    "times_s": np.array(grid["times_s"], dtype=np.float64),
                    "numbers": np.array(grid["numbers"], dtype=np.int64),
                    "meters": tuple(Meter(**meter) for meter in grid["meters"]),
                    "warnings": tuple(grid["warnings"]),
                }
            ),
            "hits": Hits(
                **{
                    **hits,
                    "time_s": np.array(hits["time_s"], dtype=np.float64),
                    "instruments": tuple(Instrument(name) for name in hits["instruments"]),
                    "velocity": np.array(hits["velocity"], dtype=np.int64),
                    "confidence": np.array(hits["confidence"], dtype=np.float64),
                    "warnings": tuple(hits["warnings"]),
                    "state": base64.b64decode(hits["state"], validate=True),
                }
            ),
        }
    )
