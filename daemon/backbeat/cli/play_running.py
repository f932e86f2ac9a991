"""The hits of a job that still runs, as the daemon hears them: what `backbeat play` plays before there is a result."""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from backbeat.cli.jobs import find_job, open_store
from backbeat.cli.osc_client import DaemonSilent, OscClient
from backbeat.config.schema import OscConfig
from backbeat.errors import BackbeatError, StoreError
from backbeat.jobs.job import Job
from backbeat.outputs.playing.growing_hits import GrowingHits
from backbeat.records import Hit
from backbeat.values import Instrument, OutputKind

if TYPE_CHECKING:
    from backbeat.osc import OscMessage

LISTEN_S = 0.2
"""For so long at a time: then it is seen whether anybody still wants to know."""

QUIET_S = 3.0
"""After so long without news the daemon is asked how things are: UDP may lose the last word."""

PATIENCE = 3
"""How many questions may stay unanswered."""

SAME_S = 0.001
"""OSC rounds times to 32 bits: hits that are nearer than this, on one drum, are one."""

ReadRest = Callable[[], list[Hit]]
"""All hits of the job, from its result, when it is done."""


def unfinished_job(args: argparse.Namespace) -> Job | None:
    """The job that `args.what` means, if its hits are still to come. Raises StoreError when there is no such job."""
    if args.what.endswith(OutputKind.JSON.suffix):
        return None
    with closing(open_store(args)) as store:
        job = find_job(store, args.what)
    return None if job.state.ended else job


@contextmanager
def hits_of_running(job: Job, osc: OscConfig, read_rest: ReadRest) -> Iterator[GrowingHits]:
    """The hits that the daemon has heard in the job, and those that it still hears until the block ends.

    Raises StoreError when no daemon answers, and at the end of the block when the job came to nothing.
    """
    feed = _Feed(job.id, read_rest)
    try:
        with OscClient(osc) as client:
            client.ping()
            client.send("/backbeat/hits", job.id)
            client.send("/backbeat/status", job.id)  # it may have ended just now
            thread = threading.Thread(target=feed.follow, args=(client,), name="running job", daemon=True)
            thread.start()
            try:
                yield feed.hits
            finally:
                feed.stop()
                thread.join()
    except DaemonSilent as error:
        raise StoreError(
            f"Job {job.id} ({job.path.name}) is {job.state}, and no daemon answers that could tell its hits.",
            advice="Start it with: backbeat run",
        ) from error
    if feed.error is not None:
        raise feed.error


class _Feed:
    """What the daemon says, on a thread of its own, until the job has ended."""

    def __init__(self, job_id: str, read_rest: ReadRest) -> None:
        self.hits = GrowingHits()
        self.error: BackbeatError | None = None
        self._job_id = job_id
        self._read_rest = read_rest
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()

    def follow(self, client: OscClient) -> None:
        try:
            self._follow(client)
        except DaemonSilent:
            self._fail(f"The daemon does not answer any more; job {self._job_id} was not played to its end.")
        except BackbeatError as error:
            self.error = error
            self.hits.lose()

    def _follow(self, client: OscClient) -> None:
        quiet_since_s, unanswered = time.monotonic(), 0
        while not self._stopped.is_set():
            message = client.receive(LISTEN_S)
            if message is not None:
                quiet_since_s, unanswered = time.monotonic(), 0
                if self._has_ended(message):
                    return
            elif time.monotonic() - quiet_since_s > QUIET_S:
                if unanswered == PATIENCE:
                    raise DaemonSilent
                quiet_since_s, unanswered = time.monotonic(), unanswered + 1
                client.send("/backbeat/status", self._job_id)

    def _has_ended(self, message: OscMessage) -> bool:
        """Take in what was said; True when it was the last word about the job."""
        arguments: list[Any] = [*message.arguments, ""]
        about, *values = arguments
        if about != self._job_id:
            return False
        match message.address.removeprefix("/backbeat/"), *values:
            case "hit", time_s, instrument, _, velocity, confidence, *_:
                self.hits.add([Hit(time_s, Instrument(instrument), velocity, confidence)], len(self.hits))
            case ("done", *_) | ("job", "done", *_):
                self._finish()
                return True
            case "failed", _, words, *_:
                self._fail(f"Job {self._job_id} failed while it was played: {words}")
                return True
            case ("cancelled", *_) | ("job", "failed" | "cancelled" | "superseded", *_):
                self._fail(f"Job {self._job_id} came to nothing while it was played.")
                return True
        return False

    def _finish(self) -> None:
        """The rest, and what UDP may have lost at the end."""
        known = self.hits.since(0)
        end_s = known[-1].time_s if known else -1.0
        last = {hit.instrument for hit in known if hit.time_s > end_s - SAME_S}
        rest = [hit for hit in self._read_rest() if hit.time_s > end_s + (SAME_S if hit.instrument in last else -SAME_S)]
        self.hits.add(rest, len(known))
        self.hits.complete()

    def _fail(self, words: str) -> None:
        self.error = StoreError(words, advice="`backbeat jobs show` says more.")
        self.hits.lose()
