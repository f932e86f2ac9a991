"""What one job is asked to do."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from backbeat.settings import Settings
from backbeat.values import OutputKind


@dataclass(frozen=True, kw_only=True)
class Request:
    """A recording, where its results go, and how it is to be done.

    path: the recording. fingerprint: SHA-256 of its bytes, in hexadecimal.
    out_base: the results' path without suffix, such as `/bounces/song.drums`.
    """

    path: Path
    fingerprint: str
    out_base: Path
    settings: Settings

    @property
    def identity(self) -> str:
        """The same recording, settings and place have the same identity; 64 hexadecimal digits."""
        parts = (self.fingerprint, self.settings.to_json(), str(self.out_base))
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()  # names need not be valid Unicode

    def output(self, kind: OutputKind) -> Path:
        """Where the output of that kind goes."""
        return self.out_base.with_name(self.out_base.name + kind.suffix)
