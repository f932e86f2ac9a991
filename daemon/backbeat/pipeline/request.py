"""What one job is asked to do."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from backbeat.intake.fingerprint import fingerprint
from backbeat.monitor import Monitor
from backbeat.settings import Settings
from backbeat.values import OutputKind

_NAME_BYTES_MAX = 255
"""Of a file, on every file system that matters here."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A recording, where its results go, and how it is to be done.

    path: the recording. fingerprint: SHA-256 of its bytes, in hexadecimal; empty when it could not be read whole.
    out_base: the results' path without suffix, such as `/bounces/song.drums`.
    """

    path: Path
    fingerprint: str
    out_base: Path
    settings: Settings

    @property
    def identity(self) -> str:
        """The same recording, settings and place have the same identity; 64 hexadecimal digits."""
        parts = (self.fingerprint or str(self.path), self.settings.to_json(), str(self.out_base))
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()  # names need not be valid Unicode

    def output(self, kind: OutputKind) -> Path:
        """Where the output of that kind goes."""
        return self.out_base.with_name(self.out_base.name + kind.suffix)


def make_request(path: Path, *, out_base: Path, settings: Settings, monitor: Monitor) -> Request:
    """Fingerprint a recording, which reads all of it. Raises AudioMissing, AudioUnreadable, Cancelled."""
    return Request(path=path, fingerprint=fingerprint(path, monitor), out_base=out_base, settings=settings)


def free_out_base(path: Path, out_dir: Path, is_taken: Callable[[Path], bool]) -> Path:
    """Where the results of a recording go: the first place in `out_dir` that does not belong to another recording.

    `song.drums`; where that is another's (`song.wav` and `song.flac`) `song.flac.drums`, then `song.flac-2.drums` ...
    """
    return next(place for place in _places(path, out_dir) if not is_taken(place))


def _places(path: Path, out_dir: Path) -> Iterator[Path]:
    yield out_dir / _result_name(path.stem, ".drums")
    yield out_dir / _result_name(path.name, ".drums")
    for n in count(2):
        yield out_dir / _result_name(path.name, f"-{n}.drums")


def _result_name(name: str, ending: str) -> str:
    """`name` and `ending`, with `name` cut at a character where the names of the results would be too long."""
    room = _NAME_BYTES_MAX - max(len(kind.suffix) for kind in OutputKind) - len(ending)
    while len(os.fsencode(name)) > room:
        name = name[:-1]
    return name + ending
