"""Lists of note names as drum plugins have them, and the note maps that they become."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.errors import PresetError
from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.note_map_table import doubts_in
from backbeat.presets.names_to_rows import best_list, names_to_rows
from backbeat.presets.note_names import NoteName, NoteNameList
from backbeat.values import Instrument as Drum


def listed(*lines: str, title: str = "") -> NoteNameList:
    split = [line.split(" ", 1) for line in lines]
    return NoteNameList(title=title, names=tuple(NoteName(note=int(note), name=name) for note, name in split))


def written(*lines: str) -> dict[Drum, int | None]:
    return {instrument: row.note for instrument, row in names_to_rows(listed(*lines)).rows.items()}


# Written for these tests in the words of the plugins; the numbers are those of our shipped maps.
GENERAL_MIDI = listed(
    "35 Acoustic Bass Drum",
    "36 Bass Drum 1",
    "37 Side Stick",
    "38 Acoustic Snare",
    "39 Hand Clap",
    "40 Electric Snare",
    "41 Low Floor Tom",
    "42 Closed Hi-Hat",
    "43 High Floor Tom",
    "44 Pedal Hi-Hat",
    "45 Low Tom",
    "46 Open Hi-Hat",
    "47 Low-Mid Tom",
    "48 Hi-Mid Tom",
    "49 Crash Cymbal 1",
    "50 High Tom",
    "51 Ride Cymbal 1",
    "52 Chinese Cymbal",
    "53 Ride Bell",
    "55 Splash Cymbal",
    "56 Cowbell",
    "57 Crash Cymbal 2",
    "59 Ride Cymbal 2",
)
METAL_KIT = listed(
    "17 Hats CC",
    "23 Kick L",
    "24 Kick R",
    "26 Snare Hit",
    "27 Snare Flam",
    "28 Snare Ruff",
    "29 Snare Off",
    "30 Snare X-Stick",
    "33 Rack Tom 1",
    "34 Rack Tom 2",
    "35 Rack Tom 3",
    "36 Floor Tom 1",
    "37 Floor Tom 2",
    "38 Floor Tom 3",
    "41 HH Tight Tip",
    "42 HH Tight Edge",
    "43 HH Closed Tip",
    "44 HH Closed Edge",
    "45 HH Open 1",
    "46 HH Open 2",
    "47 HH Open 3",
    "48 HH Pedal",
    "52 Crash L",
    "53 Crash L Choke",
    "54 Crash R",
    "55 Crash R Choke",
    "56 Wide Crash L",
    "58 Wide Crash R",
    "61 Ride Bell",
    "62 Ride Bow",
    "63 Ride Edge",
    "65 China L",
    "66 China L Choke",
    "67 China R",
    "73 Splash L",
    "75 Splash R",
    "78 Stack",
)
ELECTRONIC_KIT = listed(
    "36 KICK",
    "38 SNARE HEAD",
    "40 SNARE RIM",
    "37 SNARE XSTICK",
    "48 TOM1 HEAD",
    "50 TOM1 RIM",
    "45 TOM2 HEAD",
    "47 TOM2 RIM",
    "43 TOM3 HEAD",
    "58 TOM3 RIM",
    "42 HH CLOSED BOW",
    "22 HH CLOSED EDGE",
    "46 HH OPEN BOW",
    "26 HH OPEN EDGE",
    "44 HH PEDAL",
    "49 CRASH1",
    "57 CRASH2",
    "51 RIDE BOW",
    "59 RIDE EDGE",
    "53 RIDE BELL",
)


@pytest.mark.parametrize(
    ("names", "shipped"), [(GENERAL_MIDI, "general-midi"), (METAL_KIT, "ggd-invasion"), (ELECTRONIC_KIT, "roland-td")]
)
def test_a_list_in_the_plugins_words_gives_the_notes_of_the_map_that_ships(names: NoteNameList, shipped: str) -> None:
    imported = names_to_rows(names)
    rows = load_note_map(shipped).rows
    assert {drum: row.note for drum, row in imported.rows.items()} == {drum: row.note for drum, row in rows.items() if row.note}
    assert doubts_in(imported.rows) == []


def test_every_name_is_reported_with_what_became_of_it() -> None:
    report = {each.note: each for each in names_to_rows(METAL_KIT).names}
    assert list(report) == [each.note for each in METAL_KIT.names]
    assert (report[26].instrument, report[26].written, report[26].doubt) == (Drum.SNARE, True, "")
    assert (report[27].instrument, report[27].written) == (Drum.SNARE, False)
    assert (report[53].instrument, report[53].doubt) == (None, "not a stroke")
    assert (report[78].instrument, report[78].doubt) == (None, "none of the drums that Backbeat hears")


def test_what_is_understood_but_not_written_is_kept_with_its_drum() -> None:
    rows = names_to_rows(METAL_KIT).rows
    assert rows[Drum.HIHAT_OPEN].also == (45, 46)
    assert rows[Drum.TOM_MID].also == (35,)
    assert rows[Drum.KICK].articulation == "Kick R"


def test_what_is_missing_falls_back_and_is_told() -> None:
    imported = names_to_rows(ELECTRONIC_KIT)
    assert imported.missing == {Drum.CHINA: Drum.CRASH, Drum.SPLASH: Drum.CRASH}


@pytest.mark.parametrize(
    ("toms", "notes"),
    [
        (["60 Tom"], {Drum.TOM_HIGH: 60}),
        (["60 Floor Tom"], {Drum.TOM_LOW: 60}),
        (["60 Rack Tom", "50 Floor Tom"], {Drum.TOM_HIGH: 60, Drum.TOM_LOW: 50}),
        (["42 Rack Tom", "43 Floor Tom 1", "46 Floor Tom 2"], {Drum.TOM_HIGH: 42, Drum.TOM_MID: 43, Drum.TOM_LOW: 46}),
        (["71 Tom 1", "69 Tom 2", "67 Tom 3", "65 Tom 4"], {Drum.TOM_HIGH: 71, Drum.TOM_MID: 69, Drum.TOM_LOW: 65}),
        (["5 LT", "7 HT", "6 MT"], {Drum.TOM_HIGH: 7, Drum.TOM_MID: 6, Drum.TOM_LOW: 5}),
    ],
)
def test_any_number_of_toms_is_spread_over_ours(toms: list[str], notes: dict[Drum, int]) -> None:
    found = written("36 Kick", "38 Snare", *toms)
    assert {tom: note for tom, note in found.items() if tom.name.startswith("TOM")} == notes


def test_between_alike_names_the_note_of_general_midi_goes_first() -> None:
    assert written("1 Snare", "38 Snare", "40 Snare")[Drum.SNARE] == 38


def test_a_foot_splash_alone_is_no_open_hat() -> None:
    rows = names_to_rows(listed("36 Kick", "42 HH Closed", "59 HH Foot Splash")).rows
    assert Drum.HIHAT_OPEN not in rows


def test_names_without_drums_are_refused() -> None:
    with pytest.raises(PresetError, match="None of the names is a drum"):
        names_to_rows(listed("60 Violin", "61 Cowbell"))


def test_cymbals_alone_are_refused_with_what_they_cannot_serve() -> None:
    with pytest.raises(PresetError, match="no drum that could be played for kick, snare, side_stick, tom_high"):
        names_to_rows(listed("49 Crash", "51 Ride", "42 HH Closed"))


def test_of_several_lists_the_one_with_most_drums_is_taken() -> None:
    effects = listed("1 Whoosh", "2 Snare Roll", title="effects")
    drums = listed("36 Kick", "38 Snare", "42 HH Closed", title="drums")
    assert best_list([effects, drums]) is drums


WORDS = st.from_regex(
    r"kick|snare|rim|side|stick|hh|hat|closed|open|pedal|foot|tight|tip|edge|splash|tom|rack|floor|high|mid|low|1|2|3|L|R|ride|bell|"
    r"bow|crash|china|cymbal|choke|CC|half",
    fullmatch=True,
)


@given(st.dictionaries(st.integers(0, 127), st.lists(WORDS, min_size=1, max_size=4).map(" ".join), min_size=1, max_size=40))
def test_whatever_the_names_no_note_belongs_to_two_drums_and_all_are_told(names: dict[int, str]) -> None:
    given_names = NoteNameList(title="", names=tuple(NoteName(note=note, name=name) for note, name in names.items()))
    try:
        imported = names_to_rows(given_names)
    except PresetError:
        return  # too few drums
    assert not [doubt for doubt in doubts_in(imported.rows) if "is both" in doubt]
    assert [each.note for each in imported.names] == list(names)
    assert {each.instrument for each in imported.names if each.written} == set(imported.rows)
    assert set(imported.rows) | set(imported.missing) == set(Drum)
