"""What a one-shot's name says."""

from __future__ import annotations

import pytest

from backbeat.training.sounds.drum_names import named, read_name
from backbeat.values import Instrument as I  # noqa: N817 - tables of instruments read better short


@pytest.mark.parametrize(
    ("name", "instrument"),
    [
        ("Kick 01", I.KICK),
        ("BassDrum-HV1", I.KICK),
        ("BD0010", I.KICK),
        ("kickdrum", I.KICK),
        ("snare_ghost", I.SNARE),
        ("SD5075", I.SNARE),
        ("Rimshot 4", I.SNARE),
        ("SnareRimshot", I.SNARE),
        ("Rim 1", I.SIDE_STICK),
        ("Sidestick", I.SIDE_STICK),
        ("snare side stick", I.SIDE_STICK),
        ("XStick_2", I.SIDE_STICK),
        ("Tom1_v3", I.TOM_HIGH),
        ("HiTom", I.TOM_HIGH),
        ("HT75", I.TOM_HIGH),
        ("Tom 2", I.TOM_MID),
        ("Mid Tom soft", I.TOM_MID),
        ("floortom", I.TOM_LOW),
        ("floor tom 1", I.TOM_LOW),
        ("LT00", I.TOM_LOW),
        ("hihat", I.HIHAT_CLOSED),
        ("Hi-Hat Closed 02", I.HIHAT_CLOSED),
        ("CH 4", I.HIHAT_CLOSED),
        ("HH open 3", I.HIHAT_OPEN),
        ("HHOpen3", I.HIHAT_OPEN),
        ("hihatopen", I.HIHAT_OPEN),
        ("hat half open", I.HIHAT_OPEN),
        ("PedalHH", I.HIHAT_PEDAL),
        ("hi hat foot 2", I.HIHAT_PEDAL),
        ("Ride 1", I.RIDE),
        ("RideBell", I.RIDE_BELL),
        ("ride cymbal bell 3", I.RIDE_BELL),
        ("16 crash L", I.CRASH),
        ("China crash", I.CHINA),
        ("splash1", I.SPLASH),
        ("tom_low", I.TOM_LOW),
        ("HIHAT_OPEN", I.HIHAT_OPEN),
    ],
)
def test_names_as_sample_makers_write_them(name: str, instrument: I) -> None:
    assert read_name(name).instrument is instrument


@pytest.mark.parametrize("instrument", list(I))
def test_every_instrument_has_its_own_name(instrument: I) -> None:
    assert read_name(instrument.value).instrument is instrument
    assert read_name(instrument.value.replace("_", " ") + " 3").instrument is instrument


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Rack Tom", "which tom"),
        ("tom 01", "which tom"),
        ("kick and snare", "is it snare or kick"),
        ("Half closed hat", "half-closed"),
        ("Overheads", ""),
        ("CYMBAL", ""),
        ("room tone", ""),
        ("", ""),
        ("3", ""),
    ],
)
def test_what_is_not_certain_is_not_guessed(name: str, why: str) -> None:
    meaning = read_name(name)
    assert meaning.instrument is None
    assert not meaning.percussion
    assert why in meaning.why
    assert bool(why) is bool(meaning.why)


@pytest.mark.parametrize("name", ["Cowbell 2", "tambourine", "Hand Clap", "SHAKER_1", "conga hi"])
def test_other_percussion_is_none_of_the_fourteen(name: str) -> None:
    meaning = read_name(name)
    assert meaning.instrument is None
    assert meaning.percussion


@pytest.mark.parametrize(
    ("path", "instrument"),
    [
        ("hihat_closed/1", I.HIHAT_CLOSED),
        ("hihat_closed/open", I.HIHAT_CLOSED),
        ("Hats Closed/open 2", I.HIHAT_CLOSED),
        ("HiHat/open 1", I.HIHAT_OPEN),
        ("Hats/Foot 2", I.HIHAT_PEDAL),
        ("Toms/High/1", I.TOM_HIGH),
        ("Drums/My Toms/mid 2", I.TOM_MID),
        ("Snare/side stick 2", I.SIDE_STICK),
        ("ride/Bell 1", I.RIDE_BELL),
        ("Crash/china 2", I.CHINA),
        ("Cymbals/crash 3", I.CRASH),
        ("808/Kick", I.KICK),
        ("Kick/snare bleed", I.KICK),
        ("Snare Kit/Kick/one", I.KICK),
    ],
)
def test_folders_say_what_is_in_them(path: str, instrument: I) -> None:
    assert named(path.split("/")).instrument is instrument


def test_a_folder_of_toms_does_not_say_which() -> None:
    meaning = named(("Toms", "3"))
    assert meaning.instrument is None
    assert "which tom" in meaning.why
