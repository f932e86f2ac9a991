"""The words that drum plugins, e-drums and drum machines use for the same drums."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.presets.read_drum_name import USABLE_ODDNESS, TomPlace, read_drum_name
from backbeat.values import Instrument as Drum

NAMES = {
    Drum.KICK: [
        "Kick",
        "KICK 1",
        "Bass Drum",
        "Bass Drum 1",
        "Acoustic Bass Drum",
        "BD",
        "BD1",
        "Kick_In",
        "KickL",
        "Kick (no snare)",
    ],
    Drum.SNARE: [
        "Snare",
        "SD",
        "Snr 2",
        "Snare Hit",
        "Snare Rimshot",
        "Snare - Rim Shot",
        "Acoustic Snare",
        "Snare Flam",
        "SnareRoll",
    ],
    Drum.SIDE_STICK: [
        "Side Stick",
        "Sidestick",
        "SNARE X-STICK",
        "Snare (Cross Stick)",
        "Cross-Stick",
        "XStick",
        "Rim Click",
        "Snare RimClick",
        "Rim",
    ],
    Drum.HIHAT_CLOSED: [
        "Closed Hi-Hat",
        "HH Closed",
        "HH Closed Edge",
        "HH Tight Edge",
        "Hats Tip Tight",
        "HiHat Closed 1 Tip",
        "CH",
        "CHH",
        "Hi Hat (closed)",
        "High Hat Closed",
        "hat_cl",
    ],
    Drum.HIHAT_PEDAL: [
        "Pedal Hi-Hat",
        "HH Pedal",
        "HH Foot",
        "Hi-Hat Foot Close",
        "Hats Pedal",
        "Hat - Pedal Chick",
        "HH Ped",
        "PHH",
    ],
    Drum.HIHAT_OPEN: [
        "Open Hi-Hat",
        "HH Open",
        "HH Open D",
        "Hats Open 3",
        "OH",
        "OHH",
        "HH Half Open",
        "Hat 1/2 Open",
        "HiHatOpenEdge",
    ],
    Drum.RIDE: ["Ride", "Ride Cymbal 1", "Ride Bow", "Ride - Tip", "RD", "Ride Edge", "Ride 2 Tip"],
    Drum.RIDE_BELL: ["Ride Bell", "Ride 1 Bell", "Ride (Bell)", "RideBell", "Ride Cup"],
    Drum.CRASH: ["Crash", "Crash L", "Crash Cymbal 2", "Main Crash R Hit", "Crash1 (Edge)", "CR 1"],
    Drum.CHINA: ["China", "Chinese Cymbal", "China L Hit", "CHINA"],
    Drum.SPLASH: ["Splash", "Splash Cymbal", "Splash R", "SPL"],
}


@pytest.mark.parametrize(("name", "instrument"), [(name, instrument) for instrument, names in NAMES.items() for name in names])
def test_a_drum_is_known_by_any_of_its_names(name: str, instrument: Drum) -> None:
    assert read_drum_name(name).instrument is instrument


@pytest.mark.parametrize(
    "name",
    ["Crash 1 Choke", "Ride Mute", "Hats CC", "HH CC4", "Hand Clap", "Cowbell", "Tambourine", "Stack Hit", "Sticks", "Low Conga"],
)
def test_what_is_no_stroke_on_a_drum_is_left_out_and_said(name: str) -> None:
    read = read_drum_name(name)
    assert (read.instrument, read.tom) == (None, None)
    assert read.doubt


@pytest.mark.parametrize(
    ("name", "doubt"), [("Kick + Snare", "could be kick or snare"), ("Snare/Hat", "could be snare or hi-hat")]
)
def test_a_name_of_two_kinds_is_not_guessed(name: str, doubt: str) -> None:
    read = read_drum_name(name)
    assert (read.instrument, read.doubt) == (None, doubt)


@pytest.mark.parametrize(
    ("name", "instrument"),
    [
        ("Hi-Hat", Drum.HIHAT_CLOSED),
        ("Cymbal 2", Drum.CRASH),
        ("Crash Ride", Drum.CRASH),
        ("Rimshot", Drum.SNARE),
        ("Rim", Drum.SIDE_STICK),
    ],
)
def test_what_a_name_leaves_open_is_decided_and_said(name: str, instrument: Drum) -> None:
    read = read_drum_name(name)
    assert read.instrument is instrument
    assert read.doubt
    assert read.oddness > 0


def test_a_foot_splash_is_neither_a_splash_nor_a_pedal_stroke() -> None:
    read = read_drum_name("HH Foot Splash")
    assert read.instrument is Drum.HIHAT_OPEN
    assert read.oddness > USABLE_ODDNESS


@pytest.mark.parametrize(
    ("plain", "odd"),
    [
        ("Snare Hit", "Snare Rimshot"),
        ("Snare", "Snare Flam"),
        ("HH Closed Tip", "HH Closed Edge"),
        ("HH Closed", "HH Tight"),
        ("HH Open", "HH Half Open"),
        ("Ride Bow", "Ride Edge"),
        ("Ride Tip", "Ride Crash"),
        ("Crash L", "Crash L Bow"),
        ("Kick Right", "Kick Left"),
        ("Tom 1", "Tom 1 Rimshot"),
        ("HH Closed", "X-Hat Closed"),
    ],
)
def test_the_plain_stroke_is_less_odd(plain: str, odd: str) -> None:
    assert read_drum_name(plain).oddness < read_drum_name(odd).oddness


@pytest.mark.parametrize(
    "names",
    [
        ["High Tom", "Hi-Mid Tom", "Mid Tom", "Low-Mid Tom", "Low Tom", "High Floor Tom", "Low Floor Tom"],
        ["Rack Tom 1", "Rack Tom 2 L", "Racktom 3 Hit", "Floor Tom 1", "FloorTom 2"],
        ["HT", "MT", "LT", "FT"],
        ["Tom1", "Tom2", "Tom3", "Tom4"],
        ["Tom H", "Tom M", "Tom L"],
    ],
)
def test_toms_are_ordered_from_high_to_low(names: list[str]) -> None:
    places = [read_drum_name(name).tom for name in names]
    assert None not in places
    assert sorted(place for place in places if place) == places
    assert len(set(places)) == len(names)


def test_the_hand_is_not_the_height() -> None:
    assert read_drum_name("Rack Tom 1 L").tom == read_drum_name("Rack Tom 1 R").tom
    assert read_drum_name("Floor Tom 2").tom == TomPlace(floor=True, height=2, number=2)


@given(st.text())
def test_any_name_is_read_without_failing(name: str) -> None:
    read = read_drum_name(name)
    assert read.instrument is not None or read.tom is not None or read.doubt
