"""An analysis as JSON and back: numbers and words only, nothing that could run.

What the engine picks hits from is in it too, as base64.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import Any

import numpy as np

from backbeat.records import Analysis, BeatGrid, Hits, SeparationReport
from backbeat.values import Instrument, Meter, StemOrigin


def analysis_to_json(analysis: Analysis, **beside: object) -> bytes:
    """The analysis, and what is to be kept beside it under names that it does not have."""
    return json.dumps({**asdict(analysis), **beside}, default=_plain, separators=(",", ":")).encode()


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):  # an engine may give NumPy's own kind of number or truth
        return value.item()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} has no place in an analysis")


def analysis_from_json(data: dict[str, Any]) -> Analysis:
    """The inverse; raises ValueError, KeyError, TypeError or AttributeError for anything that it did not write."""
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
