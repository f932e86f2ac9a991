"""Progress of work in this process: bars on a terminal, a line for each stage elsewhere. All of it on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from backbeat.cli.console import remark
from backbeat.monitor import Monitor, Unwatched
from backbeat.values import Stage

STAGE_WORDS: Mapping[str, str] = {
    Stage.READ: "reading",
    Stage.SEPARATE: "preparing the drums",
    Stage.BEATS: "finding the beats",
    Stage.HITS: "hearing the hits",
    Stage.MIDI: "writing MIDI",
    Stage.NOTATION: "writing notation",
}


@contextmanager
def shown_progress(title: str, *, quiet: bool = False) -> Iterator[Monitor]:
    """A monitor whose progress is seen under `title` until the block ends."""
    if quiet:
        yield Unwatched()
    elif sys.stderr.isatty():
        with _bar() as bar:
            yield BarMonitor(bar, title)
    else:
        yield LineMonitor(title)


class LineMonitor:
    """One line when a stage begins."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._stage: Stage | None = None

    def progress(self, stage: Stage, fraction: float) -> None:  # noqa: ARG002 - lines do not show fractions
        """Say which stage it is, once."""
        if stage is not self._stage:
            self._stage = stage
            remark(f"{self._title}: {STAGE_WORDS[stage]}")

    def check(self) -> None:
        """Ctrl-C interrupts by itself."""


class BarMonitor:
    """A bar of rich's that fills once for each stage."""

    def __init__(self, bar: Any, title: str) -> None:
        self._bar = bar
        self._title = title
        self._task = bar.add_task(self._escaped(""), total=1.0)

    def progress(self, stage: Stage, fraction: float) -> None:
        """Move the bar."""
        self._bar.update(self._task, description=self._escaped(STAGE_WORDS[stage]), completed=min(max(fraction, 0.0), 1.0))

    def check(self) -> None:
        """Ctrl-C interrupts by itself."""

    def _escaped(self, doing: str) -> str:
        from rich.markup import escape  # noqa: PLC0415 - rich is here already

        return escape(f"{self._title}: {doing}")


@contextmanager
def byte_progress(title: str) -> Iterator[Any]:
    """A callback `(done_bytes, total_bytes or None)` for downloads."""
    if not sys.stderr.isatty():
        remark(f"{title}: downloading")
        yield lambda _done, _total: None
        return
    with _bar() as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _bar() -> Any:
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it, and it takes its time
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
