"""Where the programs keep what is added to them, on each system."""

from __future__ import annotations

from pathlib import Path

import pytest

from backbeat.errors import InstallError
from backbeat.install.places import Program, System, UserFolders, places


def user(tmp_path: Path, system: System, documents: str = "Documents") -> UserFolders:
    return UserFolders(system=system, home=tmp_path, documents=tmp_path / documents, app_data=tmp_path / "AppData" / "Roaming")


@pytest.mark.parametrize(
    ("program", "system", "program_folder", "ours"),
    [
        (Program.REAPER, System.LINUX, ".config/REAPER", "Scripts/Backbeat"),
        (Program.REAPER, System.MACOS, "Library/Application Support/REAPER", "Scripts/Backbeat"),
        (Program.REAPER, System.WINDOWS, "AppData/Roaming/REAPER", "Scripts/Backbeat"),
        (Program.LIVE, System.MACOS, "Music/Ableton/User Library", "Presets/MIDI Effects/Max MIDI Effect/Backbeat"),
        (Program.LIVE, System.WINDOWS, "Documents/Ableton/User Library", "Presets/MIDI Effects/Max MIDI Effect/Backbeat"),
        (Program.MUSESCORE, System.LINUX, "Documents/MuseScore4", "Plugins/Backbeat"),
        (Program.MUSESCORE, System.MACOS, "Documents/MuseScore3", "Plugins/Backbeat"),
        (Program.MUSESCORE, System.WINDOWS, "Documents/MuseScore4", "Plugins/Backbeat"),
        (Program.ARDOUR, System.LINUX, ".config/ardour7", "scripts"),
        (Program.ARDOUR, System.MACOS, "Library/Preferences/Ardour8", "scripts"),
        (Program.ARDOUR, System.WINDOWS, "AppData/Local/Ardour7", "scripts"),
    ],
)
def test_a_program_that_was_used_has_one_place(
    tmp_path: Path, program: Program, system: System, program_folder: str, ours: str
) -> None:
    (tmp_path / program_folder).mkdir(parents=True)
    assert places(program, user(tmp_path, system)) == (tmp_path / program_folder / ours,)


def test_both_versions_of_musescore_get_the_plugin_in_a_folder_of_any_language(tmp_path: Path) -> None:
    for version in ("MuseScore3", "MuseScore4"):
        (tmp_path / "Dokumente" / version).mkdir(parents=True)
    found = places(Program.MUSESCORE, user(tmp_path, System.LINUX, "Dokumente"))
    assert [path.relative_to(tmp_path / "Dokumente").parts[0] for path in found] == ["MuseScore4", "MuseScore3"]


@pytest.mark.parametrize("program", Program)
@pytest.mark.parametrize("system", System)
def test_where_the_program_was_never_started_nothing_is_guessed(tmp_path: Path, program: Program, system: System) -> None:
    with pytest.raises(InstallError) as caught:
        places(program, user(tmp_path, system))
    assert "--to FOLDER" in caught.value.advice
    assert ("does not run" in caught.value.message) == (program is Program.LIVE and system is System.LINUX)


@pytest.mark.parametrize("program", Program)
def test_a_folder_that_is_named_stands_for_the_programs_own(tmp_path: Path, program: Program) -> None:
    (place,) = places(program, user(tmp_path, System.LINUX), tmp_path)
    assert place.name == ("scripts" if program is Program.ARDOUR else "Backbeat")
    assert place.is_relative_to(tmp_path)
    with pytest.raises(InstallError, match="is not a folder"):
        places(program, user(tmp_path, System.LINUX), tmp_path / "none")
