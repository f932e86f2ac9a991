from __future__ import annotations

import pytest

from backbeat.errors import EngineFailed

NOTEHEAD = '<defs><g id="E0A4-a"><path transform="scale(1,-1)" d="M0 -39c0 68 73 172 200 172z"/></g></defs>'


def test_an_inner_viewport_fills_the_page(draw) -> None:
    """Verovio's page is in hundredths of a millimetre, in a viewBox."""
    (path,) = draw('<path d="M500 500L1000 2000" stroke-width="13"/>', view_box="0 0 1000 2000").drawn
    assert path.points == [(50, 50), (100, 200)]


def test_a_viewport_that_does_not_begin_at_zero_is_moved(draw) -> None:
    (path,) = draw('<path d="M100 50L200 50"/>', view_box="100 50 100 200").drawn
    assert path.points == [(0, 0), (100, 0)]


def test_transforms_of_nested_groups_add_up(draw) -> None:
    (path,) = draw('<g transform="translate(10, 20)"><g transform="scale(2)"><path d="M1 2L3 4"/></g></g>').drawn
    assert path.points == [(12, 24), (16, 28)]


def test_turning_about_a_point(draw) -> None:
    (path,) = draw('<g transform="rotate(90 10,10)"><path d="M20 10L10 10"/></g>').drawn
    assert path.points == [(10, 20), (10, 10)]


def test_what_comes_after_a_moved_group_is_not_moved(draw) -> None:
    _, second = draw('<g transform="translate(50 50)"><path d="M0 0L1 1"/></g><path d="M2 2L3 3"/>').drawn
    assert second.points == [(2, 2), (3, 3)]


def test_a_notehead_lands_where_it_is_used_and_is_stored_once(draw) -> None:
    use = '<use xlink:href="#E0A4-a" transform="translate({}, 40) scale(0.5, 0.5)"/>'
    canvas = draw(NOTEHEAD + use.format(10) + use.format(30))
    first, second = canvas.drawn
    assert first.kind == second.kind
    assert first.points == [(10, 40), (10.5, 39.5)], "upside down: glyphs are drawn with y upwards"
    assert second.points[0] == (30, 40)
    ((stored,),) = canvas.forms.values()
    assert stored.points[:2] == [(0, -39), (0, 29)]
    assert (stored.how["fill"], stored.how["stroke"]) == (1, 0)


def test_a_use_can_say_its_place_by_x_and_y(draw) -> None:
    (glyph,) = draw(NOTEHEAD + '<use href="#E0A4-a" x="5" y="7"/>').drawn
    assert glyph.points[0] == (5, 7)


def test_a_stem_is_a_line_of_its_width(draw) -> None:
    (stem,) = draw('<path d="M5 5L5 50" stroke-width="16"/>').drawn
    assert (stem.how["stroke"], stem.how["line_width"], stem.how["stroke_colour"]) == (1, 16, "0x000000")


def test_a_beam_is_filled_and_has_no_line(draw) -> None:
    (beam,) = draw('<polygon points="1,1 9,2 9,4 1,3"/>').drawn
    assert beam.points == [(1, 1), (9, 2), (9, 4), (1, 3)]
    assert beam.how["operations"] == ["move", "line", "line", "line", "close"]
    assert (beam.how["fill"], beam.how["stroke"]) == (1, 0)


def test_a_bracket_is_a_line_and_not_filled(draw) -> None:
    (bracket,) = draw(
        '<polyline fill="none" points="1,9 1,5 6,5 " stroke-width="2" stroke-linecap="square" stroke-linejoin="round"/>'
    ).drawn
    assert bracket.how["operations"] == ["move", "line", "line"]
    assert (bracket.how["fill"], bracket.how["stroke"], bracket.how["cap"], bracket.how["join"]) == (0, 1, 2, 1)


def test_a_dashed_line_is_dashed_and_the_next_is_not(draw) -> None:
    dashed, plain = draw(
        '<path d="M0 0L9 9" stroke-width="1" stroke-dasharray="4 2"/><path d="M0 0L9 9" stroke-width="1"/>'
    ).drawn
    assert (dashed.how["dash"], plain.how["dash"]) == ([4, 2], [])


def test_a_dot_is_a_closed_round(draw) -> None:
    (dot,) = draw('<ellipse cx="10" cy="20" rx="4" ry="2"/>').drawn
    assert dot.how["operations"] == ["move", "curve", "curve", "curve", "curve", "close"]
    assert dot.points[0] == (14, 20)
    assert dot.points[3::3] == [(10, 22), (6, 20), (10, 18), (14, 20)], "the ends of its quarters"


