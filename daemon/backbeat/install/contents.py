"""What is installed into each program: file names in our folder there, with their content."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path, PurePosixPath

from backbeat.install.places import Program

Contents = dict[PurePosixPath, bytes]

_REAPER_COMMAND = PurePosixPath("Drums/backbeat/command.txt")
_MUSESCORE_COMMAND = PurePosixPath("command.txt")
_ARDOUR_COMMAND = PurePosixPath("backbeat-command.txt")
_LIVE_FILES = ("Backbeat.amxd", "backbeat.js")
_ARDOUR_FILES = ("backbeat.lua",)
_MUSESCORE_FILES = ("Backbeat.qml", "Backbeat.drm", "Backbeat-MuseScore-3.drm")


def contents(program: Program, integrations: Path, command: Path) -> Contents:
    """The files for one program. command: the backbeat program, which scripts there start."""
    source = integrations / program
    told = f"{command}\n".encode()
    if program is Program.REAPER:
        scripts = sorted((source / "Drums").rglob("*.lua"))
        return {_relative(path, source): path.read_bytes() for path in scripts} | {_REAPER_COMMAND: told}
    if program is Program.MUSESCORE:
        return _read(source, _MUSESCORE_FILES) | {_MUSESCORE_COMMAND: told}
    if program is Program.ARDOUR:
        return _read(source, _ARDOUR_FILES) | {_ARDOUR_COMMAND: told}
    return _read(integrations / "ableton", _LIVE_FILES)


def backbeat_command() -> Path:
    """The program `backbeat` that runs now: beside this Python, or on the PATH."""
    beside = Path(sys.executable).parent / ("backbeat.exe" if sys.platform == "win32" else "backbeat")
    if beside.is_file():
        return beside
    found = shutil.which("backbeat")
    return Path(found).absolute() if found else beside


def _read(source: Path, names: tuple[str, ...]) -> Contents:
    return {PurePosixPath(name): (source / name).read_bytes() for name in names}


def _relative(path: Path, folder: Path) -> PurePosixPath:
    return PurePosixPath(path.relative_to(folder).as_posix())
