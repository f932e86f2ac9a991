"""Pictures as files: what they hold is read back from the SVG and the PNG."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from matplotlib.image import imread

from backbeat.errors import EngineMissing, OutputError
from backbeat.intake.fingerprint import fingerprint
from backbeat.monitor import Unwatched
from backbeat.pipeline.result_to_picture import PictureOptions, result_to_picture
from backbeat.values import Instrument, Picture

SVG = "{http://www.w3.org/2000/svg}"
RATE_HZ = 8000


def write_recording(folder: Path, duration_s: float) -> Path:
    """A decaying noise at every half second."""
    times_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(1).uniform(-0.8, 0.8, len(times_s)) * np.exp(-20 * (times_s % 0.5))
    path = folder / "take.wav"
    soundfile.write(path, noise.astype(np.float32), RATE_HZ, subtype="PCM_16")
    return path


def make_document(recording: Path, *, duration_s: float, **changes: Any) -> dict[str, Any]:
    """Every instrument in turn on the eighths at 120 BPM in 4/4, some of them ghosts and graces."""
    kit = list(Instrument)
    hits = [
        {
            "time": n * 0.25,
            "instrument": str(kit[n % len(kit)] if n % 3 else Instrument.KICK),
            "midi_velocity": 1 + (n * 37) % 127,
            "confidence": (n * 13 % 101) / 100,
            "role": "grace" if n % 11 == 10 else "stroke",
            "ghost": n % 7 == 5,
        }
        for n in range(int(duration_s * 4))
    ]
    counts = Counter(hit["instrument"] for hit in hits)
    return {
        "source": str(recording),
        "fingerprint": fingerprint(recording, Unwatched()) if recording.exists() else "0" * 64,
        "engine": "net",
        "meter": "4/4",
        "detected_bpm": 120.0,
        "bpm_unreliable": False,
        "duration_seconds": duration_s,
        "confidence_score": 0.61,
        "low_confidence": False,
        "beats": [{"time": n * 0.5, "beat": n % 4 + 1} for n in range(int(duration_s * 2))],
        "bars": [{"bar": n + 1, "time": n * 2.0, "meter": "4/4", "bpm": 120.0} for n in range(int(duration_s / 2))],
        "hits": hits,
        "hit_summary": dict(counts),
    } | changes


def draw(document: dict[str, Any], picture: Picture = Picture.SVG, **options: Any) -> bytes:
    return result_to_picture(
        document,
        recording=Path(document["source"]),
        picture=picture,
        monitor=Unwatched(),
        options=PictureOptions(**options),
    )


def marks(svg: bytes) -> Counter[tuple[str, str]]:
    """(instrument, mark) to how often it is drawn."""
    found: Counter[tuple[str, str]] = Counter()
    for group in ET.fromstring(svg).iter(f"{SVG}g"):
        words = group.get("id", "").split("-")
        if words[0] == "hits":
            drawn = [*group.iter(f"{SVG}use"), *(path for path in group.iter(f"{SVG}path") if "id" not in path.attrib)]
            found[words[1], words[2]] += len(drawn)
    return found


def words(svg: bytes) -> list[str]:
    return [text.text or "" for text in ET.fromstring(svg).iter(f"{SVG}text")]


def bar_numbers(svg: bytes) -> list[str]:
    groups = [group for group in ET.fromstring(svg).iter(f"{SVG}g") if group.get("id", "").startswith("bar-")]
    return [text.text or "" for group in groups for text in group.iter(f"{SVG}text")]


def ids(svg: bytes) -> set[str]:
    return {group.get("id", "") for group in ET.fromstring(svg).iter(f"{SVG}g")}


def size(png: bytes) -> tuple[int, int]:
    height, width, _ = imread(io.BytesIO(png)).shape
    return width, height


@pytest.fixture
def document(tmp_path: Path) -> dict[str, Any]:
    return make_document(write_recording(tmp_path, 30.0), duration_s=30.0)


def test_every_hit_is_drawn_once_in_its_lane(document: dict[str, Any]) -> None:
    drawn: Counter[str] = Counter()
    for (instrument, _), count in marks(draw(document)).items():
        drawn[instrument] += count
    assert drawn == document["hit_summary"]
    assert len(drawn) == len(Instrument)


def test_ghosts_and_graces_are_drawn_as_such(document: dict[str, Any]) -> None:
    drawn: Counter[str] = Counter()
    for (_, mark), count in marks(draw(document)).items():
        drawn[mark] += count
    graces = sum(hit["role"] == "grace" for hit in document["hits"])
    ghosts = sum(hit["ghost"] and hit["role"] != "grace" for hit in document["hits"])
    assert drawn == {"stroke": 120 - graces - ghosts, "ghost": ghosts, "grace": graces}
    assert {"ghost", "grace"} <= set(words(draw(document))), "and the legend explains them"


def test_louder_is_larger_and_surer_is_darker(document: dict[str, Any]) -> None:
    hits = [{"instrument": "snare", "time": n * 2.0, "midi_velocity": 20 + 30 * n, "confidence": n / 3} for n in range(4)]
    svg = ET.fromstring(draw(document | {"hits": hits}))
    groups = {group.get("id", ""): group for group in svg.iter(f"{SVG}g")}
    drawn = [groups[f"hits-snare-stroke-{step}"] for step in (2, 4, 6, 7)]
    widths, lightness = [], []
    for group in drawn:
        (path,), (use,) = (list(group.iter(f"{SVG}{name}")) for name in ("path", "use"))
        numbers = [float(word) for word in path.get("d", "").split() if word not in "MLCz"]
        widths.append(max(numbers[::2]) - min(numbers[::2]))
        fill = use.get("style", "").split("fill: #")[1][:6]
        lightness.append(sum(int(fill[n : n + 2], 16) for n in (0, 2, 4)))
    assert widths == sorted(set(widths))
    assert lightness == sorted(set(lightness), reverse=True)


def test_bars_are_numbered_beats_are_lines_and_lanes_have_names(document: dict[str, Any]) -> None:
    svg = draw(document)
    assert bar_numbers(svg) == [str(n) for n in range(1, 16)]
    assert {"beats", "bars", "waveform", "colour-bar"} <= ids(svg)
    lines = {gid: next(g for g in ET.fromstring(svg).iter(f"{SVG}g") if g.get("id") == gid) for gid in ("beats", "bars")}
    assert len(list(lines["beats"].iter(f"{SVG}path"))) == 60
    assert len(list(lines["bars"].iter(f"{SVG}path"))) == 15
    assert words(svg).count("hihat closed") == 2, "once in each row"


def test_the_head_tells_title_meter_tempo_and_what_to_beware_of(document: dict[str, Any]) -> None:
    told = words(draw(document))
    assert told[0] == "take"
    assert told[1] == "4/4  ·  ♩ = 120.0  ·  120 hits  ·  heard by net, confidence 0.61"
    assert not any("confidence:" in word or "unreliable" in word for word in told)
    feel = {"swing_ratio": 2.0, "swing_unit": "1/8", "grid_offset": 0.0, "push": {}, "spread": 0.0}
    told = words(draw(document | {"low_confidence": True, "bpm_unreliable": True, "feel": feel}))
    assert "The tempo is unreliable.  Low confidence: check the hits by ear." in told
    assert "swung eighths 2 : 1" in told[1]


def test_a_change_of_meter_stands_at_its_bar(document: dict[str, Any]) -> None:
    bars = [bar | {"meter": "7/8" if bar["bar"] >= 5 else "4/4"} for bar in document["bars"]]
    assert bar_numbers(draw(document | {"bars": bars}))[3:6] == ["4", "5  7/8", "6"]


@pytest.mark.parametrize("picture", [Picture.PNG, Picture.SVG])
def test_the_same_result_gives_the_same_file(document: dict[str, Any], picture: Picture) -> None:
    assert draw(document, picture) == draw(document, picture)


def test_the_png_has_the_size_of_its_rows(document: dict[str, Any]) -> None:
    width, height = size(draw(document, Picture.PNG))
    assert width == 1540
    assert size(draw(document, Picture.PNG, seconds_per_row=5.0))[1] > 2 * height
    assert size(draw(document, Picture.PNG, start_s=2.0, end_s=4.0))[1] < 0.7 * height


def test_a_stretch_shows_only_its_hits_and_bars(document: dict[str, Any]) -> None:
    svg = draw(document, start_s=8.0, end_s=12.0)
    expected = Counter(hit["instrument"] for hit in document["hits"] if 8.0 <= hit["time"] <= 12.0)
    drawn: Counter[str] = Counter()
    for (instrument, _), count in marks(svg).items():
        drawn[instrument] += count
    assert drawn == expected
    assert bar_numbers(svg) == ["5", "6", "7"]


def test_without_the_recording_there_is_no_waveform_and_the_picture_says_why(document: dict[str, Any]) -> None:
    recording = Path(document["source"])
    recording.write_bytes(recording.read_bytes()[:-2] + b"\x01\x01")
    svg = draw(document)
    assert "No waveform: take.wav is not the same recording any more." in words(svg)
    assert "waveform" not in ids(svg)
    recording.unlink()
    svg = draw(document)
    assert "No waveform: the recording is not there any more." in words(svg)
    assert sum(marks(svg).values()) == 120


def test_a_recording_without_a_hit_is_drawn_all_the_same(document: dict[str, Any]) -> None:
    svg = draw(document | {"hits": [], "beats": [], "bars": []})
    assert marks(svg) == {}
    assert "waveform" in ids(svg)
    Path(document["source"]).unlink()
    with pytest.raises(OutputError, match="nothing to draw"):
        draw(document | {"hits": [], "beats": [], "bars": []})


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["$x_1$ <&> {%s}", "ドラム 🥁", "e\u0301" * 80, "\udcff", "line\nbreak"])
@pytest.mark.parametrize("picture", [Picture.PNG, Picture.SVG])
def test_any_name_is_only_a_name(tmp_path: Path, name: str, picture: Picture) -> None:
    image = draw(make_document(tmp_path / f"{name}.wav", duration_s=4.0), picture)
    if picture is Picture.SVG and len(name) < 70 and name.isprintable():
        assert words(image)[0] == name
    else:
        assert image


SCRIPT = """
import json, logging, sys, hashlib
from pathlib import Path
from backbeat.monitor import Unwatched
from backbeat.pipeline.result_to_picture import result_to_picture
from backbeat.values import Picture
import backbeat.pipeline.run
assert "matplotlib" not in sys.modules, "what is heavy is loaded when it is needed"
logging.basicConfig(level=logging.WARNING)
document = json.loads(Path(sys.argv[1]).read_text("utf-8"))
for picture in (Picture.PNG, Picture.SVG):
    image = result_to_picture(document, recording=Path(document["source"]), picture=picture, monitor=Unwatched())
    print(hashlib.sha256(image).hexdigest())
assert "matplotlib.pyplot" not in sys.modules
"""


def test_what_users_set_for_matplotlib_changes_nothing_and_is_not_heard_of(document: dict[str, Any], tmp_path: Path) -> None:
    """Another process with a `matplotlibrc` of the user's, a display that is not there, and no folder to write to."""
    (tmp_path / "result.json").write_text(json.dumps(document), "utf-8")
    odd = tmp_path / "odd"
    odd.mkdir()
    (odd / "matplotlibrc").write_text(
        "backend: TkAgg\ntext.usetex: True\nfont.size: 40\nlines.linewidth: 9\nsvg.fonttype: path\n"
    )
    (odd / "config").write_text("not a folder")
    environ = os.environ | {"MPLBACKEND": "TkAgg", "MPLCONFIGDIR": str(odd / "config"), "DISPLAY": ":97"}
    here = [fingerprint_of(draw(document, picture)) for picture in (Picture.PNG, Picture.SVG)]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "result.json")],
        cwd=odd,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == here
    assert done.stderr == ""


def fingerprint_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_without_matplotlib_the_musician_is_told(document: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "backbeat.outputs.picture.drawing", raising=False)
    with pytest.raises(EngineMissing, match="needs the package matplotlib"):
        draw(document)
