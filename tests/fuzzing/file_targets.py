"""Small files that people write, or that Backbeat wrote and reads again: presets, config, settings, results, messages."""

from __future__ import annotations

import json
import tomllib
from functools import cache, partial
from pathlib import Path

from tests.fuzzing.target import Run, Target

from backbeat.config.environment import VARIABLES
from backbeat.config.load import DEFAULTS_FILE, load_config
from backbeat.config.serialise import config_from_json, config_to_json
from backbeat.intake.bounce_settings import bounce_options, bounce_settings_path
from backbeat.outputs.notation.staff_map import read_staff_map
from backbeat.outputs.note_map import check_note_map, read_note_map
from backbeat.outputs.read_result import read_result
from backbeat.pipeline.request import Request
from backbeat.presets.names_to_rows import names_to_rows
from backbeat.presets.note_map_to_toml import note_map_to_toml
from backbeat.presets.note_names import read_note_names
from backbeat.resources import presets_folder
from backbeat.service import worker_messages as say
from backbeat.settings import OPTIONS, Settings
from backbeat.values import Instrument, OutputKind, Stage

TOML_TOKENS = (
    *b'[ [[ {a= \' """ \\u0000 \\uD800 =nan =-inf =99999999999999999999 =1979-05-27 =[] ={} =true \xff \0'.split(),
    *(b"\n[notes]\n", b"\n[[watch]]\n", b"\r"),
)
JSON_TOKENS = (
    b"[",
    b"{",
    b'{"a":',
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"null",
    b"true",
    b"-1",
    b'"\\ud800"',
    b"9" * 5000,
    b'"x"',
    b"\xff",
)


def _note_map(folder: Path) -> Run:
    path = folder / "general-midi.toml"

    def run(data: bytes) -> None:
        path.write_bytes(data)
        check_note_map(path)
        note_map = read_note_map(path)
        assert set(note_map.notes) == set(Instrument)
        assert all(0 <= note <= 127 for note in note_map.notes.values())
        assert read_again(note_map_to_toml(note_map)) == tomllib.loads(note_map_to_toml(note_map))

    def read_again(text: str) -> object:
        path.write_text(text, encoding="utf-8")
        read_note_map(path)
        return tomllib.loads(text)

    return run


def _staff_map(folder: Path) -> Run:
    path = folder / "notation-standard.toml"

    def run(data: bytes) -> None:
        path.write_bytes(data)
        assert set(read_staff_map(path).places) == set(Instrument)

    return run


def _note_names(folder: Path) -> Run:
    path = folder / "names.txt"

    def run(data: bytes) -> None:
        path.write_bytes(data)
        for names in read_note_names(path):
            assert all(0 <= each.note <= 127 for each in names.names)
            names_to_rows(names)

    return run


def _config(folder: Path) -> Run:
    path = folder / "config.toml"
    names = sorted(VARIABLES)

    def run(data: bytes) -> None:
        path.write_bytes(data)
        text = data.decode("utf-8", "surrogateescape")
        environ = {names[len(data) % len(names)]: text[:200]} if len(data) % 3 == 0 else {}
        config = load_config(path, environ=environ).config
        assert config_from_json(config_to_json(config)) == config

    return run


def _bounce_settings(folder: Path) -> Run:
    recording = folder / "song.wav"

    def run(data: bytes) -> None:
        bounce_settings_path(recording).write_bytes(data)
        assert set(bounce_options(recording)) <= set(OPTIONS)

    return run


def _result(folder: Path) -> Run:
    path = folder / "song.drums.json"

    def run(data: bytes) -> None:
        path.write_bytes(data)
        result = read_result(path)
        assert all(hit.time_s >= 0 and 1 <= hit.velocity <= 127 and 0 <= hit.confidence <= 1 for hit in result.hits)

    return run


def _messages(_folder: Path) -> Run:
    def run(data: bytes) -> None:
        message = say.from_line(data)
        if message is not None:
            assert type(message) in say.MESSAGE_TYPES.values()

    return run


