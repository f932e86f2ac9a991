"""A tempo in the name or in the metadata of a recording, from the file to the beats, and what the cache makes of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from tests.rhythms import RHYTHMS, play, synthesise

from backbeat.monitor import Unwatched
from backbeat.pipeline.analysis_cache import AnalysisCache
from backbeat.pipeline.analysis_to_files import RunSummary
from backbeat.pipeline.file_to_audio import AudioLimits
from backbeat.pipeline.request import make_request
from backbeat.pipeline.run import run_request
from backbeat.pipeline.stage_context import Tools
from backbeat.settings import Settings
from backbeat.values import OutputKind

HALF_TIME = next(n for n, rhythm in enumerate(RHYTHMS) if rhythm.name == "half-time 140")


class NoModels:
    """The engine `net` brings its own."""

    net_weights = None

    def path(self, name: str) -> Path:
        raise FileNotFoundError(name)

    folder = path


Transcribe = Callable[..., RunSummary]


@pytest.fixture
def transcribe(tmp_path: Path) -> Transcribe:
    """Do a recording with the settings given, and with one cache for all."""
    tools = Tools(
        models=NoModels(),
        limits=AudioLimits(max_minutes=2),
        cache=AnalysisCache(folder=tmp_path / "analyses", models=""),
        user_presets=None,
        low_confidence_threshold=0.5,
    )

    def run(path: Path, **options: object) -> RunSummary:
        settings = Settings().changed({"pdf": "none", **options})
        request = make_request(path, out_base=path.with_name(f"{path.stem}.drums"), settings=settings, monitor=Unwatched())
        return run_request(request, tools=tools, monitor=Unwatched(), announce=lambda _kind, _path: None)

    return run


def test_the_name_decides_the_octave_and_the_same_bytes_under_another_name_are_heard_again(
    audio_files: ModuleType, tmp_path: Path, transcribe: Transcribe
) -> None:
    samples = synthesise(play(RHYTHMS[HALF_TIME], seed=HALF_TIME), HALF_TIME)
    plain = audio_files.write_sound(tmp_path / "loop.wav", samples)
    named = Path(shutil.copy(plain, tmp_path / "loop_140bpm.wav"))
    first = transcribe(plain)
    assert (first.bpm, "hits" in first.timings_s) == (pytest.approx(70, rel=0.01), True)
    assert "hits" not in transcribe(plain).timings_s, "kept"
    second = transcribe(named)
    assert (second.bpm, second.midi_bpm) == (pytest.approx(140, rel=0.01), 140.0)
    assert second.warnings == ()
    assert "hits" not in transcribe(named).timings_s, "kept"
    assert transcribe(plain).bpm == pytest.approx(70, rel=0.01)


def test_a_default_in_the_metadata_that_nobody_plays_does_no_harm_and_is_told(
    audio_files: ModuleType, tmp_path: Path, transcribe: Transcribe
) -> None:
    rhythm = next(rhythm for rhythm in RHYTHMS if rhythm.name == "rock 92")
    path = tmp_path / "take.wav"
    path.write_bytes(audio_files.wav_bytes(synthesise(play(rhythm)), after=[audio_files.acid_chunk(120.0)]))
    summary = transcribe(path)
    assert (summary.bpm, summary.midi_bpm) == (pytest.approx(92, rel=0.01), 120.0)
    (warning,) = summary.warnings
    assert "The ACID tempo in the file says 120 BPM, but 92.0 BPM is heard" in warning
    told = transcribe(path, bpm=92)
    assert told.warnings == ()
    assert json.loads(told.outputs[OutputKind.JSON].read_text("utf-8"))["host_bpm"] == 120.0
