"""The marks of a drum part that notation programs are known to lose: all are on Verovio's pages, as signs of its font."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from backbeat.monitor import Unwatched
from backbeat.outputs.engraving.svg_to_pdf import svg_pages_to_pdf
from backbeat.outputs.engraving.verovio import svg_pages
from backbeat.outputs.score_to_musicxml import score_to_musicxml
from backbeat.records import Bar, Feel, Role, Score, ScoreNote
from backbeat.values import FOUR_FOUR, Instrument, Meter, Paper

SIGNS = {
    "E069": "percussion clef",
    "E0A4": "filled head",
    "E0A9": "cross",
    "E0B3": "circled cross",
    "E222": "tremolo",
    "E240": "flag up",
    "E4A0": "accent",
    "E4E6": "eighth rest",
    "E500": "repeated bar",
    "E883": "3 of a tuplet",
}
"""SMuFL's code points of what is counted here (w3c.github.io/smufl)."""


def stroke(at: str, instrument: Instrument, bar: int = 0, **more: object) -> ScoreNote:
    position = Fraction(at)
    values = {"time_s": 2.0 * bar + float(position) / 2, "velocity": 80, "confidence": 1.0, "sounding": position, **more}
    return ScoreNote(bar=bar, position=position, instrument=instrument, **values)  # type: ignore[arg-type]


def score(notes: Sequence[ScoreNote], meters: Sequence[Meter] = (FOUR_FOUR,), pickup: Fraction = Fraction(0)) -> Score:
    lengths = [Fraction(4 * meter.beats, meter.unit) for meter in meters]
    if pickup:
        lengths[0] = pickup
    return Score(
        title="Marks",
        bars=tuple(
            Bar(number=n + (not pickup), meter=meter, start_s=2.0 * n, end_s=2.0 * n + 2, length=length)
            for n, (meter, length) in enumerate(zip(meters, lengths, strict=True))
        ),
        notes=tuple(sorted(notes, key=lambda note: (note.bar, note.time_s))),
        tempo_bpm=120.0,
        tempo_unreliable=False,
    )


def engraved(music: Score, tmp_path: Path, *, repeat_bars: bool = False) -> str:
    """The pages as SVG, which can all be drawn."""
    musicxml = score_to_musicxml(music, repeat_bars=repeat_bars).decode()
    pages = svg_pages(musicxml, name="marks", paper=Paper.A4, monitor=Unwatched())
    svg_pages_to_pdf(pages.svg, tmp_path / "marks.pdf", size_mm=(210, 297), title=pages.title, margin_mm=15)
    return "".join(pages.svg)


def signs(svg: str) -> Counter[str]:
    return Counter(SIGNS.get(code, code) for code in re.findall(r'xlink:href="#([0-9A-F]{4})', svg))


def elements(svg: str) -> Counter[str]:
    return Counter(re.findall(r'class="(\w+)', svg))


QUARTERS = ("0", "1", "2", "3")


def test_clef_heads_and_hidden_rests(tmp_path: Path) -> None:
    hats = [stroke(at, Instrument.HIHAT_CLOSED) for at in QUARTERS]
    svg = engraved(score([*hats, stroke("0", Instrument.KICK), stroke("1", Instrument.SNARE)]), tmp_path)
    found = signs(svg)
    assert found["percussion clef"] == 1
    assert (found["cross"], found["filled head"]) == (4, 2)
    assert elements(svg)["rest"] == 0, "the feet's are there, and not seen"


def test_open_hats_accents_and_ghosts(tmp_path: Path) -> None:
    notes = [
        stroke("0", Instrument.HIHAT_OPEN),
        stroke("1", Instrument.SNARE, is_accent=True),
        stroke("2", Instrument.SNARE, is_ghost=True),
        stroke("3", Instrument.SNARE),
    ]
    svg = engraved(score(notes), tmp_path)
    assert signs(svg)["circled cross"] == 1
    assert signs(svg)["accent"] == 1
    assert len(re.findall(r"#E0F5|#E26A", svg)) == 1, "one opening parenthesis"


