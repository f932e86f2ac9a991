from __future__ import annotations

from pathlib import Path

import pytest

from backbeat.errors import PresetError
from backbeat.outputs.notation.staff_map import load_staff_map, staff_map_names
from backbeat.outputs.notation.staff_map_table import HatMarks, Limb, Notehead
from backbeat.resources import presets_folder
from backbeat.values import Instrument

SHIPPED = ("agostini", "standard", "weinberg")
KICK_ROW = 'kick = { step = "F", octave = 4, head = "normal", voice = "feet", label = "Bass Drum" }'


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A user folder with a staff map `mine`, a copy of the standard one."""
    text = (presets_folder() / "notation-standard.toml").read_text(encoding="utf-8")
    (tmp_path / "notation-mine.toml").write_text(text.replace('name = "standard"', 'name = "mine"'), encoding="utf-8")
    return tmp_path


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "notation-mine.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def mistakes(folder: Path) -> str:
    with pytest.raises(PresetError) as caught:
        load_staff_map("mine", folder)
    return caught.value.message


def test_three_staff_maps_are_shipped() -> None:
    assert staff_map_names() == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_map_has_every_instrument_and_says_where_its_places_come_from(name: str) -> None:
    staff_map = load_staff_map(name)
    assert set(staff_map.places) == set(Instrument)
    assert staff_map.source


@pytest.mark.parametrize("name", SHIPPED)
def test_the_feet_play_kick_and_pedal_hat_below_what_the_hands_play(name: str) -> None:
    places = load_staff_map(name).places
    feet = {instrument for instrument, place in places.items() if place.limb is Limb.FEET}
    assert feet == {Instrument.KICK, Instrument.HIHAT_PEDAL}
    hands = min(place.height for place in places.values() if place.limb is Limb.HANDS)
    assert all(places[instrument].height < hands for instrument in feet)


def test_every_instrument_of_the_standard_has_a_look_of_its_own() -> None:
    looks = {(place.height, place.head) for place in load_staff_map().places.values()}
    assert len(looks) == len(Instrument)


def test_the_ride_is_not_where_the_hat_is() -> None:
    places = load_staff_map().places
    assert places[Instrument.RIDE].height != places[Instrument.HIHAT_CLOSED].height


def test_hats_and_cymbals_have_crosses_and_drums_have_not() -> None:
    places = load_staff_map().places
    assert places[Instrument.HIHAT_CLOSED].head is Notehead.CROSS
    assert places[Instrument.HIHAT_OPEN].head is Notehead.CIRCLED_CROSS
    assert {places[drum].head for drum in (Instrument.KICK, Instrument.SNARE, Instrument.TOM_LOW)} == {Notehead.NORMAL}


def test_weinbergs_open_hat_is_told_by_its_mark() -> None:
    weinberg = load_staff_map("weinberg")
    assert weinberg.places[Instrument.HIHAT_OPEN].head is Notehead.CROSS
    assert weinberg.hat_marks is HatMarks.EVERY


def test_a_users_own_map_is_found_and_goes_before_a_shipped_one(own: Path) -> None:
    assert staff_map_names(own) == ("agostini", "mine", "standard", "weinberg")
    assert load_staff_map("mine", own).places == load_staff_map().places
    change(own, 'name = "mine"', 'name = "standard"')
    change(own, "Bass Drum", "Boom")
    (own / "notation-mine.toml").rename(own / "notation-standard.toml")
    assert load_staff_map("standard", own).places[Instrument.KICK].label == "Boom"


def test_a_changed_file_is_read_again(own: Path) -> None:
    load_staff_map("mine", own)
    change(own, "Bass Drum", "Boom")
    assert load_staff_map("mine", own).places[Instrument.KICK].label == "Boom"


def test_an_unknown_staff_map_names_those_there_are() -> None:
    with pytest.raises(PresetError, match=r"There is no staff map 'standrd'\. Did you mean 'standard'") as caught:
        load_staff_map("standrd")
    assert caught.value.advice == "Staff maps: agostini, standard, weinberg."


def test_all_mistakes_are_told_at_once(own: Path) -> None:
    change(own, KICK_ROW, 'kick = { step = "H", octave = 9, head = "big", voice = "feet", lable = "Boom" }\nkik = 1')
    change(own, 'hat_marks = "changes"', 'hat_mark = "changes"')
    change(own, 'voice = "hands", label = "Crash Cymbal"', 'voice = "arms", label = ""')
    told = mistakes(own)
    for part in (
        "'hat_marks' is missing",
        "'hat_mark' is not known, did you mean 'hat_marks'?",
        "'kik' is not an instrument, did you mean 'kick'?",
        "kick: step 'H' is not one of C, D, E, F, G, A, B",
        "kick: octave 9 is not a whole number from 3 to 7",
        "kick: head 'big' is not one of normal, x, circle-x",
        "kick: 'lable' is not known, did you mean 'label'?",
        "kick has no label",
        "crash: voice 'arms' is not one of hands, feet",
        "crash: label '' is not a name",
    ):
        assert part in told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (KICK_ROW, "", "kick has no place"),
        (KICK_ROW, "kick = 36", "kick must be a row { step = ..., octave = ..., head = ..., voice = ..., label = ... }"),
        ('name = "mine"', 'name = "yours"', "'name' is 'yours', but the file is called 'notation-mine'"),
        ('name = "mine"', "name = 1", "'name' must be a text"),
        ('hat_marks = "changes"', 'hat_marks = "often"', "'hat_marks' is 'often', and can be changes, every, none"),
        ('"B", octave = 5, head = "diamond"', '"A", octave = 5, head = "x"', "crash and splash look the same: A5 with head x"),
        ("[places]", "[[places]]", "'places' must be a table"),
        ("[places]", "[places", "cannot be read"),
    ],
)
def test_each_mistake_is_told_in_words(own: Path, old: str, new: str, told: str) -> None:
    change(own, old, new)
    assert told in mistakes(own)


def test_hats_of_one_look_need_a_mark_on_every_open_stroke(own: Path) -> None:
    change(own, 'head = "circle-x"', 'head = "x"')
    assert "hihat_closed and hihat_open look the same" in mistakes(own)
    change(own, 'hat_marks = "changes"', 'hat_marks = "every"')
    assert load_staff_map("mine", own).hat_marks is HatMarks.EVERY


def test_a_file_that_cannot_be_read_is_a_preset_error(own: Path) -> None:
    (own / "notation-mine.toml").write_bytes(b"\xff\xfe")
    assert "cannot be read" in mistakes(own)
