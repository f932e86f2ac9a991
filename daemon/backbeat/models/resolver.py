"""Where engines get their model files: the cache, and behind it the place that a model comes from.

    <cache>/<model>/<version>/<file>

A hit in the cache is answered at once (its size is compared); a miss of a single-file model is fetched, checked and
kept; a model of several files (demucs) is fetched only by `fetch`, so that jobs touch no network for it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from backbeat.errors import ModelError
from backbeat.models.catalogue import Catalogue, CatalogueEntry, ModelFile, ModelKind, load_catalogue
from backbeat.models.download import Progress, Retry, Wanted, download, sha256_of
from backbeat.models.fetch_demucs import fetch_demucs
from backbeat.models.file_lock import file_lock
from backbeat.models.receipt import Receipt, read_receipt, write_receipt
from backbeat.models.remote_file import without_secrets
from backbeat.models.user_folder import is_path, user_folder

LOG = logging.getLogger(__name__)

CONFIGURABLE = "annoteator"
"""The model that MODEL_URI, MODEL_VERSION and MODEL_SHA256 are about (the seed's `complete_network`)."""

LOCK_TIMEOUT_S = 1800.0
HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """The configuration's part about models. uri, version, sha256 are for the model CONFIGURABLE.

    allow_unverified: the user's word that a pickle which the catalogue does not know may be loaded. net_weights: the folder with
    the user's own weights for the engine `net`, or None.
    """

    cache_dir: Path
    uri: str | None = None
    version: str | None = None
    sha256: str | None = None
    allow_unverified: bool = False
    net_weights: Path | None = None


class ModelState(StrEnum):
    """`unverified`: it is here, but nobody has stated which bytes it should have."""

    READY = "ready"
    UNVERIFIED = "unverified"
    DAMAGED = "damaged"
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class ModelStatus:
    """One line of `backbeat models list`. path: None when the model is not here. detail: a sentence, or empty."""

    name: str
    version: str
    licence: str
    credit: str
    source: str
    extra: str
    state: ModelState
    path: Path | None
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A file of a model, with the user's settings applied."""

    path: Path
    wanted: Wanted


@dataclass(frozen=True)
class ModelStore:
    """The models of one configuration. Equal settings make equal stores: opened engines are found again by it."""

    settings: ModelSettings
    catalogue: Catalogue = field(default_factory=load_catalogue)
    retry: Retry = field(default_factory=Retry)

    @property
    def net_weights(self) -> Path | None:
        """The folder with the user's own weights for the engine `net`; None for those in the package."""
        return self.settings.net_weights

    def path(self, name: str) -> Path:
        """The local file of a single-file model, fetched first when it is not here; raises ModelError."""
        place = self._single(self.catalogue.entry(name))
        if _usable(place) is None:
            return self.fetch(name)
        return place.path

    def folder(self, name: str) -> Path:
        """The local folder of a demucs model: one of the catalogue, or `name` is the path of a folder or of a file in one.

        Every file that would be unpickled has been checked. Raises ModelError when it is not here, damaged, or not
        trusted.
        """
        if is_path(name) and name not in self.catalogue:
            return user_folder(name, self.catalogue.trusted, allow_unverified=self.settings.allow_unverified)
        entry = self.catalogue.entry(name)
        status = self.verify(name)
        if status.path is None or entry.kind is not ModelKind.DEMUCS:
            raise ModelError(f"{name} is not a model that separates drums.", advice="Set separator_model to htdemucs.")
        return status.path

    def entries(self) -> tuple[ModelStatus, ...]:
        """All models of the catalogue and what is here of them, by name and size only."""
        return tuple(self._status(entry) for entry in self.catalogue.entries)

    def fetch(self, name: str, progress: Progress | None = None) -> Path:
        """Make sure that a model is here: its file, or its folder. Of two processes, one downloads. Raises ModelError."""
        entry = self.catalogue.entry(name)
        home = self._home(entry)
        with file_lock(home.parent / f".{home.name}.lock", timeout_s=LOCK_TIMEOUT_S):
            if entry.kind is ModelKind.DEMUCS:
                if self._status(entry).state is not ModelState.READY:
                    fetch_demucs(entry, home, retry=self.retry, progress=progress)
                return home
            place = self._single(entry)
            if _usable(place) is None:
                self._fetch_file(place, progress)
            return place.path

    def verify(self, name: str) -> ModelStatus:
        """Read all files of a model and compare their checksums. Raises ModelError when it is missing or damaged.

        A damaged file is set aside (`NAME.damaged`), so that it is not used again and the next fetch brings a new one.
        """
        entry = self.catalogue.entry(name)
        status = self._status(entry)
        advice = f"Download it with: backbeat models fetch {name}"
        if status.path is None:
            raise ModelError(f"The model {name} is not on this computer.", advice=advice)
        for path, expected in self._checks(entry):
            if sha256_of(path) != expected:
                with suppress(OSError):
                    path.replace(path.with_name(f"{path.name}.damaged"))
                raise ModelError(f"{path} was damaged (its checksum is wrong) and has been set aside.", advice=advice)
        if status.state is ModelState.DAMAGED:
            raise ModelError(f"{status.path}: {status.detail}", advice=advice)
        return status

    def _checks(self, entry: CatalogueEntry) -> Iterator[tuple[Path, str]]:
        """The files that are here, each with the checksum that it should have."""
        if entry.kind is ModelKind.FILE:
            place = self._single(entry)
            receipt = read_receipt(place.path)
            if receipt is not None:
                yield place.path, place.wanted.sha256 or receipt.sha256
            return
        for file in entry.files:
            path = self._home(entry) / file.name
            if path.is_file():
                yield path, file.sha256

    def _status(self, entry: CatalogueEntry) -> ModelStatus:
        state, path, detail = self._single_state(entry) if entry.kind is ModelKind.FILE else self._folder_state(entry)
        place = self._single(entry) if entry.kind is ModelKind.FILE else None
        return ModelStatus(
            name=entry.name,
            version=self._version(entry),
            licence=entry.licence,
            credit=entry.credit,
            source=without_secrets(place.wanted.uri) if place else entry.source,
            extra=entry.extra,
            state=state,
            path=path,
            detail=detail,
        )

    def _single_state(self, entry: CatalogueEntry) -> tuple[ModelState, Path | None, str]:
        place = self._single(entry)
        if not place.path.is_file():
            return ModelState.MISSING, None, ""
        receipt = _usable(place)
        if receipt is None:
            return ModelState.DAMAGED, place.path, "It is not the file that the configuration asks for."
        if place.wanted.sha256 is not None or receipt.sha256 in self.catalogue.trusted:
            return ModelState.READY, place.path, ""
        return ModelState.UNVERIFIED, place.path, "Nobody has stated its checksum: set models.sha256 (MODEL_SHA256)."

    def _folder_state(self, entry: CatalogueEntry) -> tuple[ModelState, Path | None, str]:
        home = self._home(entry)
        here = [file for file in entry.files if (home / file.name).is_file()]
        if {file.part for file in here} != set(entry.parts) or not (home / f"{entry.name}.yaml").is_file():
            return ModelState.MISSING, None, ""
        for file in here:
            if not _right_size(home, file):
                return ModelState.DAMAGED, home, f"{file.name} does not have the right size."
        return ModelState.READY, home, ""

    def _single(self, entry: CatalogueEntry) -> _Place:
        """The file of a model with one file, and what the settings say about it; raises ModelError for another model."""
        if entry.kind is not ModelKind.FILE:
            raise ModelError(f"{entry.name} is a folder of files, not one file.", advice="Use it as separator_model.")
        file = entry.files[0]
        own = self.settings if entry.name == CONFIGURABLE else ModelSettings(cache_dir=self.settings.cache_dir)
        uri = own.uri or file.uri or ""
        stated = own.sha256.lower() if own.sha256 else None if own.uri else file.sha256
        size_bytes = file.size_bytes if stated == file.sha256 else None
        return _Place(path=self._home(entry) / file.name, wanted=Wanted(uri=uri, sha256=stated, size_bytes=size_bytes))

    def _version(self, entry: CatalogueEntry) -> str:
        version = (self.settings.version if entry.name == CONFIGURABLE else None) or entry.version
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._+-]*", version):
            raise ModelError(
                f"{version!r} cannot be the version of a model.",
                advice="Use letters, digits, dots and dashes (models.version in the config, or MODEL_VERSION).",
            )
        return version

    def _home(self, entry: CatalogueEntry) -> Path:
        return self.settings.cache_dir / entry.name / self._version(entry)

    def _fetch_file(self, place: _Place, progress: Progress | None) -> None:
        shown = without_secrets(place.wanted.uri)

        def accept(path: Path, sha256: str) -> None:
            if place.wanted.sha256 is None and sha256 not in self.catalogue.trusted:
                _refuse_other_formats(path, shown)
                LOG.warning("nobody has stated the checksum of %s: it is used unverified", shown)

        sha256 = download(place.wanted, place.path, retry=self.retry, progress=progress, accept=accept)
        write_receipt(place.path, uri=shown, sha256=sha256)


def _usable(place: _Place) -> Receipt | None:
    """The receipt of the cached file if it is the wanted one: by checksum where one is stated, else by its address."""
    receipt = read_receipt(place.path)
    if receipt is None or place.path.stat().st_size != receipt.size_bytes:
        return None
    if place.wanted.sha256 is not None:
        return receipt if receipt.sha256 == place.wanted.sha256 else None
    return receipt if receipt.uri in (None, without_secrets(place.wanted.uri)) else None


def _right_size(home: Path, file: ModelFile) -> bool:
    path = home / file.name
    receipt = read_receipt(path)
    return receipt is not None and path.stat().st_size == (file.size_bytes or receipt.size_bytes)


def _refuse_other_formats(path: Path, shown: str) -> None:
    """An unverified file must at least be what its name says: HDF5, and neither a pickle nor a web page."""
    with path.open("rb") as file:
        magic = file.read(len(HDF5_MAGIC))
    if magic != HDF5_MAGIC:
        raise ModelError(
            f"What {shown} gave is not a Keras HDF5 model.",
            advice="Check the address of the model (models.uri in the config, or MODEL_URI).",
        )
