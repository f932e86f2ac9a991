"""What is counted as it happens. Only counters and histograms: they may be shared by several processes."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from backbeat.service.worker_messages import Died, Failed, Finished, Message, Ready, Stopped

STAGE_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
RATIO_BUCKETS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Instruments:
    """Counters and histograms in `registry`. Names and units as Prometheus wants them: base units, `_total`, `_seconds`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._attempts = Counter(
            "backbeat_job_attempts",
            "Attempts at a job that have ended; a job that is tried again has several",
            ["outcome", "error_code"],
            registry=registry,
        )
        self._stages = Histogram(
            "backbeat_stage_duration_seconds",
            "How long a stage of a finished job took",
            ["stage"],
            buckets=STAGE_BUCKETS_S,
            registry=registry,
        )
        self._ratio = Histogram(
            "backbeat_job_realtime_ratio",
            "Time that a finished job took, by the length of its recording; below 1 is faster than playing it",
            buckets=RATIO_BUCKETS,
            registry=registry,
        )
        self._audio = Counter("backbeat_audio_seconds", "Length of the recordings that were finished", registry=registry)
        self._hits = Counter("backbeat_hits", "Hits in the recordings that were finished", registry=registry)
        self._deaths = Counter("backbeat_worker_deaths", "Worker processes that ended by themselves", registry=registry)
        self._starts = Counter("backbeat_worker_starts", "Worker processes that have started", registry=registry)
        self._tasks = Counter(
            "backbeat_tasks", "Tasks of a farm that ended here", ["task", "outcome", "error_code"], registry=registry
        )
        self._task_durations = Histogram(
            "backbeat_task_duration_seconds",
            "How long a task of a farm took here",
            ["task"],
            buckets=STAGE_BUCKETS_S,
            registry=registry,
        )
        self._bounces = Counter(
            "backbeat_watch_bounces", "Files that watched folders handed on, or gave up", ["outcome"], registry=registry
        )

    def message(self, message: Message) -> None:
        """Count what whoever does the jobs says."""
        match message:
            case Finished():
                self._attempts.labels("done", "").inc()
                self._finished(message)
            case Failed():
                self._attempts.labels("failed", message.code).inc()
            case Stopped():
                self._attempts.labels("cancelled", "").inc()
            case Died():
                self._deaths.inc()
                if message.job_id is not None:
                    self._attempts.labels("failed", "worker_died").inc()
            case Ready():
                self._starts.inc()

    def task(self, task: str, took_s: float, ending: object) -> None:
        """Count a farm's task. ending: the message with which it ended the job, or anything else when the next task goes on."""
        outcome, code = "done", ""
        if isinstance(ending, Failed):
            outcome, code = "failed", ending.code
        elif isinstance(ending, Stopped):
            outcome = "cancelled"
        self._tasks.labels(task, outcome, code).inc()
        self._task_durations.labels(task).observe(took_s)

    def bounce(self, *, is_complete: bool) -> None:
        """Count a file of a watched folder."""
        self._bounces.labels("complete" if is_complete else "bad").inc()

    def _finished(self, message: Finished) -> None:
        timings_s = message.summary.get("timings_s") or {}
        duration_s = message.summary.get("duration_s") or 0.0
        for stage, took_s in timings_s.items():
            self._stages.labels(stage).observe(took_s)
        if duration_s > 0:
            self._audio.inc(duration_s)
            if timings_s:
                self._ratio.observe(sum(timings_s.values()) / duration_s)
        self._hits.inc(message.summary.get("hits") or 0)
