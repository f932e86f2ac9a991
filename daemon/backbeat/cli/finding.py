"""What `backbeat doctor` found in one place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How bad it is. Only `problem` keeps Backbeat from its main job."""

    OK = "ok"
    OFF = "off"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report.

    area: what it belongs to. name: what was looked at. detail: how it is. advice: what to do about it; empty when
    there is nothing to do. OFF is for what is optional and not there.
    """

    area: str
    name: str
    verdict: Verdict
    detail: str
    advice: str = ""
