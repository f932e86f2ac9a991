"""A damaged job store: moved aside, made anew, and filled from what else is there.

Done jobs come from their result files, jobs that waited from what can still be read of the damaged file, and the watched
folders tell the rest: a file that has no result and came after the watch began is waiting, older ones are not for us.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from backbeat.errors import AudioError, BackbeatError, StoreDamaged, StoreError
from backbeat.intake.file_stamp import FileStamp, file_stamp
from backbeat.intake.folder_scan import scan
from backbeat.intake.watched_folder import WatchedFolder
from backbeat.jobs.database import text_from_bytes
from backbeat.jobs.job import Origin
from backbeat.jobs.queries import query
from backbeat.jobs.result_summary import summary_of_result
from backbeat.jobs.store import Store
from backbeat.jobs.watch_times import read_watch_times, write_watch_times
from backbeat.outputs.read_result import read_document, result_of
from backbeat.pipeline.request import Request
from backbeat.settings import Settings
from backbeat.values import OutputKind

_log = logging.getLogger(__name__)

_PARTS = ("", "-wal", "-shm", "-journal")
_RESULTS = f"*.drums{OutputKind.JSON.suffix}"


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where to look: watched folders, and the folders (with all below) where results lie."""

    watched: Sequence[WatchedFolder]
    results: Sequence[Path]


def open_store(database: Path, places: Places) -> Store:
    """The store, checked; or a new one in the place of one that is damaged or gone. Raises StoreError when there can be none."""
    aside: Path | None = None
    try:
        store = _checked(database)
    except StoreDamaged as damage:
        aside = move_aside(database)
        _log.error("%s It is kept as %s, and a new one is made.", damage.message, aside.name)
        store = Store(database)
    with ExitStack() as held:
        held.enter_context(store)
        times = read_watch_times(database)
        if aside is not None or not times.keys() <= store.watch_times().keys():  # gone, emptied, or ended while it was rebuilt
            rebuild(store, aside, places, times)
        write_watch_times(database, times | store.watch_times())
        held.pop_all()
    return store


def damaged_stores(database: Path) -> list[Path]:
    """What was moved aside, the newest last."""
    return sorted(path for path in database.parent.glob(f"{database.stem}.damaged-*{database.suffix}"))


def move_aside(database: Path) -> Path:
    """Rename the store with its companions; where to. Raises StoreError."""
    moment = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S-%f")
    aside = database.with_name(f"{database.stem}.damaged-{moment}{database.suffix}")
    try:
        for part in _PARTS:
            with suppress(FileNotFoundError):
                database.with_name(database.name + part).rename(aside.with_name(aside.name + part))
    except OSError as error:
        raise StoreError(
            f"The job database {database} is damaged and cannot be moved aside: {error.strerror}.",
            advice="Rename it yourself, then start again.",
        ) from error
    return aside


def rebuild(store: Store, aside: Path | None, places: Places, times: Mapping[Path, float]) -> None:
    """Fill a new store; what cannot be used is left out. May be done again after it was interrupted: folders come last."""
    waiting = _salvage(store, aside) if aside else 0
    done = sum(_adopt(store, path) for folder in dict.fromkeys(places.results) for path in _results_below(folder))
    for folder in places.watched:
        if folder.path in times:
            _watch_on(store, folder, times[folder.path])
    _log.warning(
        "The job list is made anew: %d finished jobs are known from their results, and %d that waited could be read. "
        "Bounces that wait in watched folders are taken. What else was asked for by a message has to be asked for again.",
        done,
        waiting,
    )


def _checked(database: Path) -> Store:
    store = Store(database)
    try:
        store.check()
    except BaseException:
        store.close()
        raise
    return store


def _results_below(folder: Path) -> Iterator[Path]:
    """Result files, as far as they can be found: a drive that does not answer must not keep the daemon from starting."""
    try:
        yield from folder.rglob(_RESULTS)
    except OSError as error:
        _log.warning("The results in %s cannot be looked through: %s.", folder, error.strerror or error)


def _adopt(store: Store, path: Path) -> bool:
    """One result file as a finished job, and its recording, if it has not changed since it was heard, as seen."""
    try:
        document = read_document(path)
        result = result_of(document, path)
        request = Request(
            path=result.source,
            fingerprint=result.fingerprint,
            out_base=path.with_name(path.name.removesuffix(OutputKind.JSON.suffix)),
            settings=Settings.from_json(json.dumps(document["settings"])),
        )
        finished_at = path.stat().st_mtime
        heard_at = finished_at - sum(float(took_s) for took_s in document["timings"].values())
    except (BackbeatError, OSError, KeyError, TypeError, ValueError, AttributeError):
        return False
    job = store.adopt(request, {kind: file for kind, file in result.outputs.items() if file.exists()}, summary_of_result(result))
    with suppress(OSError, AudioError):
        if _arrived_at(result.source) < heard_at:
            store.remember(result.source, file_stamp(result.source), job.id)
    return True


def _salvage(store: Store, aside: Path) -> int:
    """Submit again what waited or ran, as far as the damaged file can be read; how many that were."""
    count = 0
    with closing(sqlite3.connect(aside)) as connection, suppress(sqlite3.DatabaseError):
        connection.text_factory = text_from_bytes
        for path, fingerprint, out_base, settings, origin, priority, reply_to in connection.execute(query("unfinished")):
            with suppress(TypeError, ValueError, BackbeatError):  # a row that is torn
                request = Request(
                    path=Path(path), fingerprint=fingerprint, out_base=Path(out_base), settings=Settings.from_json(settings)
                )
                count += store.submit(request, origin=Origin(origin), priority=int(priority), reply_to=reply_to).is_new
    return count


def _watch_on(store: Store, folder: WatchedFolder, since: float) -> None:
    """Go on watching: what was there before the watch began and has no result counts as seen."""
    old: dict[Path, FileStamp] = {}
    with suppress(OSError):  # it is not there now; when it comes back, what is in it is looked at
        for path in scan(folder):
            with suppress(OSError, AudioError):
                if store.seen(path) is None and _arrived_at(path) < since:
                    old[path] = file_stamp(path)
    store.begin_watch(folder.path, old, since)


def _arrived_at(path: Path) -> float:
    """When the file came to its place or was last written, in seconds since the epoch; raises OSError."""
    status = path.stat()
    return max(status.st_mtime, status.st_ctime)
