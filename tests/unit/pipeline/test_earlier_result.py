from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from backbeat.pipeline.earlier_result import retire_earlier_result
from backbeat.pipeline.request import Request
from backbeat.settings import Settings
from backbeat.values import OutputKind

FILES = [kind for kind in OutputKind if kind is not OutputKind.JSON]


@pytest.fixture
def request_(tmp_path: Path) -> Request:
    return Request(path=tmp_path / "song.wav", fingerprint="f", out_base=tmp_path / "song.drums", settings=Settings())


def write_result(request: Request, *, kinds: list[OutputKind] = FILES, elsewhere: Path | None = None) -> None:
    """A result with these files; `elsewhere`: it was made there and only its JSON was moved here."""
    for kind in kinds:
        request.output(kind).write_bytes(kind.encode())
    document = {
        "schema_version": 1,
        "identity": "x",
        "fingerprint": "f",
        "source": str(request.path),
        "outputs": {kind: str((elsewhere or request.out_base.parent) / request.output(kind).name) for kind in kinds},
        "detected_bpm": 120.0,
        "bpm_unreliable": False,
        "midi_bpm": 120.0,
        "confidence_score": 0.0,
        "low_confidence": True,
        "duration_seconds": 1.0,
        "hits": [],
        "engine": "test",
        "warnings": [],
    }
    request.output(OutputKind.JSON).write_text(json.dumps(document), "utf-8")


def there(request: Request) -> set[OutputKind]:
    return {kind for kind in OutputKind if request.output(kind).exists()}


def test_the_mark_goes_and_what_may_not_be_made_again_and_the_rest_is_left_to_be_replaced(request_: Request) -> None:
    write_result(request_)
    retire_earlier_result(request_)
    assert there(request_) == {OutputKind.MIDI, OutputKind.TEMPOMAP, OutputKind.MUSICXML}


def test_where_nothing_was_nothing_happens(request_: Request) -> None:
    retire_earlier_result(request_)
    assert list(request_.out_base.parent.iterdir()) == []


def test_a_result_some_of_whose_files_are_gone_is_retired_too(request_: Request) -> None:
    write_result(request_)
    request_.output(OutputKind.PDF).unlink()
    retire_earlier_result(request_)
    assert there(request_) == {OutputKind.MIDI, OutputKind.TEMPOMAP, OutputKind.MUSICXML}


@pytest.mark.parametrize("content", ["", "{}", "not ours"])
def test_files_that_no_result_of_ours_names_are_left_alone(request_: Request, content: str) -> None:
    write_result(request_)
    request_.output(OutputKind.JSON).write_text(content)
    retire_earlier_result(request_)
    assert there(request_) == set(OutputKind)


def test_files_of_a_result_that_was_made_elsewhere_are_left_alone(request_: Request, tmp_path: Path) -> None:
    write_result(request_, elsewhere=tmp_path / "elsewhere")
    retire_earlier_result(request_)
    assert there(request_) == set(FILES)


def test_a_recording_that_somebody_put_in_place_of_our_stem_is_left_alone(request_: Request) -> None:
    write_result(request_)
    stem, complete_ns = request_.output(OutputKind.STEM), request_.output(OutputKind.JSON).stat().st_mtime_ns
    stem.write_bytes(b"a bounce of the user's")
    os.utime(stem, ns=(0, complete_ns + 1))
    retire_earlier_result(request_)
    assert stem.read_bytes() == b"a bounce of the user's"
    assert not request_.output(OutputKind.PDF).exists()
