from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.pipeline.request import Request, free_out_base
from backbeat.sensitivity import Sensitivity
from backbeat.settings import OPTIONS, Settings, asdict_flat, parse_options
from backbeat.values import (
    BeatChoice,
    Compat,
    Device,
    Division,
    Instrument,
    InstrumentChoice,
    Meter,
    MidiLayout,
    OutputKind,
    Paper,
    PdfBackend,
    Picture,
    Separation,
)
from backbeat.velocity_curve import VelocityCurve

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).map(str.strip).filter(bool)
bpms = st.none() | st.floats(20, 400)
every_settings = st.builds(
    Settings,
    engine=words,
    separation=st.sampled_from(Separation),
    sensitivity=st.dictionaries(st.sampled_from(["", *Instrument]), st.integers(0, 100), min_size=1).map(
        lambda levels: Sensitivity.parse(", ".join(f"{name}={level}" if name else str(level) for name, level in levels.items()))
    ),
    instruments=st.sampled_from(InstrumentChoice),
    beats=st.sampled_from(BeatChoice),
    bpm=bpms,
    host_bpm=bpms,
    meter=st.none() | st.builds(Meter, st.integers(1, 32), st.sampled_from([1, 2, 4, 8, 16, 32])),
    first_downbeat=st.none() | st.floats(0, 36_000),
    preset=words,
    quantize=st.integers(0, 100),
    compat=st.sampled_from(Compat),
    pdf=st.sampled_from(PdfBackend),
    separator_model=words,
    chain=words,
    device=st.sampled_from(Device),
    keep_stem=st.booleans(),
)
OTHERS: dict[str, Any] = {
    "engine": "annoteator",
    "separation": "demucs",
    "sensitivity": "60, hihat=70",
    "instruments": "common",
    "beats": "librosa",
    "bpm": 93.5,
    "host_bpm": 96,
    "meter": "7/8",
    "first_downbeat": 1.25,
    "preset": "mine",
    "quantize": 50,
    "grid": "8t",
    "flam_ms": 30,
    "velocity_curve": "40-120",
    "midi_layout": "type-0",
    "lead_in": 2,
    "notation": "mine",
    "repeat_bars": True,
    "compat": "seed",
    "pdf": "none",
    "paper": "letter",
    "picture": "svg",
    "separator_model": "htdemucs_ft",
    "chain": "muddy-room",
    "device": "cuda",
    "keep_stem": True,
}
"""A value of each setting that is not the default."""


# Written down and read again


@given(every_settings)
def test_settings_come_back_from_json_as_they_were(settings: Settings) -> None:
    text = settings.to_json()
    assert Settings.from_json(text) == settings
    assert Settings.from_json(text).to_json() == text, "the identity of a stored job must not change"
    assert "\n" not in text


def test_keys_of_a_newer_version_are_ignored_and_missing_ones_are_the_defaults() -> None:
    assert Settings.from_json('{"bpm": 120.0, "magic": 3}') == Settings(bpm=120.0)


@given(every_settings)
def test_what_is_shown_to_people_can_be_typed_in_again(settings: Settings) -> None:
    typed = {name: "auto" if value is None else str(value) for name, value in asdict_flat(settings).items()}
    assert Settings().changed(typed) == settings


