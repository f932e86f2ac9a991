"""What ReaPack and a careful user see of the scripts: the index, the actions, no file forgotten."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import pytest
from tests.script_module import script_module

import backbeat
from backbeat.resources import presets_folder
from backbeat.settings import OPTIONS
from backbeat.values import Stage

ACTIONS = {
    "Backbeat_Transcribe selected items.lua",
    "Backbeat_Transcribe time selection of selected tracks.lua",
    "Backbeat_Transcribe stems of selected tracks.lua",
    "Backbeat_Cancel.lua",
    "Backbeat_Settings.lua",
}


@pytest.fixture(scope="module")
def make_index(reaper_folder: Path) -> ModuleType:
    return script_module(reaper_folder / "make_index.py")


@pytest.fixture(scope="module")
def sources(reaper_folder: Path) -> list[ET.Element]:
    return ET.parse(reaper_folder / "index.xml").findall("category/reapack/version/source")


def test_the_index_is_as_the_script_makes_it_for_this_version(reaper_folder: Path, make_index: ModuleType) -> None:
    url = make_index.PUBLISHED.format(version=backbeat.__version__)
    made = make_index.index_xml(backbeat.__version__, url)
    assert (reaper_folder / "index.xml").read_text("utf-8") == made, "run integrations/reaper/make_index.py"
    assert make_index.backbeat_version() == backbeat.__version__


def test_the_index_is_in_reapacks_form(reaper_folder: Path) -> None:
    index = ET.parse(reaper_folder / "index.xml").getroot()
    assert (index.tag, index.get("version"), index.get("name")) == ("index", "1", "Backbeat")
    (package,) = index.findall("category/reapack")
    assert package.get("type") == "script"
    assert (reaper_folder / "Drums" / str(package.get("name"))).is_file()
    (release,) = package.findall("version")
    assert re.fullmatch(r"\d+(\.\d+)*\w*", str(release.get("name")))
    assert release.get("author")


def test_every_script_is_in_the_index_once_and_only_actions_are_registered(
    reaper_folder: Path, sources: list[ET.Element], make_index: ModuleType
) -> None:
    folder = reaper_folder / "Drums"
    named = [source.get("file", make_index.PACKAGE) for source in sources]
    assert sorted(named) == sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.lua"))
    assert {source.get("file", make_index.PACKAGE) for source in sources if source.get("main")} == ACTIONS
    for source, name in zip(sources, named, strict=True):
        assert " " not in str(source.text)
        assert unquote(str(source.text)).endswith(f"/{backbeat.__version__}/Drums/{name}")


def test_no_script_but_the_package_itself_is_found_by_an_indexer_of_headers(reaper_folder: Path, make_index: ModuleType) -> None:
    for path in (reaper_folder / "Drums").rglob("*.lua"):
        first = path.read_text("utf-8").splitlines()[0]
        assert first.startswith("-- @description ") if path.name == make_index.PACKAGE else first == "-- @noindex", path


def test_library_files_stay_small(reaper_folder: Path) -> None:
    long = {path.name: n for path in reaper_folder.rglob("*.lua") if (n := len(path.read_text("utf-8").splitlines())) > 350}
    assert not long


def test_the_note_maps_that_plugins_are_known_by_are_shipped(reaper_folder: Path) -> None:
    text = (reaper_folder / "Drums" / "backbeat" / "note_names.lua").read_text("utf-8")
    table = text.split("local PLUGINS = {", 1)[1].split("\n}", 1)[0]
    named = re.findall(r'\{ "[^"]+", "([^"]+)" \}', table)
    assert len(named) >= 9
    assert set(named) <= {path.stem for path in presets_folder().glob("*.toml")}


def test_the_stages_that_are_shown_are_those_of_a_job_in_their_order(reaper_folder: Path) -> None:
    text = (reaper_folder / "Drums" / "backbeat" / "job.lua").read_text("utf-8")
    assert re.findall(r'\{ name = "(\w+)", words = ', text) == [stage.value for stage in Stage]


def test_what_goes_beside_the_render_are_settings_of_a_job(reaper_folder: Path) -> None:
    text = (reaper_folder / "Drums" / "backbeat" / "sidecar.lua").read_text("utf-8")
    named = {*re.findall(r"\bsettings\.(\w+) = ", text), *re.findall(r"settings = \{ (\w+) = ", text)}
    assert named == {"preset", "host_bpm", "meter", "lead_in"}
    assert named <= set(OPTIONS)
