"""From an analysis that is in the cache to files: everything that a job does after it has heard."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import mido
import numpy as np
import pytest

from backbeat.errors import BackbeatError, Cancelled, EngineMissing, ModelError, OutputError, PresetError
from backbeat.intake.tempo_hint import name_to_bpm
from backbeat.monitor import Monitor, Unwatched
from backbeat.outputs.read_result import read_result
from backbeat.pipeline.analysis_cache import AnalysisCache
from backbeat.pipeline.analysis_to_files import RunSummary
from backbeat.pipeline.file_to_audio import AudioLimits
from backbeat.pipeline.request import Request, make_request
from backbeat.pipeline.run import run_request
from backbeat.pipeline.stage_context import Tools
from backbeat.records import Analysis, BeatGrid, Hit, Hits, SeparationReport, hits_from_rows
from backbeat.settings import Settings
from backbeat.values import FOUR_FOUR, Instrument, Meter, OutputKind, PdfBackend, Stage, StemOrigin

QUICK = Settings(engine="test", pdf=PdfBackend.NONE)
WRITTEN = [OutputKind.MIDI, OutputKind.TEMPOMAP, OutputKind.MUSICXML, OutputKind.JSON]
MUSIC = [OutputKind.MIDI, OutputKind.TEMPOMAP, OutputKind.MUSICXML]


class NoModels:
    """There is no engine called `test`, so that a job that listens fails; and no model may be asked for."""

    def path(self, name: str) -> Path:
        raise ModelError("a job whose analysis is kept needs no model")

    folder = path


class CancelledAt:
    """A monitor whose n-th check cancels the job (from 1)."""

    def __init__(self, n: int) -> None:
        self.left = n

    def progress(self, stage: Stage, fraction: float) -> None:
        pass

    def check(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Cancelled("stopped")


@dataclass
class Job:
    """A recording that has been heard before, and what its runs say."""

    path: Path
    tools: Tools
    analysis: Analysis
    announced: list[OutputKind] = field(default_factory=list)

    def request(self, **options: object) -> Request:
        settings = QUICK.changed(options)
        out_base = self.path.parent / "out" / "song.drums"
        request = make_request(self.path, out_base=out_base, settings=settings, monitor=Unwatched())
        self.tools.cache.put(replace(self.analysis, fingerprint=request.fingerprint), settings)
        return request

    def run(self, request: Request, monitor: Monitor | None = None) -> RunSummary:
        self.announced.clear()

        def announce(kind: OutputKind, path: Path) -> None:
            assert path == request.output(kind)
            assert path.is_file(), "it is there when it is announced"
            self.announced.append(kind)

        return run_request(request, tools=self.tools, monitor=monitor or Unwatched(), announce=announce)

    @property
    def files(self) -> set[str]:
        folder = self.path.parent / "out"
        return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def heard(*, meter: Meter = FOUR_FOUR, host_bpm: float | None = None, hits: int = 8) -> Analysis:
    """Two bars of eighths at 93.5 BPM (beats of the meter)."""
    beats = 2 * meter.beats
    grid = BeatGrid(
        times_s=np.arange(beats) * 60 / 93.5,
        numbers=np.arange(beats) % meter.beats + 1,
        meters=(meter, meter),
        tempo_bpm=93.5,
        confidence=0.9,
        bpm_unreliable=False,
        engine="test",
    )
    return Analysis(
        fingerprint="",
        duration_s=beats * 60 / 93.5,
        host_bpm=host_bpm,
        host_bpm_source="the file name" if host_bpm else None,
        separation=SeparationReport(origin=StemOrigin.GIVEN, reason="as told", separator=None, quality=None),
        grid=grid,
        hits=hits_from_rows([Hit(n * 30 / 93.5, Instrument.KICK, 100, 0.75) for n in range(hits)], engine="test"),
    )


def eighths(count: int, *, late_s: float = 0.0) -> Hits:
    return hits_from_rows([Hit(n * 30 / 93.5 + late_s, Instrument.KICK, 100, 0.75) for n in range(count)], engine="test")


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    return Tools(
        models=NoModels(),
        limits=AudioLimits(max_minutes=1),
        cache=AnalysisCache(folder=tmp_path / "analyses", models=""),
        user_presets=None,
        low_confidence_threshold=0.5,
    )


@pytest.fixture
def make_job(tmp_path: Path, tools: Tools, audio_files) -> Callable[..., Job]:
    def make(name: str = "song.wav", **options: object) -> Job:
        path = audio_files.write_sound(tmp_path / name, audio_files.clicks([0.0], duration_s=0.1))
        return Job(path, tools, heard(**options))

    return make


@pytest.fixture
def job(make_job) -> Job:
    return make_job()


def tempo_bpm(midi: Path) -> float:
    """Of a MIDI file that has one tempo."""
    (tempo,) = [message.tempo for track in mido.MidiFile(midi).tracks for message in track if message.type == "set_tempo"]
    return 60e6 / tempo


# What comes out


def test_each_file_is_announced_when_it_is_there_and_the_json_last(job: Job) -> None:
    request = job.request()
    summary = job.run(request)
    assert job.announced == WRITTEN
    assert summary.outputs == {kind: request.output(kind) for kind in WRITTEN}
    assert job.files == {request.output(kind).name for kind in WRITTEN}


def test_the_summary_and_the_json_say_the_same(job: Job) -> None:
    request = job.request()
    summary = job.run(request)
    assert (summary.bpm, summary.midi_bpm, summary.confidence, summary.hits, summary.warnings) == (93.5, 93.5, 0.75, 8, ())
    assert not summary.bpm_unreliable
    result = read_result(request.output(OutputKind.JSON))
    assert result.identity == request.identity
    assert dict(result.outputs) == summary.outputs
    assert (result.detected_bpm, result.midi_bpm, result.confidence_score, result.hit_count) == (93.5, 93.5, 0.75, 8)


def test_the_beats_are_moved_to_the_strokes_in_all_files_and_in_the_cache_they_stay(job: Job) -> None:
    early = job.analysis.grid
    job.analysis = replace(job.analysis, grid=replace(early, times_s=early.times_s + 0.02), hits=eighths(16))
    request = job.request()
    job.run(request)
    result = json.loads(request.output(OutputKind.JSON).read_bytes())
    assert result["feel"]["grid_offset"] == pytest.approx(-0.02)
    assert [row["time"] for row in result["beats"]] == pytest.approx(early.times_s.tolist(), abs=1e-6)
    assert [row["time"] for row in result["bars"]] == pytest.approx([0, 4 * 60 / 93.5], abs=1e-6)
    (kept,) = [job.tools.cache.get(request.fingerprint, request.settings)]
    assert kept is not None
    assert kept.grid.times_s[0] == pytest.approx(0.02)


def test_beats_whose_first_downbeat_the_user_gave_are_not_moved(job: Job) -> None:
    job.analysis = replace(job.analysis, hits=eighths(16, late_s=0.02))
    request = job.request(first_downbeat=0.0)
    job.run(request)
    result = json.loads(request.output(OutputKind.JSON).read_bytes())
    assert result["feel"]["grid_offset"] == 0
    assert result["feel"]["push"] == {"kick": pytest.approx(0.02)}


def test_grid_and_flams_are_as_the_job_says(job: Job) -> None:
    quarter_s = 60 / 93.5
    rows = [Hit(time_s, Instrument.SNARE, 100, 0.9) for time_s in (0.0, 0.27 * quarter_s, 4 * quarter_s - 0.03, 4 * quarter_s)]
    job.analysis = replace(job.analysis, hits=hits_from_rows(rows, engine="test"))

    def hits(**options: object) -> list[tuple[float, str]]:
        request = job.request(**options)
        job.run(request)
        return [(row["beat"], row["role"]) for row in json.loads(request.output(OutputKind.JSON).read_bytes())["hits"]]

    assert hits() == [(1, "stroke"), (1.25, "stroke"), (1, "grace"), (1, "stroke")]
    assert hits(flam_ms=20)[2][1] == "stroke"
    assert hits(grid="8")[1][0] == 1.5


def test_an_analysis_that_is_kept_is_not_heard_again(job: Job) -> None:
    assert set(job.run(job.request()).timings_s) == {"midi", "notation"}


def test_the_same_again_writes_the_same_files(job: Job) -> None:
    request = job.request()
    job.run(request)
    before = [request.output(kind).read_bytes() for kind in MUSIC]
    job.run(request)
    assert [request.output(kind).read_bytes() for kind in MUSIC] == before


def test_a_recording_without_a_hit_has_all_its_files(make_job) -> None:
    job = make_job(hits=0)
    summary = job.run(job.request())
    assert (summary.hits, summary.confidence) == (0, 0.0)
    assert job.announced == WRITTEN


def test_the_folder_for_the_results_is_made(job: Job) -> None:
    request = replace(job.request(), out_base=job.path.parent / "new" / "album" / "song.drums")
    job.run(request)
    assert request.output(OutputKind.JSON).is_file()


# The tempo of the MIDI file


@pytest.mark.parametrize(
    ("name", "options", "bpm"),
    [
        ("song.wav", {}, 93.5),
        ("song_128bpm.wav", {}, 128.0),
        ("song_128bpm.wav", {"host_bpm": 96}, 96.0),
    ],
)
def test_the_midi_has_the_hosts_tempo_else_the_one_that_the_file_states_else_the_detected_one(
    make_job, name, options, bpm
) -> None:
    job = make_job(name, host_bpm=name_to_bpm(name))
    request = job.request(**options)
    assert job.run(request).midi_bpm == bpm
    assert tempo_bpm(request.output(OutputKind.MIDI)) == pytest.approx(bpm, abs=1e-3)


def test_the_same_sound_under_a_name_that_states_another_tempo_is_heard_again(make_job, tmp_path) -> None:
    job = make_job("loop_128bpm.wav", host_bpm=128.0)
    assert job.run(job.request()).midi_bpm == 128.0
    job.path = shutil.copy(job.path, tmp_path / "loop.wav")
    with pytest.raises(EngineMissing, match="test"):
        job.run(job.request())


def test_the_same_sound_under_a_name_that_states_the_same_tempo_is_not_heard_again(make_job, tmp_path) -> None:
    job = make_job("loop_128bpm.wav", host_bpm=128.0)
    job.path = shutil.copy(job.path, tmp_path / "128 BPM break.wav")
    assert job.run(job.request()).midi_bpm == 128.0


def test_with_the_users_tempo_the_name_changes_nothing_that_is_heard(make_job, tmp_path) -> None:
    job = make_job("loop_128bpm.wav", host_bpm=128.0)
    job.path = shutil.copy(job.path, tmp_path / "loop.wav")
    request = job.request(bpm=93.5)
    assert job.run(request).midi_bpm == 93.5
    document = json.loads(request.output(OutputKind.JSON).read_bytes())
    assert (document["host_bpm"], document["host_bpm_source"]) == (None, None)


def test_in_compound_meter_the_tempo_is_in_quarter_notes_as_a_daw_counts_it(make_job) -> None:
    job = make_job(meter=Meter(6, 8))
    request = job.request()
    summary = job.run(request)
    assert summary.bpm == summary.midi_bpm == pytest.approx(46.75)
    (signature,) = [
        m for track in mido.MidiFile(request.output(OutputKind.MIDI)).tracks for m in track if m.type == "time_signature"
    ]
    assert (signature.numerator, signature.denominator) == (6, 8)


def test_another_note_map_changes_the_notes_and_nothing_is_heard(job: Job, tmp_path) -> None:
    notes = {str(instrument): 60 for instrument in Instrument}
    texts = {"name": "mine", "title": "Mine", "version": "1", "source": "test", "status": "verified"}
    lines = [*(f'{key} = "{text}"' for key, text in texts.items()), "[notes]", *(f"{k} = {v}" for k, v in notes.items())]
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "mine.toml").write_text("\n".join(lines), "utf-8")
    job.tools = replace(job.tools, user_presets=tmp_path / "presets")
    request = job.request(preset="mine")
    assert "hits" not in job.run(request).timings_s
    played = [message for message in mido.MidiFile(request.output(OutputKind.MIDI)) if message.type == "note_on"]
    assert {message.note for message in played} == {60}


def test_an_unknown_note_map_is_refused_before_anything_is_written(job: Job) -> None:
    with pytest.raises(PresetError, match="no note map 'nothing'"):
        job.run(job.request(preset="nothing"))
    assert job.files == set()


# The PDF


def test_without_the_engraver_the_job_succeeds_and_says_what_to_do(job: Job, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    request = job.request(pdf="lilypond")
    summary = job.run(request)
    assert job.announced == WRITTEN
    (warning,) = summary.warnings
    assert warning.startswith("No PDF: ")
    assert "Install LilyPond" in warning
    assert read_result(request.output(OutputKind.JSON)).warnings == (warning,)


# The picture


@pytest.mark.parametrize("kind", [OutputKind.PNG, OutputKind.SVG])
def test_the_picture_comes_after_the_notation_and_is_named_in_the_result(job: Job, kind: OutputKind) -> None:
    request = job.request(picture=str(kind))
    summary = job.run(request)
    assert job.announced == [*MUSIC, kind, OutputKind.JSON]
    assert summary.warnings == ()
    assert read_result(request.output(OutputKind.JSON)).outputs[kind] == request.output(kind)
    assert request.output(kind).read_bytes().startswith({OutputKind.PNG: b"\x89PNG", OutputKind.SVG: b"<?xml"}[kind])


def test_the_picture_goes_with_the_next_result_without_one(job: Job) -> None:
    job.run(job.request(picture="png"))
    request = job.request(picture="svg")
    job.run(request)
    assert not request.output(OutputKind.PNG).exists()
    assert request.output(OutputKind.SVG).exists()
    job.run(job.request())
    assert job.files == {request.output(kind).name for kind in WRITTEN}


def test_a_picture_that_cannot_be_written_is_a_warning(job: Job) -> None:
    request = job.request(picture="png")
    request.output(OutputKind.PNG).mkdir(parents=True)
    summary = job.run(request)
    assert job.announced == WRITTEN
    (warning,) = summary.warnings
    assert warning.startswith("No picture: song.drums.png could not be written")
    result = read_result(request.output(OutputKind.JSON))
    assert result.warnings == (warning,)
    assert OutputKind.PNG not in result.outputs


def test_where_there_is_nothing_to_draw_the_job_succeeds_and_says_so(job: Job) -> None:
    job.analysis = replace(
        job.analysis,
        duration_s=0.0,
        hits=hits_from_rows([], engine="test"),
        grid=replace(job.analysis.grid, times_s=np.empty(0), numbers=np.empty(0, np.int64), meters=()),
    )
    summary = job.run(job.request(picture="svg"))
    assert job.announced == WRITTEN
    assert summary.warnings[0].startswith("No picture: There is nothing to draw")


def test_a_recording_that_is_gone_by_then_is_drawn_without_its_waveform(job: Job) -> None:
    request = job.request(picture="svg")
    job.path.unlink()
    assert job.run(request).warnings == ()
    assert "No waveform: the recording is not there any more." in request.output(OutputKind.SVG).read_text("utf-8")


# An earlier result in the same place


def earlier_result(job: Job) -> Request:
    """A result with a PDF and a stem, whose JSON names them."""
    request = job.request()
    job.run(request)
    mark = request.output(OutputKind.JSON)
    document = json.loads(mark.read_bytes())
    for kind in (OutputKind.PDF, OutputKind.STEM):
        request.output(kind).write_bytes(b"of the earlier bounce")
        document["outputs"][kind] = str(request.output(kind))
    mark.write_text(json.dumps(document), "utf-8")
    return request


def test_what_an_earlier_result_had_and_the_new_one_has_not_is_removed(job: Job) -> None:
    earlier = earlier_result(job)
    job.run(job.request(quantize=50))
    assert job.files == {earlier.output(kind).name for kind in WRITTEN}


def test_files_that_are_not_ours_stay(job: Job) -> None:
    pdf = job.request().output(OutputKind.PDF)
    pdf.parent.mkdir()
    pdf.write_bytes(b"the user's")
    job.run(job.request())
    assert pdf.read_bytes() == b"the user's"


def test_what_a_killed_run_left_half_written_is_swept_up(job: Job) -> None:
    request = job.request()
    request.out_base.parent.mkdir()
    left = request.out_base.with_name(".song.drums.mid.0123abcd.part")
    left.write_bytes(b"half")
    job.run(request)
    assert not left.exists()


# Cancelling and failing


@pytest.mark.parametrize("is_first", [True, False])
def test_wherever_it_is_cancelled_no_json_and_nothing_half_written_is_left(job: Job, is_first: bool) -> None:
    request = job.request(quantize=50)
    for n in range(1, 100):
        if not is_first:
            earlier_result(job)
        before = job.files
        try:
            job.run(request, CancelledAt(n))
        except Cancelled:
            is_begun = bool(job.announced)
            assert OutputKind.JSON not in job.announced
            assert not any(name.endswith(".part") for name in job.files)
            assert not is_begun or not request.output(OutputKind.JSON).exists(), "an earlier mark does not stand for new files"
            assert is_begun or job.files == before - {
                request.output(kind).name for kind in (OutputKind.JSON, OutputKind.PDF, OutputKind.STEM)
            }
            shutil.rmtree(request.out_base.parent)
        else:
            break
    assert n > 3, "it can be cancelled in several places"
    assert job.announced == WRITTEN


def test_a_file_in_the_way_of_the_folder_is_an_output_error(job: Job) -> None:
    request = job.request()
    request.out_base.parent.write_text("in the way")
    with pytest.raises(OutputError, match="cannot be made"):
        job.run(request)
    assert job.announced == []


@pytest.mark.parametrize("kind", WRITTEN)
def test_a_file_that_cannot_be_written_leaves_no_json_and_nothing_half_written(job: Job, kind: OutputKind) -> None:
    request = job.request()
    request.output(kind).mkdir(parents=True)
    with pytest.raises(OutputError, match="could not be written"):
        job.run(request)
    assert job.announced == WRITTEN[: WRITTEN.index(kind)]
    assert not request.output(OutputKind.JSON).is_file()
    assert not any(name.endswith(".part") for name in job.files)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from backbeat.errors import OutputError
from backbeat.monitor import Unwatched
from backbeat.pipeline.analysis_cache import AnalysisCache
from backbeat.pipeline.file_to_audio import AudioLimits
from backbeat.pipeline.request import make_request
from backbeat.pipeline.run import run_request
from backbeat.pipeline.stage_context import Tools
from backbeat.settings import Settings

recording, analyses, limit = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
settings = Settings().changed({"engine": "test", "pdf": "none"})
out_base = recording.parent / "out" / "song.drums"
request = make_request(recording, out_base=out_base, settings=settings, monitor=Unwatched())
cache = AnalysisCache(folder=analyses, models="")
tools = Tools(models=None, limits=AudioLimits(max_minutes=1), cache=cache, user_presets=None, low_confidence_threshold=0.5)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    run_request(request, tools=tools, monitor=Unwatched(), announce=lambda kind, path: print(kind))
except OutputError as error:
    print(error.in_words)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits as POSIX has them")
def test_a_full_disk_in_the_middle_of_a_result_leaves_what_is_complete_and_no_json(job: Job) -> None:
    request = job.request()
    job.run(request)
    limit = request.output(OutputKind.MUSICXML).stat().st_size - 1
    assert request.output(OutputKind.TEMPOMAP).stat().st_size < limit
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(job.path), str(job.tools.cache.folder), str(limit)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    *announced, sentence = done.stdout.splitlines()
    assert announced == ["midi", "tempomap"]
    assert "song.drums.musicxml could not be written: the disk is full. Free some space" in sentence
    assert not request.output(OutputKind.JSON).exists(), "neither a new mark nor the old one"
    assert not any(name.endswith(".part") for name in job.files)


def test_a_job_that_has_to_listen_but_has_no_engine_fails_before_anything_is_written(job: Job, tools: Tools) -> None:
    job.tools = replace(tools, cache=replace(tools.cache, models="other"))
    request = make_request(job.path, out_base=job.path.parent / "out" / "song.drums", settings=QUICK, monitor=Unwatched())
    with pytest.raises(BackbeatError, match="called 'test'"):
        job.run(request)
    assert job.files == set()
