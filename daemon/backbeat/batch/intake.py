"""From a recording to its job: whether there is something to do, and where the result goes.

The store remembers which job a recording became (`seen`), so that the same batch goes on where it was: a recording whose size
and time are as they were is not read again. A result that lies there complete, whoever wrote it, is not made again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from backbeat.batch.recordings import is_kept_stem
from backbeat.errors import AudioChanged, AudioMissing, JobError, OutputError
from backbeat.intake.bounce_settings import bounce_options
from backbeat.intake.file_stamp import FileStamp, file_stamp
from backbeat.intake.fingerprint import fingerprint
from backbeat.jobs.job import Job, JobState, Origin, Priority
from backbeat.jobs.retry import INTERRUPTED
from backbeat.jobs.seen_files import SeenFile
from backbeat.jobs.store import Store
from backbeat.monitor import Monitor
from backbeat.outputs.read_result import read_result
from backbeat.pipeline.request import Request, free_out_base
from backbeat.service.finished_result import finished_result
from backbeat.settings import Settings
from backbeat.values import OutputKind

PASSING = frozenset({OutputError.code, AudioChanged.code, AudioMissing.code, INTERRUPTED})
"""Failures that were not the recording's: another run of the batch tries these again, the others only when told to."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A recording of the batch. job: what it became; None where its result was there before and no job of ours made it.

    is_waiting: it is in the queue, or being done. failed_now: it failed on the way into the queue.
    """

    path: Path
    out_base: Path
    job: Job | None
    failed_now: bool = False

    @property
    def is_waiting(self) -> bool:
        return self.job is not None and not self.job.state.ended


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What there is to know of a recording before it is read. seen, job: from an earlier run, None where there was none."""

    stamp: FileStamp
    seen: SeenFile | None
    job: Job | None


class BatchIntake:
    """Belongs to the thread that opened `store`.

    folder: whose tree the results repeat in `out`; without `out` they go beside each recording. settings: of a recording that
    has none beside it. said: names of settings that what lies beside a recording cannot change. read: takes the fingerprint,
    which reads the whole file.
    """

    def __init__(
        self,
        store: Store,
        *,
        folder: Path,
        out: Path | None,
        settings: Settings,
        said: Collection[str],
        retry_failed: bool,
        monitor: Monitor,
        read: Callable[[Path, Monitor], str] = fingerprint,
    ) -> None:
        self._store = store
        self._folder = folder
        self._out = out
        self._settings = settings
        self._said = said
        self._retry_failed = retry_failed
        self._monitor = monitor
        self._read = read

    def take(self, path: Path) -> Taken | None:
        """Queue what is to be done; None for a file that is gone by now, or is ours. Raises StoreError, Cancelled."""
        known = self._known(path)
        if known is None:
            return None
        stamp, seen, earlier = known.stamp, known.seen, known.job
        is_unchanged = seen is not None and (seen.stamp.size, seen.stamp.mtime_ns) == (stamp.size, stamp.mtime_ns)
        try:
            request = self._request(path, earlier, is_unchanged=is_unchanged)
        except JobError as error:
            job, failed_now = self._failed(path, earlier, error), True
        else:
            same = earlier if earlier is not None and earlier.identity == request.identity else None
            if same is not None and self._is_settled(same):
                return Taken(path=path, out_base=request.out_base, job=same)
            if (same is None or same.state.ended) and finished_result(request) is not None:
                return Taken(path=path, out_base=request.out_base, job=None)
            job, failed_now = self._queued(request), False
        self._store.remember(path, stamp, job.id)
        return Taken(path=path, out_base=job.out_base, job=job, failed_now=failed_now)

    def look(self, path: Path) -> Taken | None:
        """What has become of a recording, changing nothing; None for what `take` leaves out."""
        known = self._known(path)
        if known is None:
            return None
        job = known.job
        return Taken(path=path, out_base=job.out_base if job else self._place(path, None), job=job)

    def _known(self, path: Path) -> _Known | None:
        """None for a file that is gone by now, or is ours."""
        try:
            stamp = file_stamp(path)
        except JobError:
            return None
        if self._is_own(path, stamp):
            return None
        seen = self._store.seen(path)
        return _Known(stamp=stamp, seen=seen, job=self._store.job(seen.job_id) if seen and seen.job_id else None)

    def _is_own(self, path: Path, stamp: FileStamp) -> bool:
        return self._store.is_own_output(path, stamp) or is_kept_stem(path)

    def _request(self, path: Path, earlier: Job | None, *, is_unchanged: bool) -> Request:
        beside = {name: value for name, value in bounce_options(path).items() if name not in self._said}
        known = earlier.fingerprint if earlier and is_unchanged else ""
        return Request(
            path=path,
            fingerprint=known or self._read(path, self._monitor),
            out_base=self._place(path, earlier),
            settings=replace(self._settings, **beside),
        )

    def _place(self, path: Path, earlier: Job | None) -> Path:
        """Where it went before, or else the first place that is no other recording's."""
        out_dir = path.parent if self._out is None else self._out / path.parent.relative_to(self._folder)
        if earlier is not None and earlier.out_base.parent == out_dir:
            return earlier.out_base
        return free_out_base(path, out_dir, lambda place: self._is_taken(place, path))

    def _is_taken(self, place: Path, path: Path) -> bool:
        return self._store.output_base_taken(place, path) or is_result_of_another(place, path)

    def _is_settled(self, job: Job) -> bool:
        """Whether this run leaves the job as it is."""
        match job.state:
            case JobState.DONE:
                files = self._store.outputs(job.id)
                return bool(files) and all(file.is_there for file in files.values())
            case JobState.FAILED:
                return not self._retry_failed and job.error_code not in PASSING
            case _:
                return False

    def _queued(self, request: Request) -> Job:
        job = self._store.submit(request, origin=Origin.CLI, priority=Priority.BATCH).job
        if job.state is JobState.DONE and not self._is_settled(job):  # settled: a worker has ended it this moment
            job = self._store.requeue(job.id, "asked for again, and some of its files are gone")
        return job

    def _failed(self, path: Path, earlier: Job | None, error: JobError) -> Job:
        request = Request(path=path, fingerprint="", out_base=self._place(path, earlier), settings=self._settings)
        return self._store.submit_failed(request, error, origin=Origin.CLI, priority=Priority.BATCH).job


def is_result_of_another(place: Path, path: Path) -> bool:
    """Whether a complete result that lies at `place` is another recording's, which still exists."""
    try:
        source = read_result(place.with_name(place.name + OutputKind.JSON.suffix)).source
    except OutputError:
        return False
    return source != path and source.exists()
