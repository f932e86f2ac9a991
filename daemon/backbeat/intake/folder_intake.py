"""Which files of one watched folder are new: what was seen before, what is ours, what is finished. Without threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from backbeat.errors import AudioError, AudioMissing, AudioTruncated, AudioUnreadable, JobError, PathRefused
from backbeat.intake.file_stamp import FileStamp, file_stamp
from backbeat.intake.folder_scan import scan
from backbeat.intake.readable_file import readable_file
from backbeat.intake.roots import Roots
from backbeat.intake.settle import FileProbe, Outcome, Settler, Verdict
from backbeat.intake.watched_folder import BadBounce, Bounce, WatchedFolder, owner


class FolderMemory(Protocol):
    """What is remembered between runs. Called on the folder's own thread, so it has to be safe for threads.

    Raises StoreError when it cannot tell now (it is asked again), Cancelled when the daemon is being stopped.
    """

    def is_new(self, folder: Path) -> bool:
        """Whether the folder was never watched before."""

    def begin(self, folder: Path, old: Mapping[Path, FileStamp]) -> None:
        """The folder is watched from now on; `old` files count as seen. Stored in one piece."""

    def seen(self, path: Path) -> FileStamp | None:
        """The version of the file that was last handed on, good or bad, or that was old when the watch began."""

    def is_own_output(self, path: Path, stamp: FileStamp) -> bool:
        """Whether that version of the file is one that Backbeat wrote, or a running job is writing."""


class FolderIntake:
    """The files of one folder. For one thread; `folder_to_job.FolderWatcher` drives it."""

    def __init__(
        self,
        folder: WatchedFolder,
        *,
        memory: FolderMemory,
        roots: Roots,
        probe: FileProbe,
        others: Sequence[WatchedFolder] = (),
        watched_since_ns: int | None = None,
    ) -> None:
        """Watch `folder`, parts of whose tree may belong to `others`, the other watched folders.

        watched_since_ns: the wall clock when the watch began; None when the folder was there then and all in it is old.
        """
        self._folder = folder
        self._memory = memory
        self._roots = roots
        self._rivals = (folder, *others)
        self._watched_since_ns = watched_since_ns
        self._settler = Settler(probe, settle_s=folder.settle_s, give_up_s=folder.give_up_s)
        self._probe = probe
        self._known: dict[Path, FileStamp] = {}
        self._refused: list[BadBounce] = []

    def accepts(self, path: Path) -> bool:
        """Whether the file is this folder's to take, by its name and place."""
        return self._folder.accepts(path) and owner(path, self._rivals) is self._folder

    def notice(self, path: Path) -> None:
        """Something happened to an accepted file."""
        try:
            if path.is_symlink():
                self._roots.confine(path)
        except PathRefused as refused:
            self._refuse(path, refused)
        except AudioMissing:
            return
        else:
            self._settler.notice(path)

    def rescan(self) -> int:
        """Look through the whole folder for new and changed files; returns how many there were that nobody had noticed.

        Only size and time count here: on network and memory-stick file systems the inode changes with every mount.
        Raises OSError when the folder cannot be listed.
        """
        paths = [path for path in scan(self._folder) if self.accepts(path)]
        if self._memory.is_new(self._folder.path):
            self._begin(paths)
        surprises = 0
        for path in paths:
            if path not in self._settler and self._is_news(path):
                surprises += 1
                self.notice(path)
        return surprises

    def tick(self, now_s: float) -> list[Bounce | BadBounce]:
        """What is finished, or never will be."""
        found: list[Bounce | BadBounce] = list(self._refused)
        self._refused.clear()
        for verdict in self._settler.tick(now_s):
            bounce = self._handed_on(verdict)
            if bounce is not None:
                found.append(bounce)
        return found

    def _begin(self, paths: list[Path]) -> None:
        """The first watch of this folder ever: what is there already was not bounced for us."""
        old: dict[Path, FileStamp] = {}
        if not self._folder.take_existing:
            stamps = ((path, self._probe.stamp(path)) for path in paths)
            old = {path: stamp for path, stamp in stamps if stamp is not None and self._is_old(stamp)}
        self._memory.begin(self._folder.path, old)
        self._known |= old

    def _is_old(self, stamp: FileStamp) -> bool:
        return self._watched_since_ns is None or stamp.mtime_ns < self._watched_since_ns

    def _is_news(self, path: Path) -> bool:
        stamp = self._probe.stamp(path)
        if stamp is None:
            return False
        known = self._recall(path)
        return known is None or (known.size, known.mtime_ns) != (stamp.size, stamp.mtime_ns)

    def _recall(self, path: Path) -> FileStamp | None:
        if path not in self._known:
            seen = self._memory.seen(path)
            if seen is None:
                return None
            self._known[path] = seen
        return self._known[path]

    def _handed_on(self, verdict: Verdict) -> Bounce | BadBounce | None:
        """The verdict as a bounce; None when it is gone, known already, or ours."""
        path, stamp = verdict.path, verdict.stamp
        if stamp is None or stamp == self._known.get(path):
            return None
        # The store is asked again: somebody may have had this version transcribed by a message meanwhile.
        is_dealt_with = stamp == self._memory.seen(path) or self._memory.is_own_output(path, stamp)
        self._known[path] = stamp
        if is_dealt_with:
            return None
        if verdict.outcome is Outcome.READY:
            return Bounce(path=path, stamp=stamp, folder=self._folder)
        return BadBounce(path=path, stamp=stamp, folder=self._folder, error=_why(verdict.outcome, path, stamp))

    def _refuse(self, path: Path, refused: PathRefused) -> None:
        """A link that leads out of the roots becomes a job that fails, once."""
        try:
            stamp = file_stamp(path)
        except AudioMissing:
            return
        if self._recall(path) != stamp:
            self._known[path] = stamp
            self._refused.append(BadBounce(path=path, stamp=stamp, folder=self._folder, error=refused))


def _why(outcome: Outcome, path: Path, stamp: FileStamp) -> JobError:
    if stamp.size == 0:
        return AudioUnreadable(f"{path.name} is empty", advice="Bounce the track again: the export wrote nothing.")
    if outcome is Outcome.TRUNCATED:
        return AudioTruncated(f"{path.name} stopped growing before it was complete: its header promises more than it holds")
    try:
        with readable_file(path):
            return AudioUnreadable(f"{path.name} is not audio, although it is named like it")
    except AudioError as error:
        return error
