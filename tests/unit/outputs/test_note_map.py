from __future__ import annotations

from pathlib import Path

import pytest

from backbeat.errors import PresetError
from backbeat.outputs.note_map import load_note_map, note_map_names
from backbeat.outputs.preset_files import notation_files
from backbeat.values import Instrument

GENERAL_MIDI = {
    Instrument.KICK: 36,
    Instrument.SNARE: 38,
    Instrument.SIDE_STICK: 37,
    Instrument.HIHAT_CLOSED: 42,
    Instrument.HIHAT_PEDAL: 44,
    Instrument.HIHAT_OPEN: 46,
    Instrument.RIDE: 51,
    Instrument.RIDE_BELL: 53,
    Instrument.CRASH: 49,
    Instrument.CHINA: 52,
    Instrument.SPLASH: 55,
}


def write_map(folder: Path, name: str, *, head: str = "", **notes: int) -> None:
    rows = {instrument.value: 40 for instrument in Instrument} | notes
    texts = head or f'name = "{name}"\ntitle = "Mine"\nversion = "1"\nsource = "me"\nstatus = "verified"\n'
    lines = [f"{instrument} = {note}" for instrument, note in rows.items()]
    (folder / f"{name}.toml").write_text(texts + "[notes]\n" + "\n".join(lines))


def test_general_midi_is_as_the_standard_has_it() -> None:
    notes = load_note_map("general-midi").notes
    assert {instrument: notes[instrument] for instrument in GENERAL_MIDI} == GENERAL_MIDI
    assert {notes[tom] for tom in (Instrument.TOM_LOW, Instrument.TOM_MID, Instrument.TOM_HIGH)} <= {41, 43, 45, 47, 48, 50}
    assert notes[Instrument.TOM_LOW] < notes[Instrument.TOM_MID] < notes[Instrument.TOM_HIGH]


def test_staff_maps_are_not_note_maps() -> None:
    assert not [name for name in note_map_names() if name.startswith("notation-")]


def test_the_users_map_is_found_and_goes_before_a_shipped_one(tmp_path: Path) -> None:
    write_map(tmp_path, "mine", kick=24)
    write_map(tmp_path, "general-midi", kick=35)
    assert load_note_map("mine", tmp_path).notes[Instrument.KICK] == 24
    assert load_note_map("general-midi", tmp_path).notes[Instrument.KICK] == 35
    assert "mine" in note_map_names(tmp_path)


def test_a_user_folder_that_is_not_there_is_no_mistake(tmp_path: Path) -> None:
    assert load_note_map("general-midi", tmp_path / "gone").name == "general-midi"


def test_an_unknown_name_gets_a_suggestion_and_the_names_there_are() -> None:
    with pytest.raises(PresetError, match=r"no note map 'general-mdi'. Did you mean 'general-midi'") as caught:
        load_note_map("general-mdi")
    assert "general-midi" in caught.value.advice


def test_a_name_cannot_lead_out_of_the_folders(tmp_path: Path) -> None:
    write_map(tmp_path, "mine")
    (tmp_path / "inner").mkdir()
    with pytest.raises(PresetError, match="no note map"):
        load_note_map("../mine", tmp_path / "inner")


def test_all_mistakes_are_listed_together(tmp_path: Path) -> None:
    write_map(tmp_path, "mine", head='name = "other"\ntitle = 3\nstatus = "sure"\nextra = 1\n', kick=128, snaer=38)
    with pytest.raises(PresetError) as caught:
        load_note_map("mine", tmp_path)
    for mistake in (
        "'version' is missing",
        "'source' is missing",
        "'extra' is not known",
        "'title' must be a text",
        "'name' is 'other', but the file is called 'mine'",
        "'status' is 'sure'",
        "kick = 128 is not a MIDI note",
        "'snaer' is not an instrument, did you mean 'snare'?",
    ):
        assert mistake in caught.value.message


@pytest.mark.parametrize("text", ["kick = ", "notes = 3", "\xff"])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.toml").write_text(text, encoding="latin-1")
    with pytest.raises(PresetError, match="mine"):
        load_note_map("mine", tmp_path)


def test_a_drum_without_a_row_falls_back_and_says_on_whom(tmp_path: Path) -> None:
    write_map(tmp_path, "mine", crash=57)
    text = (
        (tmp_path / "mine.toml")
        .read_text()
        .replace("china = 40\n", "")
        .replace("splash = 40", 'splash = { fallback = ["ride"] }')
    )
    (tmp_path / "mine.toml").write_text(text)
    pads = load_note_map("mine", tmp_path).pads
    assert (pads[Instrument.CHINA].note, pads[Instrument.CHINA].borrowed_from) == (57, Instrument.CRASH)
    assert (pads[Instrument.SPLASH].note, pads[Instrument.SPLASH].borrowed_from) == (40, Instrument.RIDE)
    assert pads[Instrument.CRASH].borrowed_from is None


def test_a_note_reads_back_as_a_drum_and_what_is_written_goes_before_what_is_understood(tmp_path: Path) -> None:
    write_map(tmp_path, "mine", snare=38, kick=36)
    text = (tmp_path / "mine.toml").read_text().replace("kick = 36", "kick = { note = 36, also = [35, 38] }")
    (tmp_path / "mine.toml").write_text(text)
    note_map = load_note_map("mine", tmp_path)
    assert [note_map.instrument(note) for note in (36, 35, 38, 99)] == [Instrument.KICK, Instrument.KICK, Instrument.SNARE, None]


def test_staff_maps_are_listed_by_their_own_name_and_the_users_go_first(tmp_path: Path) -> None:
    (tmp_path / "notation-mine.toml").write_text("")
    (tmp_path / "notation-standard.toml").write_text("")
    files = notation_files(tmp_path)
    assert files["mine"] == tmp_path / "notation-mine.toml"
    assert files["standard"].parent == tmp_path
    assert notation_files()["standard"].parent != tmp_path
