from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drum_scores import CRASH, HAT, KICK, OPEN_HAT, SNARE, grace, make_bars, make_score, note, page_of_everything, roll

from backbeat.outputs.notation.staff_map import load_staff_map
from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.score_to_musicxml import score_to_musicxml
from backbeat.records import Feel, Score
from backbeat.values import FOUR_FOUR, Instrument, Meter, Paper


def document(score: Score, **choices: Any) -> Element:
    root = ET.fromstring(score_to_musicxml(score, **choices))
    check_structure(root)
    return root


def check_structure(root: Element) -> None:
    """Every voice fills every bar; chords start together; tuplets and beams that begin end; instruments are declared."""
    declared = {element.get("id") for element in root.iter("score-instrument")}
    assert declared == {element.get("id") for element in root.iter("midi-instrument")}
    divisions = int(root.findtext(".//divisions", "0"))
    full = Fraction(0)
    for measure in root.iter("measure"):
        if measure.find("attributes/time") is not None:
            full = Fraction(4 * int(measure.findtext("attributes/time/beats", "")), int(measure.findtext(".//beat-type", "")))
        filled: dict[str, int] = defaultdict(int)
        cursor = 0
        open_tuplets: dict[str, int] = defaultdict(int)
        open_beams: dict[tuple[str, str], int] = defaultdict(int)
        for element in measure:
            if element.tag == "backup":
                cursor -= int(element.findtext("duration", ""))
            if element.tag != "note":
                continue
            voice, duration = element.findtext("voice", ""), int(element.findtext("duration", "0"))
            assert (element.find("grace") is None) == (duration > 0)
            if element.find("chord") is None:
                assert cursor == filled[voice]
                cursor += duration
                filled[voice] += duration
            for tuplet in element.iter("tuplet"):
                open_tuplets[voice] += 1 if tuplet.get("type") == "start" else -1
                assert open_tuplets[voice] in (0, 1)
            for beam in element.findall("beam"):
                open_beams[voice, beam.get("number", "")] += {"begin": 1, "end": -1}.get(beam.text or "", 0)
            if element.find("rest") is None:
                instrument = element.find("instrument")
                assert instrument is not None
                assert instrument.get("id") in declared
                assert element.findtext("stem") == {"1": "up", "2": "down", "3": "up"}[voice]
                assert float(element.get("dynamics", "")) > 0
            assert "id" not in element.attrib
        assert not any(open_tuplets.values())
        assert not any(open_beams.values())
        lengths = {Fraction(length, divisions) for length in filled.values()}
        assert set(filled) in ({"1", "2"}, {"1", "2", "3"})
        assert len(lengths) == 1
        assert lengths == {full} or (measure.get("implicit") == "yes" and lengths.pop() < full)


def notes_of(root: Element, voice: str) -> list[Element]:
    return [element for element in root.iter("note") if element.findtext("voice") == voice]


def test_it_is_a_percussion_part_called_drumset() -> None:
    root = document(make_score(note(0, "0", KICK)))
    assert root.findtext("part-list/score-part/part-name") == "Drumset"
    assert root.findtext(".//clef/sign") == "percussion"
    assert root.findtext("work/work-title") == "song"


def test_each_drum_is_an_instrument_on_channel_10_with_its_note_counted_from_1() -> None:
    root = document(make_score(note(0, "0", KICK), note(0, "1", SNARE), note(0, "2", KICK)))
    midi = {element.get("id"): element for element in root.iter("midi-instrument")}
    assert set(midi) == {"P1-I37", "P1-I39"}
    assert {element.findtext("midi-channel") for element in midi.values()} == {"10"}
    assert midi["P1-I37"].findtext("midi-unpitched") == "37"
    names = {element.get("id"): element.findtext("instrument-name") for element in root.iter("score-instrument")}
    assert names == {"P1-I37": "Bass Drum", "P1-I39": "Snare Drum"}


@pytest.mark.parametrize("instrument", list(Instrument))
def test_every_note_names_its_instrument(instrument: Instrument) -> None:
    root = document(make_score(note(0, "0", instrument), note(0, "1", KICK), note(0, "3/2", HAT)))
    number = load_note_map("general-midi").notes[instrument] + 1
    first = next(element for element in root.iter("note") if element.find("unpitched") is not None)
    assert f"P1-I{number}" in [element.get("id") for element in root.iter("instrument")]
    assert first.find("instrument") is not None


