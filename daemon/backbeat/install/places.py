"""Where REAPER, Ableton Live, MuseScore and Ardour look for what is added to them, on each system.

REAPER: its resource folder. Live: the User Library. MuseScore: its folder among the user's documents. Ardour: its configuration
folder. Whatever we put there goes into one folder `Backbeat` of its own; only Ardour wants its scripts side by side.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

import platformdirs

from backbeat.errors import InstallError


class Program(StrEnum):
    """What Backbeat can be installed into."""

    REAPER = "reaper"
    LIVE = "live"
    MUSESCORE = "musescore"
    ARDOUR = "ardour"

    @property
    def label(self) -> str:
        """As it is called on the screen."""
        return _LABELS[self]


_LABELS: Mapping[Program, str] = {
    Program.REAPER: "REAPER",
    Program.LIVE: "Ableton Live",
    Program.MUSESCORE: "MuseScore",
    Program.ARDOUR: "Ardour",
}


class System(StrEnum):
    """The systems that those programs run on."""

    LINUX = "linux"
    MACOS = "macos"
    WINDOWS = "windows"


@dataclass(frozen=True, kw_only=True)
class UserFolders:
    """One user's folders. documents: under its localised name. app_data: Windows' %APPDATA%; elsewhere nothing asks for it."""

    system: System
    home: Path
    documents: Path
    app_data: Path


INSIDE: Mapping[Program, PurePosixPath] = {
    Program.REAPER: PurePosixPath("Scripts/Backbeat"),
    Program.LIVE: PurePosixPath("Presets/MIDI Effects/Max MIDI Effect/Backbeat"),
    Program.MUSESCORE: PurePosixPath("Plugins/Backbeat"),
    Program.ARDOUR: PurePosixPath("scripts"),  # it does not look into folders within
}
"""Our own folder, inside the program's."""

_ARDOUR_VERSIONS = (9, 8, 7)
"""Those whose scripts have the interface that ours uses."""


def user_folders() -> UserFolders:
    """Those of the user who runs this."""
    home = Path.home()
    system = {"darwin": System.MACOS, "win32": System.WINDOWS}.get(sys.platform, System.LINUX)
    app_data = Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming")
    return UserFolders(system=system, home=home, documents=platformdirs.user_documents_path(), app_data=app_data)


def program_folders(program: Program, user: UserFolders) -> tuple[Path, ...]:
    """Where the program keeps what is added to it, one for each version; empty when it does not run on that system."""
    if program is Program.REAPER:
        return (_reaper_resources(user),)
    if program is Program.MUSESCORE:
        return (user.documents / "MuseScore4", user.documents / "MuseScore3")
    if program is Program.ARDOUR:
        return tuple(_ardour_config(user, version) for version in _ARDOUR_VERSIONS)
    return {
        System.MACOS: (user.home / "Music" / "Ableton" / "User Library",),
        System.WINDOWS: (user.documents / "Ableton" / "User Library",),
        System.LINUX: (),
    }[user.system]


def _reaper_resources(user: UserFolders) -> Path:
    return {
        System.LINUX: user.home / ".config" / "REAPER",
        System.MACOS: user.home / "Library" / "Application Support" / "REAPER",
        System.WINDOWS: user.app_data / "REAPER",
    }[user.system]


def _ardour_config(user: UserFolders, version: int) -> Path:
    return {
        System.LINUX: user.home / ".config" / f"ardour{version}",
        System.MACOS: user.home / "Library" / "Preferences" / f"Ardour{version}",
        System.WINDOWS: user.app_data.parent / "Local" / f"Ardour{version}",
    }[user.system]


def our_folder(program: Program, program_folder: Path) -> Path:
    """Our folder inside a folder of the program's."""
    return program_folder / INSIDE[program]


def places(program: Program, user: UserFolders, to: Path | None = None) -> tuple[Path, ...]:
    """Our folders for all versions of the program that have been used, or inside `to` alone.

    Raises InstallError when the program has left no folder yet, or when `to` is none.
    """
    if to is not None:
        if not to.is_dir():
            raise InstallError(f"{to} is not a folder.", advice=f"--to names {_TO_IS[program]}.")
        return (our_folder(program, to),)
    folders = program_folders(program, user)
    found = tuple(our_folder(program, folder) for folder in folders if folder.is_dir())
    if found:
        return found
    if not folders:
        raise InstallError(
            f"{program.label} does not run on this system.",
            advice=f"To put the files elsewhere, say --to FOLDER: {_TO_IS[program]}.",
        )
    raise InstallError(
        f"{program.label} has no folder here yet: {' or '.join(map(str, folders))}.",
        advice=f"Start {program.label} once. If it keeps its files elsewhere, say --to FOLDER: {_TO_IS[program]}.",
    )


_TO_IS: Mapping[Program, str] = {
    Program.REAPER: "REAPER's resource folder (Options > Show REAPER resource path), for a portable install the program's own",
    Program.LIVE: "the User Library (Settings > Library in Live)",
    Program.MUSESCORE: "the folder that holds MuseScore's Plugins folder (Preferences > Folders)",
    Program.ARDOUR: "Ardour's configuration folder, such as ~/.config/ardour8",
}
