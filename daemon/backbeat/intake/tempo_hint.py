"""The tempo that a recording states about itself, in its metadata or its name."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from backbeat.intake.readable_file import readable_file
from backbeat.intake.tempo_tags import tempo_tags
from backbeat.settings import BPM_MAX, BPM_MIN

_NUMBER = r"(\d{2,3}(?:[.,]\d{1,3})?)"
_IN_NAME = (
    re.compile(rf"(?<!\d)(?<!\d[.,]){_NUMBER}[\s_-]*bpm(?![a-z])", re.IGNORECASE),
    re.compile(rf"(?<![a-z])bpm[\s_=-]*{_NUMBER}(?![.,]?\d)", re.IGNORECASE),
)
FROM_NAME = "the file name"

_IN_TAG = re.compile(r"\s*(\d{1,3}(?:[.,]\d{1,6})?)\s*(?:bpm)?\s*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class TempoHint:
    """bpm: 20 to 400. source: where it comes from, in words that go behind "from"."""

    bpm: float
    source: str


def tempo_hint(path: Path) -> TempoHint | None:
    """The tempo from the file's metadata (ACID chunk, ID3, RIFF INFO, Vorbis comment, MP4 tag), else from its name.

    None when it states none, or none between 20 and 400. Raises AudioMissing, AudioUnreadable (permission denied).
    """
    with readable_file(path) as file:
        return tempo_hint_of(file, path.name)


def tempo_hint_of(file: BinaryIO, name: str) -> TempoHint | None:
    """The same of an open file; the next reader has to seek."""
    for tag in tempo_tags(file):
        bpm = _plausible(tag.value)
        if bpm is not None:
            return TempoHint(bpm=bpm, source=tag.source)
    bpm = name_to_bpm(name)
    return None if bpm is None else TempoHint(bpm=bpm, source=FROM_NAME)


def name_to_bpm(name: str) -> float | None:
    """The tempo in a file name such as `loop_128bpm`, `128 BPM break` or `BPM-95.5`; None for none, or for several."""
    found = {match[1] for pattern in _IN_NAME for match in pattern.finditer(name)}
    tempos = {bpm for text in found if (bpm := _plausible(text)) is not None}
    return tempos.pop() if len(tempos) == 1 else None


def _plausible(value: str | float) -> float | None:
    if isinstance(value, str):
        match = _IN_TAG.fullmatch(value)
        if not match:
            return None
        value = float(match[1].replace(",", "."))
    if not math.isfinite(value) or not BPM_MIN <= value <= BPM_MAX:
        return None
    return round(value, 3)