def test_strokes_together_are_one_chord_per_voice_from_the_bottom_up() -> None:
    root = document(make_score(note(0, "0", HAT), note(0, "0", SNARE), note(0, "0", KICK)))
    hands = [element for element in notes_of(root, "1") if element.find("rest") is None]
    assert [element.findtext("unpitched/display-step") for element in hands] == ["C", "G"]
    assert [element.find("chord") is not None for element in hands] == [False, True]
    assert [element.findtext("notehead", "normal") for element in hands] == ["normal", "x"]
    (kick,) = [element for element in notes_of(root, "2") if element.find("rest") is None]
    assert kick.findtext("unpitched/display-step") == "F"


def test_each_note_of_a_chord_keeps_its_own_velocity() -> None:
    root = document(make_score(note(0, "0", HAT, 45), note(0, "0", SNARE, 117)))
    dynamics = [element.get("dynamics") for element in notes_of(root, "1") if element.get("dynamics")]
    assert dynamics == ["130.00", "50.00"]
    assert [round(float(value or 0) * 0.9) for value in dynamics] == [117, 45]


def test_the_feets_rests_are_hidden_in_a_bar_without_them() -> None:
    (rest,) = notes_of(document(make_score(note(0, "0", SNARE))), "2")
    assert rest.get("print-object") == "no"
    assert rest.find("rest[@measure='yes']") is not None


def test_an_empty_score_is_bars_of_rests() -> None:
    root = document(make_score(bars=make_bars(FOUR_FOUR, FOUR_FOUR)))
    assert [element.find("rest") is not None for element in root.iter("note")] == [True] * 4


def test_a_pickup_is_an_implicit_measure_0() -> None:
    bars = make_bars(FOUR_FOUR, FOUR_FOUR, pickup=Fraction(1))
    root = document(make_score(note(0, "1/2", SNARE), note(1, "0", KICK), bars=bars))
    assert [(measure.get("number"), measure.get("implicit")) for measure in root.iter("measure")] == [("0", "yes"), ("1", "no")]


def test_meter_changes_are_written_where_they_are() -> None:
    bars = make_bars(FOUR_FOUR, FOUR_FOUR, Meter(7, 8), FOUR_FOUR)
    root = document(make_score(bars=bars))
    times = [(measure.findtext(".//beats"), measure.findtext(".//beat-type")) for measure in root.iter("measure")]
    assert times == [("4", "4"), (None, None), ("7", "8"), ("4", "4")]


def test_the_tempo_is_marked_and_exact_for_playing() -> None:
    root = document(make_score(tempo_bpm=119.68))
    assert root.findtext(".//metronome/per-minute") == "120"
    assert [element.get("tempo") for element in root.iter("sound")] == ["119.680"]


def test_in_6_8_the_tempo_counts_dotted_quarters() -> None:
    root = document(make_score(bars=make_bars(Meter(6, 8)), tempo_bpm=120))
    assert root.findtext(".//metronome/per-minute") == "80"
    assert root.find(".//metronome/beat-unit-dot") is not None


def test_a_title_with_anything_in_it_is_well_formed() -> None:
    assert document(make_score(title='<&">\x01\udcff]]>')).findtext("work/work-title") == '<&"> ?]]>'


def test_the_same_score_gives_the_same_bytes_without_a_date() -> None:
    score = make_score(note(0, "0", SNARE))
    assert score_to_musicxml(score) == score_to_musicxml(score)
    assert b"encoding-date" not in score_to_musicxml(score)


def test_a_rough_tempo_says_so() -> None:
    assert document(make_score(unreliable=True)).findtext(".//metronome/per-minute") == "ca. 120"


def test_a_new_tempo_is_marked_where_it_begins() -> None:
    bars = make_bars(*(FOUR_FOUR,) * 16, tempi=(100.0,) * 8 + (140.0,) * 8)
    root = document(make_score(bars=bars, tempo_bpm=118))
    marks = [measure.findtext(".//per-minute") for measure in root.iter("measure")]
    assert marks == ["100", *[None] * 7, "140", *[None] * 7]
    assert [element.get("tempo") for element in root.iter("sound")] == ["100.000", "140.000"]


