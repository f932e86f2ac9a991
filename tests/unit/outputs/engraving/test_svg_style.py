from __future__ import annotations

import pytest

from backbeat.errors import EngineFailed
from backbeat.outputs.engraving.svg_style import Style, inherited, length, transforms


def test_what_is_not_said_is_inherited() -> None:
    style = inherited(Style(), {"fill": "red", "stroke-width": "16", "font-size": "360px"})
    inner = inherited(style, {"stroke-width": "20", "id": "x1"})
    assert (inner.fill, inner.stroke_width, inner.size) == ("red", 20, 360)


def test_none_means_not_drawn_and_the_current_colour_is_black() -> None:
    style = inherited(Style(), {"fill": "none", "stroke": "currentColor"})
    assert (style.fill, style.stroke) == (None, "black")


def test_a_line_without_a_stated_width_is_none() -> None:
    assert inherited(Style(), {"stroke": "red"}).stroke_width is None


def test_dashes_are_lengths() -> None:
    assert inherited(Style(), {"stroke-dasharray": "100, 50"}).dash == (100, 50)


@pytest.mark.parametrize(
    ("name", "attribute"), [("tempo", "is_bold"), ("dir", "is_italic"), ("mNum", "is_italic"), ("scoreDef placeholder", "hidden")]
)
def test_verovios_style_sheet_is_known_by_class(name: str, attribute: str) -> None:
    assert getattr(inherited(Style(), {"class": name}), attribute)
    assert not getattr(inherited(Style(), {"class": "note"}), attribute)


def test_an_elements_own_word_goes_before_its_class() -> None:
    assert not inherited(Style(), {"class": "tempo", "font-weight": "normal"}).is_bold
    assert not inherited(Style(hidden=True), {"visibility": "visible"}).hidden


def test_transforms_come_in_order_with_their_numbers() -> None:
    assert transforms("translate(10, -2.5) scale(0.64,0.64)rotate(-90)") == [
        ("translate", [10, -2.5]),
        ("scale", [0.64, 0.64]),
        ("rotate", [-90]),
    ]
    assert transforms("") == []


@pytest.mark.parametrize("text", ["translate", "translate(1", "12", "scale(1) nonsense"])
def test_what_is_no_transform_is_an_error(text: str) -> None:
    with pytest.raises(EngineFailed, match="is not a transform"):
        transforms(text)


@pytest.mark.parametrize("text", ["", "wide", "50%", "2em"])
def test_what_is_no_length_is_an_error(text: str) -> None:
    with pytest.raises(EngineFailed, match="is not a length"):
        length(text)
