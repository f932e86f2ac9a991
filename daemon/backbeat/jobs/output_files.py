"""Which files jobs wrote or are about to write: how our own outputs are told from bounces of the same name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backbeat.errors import AudioError
from backbeat.intake.file_stamp import FileStamp, file_stamp
from backbeat.jobs.database import Database
from backbeat.values import OutputKind


@dataclass(frozen=True, kw_only=True)
class OutputFile:
    """A file that a job wrote.

    size in bytes and mtime_ns as it was written; overwritten: a later job wrote to the same path.
    """

    kind: OutputKind
    path: Path
    size: int
    mtime_ns: int
    overwritten: bool

    @property
    def is_there(self) -> bool:
        """Whether the file still exists and is this job's (changed by the user counts as there)."""
        return not self.overwritten and self.path.exists()


class OutputFiles(Database):
    """The part of the store that remembers what jobs write."""

    def plan_output(self, job_id: str, kind: OutputKind, path: Path) -> None:
        """The job is about to write `path`: from now until it ends, a file that appears there is ours."""
        stamp = _stamp(path)
        size, mtime_ns = (stamp.size, stamp.mtime_ns) if stamp else (None, None)
        self._run("plan_output", id=job_id, kind=kind.value, path=path, size=size, mtime_ns=mtime_ns)

    def record_output(self, job_id: str, kind: OutputKind, path: Path) -> None:
        """The job has written `path`; nothing is recorded when somebody has deleted it already."""
        if stamp := _stamp(path):
            self._run("record_output", id=job_id, kind=kind.value, path=path, size=stamp.size, mtime_ns=stamp.mtime_ns)

    def is_own_output(self, path: Path, stamp: FileStamp) -> bool:
        """Whether the file at `path` is one that a job wrote, or is writing, and nobody has replaced since."""
        if self._run("wrote", path=path, size=stamp.size, mtime_ns=stamp.mtime_ns)[0]["wrote"]:
            return True
        plans = self._run("plan_for", path=path)
        return any((plan["size"], plan["mtime_ns"]) != (stamp.size, stamp.mtime_ns) for plan in plans)

    def outputs(self, job_id: str) -> dict[OutputKind, OutputFile]:
        """What the job wrote, in the order of writing; empty for one that wrote nothing."""
        files = (
            OutputFile(
                kind=OutputKind(row["kind"]),
                path=Path(row["path"]),
                size=row["size"],
                mtime_ns=row["mtime_ns"],
                overwritten=bool(row["overwritten"]),
            )
            for row in self._run("outputs", id=job_id)
        )
        return {file.kind: file for file in files}

    def output_base_taken(self, out_base: Path, path: Path) -> bool:
        """Whether another recording's results go to `out_base` (`song.wav` and `song.flac` in one folder)."""
        return bool(self._run("output_base_taken", out_base=out_base, path=path)[0]["taken"])

    def _replace_outputs(self, job_id: str, outputs: Mapping[OutputKind, Path]) -> None:
        self._run("forget_outputs", id=job_id)
        for kind, path in outputs.items():
            self.record_output(job_id, kind, path)

    def _settle_plans(self, job_id: str) -> None:
        """The job writes no more: what it left behind at its planned paths is recorded, the plans are dropped.

        Files get here without `record_output` when the worker died between writing and announcing.
        """
        for plan in self._run("plans", id=job_id):
            path = Path(plan["path"])
            stamp = _stamp(path)
            if stamp and (stamp.size, stamp.mtime_ns) != (plan["size"], plan["mtime_ns"]):
                self.record_output(job_id, OutputKind(plan["kind"]), path)
        self._run("forget_plans", id=job_id)


def _stamp(path: Path) -> FileStamp | None:
    try:
        return file_stamp(path)
    except AudioError:
        return None
