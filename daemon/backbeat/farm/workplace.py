"""Where a worker finds the recording, and where it puts the results."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from backbeat import __version__
from backbeat.errors import AudioMissing
from backbeat.farm.path_map import PathMap
from backbeat.farm.records import RunRecords
from backbeat.farm.stage import FarmStage
from backbeat.farm.storage import Storage, is_shared_folder, open_storage
from backbeat.outputs.result_folder import make_result_folder
from backbeat.outputs.write_atomic import atomic_path
from backbeat.pipeline.request import Request
from backbeat.values import OutputKind


class Workplace(Protocol):
    """The way of a run's files to a worker and back.

    storage: where its records lie. is_direct: workers write the results where they belong.
    """

    storage: Storage
    is_direct: bool

    def run_of(self, request: Request, daemon: str) -> str:
        """The name of a run: the same for daemons that mean the same recording, settings and place."""

    def bring(self, request: Request, run: str) -> None:
        """The daemon's side, before the run: have the recording where workers find it. Raises StorageError, AudioMissing."""

    def at(self, request: Request, run: str, stage: FarmStage) -> AbstractContextManager[Request]:
        """The worker's side: the request, given in the farm's words, in this computer's. What is written there arrives."""

    def fetch(self, request: Request, run: str, kinds: tuple[OutputKind, ...]) -> None:
        """The daemon's side, after the run: have the results beside the recording. Raises StorageError, OutputError."""

    def clear(self, run: str) -> None:
        """The daemon's side, when the run is over, however: leave nothing of it behind, also where no worker could clear up."""


class SharedFolders:
    """All computers see the folders of recordings: they are read and written where they are."""

    is_direct = True

    def __init__(self, storage: Storage, paths: PathMap) -> None:
        self.storage = storage
        self._paths = paths

    def run_of(self, request: Request, daemon: str) -> str:  # noqa: ARG002 - whoever asks, it is the same place
        return request.identity

    def bring(self, request: Request, run: str) -> None:
        """It is there."""

    @contextmanager
    def at(self, request: Request, run: str, stage: FarmStage) -> Iterator[Request]:  # noqa: ARG002 - as the protocol has it
        yield self._paths.here(request)

    def fetch(self, request: Request, run: str, kinds: tuple[OutputKind, ...]) -> None:
        """They are there."""

    def clear(self, run: str) -> None:
        RunRecords(self.storage, run).remove()


class ThroughStorage:
    """Only the daemon's computer sees its folders: recordings and results go through the storage.

    The JSON is sent last and fetched last, so that it marks the result as complete there and here.
    """

    is_direct = False

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def run_of(self, request: Request, daemon: str) -> str:
        return hashlib.sha256(f"{daemon}\0{request.identity}".encode()).hexdigest()  # the same path is another place elsewhere

    def bring(self, request: Request, run: str) -> None:
        if self.storage.has(_input(run)):
            return
        try:
            source = request.path.open("rb")
        except OSError as error:
            raise AudioMissing(f"{request.path} cannot be read: {error.strerror or error}.") from error
        with source, self.storage.writing(_input(run)) as target:
            shutil.copyfileobj(source, target)

    @contextmanager
    def at(self, request: Request, run: str, stage: FarmStage) -> Iterator[Request]:
        with tempfile.TemporaryDirectory(prefix="backbeat-") as folder:
            here = replace(request, path=Path(folder) / request.path.name, out_base=Path(folder) / "out" / request.out_base.name)
            if stage is FarmStage.INGEST:
                with self.storage.reading(_input(run)) as source, here.path.open("xb") as target:
                    shutil.copyfileobj(source, target)
            here.out_base.parent.mkdir()
            yield here
            if stage is FarmStage.EXPORT:
                for kind in _json_last(tuple(kind for kind in OutputKind if here.output(kind).exists())):
                    with here.output(kind).open("rb") as source, self.storage.writing(_result(run, kind)) as target:
                        shutil.copyfileobj(source, target)

    def fetch(self, request: Request, run: str, kinds: tuple[OutputKind, ...]) -> None:
        make_result_folder(request.out_base.parent)
        for kind in _json_last(kinds):
            with (
                self.storage.reading(_result(run, kind)) as source,
                atomic_path(request.output(kind)) as temp,
                temp.open("xb") as target,
            ):
                shutil.copyfileobj(source, target)

    def clear(self, run: str) -> None:
        RunRecords(self.storage, run).remove()
        for folder in (_input(run), _results(run)):
            self.storage.remove(folder)


def make_workplace(storage: str, paths: PathMap) -> Workplace:
    """The way that goes with `queue.storage`. Raises StorageError."""
    opened = open_storage(storage)
    return SharedFolders(opened, paths) if is_shared_folder(storage) else ThroughStorage(opened)


def _input(run: str) -> str:
    return f"{__version__}/{run}.input"


def _results(run: str) -> str:
    return f"{__version__}/{run}.results"


def _result(run: str, kind: OutputKind) -> str:
    return f"{_results(run)}/{kind.value}"


def _json_last(kinds: tuple[OutputKind, ...]) -> list[OutputKind]:
    return sorted(kinds, key=lambda kind: kind is OutputKind.JSON)