@pytest.mark.parametrize(
    ("ratio", "unit", "words", "numbers"),
    [
        (1.98, Fraction(1, 2), "Swing (♫ = ♩³♪)", ("2", "1", "eighth")),
        (1.51, Fraction(1, 2), "Light swing (♫ = ♩³♪)", ("3", "2", "eighth")),
        (1.67, Fraction(1, 4), "Swing 16ths", ("5", "3", "16th")),
    ],
)
def test_swing_is_told_in_words_and_in_numbers(ratio: float, unit: Fraction, words: str, numbers: tuple[str, str, str]) -> None:
    root = document(make_score(note(0, "0", HAT), feel=Feel(swing_ratio=ratio, swing_unit=unit)))
    assert [(element.text or "").strip() for element in root.iter("words")] == [words]
    swing = root.find(".//sound/swing")
    assert swing is not None
    assert tuple(element.text for element in swing) == numbers


def test_straight_playing_says_nothing_of_swing() -> None:
    assert not list(document(make_score(note(0, "0", HAT))).iter("swing"))


def test_an_accent_is_over_the_hands_and_under_the_feet() -> None:
    root = document(make_score(note(0, "0", SNARE, accent=True), note(0, "0", KICK, accent=True), note(0, "1", SNARE)))
    assert [element.get("placement") for element in root.iter("accent")] == ["above", "below"]


def test_a_ghost_note_is_in_parentheses_and_the_hat_over_it_is_not() -> None:
    root = document(make_score(note(0, "0", SNARE, 25, ghost=True), note(0, "0", HAT)))
    heads = {element.findtext("unpitched/display-step"): element.find("notehead") for element in notes_of(root, "1")[:2]}
    assert {step: head.get("parentheses") for step, head in heads.items() if head is not None} == {"C": "yes", "G": "no"}


def test_one_grace_note_is_slashed_and_two_share_beams() -> None:
    score = make_score(
        *(note(0, "1", SNARE), grace(0, "1", SNARE, 45)),
        *(note(0, "3", SNARE), grace(0, "3", SNARE, 27, before=2), grace(0, "3", SNARE, 36)),
    )
    graces = [element for element in document(score).iter("note") if element.find("grace") is not None]
    assert [element.find("grace").get("slash") for element in graces] == ["yes", "no", "no"]  # type: ignore[union-attr]
    assert [element.findtext("type") for element in graces] == ["eighth", "16th", "16th"]
    assert [[beam.text for beam in element.findall("beam")] for element in graces] == [[], ["begin"] * 2, ["end"] * 2]
    assert [element.get("dynamics") for element in graces] == ["50.00", "30.00", "40.00"]


def test_a_roll_is_one_note_with_tremolo_bars() -> None:
    root = document(make_score(note(0, "0", HAT), *roll(0, "2", SNARE, "2", 72), note(0, "0", KICK)))
    sounding = [element for element in notes_of(root, "1") if element.find("rest") is None]
    assert [(element.findtext("type"), element.get("dynamics")) for element in sounding] == [
        ("quarter", "100.00"),
        ("half", "80.00"),
    ]
    assert [element.text for element in root.iter("tremolo")] == ["3"]


def test_a_roll_over_the_bar_line_is_tied() -> None:
    root = document(make_score(*roll(0, "3", SNARE, "2"), bars=make_bars(FOUR_FOUR, FOUR_FOUR)))
    assert [element.get("type") for element in root.iter("tie")] == ["start", "stop"]
    assert [element.text for element in root.iter("tremolo")] == ["3", "3"]


def test_a_roll_under_other_strokes_of_the_hands_has_a_voice_of_its_own() -> None:
    root = document(make_score(note(0, "0", CRASH), *roll(0, "0", SNARE, "2"), note(0, "1", HAT)))
    assert [
        element.findtext("unpitched/display-step") for element in root.iter("note") if element.find(".//tremolo") is not None
    ] == ["C"]
    assert {element.get("print-object") for element in notes_of(root, "3") if element.find("rest") is not None} == {"no"}


def test_hats_are_marked_where_they_open_and_close() -> None:
    hats = (HAT, OPEN_HAT, OPEN_HAT, HAT, HAT)
    score = make_score(*(note(0, f"{n}/2", hat) for n, hat in enumerate(hats)))
    marks = [[child.tag for child in element.findall("notations/technical/*")] for element in notes_of(document(score), "1")[:5]]
    assert marks == [[], ["open-string"], [], ["stopped"], []]


def test_four_bars_are_on_a_line() -> None:
    root = document(make_score(bars=make_bars(*(FOUR_FOUR,) * 9)))
    breaks = [measure.get("number") for measure in root.iter("measure") if measure.find("print[@new-system='yes']") is not None]
    assert breaks == ["5", "9"]


