"""Verovio's own format (MEI) of a drum part, put right before it is engraved.

Verovio reads our MusicXML well. What it does not take from it, or takes differently, is mended here, in its MEI:

- It numbers repeated bars (2, 3 ...), which looks like the sign for two bars, prints the sign once for each voice, and takes
  such a bar for an incomplete one, which it squeezes.
- It puts the brackets of tuplets above the staff, also of the feet's, right through the hands' notes.
- It prints the part's name before the first staff, which takes a tenth of the line; here it stands at the head of the page.
- It drops blanks at the end of words, such as those between "Swing" and the tempo.
- It has a header of its own; here later pages have the title too, and their number.
- Where the bars of a line do not fit, it carries the last one over; here the line is halved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element, SubElement

_NAMESPACE = "http://www.music-encoding.org/ns/mei"
_BREAKS = ("sb", "pb")
_NO_BREAK_SPACE = "\u00a0"
_BARS_MAX = 8
"""Lines with more bars than this were not asked for: the file states no line breaks, and Verovio chooses its own."""


class DrumMei:
    """A drum part as MEI; raises xml.etree.ElementTree.ParseError when `text` is not XML."""

    def __init__(self, text: str) -> None:
        self._root = _without_namespaces(ET.fromstring(text))  # noqa: S314 - Verovio wrote it
        self.title = (self._root.findtext(".//titleStmt/title") or "").strip()
        _mend_repeated_bars(self._root)
        _mend_tuplets(self._root)
        _mend_blanks(self._root)
        _set_head(self._root, self.title, _taken_part_name(self._root))

    def __str__(self) -> str:
        return ET.tostring(self._root, encoding="unicode")

    def halve_overfull_lines(self, bars_in_lines: Sequence[int]) -> bool:
        """Halve each line that did not fit; `bars_in_lines` is how Verovio set them. False when all fitted."""
        bars = list(self._root.iter("measure"))
        wanted = [*self._line_starts(), len(bars)]
        carried_over = set(accumulate(bars_in_lines)) - set(wanted)
        middles = [
            (start + end + 1) // 2
            for start, end in pairwise(wanted)
            if end - start <= _BARS_MAX and any(start < bar < end for bar in carried_over)
        ]
        parents = {child: parent for parent in self._root.iter() for child in parent}
        for middle in middles:
            parent = parents[bars[middle]]
            parent.insert(list(parent).index(bars[middle]), Element("sb"))
        return bool(middles)

    def _line_starts(self) -> Iterator[int]:
        """Numbers of the bars, from 0, before which a line break stands; 0 is always one."""
        bar, is_start = 0, True
        for element in self._root.iter():
            if element.tag in _BREAKS:
                is_start = True
            elif element.tag == "measure":
                if is_start:
                    yield bar
                bar, is_start = bar + 1, False


def _without_namespaces(root: Element) -> Element:
    """ElementTree would write a prefix before every name, which Verovio does not read."""
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{_NAMESPACE}}}")
    root.set("xmlns", _NAMESPACE)
    return root


def _mend_repeated_bars(root: Element) -> None:
    for measure in root.iter("measure"):
        layers = [layer for layer in measure.iter("layer") if layer.find("mRpt") is not None]
        for layer in layers[1:]:
            layer.clear()
        for layer in layers[:1]:
            measure.attrib.pop("metcon", None)
            for sign in layer.iter("mRpt"):
                sign.set("num.visible", "false")


def _mend_tuplets(root: Element) -> None:
    for tuplet in root.iter("tuplet"):
        stems = {element.get("stem.dir") for element in tuplet.iter() if element.get("stem.dir")}
        if stems == {"down"}:
            tuplet.set("bracket.place", "below")
            tuplet.set("num.place", "below")


def _mend_blanks(root: Element) -> None:
    for words in root.iter("rend"):
        text = words.text or ""
        trailing = len(text) - len(text.rstrip(" "))
        words.text = text.rstrip(" ") + _NO_BREAK_SPACE * trailing


def _taken_part_name(root: Element) -> str:
    """The part's name, which is no longer there afterwards."""
    name = ""
    for staff in root.iter("staffDef"):
        for tag in ("label", "labelAbbr"):
            for label in staff.findall(tag):
                name = name or "".join(label.itertext()).strip()
                staff.remove(label)
    return name


def _set_head(root: Element, title: str, part_name: str) -> None:
    """Title and part name on the first page; title and page number on the others."""
    definition = root.find(".//scoreDef")
    if definition is None:
        return
    first, others = Element("pgHead", func="first"), Element("pgHead", func="all")
    SubElement(first, "rend", halign="center", valign="top", fontsize="x-large").text = title
    SubElement(first, "rend", halign="left", valign="bottom").text = part_name
    SubElement(others, "rend", halign="left", fontsize="small").text = title
    number = SubElement(others, "rend", halign="right", fontsize="small")
    SubElement(number, "num", label="page").text = "#"
    definition.insert(0, first)
    definition.insert(1, others)
