from __future__ import annotations

from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

import pytest

from backbeat.outputs.engraving.drum_mei import DrumMei

HEAD = (
    '<?xml version="1.0"?><mei xmlns="http://www.music-encoding.org/ns/mei"><meiHead><fileDesc><titleStmt>'
    "<title>Tom &amp; Jerry</title></titleStmt></fileDesc></meiHead><music><body><mdiv><score><scoreDef><staffGrp>"
    '<staffDef n="1"><label>Drumset</label><labelAbbr>Dr.</labelAbbr></staffDef></staffGrp></scoreDef><section>'
)
TAIL = "</section></score></mdiv></body></music></mei>"
BREAK = "<sb/>"


def mei(*content: str) -> DrumMei:
    return DrumMei(HEAD + "".join(content) + TAIL)


def bars(count: int) -> str:
    return '<measure><staff><layer><note dur="4"/></layer></staff></measure>' * count


def lines(part: DrumMei) -> list[int]:
    """How many bars stand between the line breaks of what Verovio will read."""
    found = [0]
    for element in root(part).iter():
        if element.tag == "sb":
            found.append(0)
        found[-1] += element.tag == "measure"
    return found


def root(part: DrumMei) -> Element:
    text = str(part)
    assert text.startswith('<mei xmlns="http://www.music-encoding.org/ns/mei"'), "Verovio reads no prefixes"
    return ET.fromstring(text.replace(' xmlns="http://www.music-encoding.org/ns/mei"', ""))


def found(part: DrumMei, path: str) -> Element:
    element = root(part).find(path)
    assert element is not None, path
    return element


def test_the_head_of_the_first_page_has_title_and_part_name() -> None:
    head = found(mei(bars(1)), './/pgHead[@func="first"]')
    assert [rend.text for rend in head] == ["Tom & Jerry", "Drumset"]
    assert mei(bars(1)).title == "Tom & Jerry"


def test_later_pages_have_title_and_number() -> None:
    head = found(mei(bars(1)), './/pgHead[@func="all"]')
    assert "".join(head.itertext()) == "Tom & Jerry#"
    assert found(mei(bars(1)), ".//num").get("label") == "page"


def test_no_name_takes_room_before_the_staff() -> None:
    assert root(mei(bars(1))).find(".//staffDef/*") is None


def test_a_repeated_bar_is_a_whole_one_without_a_number() -> None:
    part = mei('<measure metcon="false" n="2"><staff><layer><mRpt/></layer><layer><mRpt/></layer></staff></measure>')
    assert "metcon" not in found(part, ".//measure").attrib
    assert [sign.get("num.visible") for sign in root(part).iter("mRpt")] == ["false"], "one for both voices"


def test_a_pickup_stays_one() -> None:
    assert found(mei('<measure metcon="false" n="0"/>'), ".//measure").get("metcon") == "false"


@pytest.mark.parametrize(("stem", "place"), [("down", "below"), ("up", None)])
def test_the_feets_brackets_stand_below(stem: str, place: str | None) -> None:
    part = mei(f'<measure><tuplet num="3"><rest/><chord stem.dir="{stem}"><note/></chord></tuplet></measure>')
    tuplet = found(part, ".//tuplet")
    assert (tuplet.get("bracket.place"), tuplet.get("num.place")) == (place, place)


def test_blanks_between_words_and_tempo_stay() -> None:
    part = mei("<measure><tempo><rend>Swing  </rend><rend>\ueca5</rend> = 110</tempo></measure>")
    assert "".join(found(part, ".//tempo").itertext()) == "Swing\u00a0\u00a0\ueca5 = 110"


def test_lines_that_fit_stay() -> None:
    part = mei(bars(4), BREAK, bars(4), BREAK, bars(1))
    assert not part.halve_overfull_lines([4, 4, 1])
    assert lines(part) == [4, 4, 1]


def test_a_line_that_does_not_fit_is_halved() -> None:
    part = mei(bars(4), BREAK, bars(4), BREAK, bars(2))
    assert part.halve_overfull_lines([4, 3, 1, 2])
    assert lines(part) == [4, 2, 2, 2]
    assert not part.halve_overfull_lines([4, 2, 2, 2])


def test_of_five_bars_the_first_line_gets_three() -> None:
    """A pickup shares the first line."""
    part = mei(bars(5), BREAK, bars(4))
    assert part.halve_overfull_lines([4, 1, 4])
    assert lines(part) == [3, 2, 4]


def test_halves_that_still_do_not_fit_are_halved_again() -> None:
    part = mei(bars(4))
    assert part.halve_overfull_lines([1, 1, 1, 1])
    assert part.halve_overfull_lines([1, 1, 1, 1])
    assert lines(part) == [1, 1, 1, 1]
    assert not part.halve_overfull_lines([1, 1, 1, 1])


def test_a_file_that_states_no_lines_is_left_to_verovio() -> None:
    part = mei(bars(20))
    assert not part.halve_overfull_lines([5, 5, 5, 5])
    assert lines(part) == [20]


def test_bars_in_sections_are_counted_through() -> None:
    part = mei(f"<section>{bars(2)}</section><section>{bars(2)}{BREAK}{bars(4)}</section>")
    assert part.halve_overfull_lines([4, 3, 1])
    assert lines(part) == [4, 2, 2]


def test_a_part_without_a_title_has_none() -> None:
    part = DrumMei("<mei><music><score><scoreDef/></score></music></mei>")
    assert part.title == ""
    assert "".join(found(part, './/pgHead[@func="first"]').itertext()) == ""