def test_repeated_bars_get_a_sign_and_keep_their_notes() -> None:
    notes = [note(bar, str(beat), SNARE if bar == 3 else KICK) for bar in range(5) for beat in range(4)]
    score = make_score(*notes, bars=make_bars(*(FOUR_FOUR,) * 5))
    root = document(score, repeat_bars=True)
    signs = [
        (measure.get("number"), sign.get("type"), sign.text)
        for measure in root.iter("measure")
        for sign in measure.iter("measure-repeat")
    ]
    assert signs == [("2", "start", "1"), ("4", "stop", None)]
    assert len([element for element in root.iter("note") if element.find("unpitched") is not None]) == len(notes)
    assert not list(document(score).iter("measure-repeat"))


def test_the_first_instrument_stands_for_the_set_and_the_others_have_standard_sounds() -> None:
    root = document(page_of_everything())
    sounds = {
        element.findtext("instrument-name"): element.findtext("instrument-sound") for element in root.iter("score-instrument")
    }
    assert sounds["Bass Drum"] == "drum.group.set"
    assert (sounds["Snare Drum"], sounds["Open Hi-Hat"], sounds["Crash Cymbal"]) == (
        "drum.snare-drum",
        "metal.hi-hat",
        "metal.cymbal.crash",
    )


def test_another_staff_map_moves_the_drums_and_keeps_their_sounds() -> None:
    score = make_score(note(0, "0", SNARE))
    (snare,) = notes_of(document(score, staff_map=load_staff_map("agostini")), "1")[:1]
    assert (snare.findtext("unpitched/display-step"), snare.findtext("unpitched/display-octave")) == ("B", "4")
    assert snare.find("instrument[@id='P1-I39']") is not None


def test_the_page_is_as_large_as_the_paper() -> None:
    sizes = []
    for paper in Paper:
        root = document(make_score(), paper=paper)
        tenth_mm = float(root.findtext(".//millimeters", "")) / float(root.findtext(".//tenths", ""))
        sizes.append(tuple(round(float(root.findtext(f".//page-{side}", "")) * tenth_mm, 1) for side in ("width", "height")))
    assert sizes == [(210.0, 297.0), (215.9, 279.4)]


def test_every_sign_at_once_is_complete() -> None:
    score = page_of_everything()
    root = document(score, repeat_bars=True)
    written = [
        element
        for element in root.iter("note")
        if element.find("unpitched") is not None and element.find("tie[@type='stop']") is None
    ]
    assert len(written) == sum(scored.role != "rolled" for scored in score.notes)


positions = st.builds(Fraction, st.integers(0, 95), st.sampled_from([1, 2, 3, 4, 6, 8, 12, 16, 24, 32]))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), positions, st.sampled_from(Instrument)), unique=True, max_size=40),
    st.sampled_from([FOUR_FOUR, Meter(3, 4), Meter(6, 8), Meter(7, 8), Meter(2, 2), Meter(5, 16)]),
)
def test_every_bar_is_complete_and_every_stroke_is_in_it(placed: list[tuple[int, Fraction, Instrument]], meter: Meter) -> None:
    length = Fraction(4 * meter.beats, meter.unit)
    bars = make_bars(meter, meter, meter)
    notes = [note(bar, str(position), instrument) for bar, position, instrument in placed if position < length]
    root = document(make_score(*notes, bars=bars))
    assert len([element for element in root.iter("note") if element.find("unpitched") is not None]) == len(notes)


def test_music21_neither_reads_nor_writes_the_users_settings(tmp_path: Path) -> None:
    (tmp_path / ".music21rc").write_text("not XML, on which music21 would stop")
    script = "from tests_helper import main; main()"
    (tmp_path / "tests_helper.py").write_text(
        "from fractions import Fraction\n"
        "from backbeat.outputs.score_to_musicxml import score_to_musicxml\n"
        "from backbeat.records import Bar, Score\n"
        "from backbeat.values import FOUR_FOUR\n"
        "import os\n"
        "def main():\n"
        "    home = os.environ['HOME']\n"
        "    bar = Bar(number=1, meter=FOUR_FOUR, start_s=0.0, end_s=2.0, length=Fraction(4))\n"
        "    score_to_musicxml(Score(title='t', bars=(bar,), notes=(), tempo_bpm=120.0, tempo_unreliable=False))\n"
        "    assert os.environ['HOME'] == home\n"
    )
    environment = {**os.environ, "HOME": str(tmp_path), "APPDATA": str(tmp_path)}
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, check=True, timeout=120)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "__pycache__") == [".music21rc", "tests_helper.py"]
