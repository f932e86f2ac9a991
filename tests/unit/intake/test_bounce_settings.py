"""Settings of one bounce in a JSON file beside it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.errors import BounceSettingsWrong
from backbeat.intake.bounce_settings import MAX_BYTES, bounce_options, bounce_settings_path, is_bounce_settings
from backbeat.intake.roots import Roots
from backbeat.sensitivity import Sensitivity
from backbeat.settings import OPTIONS, Settings
from backbeat.values import Meter


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return tmp_path / "song.wav"


def beside(song: Path, text: str | bytes) -> Path:
    path = song.with_name("song.backbeat.json")
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def mistakes(song: Path, roots: Roots | None = None) -> str:
    with pytest.raises(BounceSettingsWrong) as raised:
        bounce_options(song, roots)
    return raised.value.message


def test_what_a_script_wrote_beside_the_bounce_is_read(song: Path) -> None:
    beside(song, '{"bpm": 128, "meter": "7/8", "first_downbeat": 1.25, "host-bpm": "127.5", "preset": "general-midi"}')
    assert bounce_options(song) == {
        "bpm": 128.0,
        "meter": Meter(7, 8),
        "first_downbeat": 1.25,
        "host_bpm": 127.5,
        "preset": "general-midi",
    }


def test_any_setting_of_a_job_can_be_set_by_its_name(song: Path) -> None:
    defaults = json.loads(Settings().to_json())
    assert defaults.keys() == OPTIONS.keys()
    beside(song, json.dumps(defaults))
    assert Settings(**bounce_options(song)) == Settings()
    beside(song, '{"keep_stem": true, "quantize": 50.0, "sensitivity": "60, hihat=70", "pdf": "none"}')
    changed = Settings().changed(bounce_options(song))
    assert (changed.keep_stem, changed.quantize, changed.pdf) == (True, 50, "none")
    assert changed.sensitivity == Sensitivity.parse("60, hihat=70")


@pytest.mark.parametrize("text", ["{}", '{"bpm": null}', "  {}\r\n", b"\xef\xbb\xbf{}"])
def test_settings_that_say_nothing_change_nothing(song: Path, text: str | bytes) -> None:
    beside(song, text)
    assert bounce_options(song) == {}


def test_without_the_file_nothing_is_set_and_a_neighbours_file_does_not_count(song: Path) -> None:
    (song.parent / "song 2.backbeat.json").write_text('{"bpm": 90}', "utf-8")
    assert bounce_options(song) == {}
    assert bounce_options(song.with_name("x" * 250 + ".wav")) == {}, "where no such file can be"
    assert bounce_options(song.parent / "no folder" / "song.wav") == {}


def test_recordings_that_differ_in_their_ending_share_their_settings() -> None:
    assert bounce_settings_path(Path("/b/take 1.v2.wav")) == Path("/b/take 1.v2.backbeat.json")
    assert bounce_settings_path(Path("/b/take 1.v2.flac")) == Path("/b/take 1.v2.backbeat.json")


@pytest.mark.parametrize(("name", "expected"), [("song.backbeat.json", True), ("A.BackBeat.JSON", True), ("song.json", False)])
def test_the_files_are_known_by_their_names(name: str, expected: bool) -> None:
    assert is_bounce_settings(name) is expected


def test_every_mistake_is_listed_with_what_was_meant(song: Path) -> None:
    beside(song, '{"bmp": 128, "meter": "seven", "quantize": [50], "paper": {"size": 4}, "bpm": 5, "bpm": 6, "preset": ""}')
    told = mistakes(song)
    assert told.startswith("The settings in song.backbeat.json cannot be used: ")
    for part in (
        "unknown setting 'bmp', did you mean 'bpm'?",
        "meter: ",
        "quantize: has to be a text, a number, true or false",
        "paper: has to be",
        "bpm: 6 BPM is outside 20 to 400",
        "bpm is given twice",
        "preset: it is empty",
    ):
        assert part in told


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON: line 1, column 1"),
        ('{"bpm": 128,', "not JSON: line 1"),
        ("bpm = 128", "not JSON"),
        ("[" * 30_000, "not JSON that settings could be in"),
        ('{"bpm": ' + "1" * 30_000 + "}", "not JSON that settings could be in"),
        ('"bpm"', "settings in braces"),
        ('[{"bpm": 128}]', "settings in braces"),
        ('{"bpm": NaN}', "bpm: "),
        ('{"bpm": true}', "bpm: "),
        (b'{"preset": "\xe4"}', "not UTF-8 text"),
        ("{" + " " * MAX_BYTES + "}", "larger than 64 kB"),
    ],
)
def test_what_is_no_settings_is_told(song: Path, text: str | bytes, reason: str) -> None:
    beside(song, text)
    assert reason in mistakes(song)


@given(st.binary(max_size=300) | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_garbage_is_a_mistake_or_says_nothing(tmp_path_factory: pytest.TempPathFactory, content: str | bytes) -> None:
    song = tmp_path_factory.getbasetemp() / "song.wav"
    beside(song, content)
    try:
        assert bounce_options(song).keys() <= OPTIONS.keys()
    except BounceSettingsWrong as error:
        assert error.advice  # noqa: PT017 - either answer is right


def test_a_link_may_lead_to_settings_inside_the_roots_only(song: Path, tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "template.json").write_text('{"bpm": 101}', "utf-8")
    roots = Roots([inside])
    bounce = inside / "song.wav"
    (inside / "song.backbeat.json").symlink_to(inside / "template.json")
    assert bounce_options(bounce, roots) == {"bpm": 101.0}
    (inside / "other.backbeat.json").symlink_to(outside / "template.json")
    assert "outside the configured folders" in mistakes(inside / "other.wav", roots)
    assert bounce_options(inside / "other.wav") == {"bpm": 101.0}, "on the command line it is the user's own business"


@pytest.mark.parametrize("within", [True, False])
def test_what_is_no_file_is_a_mistake_and_never_waited_for(song: Path, within: bool) -> None:
    roots = Roots([song.parent]) if within else None
    path = bounce_settings_path(song)
    path.symlink_to(song.parent / "nothing")
    assert "not there" in mistakes(song, roots)
    path.unlink()
    path.mkdir()
    assert "folder" in mistakes(song, roots)
    path.rmdir()
    os.mkfifo(path)
    assert "song.backbeat.json is not a" in mistakes(song, roots) or "not an ordinary file" in mistakes(song, roots)