# Typed in


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("bpm", "128", 128.0),
        ("bpm", 93.5, 93.5),
        ("bpm", "auto", None),
        ("bpm", "", None),
        ("host-bpm", "20", 20.0),
        ("meter", "7/8", Meter(7, 8)),
        ("meter", "auto", None),
        ("first-downbeat", "0.5", 0.5),
        ("first_downbeat", 0, 0.0),
        ("first_downbeat", "auto", None),
        ("quantize", "40%", 40),
        ("quantize", 0, 0),
        ("grid", "8T", Division.EIGHTH_TRIPLETS),
        ("flam-ms", "30 ms", 30),
        ("lead_in", "2 bars", 2),
        ("velocity_curve", "soft", VelocityCurve(exponent=1.5)),
        ("velocity_curve", "40 - 120", VelocityCurve(lowest=40, highest=120)),
        ("midi-layout", "Type-0", MidiLayout.TYPE_0),
        ("paper", "Letter", Paper.LETTER),
        ("picture", "SVG", Picture.SVG),
        ("keep-stem", "yes", True),
        ("keep_stem", 0, False),
        ("keep_stem", "OFF", False),
        ("separation", "Demucs", Separation.DEMUCS),
        ("pdf", " none ", PdfBackend.NONE),
        ("preset", " mine ", "mine"),
        ("instruments", "Common", InstrumentChoice.COMMON),
        ("sensitivity", 60, Sensitivity(overall=60)),
        ("sensitivity", " kick = 40,60 ", Sensitivity(overall=60, own=((Instrument.KICK, 40),))),
    ],
)
def test_values_are_understood_as_people_and_programs_write_them(name: str, text: object, value: object) -> None:
    changed = Settings().changed({name: text})
    assert getattr(changed, name.replace("-", "_")) == value


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("bpm", "fast", "bpm: 'fast' is not a number of beats per minute"),
        ("bpm", "19.9", "bpm: 19.9 BPM is outside 20 to 400"),
        ("bpm", "401", "outside 20 to 400"),
        ("bpm", "nan", "outside 20 to 400"),
        ("host_bpm", "inf", "outside 20 to 400"),
        ("bpm", True, "not a number of beats per minute"),
        ("meter", "4/5", "meter: 4/5 is not a meter: write it like 4/4"),
        ("meter", "waltz", "not a meter"),
        ("first_downbeat", "soon", "first_downbeat: 'soon' is not a number of seconds"),
        ("first_downbeat", "-1", "first_downbeat: -1 s is outside 0 to 36000"),
        ("first_downbeat", "nan", "outside 0 to 36000"),
        ("quantize", "101", "quantize: 101 is outside 0 to 100"),
        ("quantize", "-1", "outside 0 to 100"),
        ("quantize", "half", "not a whole number"),
        ("quantize", "12.5", "not a whole number"),
        ("flam_ms", "101", "flam_ms: 101 is outside 0 to 100"),
        ("lead_in", "9", "lead_in: 9 is outside 0 to 8"),
        ("velocity_curve", "loud", "'loud' is not a velocity curve: write it like linear, soft, hard, 1.3, 40-120 or fixed 100"),
        ("keep_stem", "maybe", "keep_stem: 'maybe' is neither true nor false"),
        ("separation", "spleeter", "separation: 'spleeter' is not one of none, demucs, auto"),
        ("beats", "", "not one of auto, net, madmom, librosa, none"),
        ("preset", "  ", "preset: it is empty"),
        ("instruments", "most", "instruments: 'most' is not one of all, common"),
        ("sensitivity", "more", "sensitivity: 'more' is not a level from 0 to 100: write it like 60, or 60, hihat=70, kick=40"),
        ("sensitivity", "60, snair=70", "sensitivity: 'snair' is not an instrument: did you mean snare?"),
        ("engine", "", "engine: it is empty"),
    ],
)
def test_a_mistake_says_which_setting_and_what_is_possible(name: str, text: object, sentence: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the sentence is looked at
        Settings().changed({name: text})
    assert sentence in str(raised.value)


def test_all_mistakes_are_told_together_and_what_is_right_is_kept() -> None:
    parsed, mistakes = parse_options({"bpm": "fast", "quantise": 50, "zzz": 1, "preset": "mine", "keep-stem": "perhaps"})
    assert parsed == {"preset": "mine"}
    assert mistakes == [
        "bpm: 'fast' is not a number of beats per minute",
        "unknown setting 'quantise', did you mean 'quantize'?",
        "unknown setting 'zzz'",
        "keep-stem: 'perhaps' is neither true nor false",
    ]


def test_every_setting_has_a_parser_and_a_help_text_and_its_default_is_a_value_of_its_own() -> None:
    assert list(OPTIONS) == [field.name for field in fields(Settings)]
    for name, option in OPTIONS.items():
        assert option["help"]
        assert option["parse"](getattr(Settings(), name)) == getattr(Settings(), name)


# Identity


REQUEST = Request(path=Path("/bounces/song.wav"), fingerprint="f" * 64, out_base=Path("/bounces/song.drums"), settings=Settings())


def test_the_examples_name_every_setting() -> None:
    assert OTHERS.keys() == OPTIONS.keys()


@pytest.mark.parametrize("name", OTHERS)
def test_another_value_of_any_setting_is_another_job(name: str) -> None:
    changed = replace(REQUEST, settings=Settings().changed({name: OTHERS[name]}))
    assert changed.identity != REQUEST.identity


def test_other_content_or_another_place_is_another_job_and_a_new_name_alone_is_not() -> None:
    assert replace(REQUEST, fingerprint="e" * 64).identity != REQUEST.identity
    assert replace(REQUEST, out_base=Path("/elsewhere/song.drums")).identity != REQUEST.identity
    assert replace(REQUEST, path=Path("/bounces/renamed.wav")).identity == REQUEST.identity


def test_recordings_that_could_not_be_read_are_told_apart_by_their_path() -> None:
    unread = replace(REQUEST, fingerprint="")
    assert replace(unread, path=Path("/bounces/song.flac")).identity != unread.identity


def test_names_that_are_not_valid_unicode_have_an_identity_too() -> None:
    assert len(replace(REQUEST, out_base=Path("/bounces/\udce9.drums")).identity) == 64


# Places


def test_outputs_stand_beside_one_another_also_where_the_name_has_dots() -> None:
    request = replace(REQUEST, out_base=Path("/bounces/mix 1.2.drums"))
    assert request.output(OutputKind.MIDI) == Path("/bounces/mix 1.2.drums.mid")
    assert request.output(OutputKind.TEMPOMAP) == Path("/bounces/mix 1.2.drums.tempomap.mid")


def test_results_go_to_the_first_place_that_does_not_belong_to_another_recording() -> None:
    names = ["song.drums", "song.flac.drums", "song.flac-2.drums", "song.flac-3.drums"]
    for taken in range(4):
        occupied = {Path("/out") / name for name in names[:taken]}
        found = free_out_base(Path("/bounces/song.flac"), Path("/out"), occupied.__contains__)
        assert found == Path("/out") / names[taken]
