"""Where the files that are not code lie: note maps and notation (`presets/`), what goes into a DAW (`integrations/`).

In a wheel they are inside the package; in an editable install they are the repository's own top-level folders.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_REPOSITORY = _PACKAGE.parents[1]


def presets_folder() -> Path:
    """The folder with the shipped note maps and notation tables, one TOML each."""
    return _folder("presets")


def integrations_folder() -> Path:
    """The folder with what a user installs into REAPER, Live or MuseScore."""
    return _folder("integrations")


def _folder(name: str) -> Path:
    packaged = _PACKAGE / f"{name}_data"
    return packaged if packaged.is_dir() else _REPOSITORY / name
