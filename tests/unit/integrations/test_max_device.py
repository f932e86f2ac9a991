"""The Max for Live device is what its parts say, byte by byte."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
import tomllib
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest
from tests.script_module import script_module

from backbeat.config.schema import LiveConfig, OscConfig
from backbeat.live import ableton_osc
from backbeat.live.hits_to_clip import NOTE_BEATS, SAME_BEATS
from backbeat.live.live_set import OWN_MARK
from backbeat.outputs.note_map import load_note_map
from backbeat.resources import integrations_folder
from backbeat.settings import BPM_MAX
from backbeat.values import Stage

FOLDER = integrations_folder() / "ableton"
DEVICE = (FOLDER / "Backbeat.amxd").read_bytes()
SCRIPT = (FOLDER / "backbeat.js").read_text("utf-8")
README = (FOLDER / "README.md").read_text("utf-8")
DESCRIPTION = json.loads((FOLDER / "patch.json").read_text("utf-8"))
PATCH = json.loads(DEVICE[32:].removesuffix(b"\0"))["patcher"]
BOXES: dict[str, Any] = {box["box"]["id"]: box["box"] for box in PATCH["boxes"]}


@pytest.fixture(scope="module")
def make_device() -> ModuleType:
    return script_module(FOLDER / "make_device.py")


def test_the_head_of_the_file_is_that_of_an_unfrozen_midi_effect() -> None:
    head = DEVICE[:32]
    assert head[:4] == b"ampf"
    assert head[4:8] == b"\x04\0\0\0"
    assert head[8:12] == b"mmmm"
    assert head[12:16] == b"meta"
    assert head[16:20] == b"\x04\0\0\0"
    assert head[20:24] == b"\0\0\0\0"
    assert head[24:28] == b"ptch"
    assert struct.unpack("<I", head[28:32]) == (len(DEVICE) - 32,)
    assert DEVICE[32:33] == b"{"
    assert DEVICE[-2:] == b"\n\0"
    assert b"mx@c" not in DEVICE, "frozen devices hold this"


def test_the_device_in_the_repository_is_the_one_that_its_parts_make(make_device: ModuleType) -> None:
    assert make_device.device_bytes(DESCRIPTION) == DEVICE, "run integrations/ableton/make_device.py"


def test_making_it_needs_nothing_but_python_and_writes_the_same_again(tmp_path: Path) -> None:
    for name in ("make_device.py", "patch.json"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    subprocess.run([sys.executable, "-I", "-S", str(tmp_path / "make_device.py")], check=True, timeout=60)
    assert (tmp_path / "Backbeat.amxd").read_bytes() == DEVICE


def test_every_cord_joins_an_outlet_and_an_inlet_that_are_there() -> None:
    for line in PATCH["lines"]:
        (source, outlet), (destination, inlet) = line["patchline"]["source"], line["patchline"]["destination"]
        assert 0 <= outlet < BOXES[source]["numoutlets"]
        assert 0 <= inlet < BOXES[destination]["numinlets"]
    assert len(PATCH["lines"]) == len(DESCRIPTION["wires"])


def test_every_box_says_as_many_outlet_types_as_it_has_outlets_and_what_is_seen_fits_the_device() -> None:
    for box in BOXES.values():
        assert len(box.get("outlettype", [])) == box["numoutlets"]
        if box.get("presentation"):
            x, y, width, height = box["presentation_rect"]
            assert x + width <= PATCH["devicewidth"]
            assert y + height <= 169
    assert PATCH["openinpresentation"] == 1


def texts() -> set[str]:
    return {box.get("text", "") for box in BOXES.values()}


def test_the_device_speaks_to_the_daemons_port_and_listens_where_its_script_says() -> None:
    (reply_port,) = re.findall(r"^var REPLY_PORT = (\d+);", SCRIPT, flags=re.MULTILINE)
    assert {f"udpsend 127.0.0.1 {OscConfig().port}", f"udpreceive {reply_port}", "js backbeat.js", "live.thisdevice"} <= texts()
    assert int(reply_port) not in (OscConfig().port, LiveConfig().send_port, LiveConfig().receive_port)


def test_what_comes_in_as_midi_goes_on_to_the_drum_rack() -> None:
    by_text = {box.get("text"): name for name, box in BOXES.items()}
    cords = [(line["patchline"]["source"][0], line["patchline"]["destination"][0]) for line in PATCH["lines"]]
    assert (by_text["midiin"], by_text["midiout"]) in cords


def test_the_script_has_as_many_outlets_as_its_box() -> None:
    (box,) = [box for box in BOXES.values() if box.get("text") == "js backbeat.js"]
    assert f"outlets = {box['numoutlets']};" in SCRIPT


def test_the_script_has_the_pads_of_the_note_map_and_the_numbers_of_the_daemon() -> None:
    table = re.search(r"var PADS = \{(.*?)\};", SCRIPT, flags=re.DOTALL)
    assert table
    pads = {name: int(pitch) for name, pitch in re.findall(r"(\w+): (\d+)", table[1])}
    assert pads == {str(instrument): note for instrument, note in load_note_map("ableton-drum-rack").notes.items()}
    stages = re.search(r"var STAGES = (\[.*?\]);", SCRIPT)
    assert stages
    assert json.loads(stages[1]) == list(Stage)
    assert f"var NOTE_BEATS = {NOTE_BEATS};" in SCRIPT
    assert f"var SAME_BEATS = {SAME_BEATS};" in SCRIPT
    assert f"var TEMPO_MAX = {BPM_MAX:g};" in SCRIPT
    assert f'var CLIP_MARK = "{OWN_MARK}";' in SCRIPT


def test_the_script_keeps_to_the_old_javascript_that_max_runs() -> None:
    code = re.sub(r'"(\\.|[^"\\])*"|//.*', "", SCRIPT)
    for newer in (
        r"=>",
        r"\blet\b",
        r"\bconst\b",
        r"`",
        r"\bclass\b",
        r"\.\.\.",
        r"\bof\b",
        r"\?\.",
        r"\?\?",
        r"\basync\b",
        r"\*\*",
    ):
        assert not re.search(newer, code), newer


def test_the_readme_names_the_ports_and_both_ways() -> None:
    assert (LiveConfig().send_port, LiveConfig().receive_port) == (ableton_osc.SEND_PORT, ableton_osc.RECEIVE_PORT)
    (example,) = re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL)
    assert tomllib.loads(dedent(example)) == {"live": {"enabled": True}}
    for word in ("11000", "11001", "9753", "9754", "Backbeat.amxd", "backbeat to-live", "AbletonOSC"):
        assert word in README
