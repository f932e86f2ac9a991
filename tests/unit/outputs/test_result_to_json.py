from __future__ import annotations

import json
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backbeat.errors import OutputError
from backbeat.outputs.feel_json import feel_from_json, feel_to_json
from backbeat.outputs.result_to_json import read_result, result_to_json
from backbeat.pipeline.hits_to_score import hits_to_score
from backbeat.pipeline.request import Request
from backbeat.records import Analysis, BeatGrid, Feel, Hit, SeparationReport, hits_from_rows
from backbeat.settings import Settings
from backbeat.values import FOUR_FOUR, Instrument, Meter, OutputKind, StemOrigin

SCHEMA = json.loads(files("backbeat.outputs").joinpath("result.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def make_analysis(*rows: Hit, tempo_bpm: float = 120.0, first: int = 1, quality: float | None = None) -> Analysis:
    numbers = np.array([(n + first - 1) % 4 + 1 for n in range(8)])
    bars = sum(n == 0 or number == 1 for n, number in enumerate(numbers))
    grid = BeatGrid(
        times_s=np.arange(8) * 0.5,
        numbers=numbers,
        meters=(FOUR_FOUR,) * bars,
        tempo_bpm=tempo_bpm,
        confidence=0.8,
        bpm_unreliable=False,
        engine="madmom",
    )
    return Analysis(
        fingerprint="a" * 64,
        duration_s=4.0,
        host_bpm=None,
        host_bpm_source=None,
        separation=SeparationReport(origin=StemOrigin.SEPARATED, reason="It is a mix.", separator="htdemucs", quality=quality),
        grid=grid,
        hits=hits_from_rows(list(rows), engine="annoteator"),
    )


def make_request(folder: Path = Path("/bounces"), **changes: object) -> Request:
    return Request(
        path=folder / "song.wav", fingerprint="a" * 64, out_base=folder / "song.drums", settings=Settings().changed(changes)
    )


def write(analysis: Analysis, request: Request, *, warnings: tuple[str, ...] = (), threshold: float = 0.5) -> bytes:
    score = hits_to_score(analysis.hits, analysis.grid, title="song", duration_s=analysis.duration_s)
    return result_to_json(
        analysis,
        score,
        request=request,
        outputs={kind: request.output(kind) for kind in (OutputKind.MIDI, OutputKind.MUSICXML)},
        midi_bpm=120.0,
        warnings=warnings,
        timings_s={"read": 0.12345},
        low_confidence_threshold=threshold,
    )


def written(analysis: Analysis, request: Request | None = None, **more: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(write(analysis, request or make_request(), **more))
    VALIDATOR.validate(document)
    return document


KICK = Hit(0.5, Instrument.KICK, 127, 0.9)
SNARE = Hit(0.75, Instrument.SNARE, 64, 0.4)


def test_the_schema_itself_is_valid_and_describes_every_field() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def check(schema: dict[str, Any]) -> None:
        for name, field in schema.get("properties", {}).items():
            assert field.get("description"), name
            check(field)
            check(field.get("items", {}))
        if "properties" in schema:
            assert schema["additionalProperties"] is False

    check(SCHEMA)


def test_the_seeds_fields_are_there() -> None:
    document = written(make_analysis(KICK, SNARE))
    assert document["detected_bpm"] == 120
    assert document["bpm_unreliable"] is False
    assert document["duration_seconds"] == 4
    assert document["confidence_score"] == 0.65
    assert document["hit_summary"] == {"kick": 1, "snare": 1}


def test_a_hit_has_its_time_its_strength_and_its_place() -> None:
    assert written(make_analysis(KICK, SNARE))["hits"] == [
        {
            "time": 0.5,
            "instrument": "kick",
            "velocity": 1,
            "midi_velocity": 127,
            "confidence": 0.9,
            "bar": 1,
            "beat": 2,
            "role": "stroke",
            "ghost": False,
        },
        {
            "time": 0.75,
            "instrument": "snare",
            "velocity": 0.5039,
            "midi_velocity": 64,
            "confidence": 0.4,
            "bar": 1,
            "beat": 2.5,
            "role": "stroke",
            "ghost": False,
        },
    ]


def test_the_beats_of_a_pickup_are_counted_to_the_bar_line() -> None:
    (hit,) = written(make_analysis(Hit(0.5, Instrument.KICK, 100, 0.9), first=3))["hits"]
    assert (hit["bar"], hit["beat"]) == (0, 4)


def test_the_feel_is_said_in_seconds_and_note_values() -> None:
    strokes = [Hit(beat * 0.5 + late, Instrument.RIDE, 100, 0.9) for beat in range(8) for late in (0.0, 1 / 3)]
    strokes += [Hit(beat * 0.5 + 0.012, Instrument.KICK, 100, 0.9) for beat in range(8)]
    assert written(make_analysis(*strokes))["feel"] == {
        "swing_ratio": 2.0,
        "swing_unit": "1/8",
        "grid_offset": 0.0,
        "push": {"kick": 0.012, "ride": 0.0},
        "spread": 0.0,
    }


def test_a_flam_is_a_grace_at_the_place_of_its_stroke() -> None:
    rows = written(make_analysis(Hit(0.97, Instrument.SNARE, 40, 0.9), Hit(1.0, Instrument.SNARE, 110, 0.9)))["hits"]
    assert [(row["role"], row["time"], row["beat"]) for row in rows] == [("grace", 0.97, 3), ("stroke", 1.0, 3)]


def test_a_ghost_note_is_marked() -> None:
    loud = [Hit(beat * 0.5, Instrument.SNARE, 110, 0.9) for beat in range(8)]
    soft = [Hit(beat * 0.5 + 0.25, Instrument.SNARE, 15, 0.9) for beat in range(8)]
    rows = written(make_analysis(*loud, *soft))["hits"]
    assert [row["ghost"] for row in rows] == [False, True] * 8


def test_a_result_without_a_feel_is_straight(tmp_path: Path) -> None:
    document = written(make_analysis(KICK))
    del document["feel"]
    for row in document["hits"]:
        del row["role"]
    path = tmp_path / "song.drums.json"
    path.write_text(json.dumps(document))
    result = read_result(path)
    assert not result.feel.is_swung
    assert result.hit_count == 1


@given(
    st.builds(
        Feel,
        swing_ratio=st.floats(1.25, 3.5),
        swing_unit=st.sampled_from([Fraction(1, 2), Fraction(1, 4), Fraction(0)]),
        grid_offset_s=st.floats(-0.04, 0.04),
        push_s=st.dictionaries(st.sampled_from(Instrument), st.floats(-0.1, 0.1)),
        spread_s=st.floats(0, 0.1),
    )
)
def test_a_feel_comes_back_from_the_result(feel: Feel) -> None:
    back = feel_from_json(json.loads(json.dumps(feel_to_json(feel))))
    assert back.swing_unit == feel.swing_unit
    assert back.swing_ratio == pytest.approx(feel.swing_ratio, abs=5e-4)
    assert [back.grid_offset_s, back.spread_s] == pytest.approx([feel.grid_offset_s, feel.spread_s], abs=5e-7)
    assert dict(back.push_s) == pytest.approx(dict(feel.push_s), abs=5e-7)


def test_low_confidence_is_below_the_threshold() -> None:
    assert written(make_analysis(SNARE))["low_confidence"] is True
    assert written(make_analysis(SNARE), threshold=0.4)["low_confidence"] is False


def test_no_hits_are_a_valid_result() -> None:
    document = written(make_analysis())
    assert (document["hits"], document["hit_summary"], document["confidence_score"]) == ([], {}, 0)


def test_files_that_were_not_made_are_null() -> None:
    assert written(make_analysis())["outputs"] == {
        "midi": str(Path("/bounces/song.drums.mid")),
        "tempomap": None,
        "musicxml": str(Path("/bounces/song.drums.musicxml")),
        "pdf": None,
        "png": None,
        "svg": None,
        "stem": None,
    }


def test_the_hosts_tempo_is_the_users_before_the_files() -> None:
    document = written(make_analysis(), make_request(host_bpm="128"))
    assert (document["host_bpm"], document["host_bpm_source"]) == (128, "settings")


def test_a_warning_said_twice_is_kept_once() -> None:
    assert written(make_analysis(), warnings=("a", "b", "a"))["warnings"] == ["a", "b"]


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_not_written(broken: float) -> None:
    with pytest.raises(OutputError, match="not finite"):
        write(make_analysis(quality=broken), make_request())


def test_a_file_name_that_is_not_utf_8_comes_back_as_it_was(tmp_path: Path) -> None:
    request = make_request(tmp_path / "b\udcffd")
    data = write(make_analysis(KICK), request)
    data.decode("utf-8")
    path = tmp_path / "result.json"
    path.write_bytes(data)
    assert read_result(path).source == request.path


rows = st.builds(
    Hit,
    st.floats(0, 4).map(lambda time_s: round(time_s, 6)),
    st.sampled_from(Instrument),
    st.integers(1, 127),
    st.floats(0, 1).map(lambda value: round(value, 4)),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(rows, max_size=30), st.sampled_from([None, Meter(7, 8)]))
def test_every_result_is_valid_and_reads_back(tmp_path: Path, hits: list[Hit], meter: Meter | None) -> None:
    request = make_request(tmp_path, meter=str(meter) if meter else "auto")
    analysis = make_analysis(*hits)
    data = write(analysis, request)
    VALIDATOR.validate(json.loads(data))
    path = tmp_path / "song.drums.json"
    path.write_bytes(data)
    result = read_result(path)
    assert list(result.hits) == list(analysis.hits)
    assert result.hit_count == len(hits)
    assert (result.identity, result.fingerprint, result.detected_bpm) == (request.identity, "a" * 64, 120)
    assert set(result.outputs) == {OutputKind.MIDI, OutputKind.MUSICXML, OutputKind.JSON}
    assert result.outputs[OutputKind.JSON] == path


def test_the_bars_are_listed_with_meter_and_tempo() -> None:
    bars = written(make_analysis(KICK, first=3))["bars"]
    assert [(bar["bar"], bar["time"], bar["meter"], bar["bpm"]) for bar in bars[:2]] == [
        (0, 0.0, "4/4", 120.0),
        (1, 1.0, "4/4", 120.0),
    ]


def test_a_result_of_a_newer_version_is_told_from_a_broken_one(tmp_path: Path) -> None:
    document = written(make_analysis(KICK)) | {"schema_version": 2}
    (tmp_path / "song.drums.json").write_text(json.dumps(document))
    with pytest.raises(OutputError, match="newer version of Backbeat") as refused:
        read_result(tmp_path / "song.drums.json")
    assert "up to date" in refused.value.advice


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", "null", '{"schema_version": 2}', "\x00"])
def test_a_damaged_result_is_an_output_error(tmp_path: Path, damage: str) -> None:
    (tmp_path / "song.drums.json").write_text(damage)
    with pytest.raises(OutputError, match=r"song\.drums\.json"):
        read_result(tmp_path / "song.drums.json")


def test_half_a_result_is_an_output_error(tmp_path: Path) -> None:
    data = write(make_analysis(KICK), make_request())
    (tmp_path / "song.drums.json").write_bytes(data[: len(data) // 2])
    with pytest.raises(OutputError, match="damaged"):
        read_result(tmp_path / "song.drums.json")


def test_a_result_that_is_not_there_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be read"):
        read_result(tmp_path / "song.drums.json")
