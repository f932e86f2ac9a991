"""Who works on what, in Redis: the Python side of `ledger.lua`, where the rules stand.

A run is one recording with its settings and its place; daemons that ask for the same share it. A worker that takes a stage
claims it with a token and renews the claim while it works. Only whoever holds the token can end the stage, so a task that is
delivered twice, or that is taken from a worker that was thought dead, counts once.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from backbeat.farm.stage import FarmStage

PREFIX = "backbeat:"
CLAIM_HEARTBEATS = 4
"""A claim lasts so many heartbeats: a worker that is silent for longer counts as dead."""

LedgerUnreachable = redis.RedisError
"""What every method may raise; nothing is retried here."""

_SOCKET_TIMEOUT_S = 5.0
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """The answer to `submit`. stage: where the run is; None when its place is busy and it has to be asked for again later.

    is_waiting: no worker has the stage, so that a message for it may be sent. is_gone: there was nothing to join.
    """

    stage: FarmStage | None
    is_waiting: bool = False
    is_gone: bool = False


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A stage that is ours to do. request, asked: JSON, in the farm's and in the asker's words."""

    run: str
    token: str
    request: str
    asked: str
    priority: int


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a run is.

    state: `fine`; `gone` (it has ended, or Redis has lost it); `ended` (by this look); `lost` (its worker died) or `unheard`
    (nobody took its message), and then a message for `stage` has to be sent.
    """

    state: str
    stage: FarmStage | None = None
    priority: int = 0
    worker: str = ""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One message for a daemon, as a line of `worker_messages`, about its job."""

    id: str
    job_id: str
    line: bytes


