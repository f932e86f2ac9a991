"""The models that there are: name, version, files with checksums, licence, credit. The table is catalogue.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from backbeat.errors import ModelError


class ModelKind(StrEnum):
    """How a model is kept: one file, or a folder in demucs's own repository format."""

    FILE = "file"
    DEMUCS = "demucs"


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """One file and the bytes that it must have.

    part: files of one part are alternatives. uri: None where something else (demucs) knows the place.
    size_bytes: None where only the checksum is known. sha256_from: who states the checksum.
    """

    name: str
    part: str
    sha256: str
    sha256_from: str
    size_bytes: int | None = None
    uri: str | None = None


@dataclass(frozen=True, kw_only=True)
class CatalogueEntry:
    """One model. extra: the install extra that brings the packages which load it."""

    name: str
    version: str
    kind: ModelKind
    summary: str
    licence: str
    credit: str
    source: str
    extra: str
    files: tuple[ModelFile, ...]

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that a complete model has, in the catalogue's order."""
        return tuple(dict.fromkeys(file.part for file in self.files))


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All models. Hashable: model stores are compared by it."""

    entries: tuple[CatalogueEntry, ...]

    def __contains__(self, name: str) -> bool:
        return any(entry.name == name for entry in self.entries)

    def entry(self, name: str) -> CatalogueEntry:
        """The model called `name`; raises ModelError with the names there are."""
        for entry in self.entries:
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in self.entries)
        raise ModelError(f"There is no model called {name!r}.", advice=f"Known: {known}.")

    @property
    def trusted(self) -> frozenset[str]:
        """The checksums of all files in the catalogue: the only files that may be unpickled unasked."""
        return frozenset(file.sha256 for entry in self.entries for file in entry.files)


@cache
def load_catalogue() -> Catalogue:
    """The catalogue that comes with this version."""
    return parse_catalogue(files(__package__).joinpath("catalogue.toml").read_text("utf-8"))


def parse_catalogue(text: str) -> Catalogue:
    """Read a catalogue from TOML as in catalogue.toml; raises TypeError or ValueError where it has mistakes."""
    return Catalogue(entries=tuple(_entry(name, table) for name, table in tomllib.loads(text).items()))


def _entry(name: str, table: dict[str, Any]) -> CatalogueEntry:
    rows = [{"part": row.get("name"), **row} for row in table.pop("files", [])]
    return CatalogueEntry(
        name=name, kind=ModelKind(table.pop("kind", "")), files=tuple(ModelFile(**row) for row in rows), **table
    )
