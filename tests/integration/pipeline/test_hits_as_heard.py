"""The hits that a job tells while it runs are those of its result: the real engine, a minute of drums."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from backbeat.errors import Cancelled
from backbeat.monitor import Unwatched
from backbeat.outputs.read_result import read_result
from backbeat.pipeline.analysis_cache import AnalysisCache
from backbeat.pipeline.file_to_audio import AudioLimits
from backbeat.pipeline.request import Request, make_request
from backbeat.pipeline.run import run_request
from backbeat.pipeline.stage_context import Tools
from backbeat.records import Hit, Hits
from backbeat.settings import Settings
from backbeat.values import OutputKind, Stage

QUICK = {"beats": "none", "bpm": "120", "pdf": "none"}
CHOICES = [{}, {"sensitivity": "80, kick=20", "instruments": "common"}]


class NoModels:
    """The network comes with the package: no model file may be asked for."""

    net_weights = None

    def path(self, name: str) -> Path:
        raise AssertionError(name)

    folder = path


class Watching(Unwatched):
    """Keeps what is told, and where the job was then; cancels once so many parts were told."""

    def __init__(self, cancel_after: int = 100) -> None:
        self.parts: list[Hits] = []
        self.stages: list[Stage] = []
        self._stage = Stage.READ
        self._cancel_after = cancel_after

    def progress(self, stage: Stage, fraction: float) -> None:
        self._stage = stage

    def check(self) -> None:
        if len(self.parts) >= self._cancel_after:
            raise Cancelled("test")

    def tell(self, part: Hits) -> None:
        self.parts.append(part)
        self.stages.append(self._stage)

    @property
    def told(self) -> list[Hit]:
        return [hit for part in self.parts for hit in part]


@pytest.fixture(scope="module")
def minute(audio_files, tmp_path_factory: pytest.TempPathFactory) -> Path:
    loop = audio_files.drum_loop().samples
    path: Path = audio_files.write_sound(tmp_path_factory.mktemp("minute") / "minute.wav", np.resize(loop, 70 * 44_100))
    return path


@pytest.fixture
def run(minute: Path, tmp_path: Path) -> Callable[..., Request]:
    cache = AnalysisCache(folder=tmp_path / "analyses", models="")
    tools = Tools(
        models=NoModels(), limits=AudioLimits(max_minutes=2), cache=cache, user_presets=None, low_confidence_threshold=0.5
    )

    def do(watching: Watching, options: Mapping[str, str]) -> Request:
        settings = Settings().changed({**QUICK, **options})
        request = make_request(minute, out_base=tmp_path / "minute.drums", settings=settings, monitor=Unwatched())
        run_request(request, tools=tools, monitor=watching, announce=lambda _kind, _path: None, tell=watching.tell)
        return request

    return do


def rounded(hits: list[Hit]) -> list[Hit]:
    """As the result file has them."""
    return [Hit(round(hit.time_s, 6), hit.instrument, hit.velocity, round(hit.confidence, 4)) for hit in hits]


@pytest.mark.parametrize("options", CHOICES, ids=["as shipped", "as chosen"])
def test_what_is_told_part_by_part_is_the_result_whatever_was_chosen(run, options: dict[str, str]) -> None:
    watching = Watching()
    result = read_result(run(watching, options).output(OutputKind.JSON))
    assert len(watching.parts) == 3
    assert set(watching.stages) == {Stage.HITS}
    assert len(watching.told) > 200
    assert rounded(watching.told) == list(result.hits)


def test_what_was_heard_before_is_told_at_once(run) -> None:
    run(Watching(), {})
    again = Watching()
    result = read_result(run(again, {"sensitivity": "20"}).output(OutputKind.JSON))
    assert len(again.parts) == 1
    assert rounded(again.told) == list(result.hits)


def test_a_job_that_is_cancelled_has_told_its_beginning_and_leaves_no_result(run, tmp_path: Path) -> None:
    watching = Watching(cancel_after=1)
    with pytest.raises(Cancelled):
        run(watching, {})
    assert len(watching.parts) == 1
    assert watching.told[-1].time_s < 31
    assert not list(tmp_path.glob("*.json"))