def _without_comments(path: Path) -> bytes:
    """Changes shall hit what is read."""
    return b"".join(line for line in path.read_bytes().splitlines(keepends=True) if line.strip() and not line.startswith(b"#"))


def _toml_presets(*, notation: bool) -> list[bytes]:
    files = sorted(presets_folder().glob("*.toml"))
    return [_without_comments(path) for path in files if path.name.startswith("notation-") == notation]


@cache
def _midnam() -> bytes:
    rows = "".join(f'<Note Number="{n}" Name="{name}"/>' for n, name in ((36, "Kick"), (38, "Snare"), (42, "HH closed")))
    return (
        '<?xml version="1.0"?><!DOCTYPE MIDINameDocument PUBLIC "-//MIDI//DTD" "http://www.midi.org/dtds/MIDINameDocument10.dtd">'
        f'<MIDINameDocument><MasterDeviceNames><NoteNameList Name="Kit"><NoteGroup Name="A">{rows}</NoteGroup></NoteNameList>'
        "</MasterDeviceNames></MIDINameDocument>"
    ).encode()


def _lines() -> list[bytes]:
    request = Request(path=Path("/a/song.wav"), fingerprint="0" * 64, out_base=Path("/a/song.drums"), settings=Settings())
    messages = (
        *(say.Hello(), say.Preload(), say.Work(job_id="a", request=request), say.Cancel(job_id="a"), say.Ready(pid=1)),
        *(say.Preloaded(took_s=1.0, error=None), say.Progress(job_id="a", stage=Stage.HITS, fraction=0.5)),
        say.Written(job_id="a", kind=OutputKind.MIDI, path=Path("/a/b.mid")),
        say.Finished(job_id="a", outputs={OutputKind.MIDI: Path("/a/b.mid")}, summary={"hits": 3}),
        say.Failed(job_id="a", code="x", message="y", advice="z", retry=False),
        *(say.Stopped(job_id="a"), say.LogLine(level=20, logger="x", text="y", job_id=None)),
    )
    return [say.to_line(message) for message in messages]


def _golden() -> list[bytes]:
    return [(Path(__file__).parents[1] / "goldens" / "groove.json").read_bytes()]


def _options() -> list[bytes]:
    return [json.dumps({name: 1}).encode() for name in OPTIONS] + [b'{"bpm": 128, "meter": "7/8", "sensitivity": "60, hihat=70"}']


_XML_TOKENS = (b"<!ENTITY a 'b'>", b"<!DOCTYPE x [", b"&a;", b"&#0;", b"<![CDATA[", b"\xff\xfe", b"CC4 x", b"99999 x\n", b"<a>")
_CONFIG_TOKENS = (b'\n[[osc.send]]\nto = "127.0.0.1:9000"\naddress = "/a"\n', b"\n[transcribe]\nbpm = ")


def _names() -> list[bytes]:
    return [_midnam(), b"36 Kick\n38 Snare\n42 Closed Hat\n"]


def _configs() -> list[bytes]:
    return [_without_comments(DEFAULTS_FILE), b'[[watch]]\npath = "a"\n[osc]\nport = 9000\n']


TARGETS = (
    Target(name="note-map", open=_note_map, seeds=partial(_toml_presets, notation=False), tokens=TOML_TOKENS),
    Target(name="staff-map", open=_staff_map, seeds=partial(_toml_presets, notation=True), tokens=TOML_TOKENS),
    Target(name="note-names", open=_note_names, seeds=_names, tokens=_XML_TOKENS),
    Target(name="config", open=_config, seeds=_configs, tokens=(*TOML_TOKENS, *_CONFIG_TOKENS)),
    Target(name="bounce-settings", open=_bounce_settings, seeds=_options, tokens=JSON_TOKENS),
    Target(name="result", open=_result, seeds=_golden, tokens=JSON_TOKENS),
    Target(name="worker-message", open=_messages, seeds=_lines, tokens=JSON_TOKENS, allowed=()),
)
