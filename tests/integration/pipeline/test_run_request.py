"""Whole jobs with the real network: from a recording to files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import jsonschema
import mido
import numpy as np
import pytest
import soundfile

from backbeat.engines.protocols import EngineOptions
from backbeat.engines.registry import open_hit_engine
from backbeat.errors import AudioChanged, AudioTooLong, Cancelled
from backbeat.monitor import Monitor, Unwatched
from backbeat.outputs.read_result import read_result
from backbeat.pipeline.analysis_cache import AnalysisCache
from backbeat.pipeline.analysis_to_files import RunSummary
from backbeat.pipeline.file_to_audio import AudioLimits
from backbeat.pipeline.request import Request, make_request
from backbeat.pipeline.run import run_request
from backbeat.pipeline.stage_context import Tools
from backbeat.settings import Settings
from backbeat.values import Instrument, OutputKind, Stage

HEARD = {"read", "separate", "beats", "hits"}
WRITTEN = {"midi", "notation"}
QUICK = {"engine": "annoteator", "separation": "none", "beats": "librosa", "pdf": "none"}


class SharedModels:
    """Model files from the shared folder, in place of the resolver."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        return self._folder / name / "complete_network.h5"

    def folder(self, name: str) -> Path:
        return self._folder / name


class CancelledIn:
    """A monitor of a job that is cancelled while a stage is at work: at the first check after its first progress."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._is_there = False

    def progress(self, stage: Stage, fraction: float) -> None:
        self._is_there = self._is_there or stage is self._stage

    def check(self) -> None:
        if self._is_there:
            raise Cancelled("stopped")


class Progress:
    """A monitor that notes how far each stage is."""

    def __init__(self) -> None:
        self.seen: dict[Stage, list[float]] = {}

    def progress(self, stage: Stage, fraction: float) -> None:
        self.seen.setdefault(stage, []).append(fraction)

    def check(self) -> None:
        pass


@dataclass
class Desk:
    """Does jobs in one folder with one cache."""

    folder: Path
    tools: Tools
    announced: list[str] = field(default_factory=list)

    def request(self, path: Path, **options: object) -> Request:
        settings = Settings().changed(QUICK | options)
        return make_request(path, out_base=self.folder / f"{path.stem}.drums", settings=settings, monitor=Unwatched())

    def run(self, request: Request, monitor: Monitor | None = None) -> RunSummary:
        self.announced.clear()
        return run_request(
            request, tools=self.tools, monitor=monitor or Unwatched(), announce=lambda kind, _path: self.announced.append(kind)
        )

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


@pytest.fixture(scope="module")
def models(shared: Path) -> SharedModels:
    return SharedModels(shared / "models")


@pytest.fixture
def desk(tmp_path: Path, models: SharedModels) -> Iterator[Desk]:
    folder = tmp_path / "out"
    folder.mkdir()
    yield Desk(
        folder,
        Tools(
            models=models,
            limits=AudioLimits(max_minutes=1),
            cache=AnalysisCache(folder=tmp_path / "analyses", models=""),
            user_presets=None,
            low_confidence_threshold=0.5,
        ),
    )
    assert [path.name for path in folder.iterdir() if path.name.endswith(".part")] == []


def onsets_s(midi: Path) -> dict[int, list[float]]:
    """Times of the note-ons by note."""
    found: dict[int, list[float]] = {}
    now_s = 0.0
    for message in mido.MidiFile(midi):
        now_s += message.time
        if message.type == "note_on" and message.velocity:
            found.setdefault(message.note, []).append(now_s)
    return found


def test_a_loop_becomes_all_its_files_and_the_json_is_the_last(desk, drum_loop_wav, audio_files) -> None:
    request, progress = desk.request(drum_loop_wav), Progress()
    summary = desk.run(request, progress)
    assert desk.announced == ["midi", "tempomap", "musicxml", "json"]
    assert desk.names() == {path.name for path in summary.outputs.values()}
    assert set(summary.timings_s) == HEARD | WRITTEN
    assert summary.midi_bpm == summary.bpm == pytest.approx(120.0, abs=1.0)
    assert summary.bpm_unreliable, "librosa only guesses"
    assert summary.warnings == ()

    document = json.loads(request.output(OutputKind.JSON).read_bytes())
    jsonschema.validate(document, json.loads(files("backbeat.outputs").joinpath("result.schema.json").read_text("utf-8")))
    assert document["identity"] == request.identity
    assert len(document["hits"]) == summary.hits

    strokes = audio_files.drum_loop().strokes
    kicks = np.array([stroke.time_s for stroke in strokes if stroke.instrument is Instrument.KICK])
    heard = np.array(onsets_s(request.output(OutputKind.MIDI))[36])
    assert all(np.abs(heard - kick).min() < 0.03 for kick in kicks), "every kick is there, and in its place"

    assert list(progress.seen) == list(Stage)
    for stage, fractions in progress.seen.items():
        assert fractions[-1] == 1.0, stage
        assert all(0.0 <= fraction <= 1.0 for fraction in fractions), stage


def test_the_same_again_comes_from_the_cache_and_is_the_same(desk, drum_loop_wav) -> None:
    request = desk.request(drum_loop_wav)
    first = desk.run(request)
    before = {kind: request.output(kind).read_bytes() for kind in (OutputKind.MIDI, OutputKind.TEMPOMAP, OutputKind.MUSICXML)}
    second = desk.run(request)
    assert set(second.timings_s) == WRITTEN
    assert {kind: request.output(kind).read_bytes() for kind in before} == before
    assert (second.hits, second.confidence, second.bpm) == (first.hits, first.confidence, first.bpm)


def test_another_host_tempo_or_another_grid_pull_is_written_anew_without_listening(desk, drum_loop_wav) -> None:
    desk.run(desk.request(drum_loop_wav))
    changed = desk.request(drum_loop_wav, host_bpm=96, quantize=100)
    summary = desk.run(changed)
    assert set(summary.timings_s) == WRITTEN
    assert summary.midi_bpm == 96.0
    tempos = [
        message.tempo
        for track in mido.MidiFile(changed.output(OutputKind.MIDI)).tracks
        for message in track
        if message.is_meta and message.type == "set_tempo"
    ]
    assert tempos == [625_000]
    assert read_result(changed.output(OutputKind.JSON)).identity == changed.identity


def test_another_tempo_of_the_recording_is_heard_anew(desk, drum_loop_wav) -> None:
    desk.run(desk.request(drum_loop_wav))
    assert set(desk.run(desk.request(drum_loop_wav, bpm=60)).timings_s) == HEARD | WRITTEN


def test_the_stem_is_kept_when_asked_for_and_goes_when_it_is_not_any_more(desk, drum_loop_wav) -> None:
    kept = desk.request(drum_loop_wav, keep_stem=True)
    desk.run(kept)
    assert desk.announced == ["stem", "midi", "tempomap", "musicxml", "json"]
    samples, rate_hz = soundfile.read(kept.output(OutputKind.STEM), dtype="float32")
    expected, _ = soundfile.read(drum_loop_wav, dtype="float32")
    assert rate_hz == 44_100
    np.testing.assert_allclose(samples, expected, atol=1e-6)
    assert read_result(kept.output(OutputKind.JSON)).outputs[OutputKind.STEM] == kept.output(OutputKind.STEM)

    desk.run(desk.request(drum_loop_wav))
    assert not kept.output(OutputKind.STEM).exists()
    desk.run(kept)
    assert kept.output(OutputKind.STEM).exists(), "and it is made again, although the hits are in the cache"


def test_a_pdf_comes_before_the_json_and_goes_with_the_next_result_without_one(desk, drum_loop_wav) -> None:
    request = desk.request(drum_loop_wav, pdf="verovio")
    desk.run(request)
    assert desk.announced == ["midi", "tempomap", "musicxml", "pdf", "json"]
    assert request.output(OutputKind.PDF).read_bytes().startswith(b"%PDF")
    desk.run(desk.request(drum_loop_wav))
    assert not request.output(OutputKind.PDF).exists()


def test_at_the_users_tempo_without_a_beat_engine_nothing_is_flagged_and_the_result_says_how(desk, drum_loop_wav) -> None:
    summary = desk.run(desk.request(drum_loop_wav, beats="none", bpm=120))
    assert (summary.bpm, summary.bpm_unreliable) == (120.0, False)
    (warning,) = summary.warnings
    assert "your 120 BPM" in warning


@pytest.mark.parametrize("stage", Stage)
def test_a_job_can_be_cancelled_in_every_stage_and_then_there_is_no_json(desk, drum_loop_wav, stage) -> None:
    request = desk.request(drum_loop_wav)
    with pytest.raises(Cancelled):
        desk.run(request, CancelledIn(stage))
    assert not request.output(OutputKind.JSON).exists()
    if stage in (Stage.READ, Stage.SEPARATE, Stage.BEATS, Stage.HITS):
        assert desk.names() == set()
    desk.run(request)
    assert desk.announced[-1] == "json", "and it can be done after all"


def test_a_recording_that_changed_since_it_was_asked_for_is_not_done_under_its_old_identity(
    desk, drum_loop_wav, audio_files
) -> None:
    request = desk.request(drum_loop_wav)
    audio_files.write_sound(drum_loop_wav, audio_files.noise(1.0))
    with pytest.raises(AudioChanged):
        desk.run(request)
    assert desk.names() == set()


def test_a_recording_that_is_too_long_is_refused_and_an_earlier_result_stays(desk, drum_loop_wav, audio_files) -> None:
    earlier = desk.request(drum_loop_wav)
    desk.run(earlier)
    before = desk.names()
    audio_files.write_sound(drum_loop_wav, np.zeros((1, 61 * 44_100), dtype=np.float32))
    with pytest.raises(AudioTooLong):
        desk.run(desk.request(drum_loop_wav))
    assert desk.names() == before
    assert read_result(earlier.output(OutputKind.JSON)).identity == earlier.identity


def test_the_network_is_opened_once_in_a_process(models) -> None:
    options = EngineOptions()
    assert open_hit_engine("annoteator", options, models) is open_hit_engine("annoteator", options, models)