def test_a_rectangle_has_its_corners(draw) -> None:
    (box,) = draw('<rect x="1" y="2" width="10" height="5"/>').drawn
    assert box.points == [(1, 2), (11, 2), (11, 7), (1, 7)]


def test_colours_are_those_of_the_page(draw) -> None:
    red, black = draw('<g fill="#ff0000"><path d="M0 0L1 0L1 1z"/></g><path d="M0 0L1 0L1 1z" fill="currentColor"/>').drawn
    assert (red.how["fill_colour"], black.how["fill_colour"]) == ("0xff0000", "0x000000")


def test_what_is_hidden_is_not_drawn(draw) -> None:
    hidden = '<g class="section placeholder"><ellipse cx="1" cy="1" rx="8" ry="8"/></g>'
    by_attribute = f'{NOTEHEAD}<g visibility="hidden"><use xlink:href="#E0A4-a"/><text x="1" y="1" font-size="9">x</text></g>'
    assert draw(hidden + by_attribute).drawn == []


def test_style_sheets_and_descriptions_are_not_drawn(draw) -> None:
    assert draw('<desc>Engraved</desc><style type="text/css">g {fill: red}</style><title>page</title>').drawn == []


def test_text_stands_upright_at_its_place(draw) -> None:
    (text,) = draw('<text x="10" y="30" font-size="12px">Groove</text>').drawn
    assert text.how["text"] == "Groove"
    assert text.how["size"] == 12
    assert text.points == [(10, 30), (11, 29)], "its letters point upwards"


def test_text_is_anchored_by_its_width(draw) -> None:
    def starts_before(anchor: str, size: float) -> float:
        (text,) = draw(f'<text x="90" y="30" font-size="{size}" text-anchor="{anchor}">Title</text>').drawn
        return 90 - text.points[0][0]

    assert starts_before("start", 20) == 0
    width = starts_before("end", 20)
    assert 1.5 * 20 < width < 2.5 * 20
    assert starts_before("middle", 20) == pytest.approx(width / 2)
    assert starts_before("end", 10) == pytest.approx(width / 2)


def test_words_follow_one_another(draw) -> None:
    first, second = draw('<text x="0" y="9" font-size="10">one <tspan font-weight="bold">two</tspan></text>').drawn
    assert (first.how["font"], second.how["font"]) == ("STIXGeneral", "STIXGeneralBol")
    assert 10 < second.points[0][0] < 25


def test_a_title_that_is_wider_than_the_page_is_made_smaller(draw) -> None:
    title = "A very long title " * 5
    (text,) = draw(f'<text x="50" y="30" font-size="20" text-anchor="middle">{title}</text>', widest=0.8).drawn
    assert text.points[0][0] == pytest.approx(10)
    letter = text.points[1][0] - text.points[0][0]
    assert letter < 0.2
    assert text.points[0][1] - text.points[1][1] == pytest.approx(letter), "and keeps its shape"


def test_signs_of_the_music_font_within_text_are_drawn_as_glyphs(draw) -> None:
    canvas = draw(
        '<text x="10" y="50" font-size="0px"><tspan font-family="Leland" font-size="10px">\ueca5</tspan>'
        '<tspan font-size="5px"> = 120</tspan></text>'
    )
    glyph, text = canvas.drawn
    assert glyph.points == [(10, 50), (10.01, 49.99)], "a thousandth of the font's size"
    assert glyph.kind in canvas.forms
    assert text.how["text"] == " = 120"
    assert text.points[0] == (pytest.approx(10 + 0.425 * 10), 50), "behind the note, which is 425/1000 wide"


@pytest.mark.parametrize(
    ("inside", "what"),
    [
        ('<image href="x.png"/>', "'image'"),
        ('<g><circle r="3"/></g>', "'circle'"),
        ('<defs><symbol id="a"/></defs><use xlink:href="#a"/>', "defines a 'symbol'"),
        ('<use xlink:href="#E0A4"/>', "uses 'E0A4', which it does not define"),
        ('<g transform="skewX(3)"><path d=""/></g>', "skewX"),
        ('<path d="M0 0L1 1L0 1z" fill="url(#gradient)"/>', "is not a colour"),
        ('<svg><path d="M0 0"/></svg>', "how large it is"),
    ],
)
def test_what_is_not_known_stops_it_instead_of_vanishing(draw, inside: str, what: str) -> None:
    with pytest.raises(EngineFailed, match=what):
        draw(inside)


def test_what_is_not_xml_is_an_error(draw) -> None:
    with pytest.raises(EngineFailed, match="it is not SVG"):
        draw("<g>")
