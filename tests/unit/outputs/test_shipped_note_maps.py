"""Every note map that ships: no hat on a snare, no drum on another kind of drum, and every drum somewhere sensible."""

from __future__ import annotations

import pytest

from backbeat.outputs.note_map import NoteMap, check_note_map, load_note_map, note_map_names
from backbeat.outputs.note_map_table import MapStatus
from backbeat.outputs.preset_files import note_map_files
from backbeat.values import FAMILY_OF, Family
from backbeat.values import Instrument as Drum

STATUS = {
    "general-midi": MapStatus.VERIFIED,
    "ezdrummer": MapStatus.SECONDARY,
    "superior-drummer-3": MapStatus.SECONDARY,
    "addictive-drums-2": MapStatus.VERIFIED,
    "bfd3": MapStatus.SECONDARY,
    "steven-slate-drums-5": MapStatus.SECONDARY,
    "ggd-invasion": MapStatus.VERIFIED,
    "ggd-modern-massive": MapStatus.VERIFIED,
    "mt-power-drum-kit-2": MapStatus.SECONDARY,
    "roland-td": MapStatus.VERIFIED,
    "logic": MapStatus.VERIFIED,
    "ableton-drum-rack": MapStatus.UNVERIFIED,
    "battery-maschine": MapStatus.UNVERIFIED,
    "sitala": MapStatus.UNVERIFIED,
}

# Notes of the plugin that sound like another drum than General MIDI says: (map, note, what it is there).
FALSE_FRIENDS = [
    ("addictive-drums-2", 42, Drum.SIDE_STICK),
    ("addictive-drums-2", 44, Drum.SIDE_STICK),
    ("addictive-drums-2", 46, None),
    ("addictive-drums-2", 51, Drum.HIHAT_CLOSED),
    ("mt-power-drum-kit-2", 44, Drum.HIHAT_OPEN),
    ("mt-power-drum-kit-2", 65, Drum.HIHAT_PEDAL),
    ("ezdrummer", 55, Drum.CRASH),
    ("ezdrummer", 21, Drum.HIHAT_PEDAL),
    ("superior-drummer-3", 55, Drum.CRASH),
    ("bfd3", 36, Drum.TOM_MID),
    ("bfd3", 38, Drum.TOM_HIGH),
    ("bfd3", 43, Drum.CRASH),
    ("steven-slate-drums-5", 50, Drum.SPLASH),
    ("steven-slate-drums-5", 31, Drum.CHINA),
    ("ggd-invasion", 36, Drum.TOM_LOW),
    ("ggd-invasion", 41, Drum.HIHAT_CLOSED),
    ("ggd-invasion", 52, Drum.CRASH),
    ("ggd-modern-massive", 37, Drum.SNARE),
    ("ggd-modern-massive", 42, Drum.TOM_HIGH),
    ("ggd-modern-massive", 49, Drum.HIHAT_CLOSED),
    ("roland-td", 52, Drum.CRASH),
    ("roland-td", 55, Drum.CRASH),
    ("roland-td", 22, Drum.HIHAT_CLOSED),
]


@pytest.fixture(params=note_map_names())
def note_map(request: pytest.FixtureRequest) -> NoteMap:
    return load_note_map(request.param)


def test_the_maps_that_were_promised_are_there_with_their_status() -> None:
    assert {name: load_note_map(name).status for name in note_map_names()} == STATUS


def test_every_map_says_where_it_is_from_and_who_verified_it(note_map: NoteMap) -> None:
    assert note_map.source
    assert note_map.version
    assert note_map.verified_by or note_map.status is MapStatus.UNVERIFIED


def test_no_map_has_mistakes_or_doubts() -> None:
    assert {name: check_note_map(path) for name, path in note_map_files().items()} == {name: ([], []) for name in STATUS}


def test_every_note_is_a_midi_note(note_map: NoteMap) -> None:
    assert set(note_map.notes) == set(Drum)
    assert all(isinstance(note, int) and 0 <= note <= 127 for note in note_map.notes.values())


def test_no_hat_lands_on_a_snare_or_a_kick(note_map: NoteMap) -> None:
    hats = {note_map.notes[hat] for hat in (Drum.HIHAT_CLOSED, Drum.HIHAT_PEDAL, Drum.HIHAT_OPEN)}
    drums = {note_map.notes[drum] for drum in (Drum.KICK, Drum.SNARE, Drum.SIDE_STICK)}
    assert not hats & drums
    assert {FAMILY_OF[played] for hat in hats if (played := note_map.instrument(hat))} == {Family.HIHAT}


def test_kinds_of_drums_never_share_a_note_not_even_one_that_is_only_understood(note_map: NoteMap) -> None:
    owners: dict[int, set[Family]] = {}
    for instrument, pad in note_map.pads.items():
        for note in (pad.note, *pad.also):
            owners.setdefault(note, set()).add(FAMILY_OF[instrument])
    assert {note: families for note, families in owners.items() if len(families) > 1} == {}


def test_every_drum_ends_on_its_own_kind(note_map: NoteMap) -> None:
    for instrument, pad in note_map.pads.items():
        owner = pad.borrowed_from or instrument
        assert FAMILY_OF[owner] is FAMILY_OF[instrument]
        assert note_map.notes[owner] == pad.note


@pytest.mark.parametrize(
    "common",
    [Drum.KICK, Drum.SNARE, Drum.SIDE_STICK, Drum.HIHAT_CLOSED, Drum.HIHAT_PEDAL, Drum.HIHAT_OPEN, Drum.RIDE, Drum.CRASH],
)
def test_what_every_kit_has_has_a_note_of_its_own(note_map: NoteMap, common: Drum) -> None:
    assert note_map.pads[common].borrowed_from is None


def test_the_three_toms_and_hats_can_be_told_apart(note_map: NoteMap) -> None:
    assert len({note_map.notes[tom] for tom in (Drum.TOM_HIGH, Drum.TOM_MID, Drum.TOM_LOW)}) == 3
    assert len({note_map.notes[hat] for hat in (Drum.HIHAT_CLOSED, Drum.HIHAT_PEDAL, Drum.HIHAT_OPEN)}) == 3


def test_a_written_note_reads_back_as_the_drum_that_it_plays(note_map: NoteMap) -> None:
    for instrument, pad in note_map.pads.items():
        assert note_map.instrument(pad.note) is (pad.borrowed_from or instrument)


@pytest.mark.parametrize(("name", "note", "drum"), FALSE_FRIENDS)
def test_false_friends_of_general_midi_are_what_the_plugin_plays(name: str, note: int, drum: Drum | None) -> None:
    assert load_note_map(name).instrument(note) is drum
    assert load_note_map("general-midi").instrument(note) is not drum


def test_of_chokes_mutes_and_cowbells_nothing_is_written() -> None:
    silent = {
        "addictive-drums-2": {47, 63, 78, 87},
        "ezdrummer": {54, 56, 58},
        "superior-drummer-3": {54, 56, 58},
        "bfd3": {75, 78, 80, 85, 87},
        "steven-slate-drums-5": {32, 49, 54, 56, 58},
        "ggd-invasion": {17, 53, 55, 57, 59, 66, 68, 74, 76, 78},
        "ggd-modern-massive": {59, 62, 72, 83},
        "mt-power-drum-kit-2": {58},
    }
    found = {name: {note for note in notes if load_note_map(name).instrument(note)} for name, notes in silent.items()}
    assert found == {name: set() for name in silent}
