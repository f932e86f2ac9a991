"""A real Redis, and a farm in this process: real daemons' runners and workers, with a list in the place of Celery."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest
from tests.farm_field import RedisServer, wait_for

from backbeat.config.load import load_config
from backbeat.farm.farm_runner import FarmRunner
from backbeat.farm.ledger import Ledger
from backbeat.farm.path_map import PathMap
from backbeat.farm.stage import FarmStage
from backbeat.farm.storage import FolderStorage
from backbeat.farm.tasks import FarmWorker
from backbeat.farm.workplace import SharedFolders, Workplace
from backbeat.monitor import Unwatched
from backbeat.pipeline.request import Request, make_request
from backbeat.pipeline.stage_context import Tools
from backbeat.service.tools import tools_from_config
from backbeat.service.worker_messages import Failed, Finished, Message, Stopped
from backbeat.settings import Settings

QUICK = {"pdf": "none", "bpm": "120", "meter": "4/4", "separation": "none"}
CLAIM_S = 0.6
"""In tests of the rules alone."""

WORKING_CLAIM_S = 4.0
"""Where there is work: an import can hold up all threads of a busy machine for a second."""


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    if RedisServer.program is None:
        reason = "redis-server is not installed"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and CI must not skip these tests")
        pytest.skip(reason)
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def ledger(redis_server: RedisServer) -> Iterator[Ledger]:
    """With keys of its own."""
    with closing(open_ledger(redis_server, CLAIM_S)) as opened:
        yield opened


def open_ledger(server: RedisServer, claim_s: float) -> Ledger:
    return Ledger(server.url, claim_s=claim_s, prefix=f"test-{secrets.token_hex(4)}:")


@dataclass
class InProcessFarm:
    """The messages of the broker are a list; `work` takes them one after the other, as one worker would."""

    folder: Path
    ledger: Ledger
    tools: Tools
    sent: list[tuple[FarmStage, str]] = field(default_factory=list)
    runners: list[FarmRunner] = field(default_factory=list)
    heard: dict[str, list[Message]] = field(default_factory=dict)
    paths: PathMap = field(default_factory=lambda: PathMap(()))

    @property
    def workplace(self) -> Workplace:
        return SharedFolders(FolderStorage(self.folder / "storage"), self.paths)

    def send(self, stage: FarmStage, run: str, _priority: int) -> None:
        self.sent.append((stage, run))

    def daemon(
        self, name: str = "one", workplace: Workplace | None = None, ledger: Ledger | None = None, **options: object
    ) -> FarmRunner:
        self.heard.setdefault(name, [])
        fixed = {"in_flight": 8, "beat_s": 0.1, "claim_s": WORKING_CLAIM_S, "max_deaths": 2}
        runner = FarmRunner(
            self.heard[name].append,
            ledger=ledger or self.ledger,
            send=self.send,
            send_errors=(),
            workplace=workplace or self.workplace,
            paths=self.paths,
            name=name,
            **{**fixed, **options},  # type: ignore[arg-type]
        )
        runner.start()
        self.runners.append(runner)
        wait_for("the farm is reached", lambda: runner.capacity, within_s=10)
        return runner

    def worker(self, name: str = "w", workplace: Workplace | None = None) -> FarmWorker:
        return FarmWorker(
            ledger=self.ledger,
            workplace=workplace or self.workplace,
            tools=self.tools,
            send=self.send,
            send_errors=(),
            name=name,
            heartbeat_s=0.1,
        )

    def request(self, recording: Path, **options: object) -> Request:
        settings = Settings().changed({**QUICK, **options})
        return make_request(recording, out_base=recording.with_suffix(".drums"), settings=settings, monitor=Unwatched())

    def work(self, worker: FarmWorker | None = None, *, times: int = 1, within_s: float = 30) -> list[FarmStage]:
        """Do so many tasks, waiting for each; the stages that they were."""
        done = []
        for _ in range(times):
            stage, run = wait_for("a task", lambda: self.sent and self.sent.pop(0), within_s=within_s)
            (worker or self.worker()).do(stage, run)
            done.append(stage)
        return done

    def ends(self, name: str = "one") -> list[Message]:
        return [message for message in self.heard[name] if isinstance(message, Finished | Failed | Stopped)]

    def wait_for_end(self, name: str = "one", count: int = 1) -> Message:
        wait_for("the end of a job", lambda: len(self.ends(name)) >= count, within_s=30)
        return self.ends(name)[-1]

    def wait_for_run(self, probe: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        return wait_for("a run that is so", lambda: next((run for run in self.ledger.runs() if probe(run)), None), within_s=30)

    def stages(self) -> list[str]:
        """What was done, by the ledger's own account."""
        return [f"{row['stage']} {row['ending']}" for row in self.ledger.history()]

    def leftovers(self) -> list[str]:
        return [path.name for path in (self.folder / "storage").rglob("*") if path.is_file() and path.suffix != ".json"]


@pytest.fixture
def field_of_work(tmp_path: Path, redis_server: RedisServer) -> Iterator[InProcessFarm]:
    ledger = open_ledger(redis_server, WORKING_CLAIM_S)
    config = load_config(environ={}, overrides={"jobs.data_folder": str(tmp_path / "data")}).config
    farm = InProcessFarm(tmp_path, ledger, tools_from_config(config))
    yield farm
    for runner in farm.runners:
        runner.stop(5)
    ledger.close()


@pytest.fixture
def loop(tmp_path: Path, audio_files: ModuleType) -> Path:
    """A short recording."""
    (tmp_path / "bounces").mkdir(exist_ok=True)
    path: Path = audio_files.write_sound(tmp_path / "bounces" / "loop.wav", audio_files.drum_loop(bars=1).samples)
    return path
