"""demucs's own download, in a process of its own and in quarantine.

demucs 4.1 knows where its weights are (first the Hugging Face hub, then Meta's server), but opens what it downloads at
once, may end the process, and keeps files in two caches of its own. So it runs as a child whose caches are a
temporary folder and whose torch refuses to unpickle anything but tensors; how it ends does not matter. Out of the
quarantine come only files whose checksum is in the catalogue.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from backbeat.errors import EngineMissing, ModelError
from backbeat.extras import how_to_add
from backbeat.models.catalogue import CatalogueEntry
from backbeat.models.download import Progress, Retry, sha256_of, sync_folder
from backbeat.models.receipt import write_receipt
from backbeat.models.remote_file import TransferFailed

CHILD = (sys.executable, "-m", "backbeat.engines.demucs.download")
POLL_S = 0.2
STALL_S = 180.0
"""A download that brings nothing for so long is given up: torch's own has no time limit."""


def fetch_demucs(
    entry: CatalogueEntry,
    folder: Path,
    *,
    retry: Retry,
    progress: Progress | None = None,
    child: Sequence[str] = CHILD,
    stall_s: float = STALL_S,
) -> None:
    """Fill `folder` with a demucs repository: `<name>.yaml` and the weights. It appears complete or not at all.

    The caller holds a lock on the folder. Raises ModelError.
    """
    if find_spec("demucs") is None:
        raise EngineMissing(
            f"{entry.name} is downloaded by demucs, which is not installed.",
            advice=how_to_add(entry.extra),
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    for stale in folder.parent.glob(f".{folder.name}.fetch-*"):
        shutil.rmtree(stale, ignore_errors=True)

    # Every second try leaves the hub out: its files can be replaced by others, Meta's are named by their checksum.
    places = cycle(({}, {"HF_HUB_OFFLINE": "1"}))

    def once() -> None:
        with TemporaryDirectory(prefix=f".{folder.name}.fetch-", dir=folder.parent) as name:
            quarantine, clean = Path(name), Path(name) / "clean"
            clean.mkdir()
            command = [*child, entry.name, str(clean)]
            environment = _environment(quarantine) | next(places)
            complaint = _run_child(command, environment, quarantine, entry=entry, progress=progress, stall_s=stall_s)
            _take_out(entry, quarantine, clean, complaint)
            shutil.rmtree(folder, ignore_errors=True)
            clean.replace(folder)
            sync_folder(folder.parent)

    retry.run(once, entry.name)


def _environment(quarantine: Path) -> dict[str, str]:
    """For the child: caches inside the quarantine, and no unpickling of anything but tensors."""
    return os.environ | {
        "HF_HOME": str(quarantine / "hub"),
        "HF_HUB_CACHE": str(quarantine / "hub"),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TORCH_HOME": str(quarantine / "torch"),
        "TORCH_FORCE_WEIGHTS_ONLY_LOAD": "1",
    }


def _run_child(
    command: Sequence[str],
    environment: Mapping[str, str],
    quarantine: Path,
    *,
    entry: CatalogueEntry,
    progress: Progress | None,
    stall_s: float,
) -> str:
    """Run demucs until it ends; returns the last line that it wrote. Raises TransferFailed when nothing arrives any more."""
    expected = max((file.size_bytes or 0 for file in entry.files), default=0) or None
    log = quarantine / "log.txt"
    with log.open("wb") as output, _started(command, environment, output) as process:
        done, last_news = 0, time.monotonic()
        while _runs(process):
            size = _size(quarantine)
            if size != done:
                done, last_news = size, time.monotonic()
            if progress:
                progress(min(done, expected) if expected else done, expected)
            if time.monotonic() - last_news > stall_s:
                raise TransferFailed(f"Nothing arrived for {stall_s:.0f} seconds.")
    lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1] if lines else f"demucs ended with {process.returncode}."


@contextmanager
def _started(command: Sequence[str], environment: Mapping[str, str], output: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """The child; it is not left behind, whatever happens here."""
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _runs(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(POLL_S)
    except subprocess.TimeoutExpired:
        return True
    return False


def _size(folder: Path) -> int:
    """Bytes in all files; they come and go meanwhile."""
    total = 0
    for root, _, names in os.walk(folder):
        for path in (Path(root, name) for name in names):
            with suppress(OSError):
                total += path.lstat().st_size
    return total


def _take_out(entry: CatalogueEntry, quarantine: Path, clean: Path, complaint: str) -> None:
    """Move the files of the catalogue whose bytes are right into `clean`; raises TransferFailed when a part is missing."""
    for part in entry.parts:
        for file in (file for file in entry.files if file.part == part):
            found = next((path.resolve() for path in quarantine.rglob(file.name) if path.is_file()), None)
            if found is None:
                continue
            if (sha256 := sha256_of(found)) != file.sha256:
                complaint = f"{file.name} has the SHA-256 {sha256} and should have {file.sha256}."
                continue
            found.replace(clean / file.name)
            write_receipt(clean / file.name, uri=entry.source, sha256=sha256)
            break
        else:
            raise TransferFailed(complaint)
    if not (clean / f"{entry.name}.yaml").is_file():
        raise ModelError(f"demucs does not know {entry.name}: {complaint}", advice="Update Backbeat, and demucs with it.")