class Ledger:
    """A connection; may be used by any thread. Every method may raise LedgerUnreachable."""

    def __init__(self, url: str, *, claim_s: float, prefix: str = PREFIX) -> None:
        self._redis: Any = redis.Redis.from_url(
            url,
            decode_responses=True,
            protocol=2,
            socket_timeout=_SOCKET_TIMEOUT_S,
            socket_connect_timeout=_SOCKET_TIMEOUT_S,
            socket_keepalive=True,
            retry=Retry(NoBackoff(), 0),  # who asks wants to know that the connection was lost
        )
        self._claim_ms = int(claim_s * 1000)
        self._prefix = prefix

    def close(self) -> None:
        self._redis.close()

    def ping(self) -> None:
        """Nothing but an error when Redis does not answer."""
        self._redis.ping()

    # Daemons

    def submit(
        self, run: str, *, daemon: str, job_id: str, request: str, asked: str, place: str, priority: int, join_only: bool = False
    ) -> Submitted:
        """Have it done, or hear of it if it is being done already. join_only: the latter or nothing."""
        first = FarmStage.INGEST.value
        arguments = (daemon, job_id, request, asked, place, priority, first, int(join_only))
        answer, stage, token = self._do("submit", run, *arguments)
        if not stage:
            return Submitted(stage=None, is_gone=answer == "gone")
        return Submitted(stage=FarmStage(stage), is_waiting=not token)

    def cancel(self, run: str, daemon: str) -> str:
        """`stopped`: it is over; `left`: others go on with it; `asked`: Stopped follows; `gone`: there is none."""
        return str(self._do("cancel", run, daemon))

    def look(self, run: str, *, patience_s: float, max_deaths: int, stopped: bytes, died: bytes) -> Look:
        """See whether a run goes on. After `patience_s`, then twice that ..., without a taker its message is sent again."""
        state, *found = self._do("look", run, patience_s, max_deaths, stopped, died)
        if not found:
            return Look(state=state)
        stage, priority, worker = found
        return Look(state=state, stage=FarmStage(stage), priority=int(priority), worker=worker)

    def last_event(self, daemon: str) -> str:
        """The id after which `events` gives what is new."""
        newest = self._redis.xrevrange(self._events(daemon), count=1)
        return str(newest[0][0]) if newest else "0-0"

    def events(self, daemon: str, after: str, *, wait_s: float) -> list[Event]:
        """What came after that id, oldest first; waits for the first at most so long (0: not at all)."""
        block = {"block": int(wait_s * 1000)} if wait_s else {}
        found = self._redis.xread({self._events(daemon): after}, count=500, **block)
        return [
            Event(id=entry, job_id=fields["job"], line=fields["line"].encode()) for _, rows in found for entry, fields in rows
        ]

    # Workers

    def claim(self, run: str, stage: FarmStage, token: str, worker: str) -> Claim | None:
        """Take a stage; None when it is done, taken, cancelled or unknown."""
        found = self._do("claim", run, stage.value, token, self._claim_ms, worker)
        if not found:
            return None
        request, asked, priority = found
        return Claim(run=run, token=token, request=request, asked=asked, priority=int(priority))

    def renew(self, claim: Claim) -> str:
        """`mine`, `lost` (somebody else has it, or it is over) or `cancelled`."""
        return str(self._do("renew", claim.run, claim.token, self._claim_ms))

    def tell(self, claim: Claim, line: bytes) -> None:
        """Have all who wait for the run hear it."""
        self._do("tell", claim.run, claim.token, line)

    def advance(self, claim: Claim, to: FarmStage, took_s: float) -> bool:
        """The stage is done and the next one may be taken; False when the claim was lost."""
        return bool(self._do("advance", claim.run, claim.token, to.value, f"{took_s:.3f}"))

    def finish(self, claim: Claim, line: bytes, took_s: float, ending: str, *, is_dead: bool = False) -> bool:
        """The run is over, and this is the last that is heard of it. is_dead: the farm has given it up."""
        return bool(self._do("finish", claim.run, claim.token, line, f"{took_s:.3f}", ending, int(is_dead)))

    # People

    def runs(self) -> list[dict[str, str]]:
        """Every run that has not ended, as the hash has it, with its `id`."""
        pipeline = self._redis.pipeline(transaction=False)
        ids = sorted(self._redis.smembers(f"{self._prefix}runs"))
        for run in ids:
            pipeline.hgetall(f"{self._prefix}run:{run}")
        return [{"id": run, **fields} for run, fields in zip(ids, pipeline.execute(), strict=True) if fields]

    def history(self) -> list[dict[str, str]]:
        """The stages that were done, oldest first: run, stage, worker, took_s, ending, and `at` in milliseconds."""
        rows = self._redis.xrange(f"{self._prefix}history")
        return [{"at": entry.partition("-")[0], **fields} for entry, fields in rows]

    def dead(self) -> dict[str, str]:
        """What the farm has given up: JSON by run."""
        return dict(self._redis.hgetall(f"{self._prefix}dead"))

    def bury(self, run: str) -> None:
        """Forget what was given up."""
        self._redis.hdel(f"{self._prefix}dead", run)

    def keeps_what_it_has(self) -> bool:
        """Whether this Redis has an append-only file and so outlives a restart; True if it does not say."""
        try:
            found = self._redis.info("persistence")
        except redis.ResponseError:  # hosted ones may not let anybody ask
            return True
        return bool(found.get("aof_enabled", 1))

    # Inside

    def _events(self, daemon: str) -> str:
        return f"{self._prefix}events:{daemon}"

    def _do(self, name: str, run: str, *arguments: Any) -> Any:
        return self._redis.eval(_script(name), 2, self._prefix, run, *arguments)


@cache
def _scripts() -> dict[str, str]:
    _, *parts = _NAME.split(files("backbeat.farm").joinpath("ledger.lua").read_text(encoding="utf-8"))
    return dict(zip(parts[::2], parts[1::2], strict=True))


@cache
def _script(name: str) -> str:
    return _scripts()["prelude"] + _scripts()[name]


def patiently(action: Callable[[], T], *, for_s: float, errors: type[BaseException] | tuple[type[BaseException], ...]) -> T:
    """Do it again, with longer and longer pauses, while it raises one of `errors`; after `for_s` seconds let the error out."""
    deadline = time.monotonic() + for_s
    for pause_s in _pauses():
        try:
            return action()
        except errors:
            if time.monotonic() >= deadline:
                raise
            time.sleep(pause_s)
    raise AssertionError("there is always another pause")


def _pauses() -> Iterator[float]:
    pause_s = 0.1
    while True:
        yield pause_s
        pause_s = min(pause_s * 2, 5.0)
