"""What the worker process runs: the pipeline, set up from the configuration that the daemon sent."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from backbeat.config.schema import Config
from backbeat.config.serialise import config_from_json
from backbeat.engines.protocols import EngineOptions, TellHits, tell_nobody
from backbeat.engines.registry import BEAT_ENGINES, open_beat_engine, open_hit_engine
from backbeat.errors import EngineMissing
from backbeat.monitor import Monitor
from backbeat.pipeline.request import Request
from backbeat.pipeline.run import run_request
from backbeat.pipeline.stage_context import Announce
from backbeat.service.tools import tools_from_config


class Runner:
    """Does one job after the other; models stay loaded between them."""

    def __init__(self, config: Config) -> None:
        self._settings = config.transcribe
        self._tools = tools_from_config(config)

    def __call__(self, request: Request, monitor: Monitor, announce: Announce, tell: TellHits = tell_nobody) -> dict[str, Any]:
        """Do the job and return its summary. Raises BackbeatError."""
        return run_request(request, tools=self._tools, monitor=monitor, announce=announce, tell=tell).as_json

    def preload(self) -> None:
        """Open the configured recogniser and beat engine, so that the first bounce does not wait for them."""
        options = EngineOptions.from_settings(self._settings)
        open_hit_engine(self._settings.engine, options, self._tools.models)
        for name in BEAT_ENGINES[self._settings.beats]:
            with suppress(EngineMissing):  # the next one is tried, as it will be in the job
                open_beat_engine(name, options, self._tools.models)
                return


def make_runner(config_json: str) -> Runner:
    """The runner for a configuration as `config.serialise` writes it."""
    return Runner(config_from_json(config_json))
