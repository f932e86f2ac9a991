"""The file of `backbeat send --answers`: what the daemon says, for a script that cannot hear a program while it runs.

A line of JSON for each answer, as `--json` prints them, and three more: `asked` first, as soon as the command runs;
`no_daemon` where nobody answers; `ended` with the exit code last. `job` tells how things are when there is no news.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from backbeat.errors import OutputError


class AnswersFile:
    """A context manager. Without a path nothing is written. Raises OutputError when the file cannot be made."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        if self._path is not None:
            try:
                self._file = self._path.expanduser().open("w", encoding="utf-8")
            except OSError as error:
                raise OutputError(f"{self._path} cannot be written: {error.strerror or error}.") from error
        self.tell("asked")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def tell(self, event: str, **fields: Any) -> None:
        """Write one line at once, whole."""
        if self._file is not None:
            self._file.write(json.dumps({"event": event, **fields}, ensure_ascii=False, default=str) + "\n")
            self._file.flush()
