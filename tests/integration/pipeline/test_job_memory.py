"""What hearing a recording costs in memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from types import ModuleType

import numpy as np

from backbeat.monitor import Unwatched
from backbeat.pipeline.analysis_cache import AnalysisCache
from backbeat.pipeline.file_to_audio import AudioLimits
from backbeat.pipeline.request import make_request
from backbeat.pipeline.run import file_to_analysis
from backbeat.pipeline.stage_context import StageContext, Tools
from backbeat.settings import Settings
from backbeat.values import BeatChoice


class NoModels:
    """The engine `net` brings its own."""

    net_weights = None

    def path(self, name: str) -> Path:
        raise FileNotFoundError(name)

    folder = path


MODELS = NoModels()


def peak_bytes(path: Path) -> int:
    """The most that Python and NumPy held while the default engine heard the recording."""
    tools = Tools(
        models=MODELS,
        limits=AudioLimits(max_minutes=10),
        cache=AnalysisCache(folder=path.parent / "analyses", models=""),
        user_presets=None,
        low_confidence_threshold=0.5,
    )
    request = make_request(path, out_base=path.with_suffix(""), settings=Settings(beats=BeatChoice.NONE), monitor=Unwatched())
    context = StageContext(request=request, tools=tools, monitor=Unwatched(), announce=lambda _kind, _path: None)
    tracemalloc.start()
    try:
        file_to_analysis(context)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_stereo_bounce_costs_the_default_engine_no_more_memory_than_a_mono_one(audio_files: ModuleType, tmp_path: Path) -> None:
    mono = audio_files.drum_loop(bars=20).samples
    in_mono = audio_files.write_sound(tmp_path / "mono.wav", mono)
    in_stereo = audio_files.write_sound(tmp_path / "stereo.wav", np.stack([mono, 0.5 * mono]))
    peak_bytes(in_mono)  # what is loaded on first use
    assert peak_bytes(in_stereo) < peak_bytes(in_mono) + mono.nbytes // 2
