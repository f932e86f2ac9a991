"""What an engraver is: one file with an `ENGRAVER` in this folder, and one row in `outputs/musicxml_to_pdf.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backbeat.monitor import Monitor
from backbeat.values import Paper


@dataclass(frozen=True, kw_only=True)
class Engraver:
    """Makes pages of music.

    programs: those it needs, each with the names it goes by, the main one first; empty for one that is built in.
    advice: what to do when one is missing.
    engrave: given MusicXML that Backbeat wrote and an empty folder, makes a PDF on this paper in the folder and returns its
        path. Raises EngineFailed, and Cancelled from the monitor.
    """

    programs: tuple[tuple[str, ...], ...]
    advice: str
    engrave: Callable[[Path, Path, Paper, Monitor], Path]
