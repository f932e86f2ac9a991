"""Where recordings go from stage to stage: a folder that all computers see, or an object store. Each file whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from backbeat.errors import OutputError, StorageError
from backbeat.outputs.write_atomic import atomic_path


class Storage(Protocol):
    """Files by names such as `a1b2/audio`. Every method may raise StorageError, which a retry may help."""

    def writing(self, name: str) -> Any:
        """A context with a binary file; what is written is there, all at once, when the context ends well."""

    def reading(self, name: str) -> Any:
        """A context with a binary file to read."""

    def has(self, name: str) -> bool:
        """Whether it is there, whole."""

    def remove(self, folder: str) -> None:
        """Remove a folder with all that is in it; nothing happens when it is not there."""


class FolderStorage:
    """A folder, on a network drive for instance."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        path = self.root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(path) as temp, temp.open("xb") as file:
                yield file
        except (OSError, OutputError) as error:
            raise StorageError(f"The farm's folder {self.root} cannot be written: {error}") from error

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        try:
            with (self.root / name).open("rb") as file:
                yield file
        except OSError as error:
            raise StorageError(f"The farm's folder {self.root} cannot be read: {error}") from error

    def has(self, name: str) -> bool:
        return (self.root / name).is_file()

    def remove(self, folder: str) -> None:
        shutil.rmtree(self.root / folder, ignore_errors=True)


class ObjectStorage:
    """An object store, through fsspec. Files pass through this computer's folder for temporary files."""

    def __init__(self, url: str, **options: Any) -> None:
        """options: for the file system, such as s3fs' `endpoint_url`. Raises StorageError when it cannot be set up."""
        import fsspec  # noqa: PLC0415 - a farm on a shared folder does without

        self._url = url
        try:
            self._files, self._root = fsspec.core.url_to_fs(url, **options)
        except (ImportError, ValueError, OSError) as error:
            raise StorageError(f"The farm's storage {url} cannot be used: {error}") from error

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        with self._plain_errors(), tempfile.TemporaryDirectory(prefix="backbeat-") as folder:
            path = Path(folder) / "file"
            with path.open("xb") as file:
                yield file
            self._files.put_file(str(path), self._place(name))

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        with self._plain_errors(), tempfile.TemporaryDirectory(prefix="backbeat-") as folder:
            path = Path(folder) / "file"
            self._files.get_file(self._place(name), str(path))
            with path.open("rb") as file:
                yield file

    def has(self, name: str) -> bool:
        with self._plain_errors():
            self._files.invalidate_cache()  # another computer may have written it since
            return bool(self._files.exists(self._place(name)))

    def remove(self, folder: str) -> None:
        with self._plain_errors():
            self._files.invalidate_cache()
            if self._files.exists(self._place(folder)):
                self._files.rm(self._place(folder), recursive=True)

    def _place(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(f"The farm's storage {self._url} cannot be reached: {error}") from error
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in ("botocore", "aiohttp", "aiobotocore"):
                raise  # what the block raised is not ours to put into words
            raise StorageError(f"The farm's storage {self._url} cannot be reached: {error}") from error


def is_shared_folder(storage: str) -> bool:
    """Whether results can be written where they belong: all computers see the same folders."""
    return "://" not in storage or storage.startswith("file://")


def open_storage(storage: str) -> Storage:
    """The storage at a path, or at an address that fsspec knows."""
    if is_shared_folder(storage):
        return FolderStorage(Path(storage.removeprefix("file://")).expanduser())
    return ObjectStorage(storage)
