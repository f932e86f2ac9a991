from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.score_to_musicxml import score_to_musicxml
from backbeat.records import Bar, Score, ScoreNote
from backbeat.values import FOUR_FOUR, Instrument, Meter

KICK, SNARE, HAT = Instrument.KICK, Instrument.SNARE, Instrument.HIHAT_CLOSED


def make_bar(number: int, start_s: float, meter: Meter = FOUR_FOUR, length: Fraction | None = None) -> Bar:
    full = Fraction(4 * meter.beats, meter.unit)
    length = full if length is None else length
    return Bar(number=number, meter=meter, start_s=start_s, end_s=start_s + float(length) / 2, length=length)


def note(bar: int, position: str, instrument: Instrument, velocity: int = 90) -> ScoreNote:
    return ScoreNote(
        bar=bar,
        position=Fraction(position),
        sounding=Fraction(position),
        time_s=bar * 2.0,
        instrument=instrument,
        velocity=velocity,
        confidence=1.0,
    )


def make_score(
    *notes: ScoreNote, bars: tuple[Bar, ...] = (make_bar(1, 0.0),), title: str = "song", tempo: float = 120.0
) -> Score:
    return Score(title=title, bars=bars, notes=notes, tempo_bpm=tempo, tempo_unreliable=False)


def document(score: Score) -> Element:
    root = ET.fromstring(score_to_musicxml(score))
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
            voice, duration = element.findtext("voice", ""), int(element.findtext("duration", ""))
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
                assert element.findtext("stem") == {"1": "up", "2": "down"}[voice]
                assert float(element.get("dynamics", "")) > 0
            assert "id" not in element.attrib
        assert not any(open_tuplets.values())
        assert not any(open_beams.values())
        lengths = {Fraction(length, divisions) for length in filled.values()}
        assert len(filled) == 2
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


def test_where_both_rest_one_rest_is_seen() -> None:
    root = document(make_score(note(0, "0", SNARE), note(0, "0", KICK)))
    assert [element.get("print-object") for element in notes_of(root, "1") if element.find("rest") is not None] == [None, None]
    assert [element.get("print-object") for element in notes_of(root, "2") if element.find("rest") is not None] == ["no", "no"]


def test_an_empty_score_is_bars_of_rests() -> None:
    root = document(make_score(bars=(make_bar(1, 0.0), make_bar(2, 2.0))))
    assert [element.find("rest") is not None for element in root.iter("note")] == [True] * 4


def test_a_pickup_is_an_implicit_measure_0() -> None:
    bars = (make_bar(0, 0.0, length=Fraction(1)), make_bar(1, 0.5))
    root = document(make_score(note(0, "1/2", SNARE), note(1, "0", KICK), bars=bars))
    assert [(measure.get("number"), measure.get("implicit")) for measure in root.iter("measure")] == [("0", "yes"), ("1", "no")]


def test_meter_changes_are_written_where_they_are() -> None:
    bars = (make_bar(1, 0.0), make_bar(2, 2.0), make_bar(3, 4.0, Meter(7, 8)), make_bar(4, 5.75))
    root = document(make_score(bars=bars))
    times = [(measure.findtext(".//beats"), measure.findtext(".//beat-type")) for measure in root.iter("measure")]
    assert times == [("4", "4"), (None, None), ("7", "8"), ("4", "4")]


def test_the_tempo_is_marked_and_exact_for_playing() -> None:
    root = document(make_score(tempo=119.68))
    assert root.findtext(".//metronome/per-minute") == "120"
    assert [element.get("tempo") for element in root.iter("sound")] == ["119.680"]


def test_in_6_8_the_tempo_counts_dotted_quarters() -> None:
    root = document(make_score(bars=(make_bar(1, 0.0, Meter(6, 8)),), tempo=120))
    assert root.findtext(".//metronome/per-minute") == "80"
    assert root.find(".//metronome/beat-unit-dot") is not None


def test_a_title_with_anything_in_it_is_well_formed() -> None:
    assert document(make_score(title='<&">\x01\udcff]]>')).findtext("work/work-title") == '<&"> ?]]>'


def test_the_same_score_gives_the_same_bytes_without_a_date() -> None:
    score = make_score(note(0, "0", SNARE))
    assert score_to_musicxml(score) == score_to_musicxml(score)
    assert b"encoding-date" not in score_to_musicxml(score)


positions = st.builds(Fraction, st.integers(0, 95), st.sampled_from([1, 2, 3, 4, 6, 8, 12, 16, 24, 32]))


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 2), positions, st.sampled_from(Instrument)), unique=True, max_size=40),
    st.sampled_from([FOUR_FOUR, Meter(3, 4), Meter(6, 8), Meter(7, 8), Meter(2, 2), Meter(5, 16)]),
)
def test_every_bar_is_complete_and_every_stroke_is_in_it(placed: list[tuple[int, Fraction, Instrument]], meter: Meter) -> None:
    length = Fraction(4 * meter.beats, meter.unit)
    bars = (make_bar(1, 0.0, meter), make_bar(2, 2.0, meter), make_bar(3, 4.0, meter))
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
