"""The same folder has different names on different computers: here, and in the farm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from backbeat.pipeline.request import Request


class PathMap:
    """`pairs`: "here = there", as `queue.paths` has them. What lies in none of the folders has the same name everywhere.

    Names in the farm are written with `/`, so that a daemon on Windows and a worker on Linux mean the same.
    """

    def __init__(self, pairs: Sequence[str]) -> None:
        sides = [tuple(side.strip().replace("\\", "/").rstrip("/") for side in pair.split("=", 1)) for pair in pairs]
        # The innermost folder counts, so the longest name is tried first.
        self._there = sorted(((here, there) for here, there in sides), key=lambda pair: -len(pair[0]))
        self._here = sorted(((there, here) for here, there in sides), key=lambda pair: -len(pair[0]))

    def there(self, request: Request) -> Request:
        """The request in the farm's words."""
        return _renamed(request, self._there)

    def here(self, request: Request) -> Request:
        """The request in this computer's words."""
        return _renamed(request, self._here)


def _renamed(request: Request, pairs: Sequence[tuple[str, str]]) -> Request:
    return replace(request, path=_rename(request.path, pairs), out_base=_rename(request.out_base, pairs))


def _rename(path: Path, pairs: Sequence[tuple[str, str]]) -> Path:
    text = str(path).replace("\\", "/") if pairs else str(path)
    for before, after in pairs:
        if text == before or text.startswith(f"{before}/"):
            return Path(after + text[len(before) :])
    return path