@pytest.mark.parametrize("graces", [1, 2])
def test_flams_and_drags(tmp_path: Path, graces: int) -> None:
    before = [
        stroke("1", Instrument.SNARE, role=Role.GRACE, velocity=40, time_s=0.5 - 0.02 * n, sounding=Fraction(24 - n, 25))
        for n in range(graces, 0, -1)
    ]
    svg = engraved(score([*before, *(stroke(at, Instrument.SNARE) for at in QUARTERS)]), tmp_path)
    small, large = (len(re.findall(rf'#E0A4[^"]*" transform="[^"]*scale\({size}', svg)) for size in (r"0\.5", r"0\.7"))
    assert (small, large) == (graces, 4)


def test_a_roll_is_one_note_with_bars_through_its_stem(tmp_path: Path) -> None:
    roll = stroke("0", Instrument.SNARE, role=Role.ROLL, roll_length=Fraction(2), tremolo=3)
    rest_of_it = [stroke(f"{n}/8", Instrument.SNARE, role=Role.ROLLED) for n in range(1, 16)]
    svg = engraved(score([roll, *rest_of_it, stroke("2", Instrument.SNARE), stroke("3", Instrument.SNARE)]), tmp_path)
    assert signs(svg)["tremolo"] == 1
    assert elements(svg)["notehead"] == 3


def test_tuplets_of_the_hands_stand_above_and_of_the_feet_below(tmp_path: Path) -> None:
    def places(instrument: Instrument) -> list[float]:
        svg = engraved(score([stroke(f"{n}/3", instrument) for n in range(12)]), tmp_path)
        assert signs(svg)["3 of a tuplet"] == elements(svg)["tuplet"] == 4
        staff = [float(y) for y in re.findall(r'<g [^>]*class="staff"><path d="M[\d.]+ ([\d.]+)', svg)]
        return [float(y) - staff[0] for y in re.findall(r'#E883[^"]*" transform="translate\([\d.]+, ([\d.]+)\)', svg)]

    assert max(places(Instrument.SNARE)) < 0
    assert min(places(Instrument.KICK)) > 700, "below the staff, which is 700 hundredths of a millimetre high"


def test_seven_eighths_after_a_pickup(tmp_path: Path) -> None:
    meters = (FOUR_FOUR, FOUR_FOUR, Meter(7, 8))
    notes = [stroke("0", Instrument.SNARE), *(stroke(at, Instrument.KICK, 1) for at in QUARTERS)]
    notes += [stroke(f"{n}/2", Instrument.HIHAT_CLOSED, 2) for n in range(7)]
    svg = engraved(score(notes, meters, pickup=Fraction(1)), tmp_path)
    assert elements(svg)["meterSig"] == 2
    assert elements(svg)["measure"] == 3
    assert elements(svg)["notehead"] == 1 + 4 + 7


def test_repeated_bars_have_their_sign_and_room_for_it(tmp_path: Path) -> None:
    notes = [stroke(at, Instrument.SNARE, bar) for bar in range(4) for at in QUARTERS]
    svg = engraved(score(notes, (FOUR_FOUR,) * 4), tmp_path, repeat_bars=True)
    assert signs(svg)["repeated bar"] == 3
    assert signs(svg)["E882"] == 0, "no 2 over it, which would mean two bars"
    lines = [float(x) for x in re.findall(r'class="barLine"><path d="M([\d.]+)', svg)]
    assert min(b - a for a, b in pairwise(lines)) > 1000, "more than a centimetre"


def test_the_words_for_swing_stand_before_the_tempo(tmp_path: Path) -> None:
    swung = Feel(swing_ratio=2.0, swing_unit=Fraction(1, 2))
    svg = engraved(replace(score([stroke("0", Instrument.KICK)]), feel=swung), tmp_path)
    words = "".join(re.findall(r">([^<>]*)</tspan>", svg))
    assert re.search(r"Swing \(.*\)\s\s\ueca5\s= 120", words)
