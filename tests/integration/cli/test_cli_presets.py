"""`backbeat presets`: list, show, new, check and import, as a musician types them; and a note map of one's own in use."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import mido
import pytest

from backbeat.cli.main import main
from backbeat.outputs.note_map import load_note_map, note_map_names, read_note_map
from backbeat.values import Instrument

Capture = pytest.CaptureFixture[str]

NAMES = """\
// my pads
60 Kick
62 Snare
63 Snare X-Stick
66 HH Closed
67 HH Open
70 Crash L
71 Crash L Choke
72 Ride Bow
73 Crash Ride
80 Cowbell
C4 what
"""


@pytest.fixture
def presets(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user's own presets go; not there yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("HOME", str(home))
    from backbeat.config.folders import user_presets_folder  # noqa: PLC0415 - as the environment is now

    assert user_presets_folder().is_relative_to(home)
    return user_presets_folder()


def out(capsys: Capture, *arguments: str, code: int = 0) -> str:
    assert main(["presets", *arguments]) == code
    return capsys.readouterr().out


def test_the_list_has_status_version_source_and_whose_and_then_the_staff_maps(presets: Path, capsys: Capture) -> None:
    main(["presets", "new", "my-kit", "--from", "bfd3"])
    capsys.readouterr()
    rows, notations, _chains = out(capsys, "list").split("\n\n")
    heading, *lines = rows.splitlines()
    assert heading.split() == ["preset", "for", "version", "status", "whose", "source"]
    by_name = {line.split()[0]: line for line in lines}
    assert set(by_name) == {*note_map_names(), "my-kit"}
    assert "  verified    shipped  XLN Audio" in by_name["addictive-drums-2"]
    assert "  secondary   shipped  lotkey/" in by_name["bfd3"]
    assert "  unverified  shipped  From memory" in by_name["sitala"]
    assert "  unverified  yours    copied from bfd3" in by_name["my-kit"]
    assert notations.splitlines()[0].split() == ["notation", "for", "whose", "source", "status"]
    assert "standard" in [line.split()[0] for line in notations.splitlines()[1:]]


def test_a_broken_preset_of_ones_own_is_listed_with_what_to_do_and_the_rest_too(presets: Path, capsys: Capture) -> None:
    presets.mkdir(parents=True)
    (presets / "mine.toml").write_text("[notes]\nkick = 200\n")
    (presets / "notation-mine.toml").write_text("title = ")
    assert main(["presets", "list"]) == 1
    told = capsys.readouterr().out
    assert "broken: `backbeat presets check mine` says why" in told
    assert "general-midi" in told
    broken = [preset for preset in json.loads(out(capsys, "list", "--json", code=1)) if "error" in preset]
    assert [(preset["kind"], preset["name"], preset["whose"]) for preset in broken] == [
        ("note map", "mine", "yours"),
        ("notation", "mine", "yours"),
    ]


def test_scripts_get_the_notes_of_every_map(presets: Path, capsys: Capture) -> None:
    (general,) = [each for each in json.loads(out(capsys, "list", "--json")) if each["name"] == "general-midi"]
    assert set(general["notes"]) == set(Instrument)
    assert (general["notes"]["kick"], general["status"], general["kind"]) == (36, "verified", "note map")


def test_a_map_is_shown_with_what_falls_back_on_what(presets: Path, capsys: Capture) -> None:
    told = out(capsys, "show", "addictive-drums-2")
    assert told.startswith("Addictive Drums 2 (addictive-drums-2), version 2: verified\nSource: XLN")
    rows = {line.split()[0]: line.split() for line in told.split("\n\n")[1].splitlines()}
    assert rows["side_stick"][:2] == ["side_stick", "42"]
    assert rows["china"] == ["china", "77", "Cymbal", "1", "Hit", "crash"]
    pads = {pad["drum"]: pad for pad in json.loads(out(capsys, "show", "addictive-drums-2", "--json"))["pads"]}
    assert (pads["china"]["note"], pads["china"]["from"]) == (77, "crash")
    assert (pads["kick"]["note"], pads["kick"]["from"]) == (36, None)


def test_showing_what_is_not_there_names_what_is(presets: Path, capsys: Capture) -> None:
    assert main(["presets", "show", "addictive-drum"]) == 2
    assert "Did you mean 'addictive-drums-2'?" in capsys.readouterr().err


def test_a_new_preset_is_a_copy_that_can_be_used_and_is_never_overwritten_unasked(presets: Path, capsys: Capture) -> None:
    path = Path(out(capsys, "new", "my-kit", "--from", "addictive-drums-2", "--title", "Cellar").strip())
    assert path == presets / "my-kit.toml"
    assert read_note_map(path).notes == load_note_map("addictive-drums-2").notes
    path.write_text(path.read_text().replace("note = 36", "note = 35"))
    assert main(["presets", "new", "my-kit"]) == 2
    assert "is already there and is left as it is" in capsys.readouterr().err
    assert read_note_map(path).notes[Instrument.KICK] == 35
    assert main(["presets", "new", "my-kit", "--overwrite"]) == 0
    assert read_note_map(path).rows == load_note_map("general-midi").rows


def test_a_preset_that_hides_a_shipped_one_is_told(presets: Path, capsys: Capture) -> None:
    assert main(["presets", "new", "bfd3", "--from", "bfd3"]) == 0
    assert "goes before the 'bfd3' that came with Backbeat" in capsys.readouterr().err


def test_printing_writes_nothing(presets: Path, capsys: Capture) -> None:
    assert 'name = "my-kit"' in out(capsys, "new", "my-kit", "--print")
    assert not presets.exists()


def test_check_tells_every_mistake_of_every_file_and_doubts_are_no_mistakes(
    presets: Path, tmp_path: Path, capsys: Capture
) -> None:
    good, bad, broken = tmp_path / "good.toml", tmp_path / "bad.toml", tmp_path / "broken.toml"
    texts = 'title = "x"\nversion = "1"\nsource = "x"\nstatus = "verified"\n'
    texts += "[notes]\nkick = 36\nsnare = 36\nride = 51\nhihat_closed = 42\n"
    good.write_text(f'name = "good"\n{texts}')
    bad.write_text(f'name = "bad"\n{texts}crahs = 49\nchina = 300\n')
    broken.write_text("kick = ")
    assert f"{good}: doubt: note 36 is both kick and snare" in out(capsys, "check", str(good))
    told = out(capsys, "check", "general-midi", str(bad), str(broken), str(good), code=1)
    assert f"{bad}: mistake: 'crahs' is not an instrument, did you mean 'crash'?" in told
    assert f"{bad}: mistake: china = 300 is not a MIDI note" in told
    assert f"{broken}: mistake: The note map {broken} cannot be read" in told
    assert f"{good}: can be used" in told
    assert "general-midi.toml: can be used" in told
    assert [len(each["mistakes"]) for each in json.loads(out(capsys, "check", "--json", str(bad), str(good), code=1))] == [2, 0]
    assert main(["presets", "check", "nothing"]) == 2
    assert "There is no note map 'nothing'" in capsys.readouterr().err


def test_every_shipped_map_passes_its_check(presets: Path, capsys: Capture) -> None:
    told = out(capsys, "check", *note_map_names())
    assert len(told.splitlines()) == len(note_map_names())


def test_staff_maps_are_checked_too(presets: Path, tmp_path: Path, capsys: Capture) -> None:
    assert "notation-standard.toml: can be used" in out(capsys, "check", "notation-standard")
    bad = tmp_path / "notation-bad.toml"
    bad.write_text("places = 3\n")
    assert f"{bad}: mistake: The staff map {bad} has mistakes" in out(capsys, "check", str(bad), code=1)


def test_note_names_become_a_preset_with_a_report(presets: Path, tmp_path: Path, capsys: Capture) -> None:
    names = tmp_path / "My Pads (2).txt"
    names.write_text(NAMES)
    told = out(capsys, "import", str(names))
    table, summary = told.split("\n\n")
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in table.splitlines()}
    assert rows["60"] == "Kick kick written"
    assert rows["73"] == "Crash Ride crash understood could be crash or ride; taken as crash"
    assert rows["71"] == "Crash L Choke not a stroke"
    assert summary.splitlines() == [
        "8 of 10 names are drums that Backbeat hears; 1 of them in doubt.",
        "tom_high is not among them: snare (62) is played for it.",
        "tom_mid is not among them: snare (62) is played for it.",
        "tom_low is not among them: snare (62) is played for it.",
        "hihat_pedal is not among them: hihat_closed (66) is played for it.",
        "ride_bell is not among them: ride (72) is played for it.",
        "china is not among them: crash (70) is played for it.",
        "splash is not among them: crash (70) is played for it.",
        "Left out, not a note with a name: C4 what",
        str(presets / "my-pads-2.toml"),
    ]
    assert read_note_map(presets / "my-pads-2.toml").notes[Instrument.SNARE] == 62
    assert main(["presets", "import", str(names)]) == 2
    assert main(["presets", "import", str(names), "--name", "other", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["unread"] == ["C4 what"]
    assert report["names"][0] == {"note": 60, "name": "Kick", "instrument": "kick", "written": True, "doubt": ""}


def test_the_list_of_a_midnam_can_be_chosen(presets: Path, tmp_path: Path, capsys: Capture) -> None:
    names = tmp_path / "kit.midnam"
    names.write_text(
        "<MIDINameDocument>"
        '<NoteNameList Name="A"><Note Number="36" Name="Kick"/></NoteNameList>'
        '<NoteNameList Name="B"><Note Number="24" Name="Kick"/><Note Number="26" Name="Snare"/></NoteNameList>'
        "</MIDINameDocument>"
    )
    assert "The file has other lists too, for --list: A." in out(capsys, "import", str(names))
    assert read_note_map(presets / "kit.toml").notes[Instrument.KICK] == 24
    out(capsys, "import", str(names), "--list", "A", "--overwrite")
    assert read_note_map(presets / "kit.toml").notes[Instrument.KICK] == 36
    assert main(["presets", "import", str(names), "--list", "C"]) == 2
    assert "Its lists: A, B." in capsys.readouterr().err


def test_a_recording_is_written_with_a_map_made_from_note_names(
    presets: Path, drum_loop_wav: Path, tmp_path: Path, backbeat: Callable[..., subprocess.CompletedProcess[str]], capsys: Capture
) -> None:
    names = tmp_path / "pads.txt"
    names.write_text(NAMES)
    out(capsys, "import", str(names))
    notes: dict[str, list[int]] = {}
    for preset in ("general-midi", "pads"):
        folder = tmp_path / preset
        told = backbeat("transcribe", str(drum_loop_wav), "--out", str(folder), "--preset", preset, "--pdf", "none")
        assert told.returncode == 0, told
        midi = mido.MidiFile(next(folder.glob("*.drums.mid")))
        notes[preset] = [message.note for message in midi if message.type == "note_on" and message.velocity]
    pads = {load_note_map("general-midi").notes[drum]: note for drum, note in read_note_map(presets / "pads.toml").notes.items()}
    assert notes["pads"] == [pads[note] for note in notes["general-midi"]]
    assert {60, 62, 66} <= set(notes["pads"])
