"""An address becomes a checked file: streamed beside its place, counted and hashed on the way, then moved in one step."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

from backbeat.errors import ModelError
from backbeat.models.remote_file import RemoteFile, TransferFailed, without_secrets

Result = TypeVar("Result")

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are here and the bytes that there will be (None: unknown). May raise to stop."""

Accept = Callable[[Path, str], None]

SCHEMES = {
    "http": ("fetch_http", "open_http"),
    "https": ("fetch_http", "open_http"),
    "s3": ("fetch_s3", "open_s3"),
    "file": ("fetch_file", "open_file"),
    "": ("fetch_file", "open_file"),
}
"""Scheme to module and function; modules are imported when they are needed."""

MAX_BYTES = 2 << 30
"""No model is larger; a server that sends without end is cut off here."""

TEMP_PREFIX, TEMP_SUFFIX = ".", ".part"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be downloaded. sha256, size_bytes: None where nobody has stated them."""

    uri: str
    sha256: str | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Retry:
    """How often a transfer is tried, and how long is waited in between: first_wait_s, then twice as long each time."""

    tries: int = 3
    first_wait_s: float = 0.5
    sleep: Callable[[float], None] = time.sleep

    def run(self, once: Callable[[], Result], what: str) -> Result:
        """Call `once` until it does not raise TransferFailed; raises ModelError when the tries are used up."""
        failure = ""
        for number in range(self.tries):
            if number:
                self.sleep(self.first_wait_s * 2 ** (number - 1))
            try:
                return once()
            except TransferFailed as error:
                failure = str(error)
            except OSError as error:
                raise _disk_error(what, error) from error
        raise ModelError(
            f"{what} could not be downloaded after {self.tries} {'try' if self.tries == 1 else 'tries'}: {failure}",
            advice="Check the internet connection and try again: backbeat models fetch.",
        )


def download(
    wanted: Wanted, target: Path, *, retry: Retry, progress: Progress | None = None, accept: Accept = lambda *_: None
) -> str:
    """Bring `wanted` to `target`, which appears complete or not at all; returns its SHA-256.

    accept: sees the file and its SHA-256 before it is moved into place, and may raise. The caller holds a lock on the
    folder: temp files of earlier, killed downloads are removed. Raises ModelError.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for stale in target.parent.glob(f"{TEMP_PREFIX}{target.name}.*{TEMP_SUFFIX}"):
            stale.unlink(missing_ok=True)
    except OSError as error:
        raise _disk_error(target.name, error) from error
    return retry.run(lambda: _download_once(wanted, target, progress, accept), target.name)


def _download_once(wanted: Wanted, target: Path, progress: Progress | None, accept: Accept) -> str:
    temp = target.with_name(f"{TEMP_PREFIX}{target.name}.{uuid4().hex[:8]}{TEMP_SUFFIX}")
    try:
        with open_uri(wanted.uri) as remote, temp.open("xb") as file:
            sha256 = _copy(remote, file, wanted, progress)
        accept(temp, sha256)
        temp.replace(target)
    finally:
        temp.unlink(missing_ok=True)
    sync_folder(target.parent)
    return sha256


def open_uri(uri: str) -> AbstractContextManager[RemoteFile]:
    """Open any address of SCHEMES, or a path; raises ModelError for another scheme."""
    scheme = urlsplit(uri).scheme
    if len(scheme) == 1:  # a drive letter
        scheme = ""
    if scheme not in SCHEMES:
        raise ModelError(
            f"{without_secrets(uri)} cannot be fetched: {scheme}:// is not known.",
            advice="Use http://, https://, s3:// or file://.",
        )
    module, function = SCHEMES[scheme]
    opened: AbstractContextManager[RemoteFile] = getattr(import_module(f"backbeat.models.{module}"), function)(uri)
    return opened


def _copy(remote: RemoteFile, file: IO[bytes], wanted: Wanted, progress: Progress | None) -> str:
    """Write all chunks; raises TransferFailed when there are too few, too many, or the wrong ones."""
    expected = wanted.size_bytes or remote.size_bytes
    limit = min(expected or MAX_BYTES, MAX_BYTES)
    sha = hashlib.sha256()
    done = 0
    for chunk in remote.chunks:
        done += len(chunk)
        if done > limit:
            raise TransferFailed(f"It is larger than the {limit:,} bytes that were expected.")
        sha.update(chunk)
        file.write(chunk)
        if progress:
            progress(done, expected)
    if expected is not None and done != expected:
        raise TransferFailed(f"It broke off after {done:,} of {expected:,} bytes.")
    if wanted.sha256 is not None and sha.hexdigest() != wanted.sha256:
        raise TransferFailed(f"Its SHA-256 is {sha.hexdigest()} and should be {wanted.sha256}: damaged, or another file.")
    file.flush()
    os.fsync(file.fileno())
    return sha.hexdigest()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; raises ModelError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.", advice="Check its permissions.") from error


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut, where the system can."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _disk_error(what: str, error: OSError) -> ModelError:
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return ModelError(f"The disk is full: {what} could not be saved.", advice="Free some space and try again.")
    where = f" in {Path(error.filename).parent}" if error.filename else ""
    return ModelError(
        f"{what} could not be saved{where}: {error.strerror or error}.",
        advice="Choose a folder that can be written (models.cache_folder in the config, or MODEL_CACHE_DIR).",
    )
