"""How a batch is shown: a bar on a terminal, a line now and then elsewhere, or JSON for programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from backbeat.cli.console import remark, say, say_json

if TYPE_CHECKING:
    from backbeat.batch.row import Row
    from backbeat.batch.tally import Progress

LINE_EVERY_S = 10.0
SHOWN_FAILURES = 50


class BatchWatcher(Protocol):
    """A `batch.run_batch.Watcher` that can also say something in between."""

    def moved(self, progress: Progress) -> None:
        """It is that far."""

    def ended(self, row: Row) -> None:
        """A recording has ended."""

    def remark(self, text: str) -> None:
        """Say it without disturbing the rest."""


@dataclass(kw_only=True)
class Failures:
    """The first failures of a batch, and how many there are."""

    count: int = 0
    shown: list[Row] = field(default_factory=list)

    def see(self, row: Row) -> Row:
        """Look at a row and hand it on."""
        if row["state"] not in ("done", "waiting"):
            self.count += 1
            if len(self.shown) < SHOWN_FAILURES:
                self.shown.append(row)
        return row


@contextmanager
def shown_batch(total: int, *, as_json: bool) -> Iterator[BatchWatcher]:
    """Whoever shows it, until the block ends."""
    if as_json:
        yield JsonWatcher()
    elif sys.stderr.isatty():
        with _bar() as bar:
            yield BarWatcher(bar, total)
    else:
        yield LineWatcher()


class LineWatcher:
    """A line every ten seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told_s = clock()

    def moved(self, progress: Progress) -> None:
        if self._clock() - self._told_s >= LINE_EVERY_S:
            self._told_s = self._clock()
            self._tell(progress)

    def ended(self, row: Row) -> None:
        """Lines are for how it goes."""

    def remark(self, text: str) -> None:
        remark(text)

    def _tell(self, progress: Progress) -> None:
        rest = [text for text in (pace_in_words(progress), left_in_words(progress)) if text]
        remark(f"{progress.ended:,} of {progress.total:,}{''.join(f', {text}' for text in rest)}")


class JsonWatcher(LineWatcher):
    """The same as JSON on standard output, and every recording that ends."""

    def ended(self, row: Row) -> None:
        say_json({"event": "recording", **row})

    def _tell(self, progress: Progress) -> None:
        say_json({"event": "progress", **_figures(progress)})


class BarWatcher:
    """One bar of rich's over all recordings."""

    def __init__(self, bar: Any, total: int) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=total)

    def moved(self, progress: Progress) -> None:
        failed = progress.failed + progress.failed_before
        words = [pace_in_words(progress), left_in_words(progress), f"[red]{failed:,} failed[/red]" if failed else ""]
        text = "  ".join(word for word in words if word)
        self._bar.update(self._task, total=progress.total, completed=progress.ended, description=text)

    def ended(self, row: Row) -> None:
        """The bar moves by itself."""

    def remark(self, text: str) -> None:
        self._bar.console.print(text, markup=False, highlight=False)


def _bar() -> Any:
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it, and it takes its time
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    return Progress(
        BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), console=Console(stderr=True), transient=True
    )


def pace_in_words(progress: Progress) -> str:
    """Such as `2.1 files/s, 8.4 times real time`; empty before the first end."""
    if progress.files_per_s is None:
        return ""
    files = f"{progress.files_per_s:.1f} files/s" if progress.files_per_s >= 1 else f"{60 * progress.files_per_s:.1f} files/min"
    return files if progress.times_real_time is None else f"{files}, {progress.times_real_time:.1f} times real time"


def left_in_words(progress: Progress) -> str:
    """Such as `4 min left`; empty when nobody can say."""
    return "" if progress.left_s is None else f"{span_in_words(progress.left_s)} left"


def span_in_words(seconds: float) -> str:
    """A span as people say it: `45 s`, `12 min`, `3 h 20 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def say_end(progress: Progress, failures: Failures, *, was_stopped: bool, as_json: bool) -> None:
    """The counts, what failed and why, and how to go on."""
    if as_json:
        say_json({"event": "end", **_figures(progress), "failures": failures.count, "stopped": was_stopped})
        return
    for row in failures.shown:
        remark(f"failed: {row['path']}")
        remark(f"  {' '.join(row[name] for name in ('error_message', 'error_advice') if row.get(name)) or row['state']}")
    if failures.count > len(failures.shown):
        remark(f"... and {failures.count - len(failures.shown):,} more; --summary FILE.csv lists them all.")
    counts = {"done": progress.done, "done before": progress.there, "failed": failures.count}
    counts["not begun"] = max(progress.total - progress.ended, 0)
    pace = pace_in_words(progress)
    words = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count or what == "done")
    say(f"{progress.total:,} recordings: {words}; {span_in_words(progress.elapsed_s)}{f', {pace}' if pace else ''}")
    if was_stopped:
        remark("Stopped. Nothing is left half written; the same command goes on from here.")
    elif failures.count:
        remark("To try those that failed again, add --retry-failed.")


def _figures(progress: Progress) -> dict[str, Any]:
    return {
        "total": progress.total,
        "done": progress.done,
        "done_before": progress.there,
        "failed": progress.failed,
        "failed_before": progress.failed_before,
        "elapsed_s": round(progress.elapsed_s, 1),
        "files_per_s": progress.files_per_s and round(progress.files_per_s, 3),
        "times_real_time": progress.times_real_time and round(progress.times_real_time, 2),
        "left_s": progress.left_s and round(progress.left_s, 1),
    }
