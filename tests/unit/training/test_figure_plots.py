"""SVG plots of figures."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from backbeat.training.evaluation.bootstrap import Interval
from backbeat.training.evaluation.reliability import reliability
from backbeat.training.report.plots import Mark, interval_plot, reliability_plot

SVG = "{http://www.w3.org/2000/svg}"


def test_a_reliability_plot_has_a_panel_per_material_and_a_dot_per_bin() -> None:
    curve = reliability([0.15, 0.55, 0.95], [False, True, True])
    empty = reliability([], [])
    tree = ET.fromstring(reliability_plot({"stems": {"a < b": curve}, "mixes": {"c": curve, "d": empty}}))
    texts = [text.text for text in tree.iter(f"{SVG}text")]
    assert {"stems", "mixes", "a < b", "c", "d"} <= set(texts)
    assert len(list(tree.iter(f"{SVG}circle"))) == 6
    assert len(list(tree.iter(f"{SVG}polyline"))) == 2


def test_a_right_share_stands_above_a_wrong_one() -> None:
    tree = ET.fromstring(reliability_plot({"x": {"y": reliability([0.15, 0.95], [False, True])}}))
    wrong, right = (float(dot.attrib["cy"]) for dot in tree.iter(f"{SVG}circle"))
    assert right < wrong  # SVG counts downwards


def test_figures_stand_at_their_place_and_below_the_scale_at_its_edge() -> None:
    marks = [
        Mark(system="net", figure=0.95, interval=Interval(low=0.9, high=1.0)),
        Mark(system="other", figure=0.7, interval=Interval(low=0.2, high=0.8)),
    ]
    tree = ET.fromstring(interval_plot({"KD": marks}))
    net, other = (float(dot.attrib["cx"]) for dot in tree.iter(f"{SVG}circle"))
    assert net > other
    whiskers = [line for line in tree.iter(f"{SVG}line") if line.get("stroke-width") == "2"]
    assert float(whiskers[1].attrib["x1"]) == min(float(line.attrib["x1"]) for line in tree.iter(f"{SVG}line"))
    assert {"net", "other", "KD"} <= {text.text for text in tree.iter(f"{SVG}text")}
