"""The worker as a real process: what it answers, how it dies, and that the daemon's side always has a next one."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from backbeat.pipeline.request import Request
from backbeat.service import worker_messages
from backbeat.service.worker_death import Backoff
from backbeat.service.worker_messages import (
    Died,
    Failed,
    Finished,
    Hello,
    Message,
    Preloaded,
    Progress,
    Ready,
    Stopped,
    Written,
)
from backbeat.service.worker_process import WORKER_COMMAND, WorkerProcess
from backbeat.settings import Settings
from backbeat.values import OutputKind, Stage

HERE = Path(__file__).parent
DEADLINE_S = 60.0
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(HERE)}

unix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups of Unix")
linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
SomeMessage = TypeVar("SomeMessage", bound=Message)


def request_for(action: str) -> Request:
    path = Path(f"/bounces/{action}.wav")
    return Request(path=path, fingerprint="f", out_base=path.with_suffix(".drums"), settings=Settings(quantize=30))


def command(maker: str = "make_runner") -> tuple[str, ...]:
    return (*WORKER_COMMAND, "--runner", f"worker_test_runner:{maker}")


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < deadline, f"waited too long for: {what}"
        time.sleep(0.01)


class Heard:
    """A WorkerProcess and everything that it said."""

    def __init__(self, **options: object) -> None:
        options = {"hello": Hello(), "command": command(), "environment": ENVIRONMENT, **options}
        self.messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self.worker = WorkerProcess(self.messages.put, **options)  # type: ignore[arg-type]

    def next(self, *kinds: type[SomeMessage]) -> SomeMessage:
        """The next message of one of these kinds; others are passed over."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            try:
                message = self.messages.get(timeout=max(deadline - time.monotonic(), 0.0))
            except queue.Empty:
                pytest.fail(f"no {' or '.join(kind.__name__ for kind in kinds)} within {DEADLINE_S:g} s")
            if isinstance(message, kinds):
                return message

    def do(self, action: str, job_id: str = "job1") -> Message:
        """Submit a job and wait for how it ends."""
        self.worker.submit(job_id, request_for(action))
        return self.end()

    def end(self) -> Message:
        return self.next(Finished, Failed, Stopped, Died)

    def rest(self) -> list[Message]:
        messages = []
        with contextlib.suppress(queue.Empty):
            while True:
                messages.append(self.messages.get_nowait())
        return messages


@contextlib.contextmanager
def started(**options: object) -> Iterator[Heard]:
    heard = Heard(**options)
    heard.worker.start()
    try:
        yield heard
    finally:
        heard.worker.stop(10.0)


@pytest.fixture(scope="module")
def shared_worker() -> Iterator[Heard]:
    """One worker for the tests that leave it alive: it has to go on after each of them."""
    with started(hello=Hello(config='{"colour": "blue"}', nice=True, log_level="info")) as heard:
        heard.next(Ready)
        yield heard


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie that nobody has reaped yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class TestAnswers:
    def test_a_job_is_done_with_its_progress_outputs_and_summary(self, shared_worker: Heard) -> None:
        shared_worker.worker.submit("job1", request_for("finish"))
        assert shared_worker.next(Progress) == Progress(job_id="job1", stage=Stage.READ, fraction=0.0)
        json_path = request_for("finish").output(OutputKind.JSON)
        assert shared_worker.next(Written) == Written(job_id="job1", kind=OutputKind.JSON, path=json_path)
        finished = shared_worker.next(Finished)
        assert finished.outputs == {OutputKind.JSON: json_path}
        assert finished.summary["quantize"] == 30
        assert shared_worker.worker.job_id is None

    def test_hits_come_while_the_job_runs_numbered_from_its_first(self, shared_worker: Heard) -> None:
        shared_worker.worker.submit("job1", request_for("plays"))
        parts = [shared_worker.next(worker_messages.Heard) for _ in range(3)]
        assert [(part.first, len(part.hits)) for part in parts] == [(0, 2), (2, 2), (4, 1)], "an empty part is not told"
        assert [hit.time_s for part in parts for hit in part.hits] == [0.0, 1.0, 2.0, 3.0, 4.0]
        assert isinstance(shared_worker.end(), Finished)

    def test_one_process_does_job_after_job(self, shared_worker: Heard) -> None:
        pids = set()
        for number in range(5):
            finished = shared_worker.do("finish", f"job{number}")
            assert isinstance(finished, Finished)
            pids.add(finished.summary["pid"])
        assert pids == {shared_worker.worker.pid}

    def test_what_libraries_print_and_programs_read_cannot_disturb_the_protocol(self, shared_worker: Heard) -> None:
        finished = shared_worker.do("chatter", "real")
        assert isinstance(finished, Finished)
        assert finished.job_id == "real"
        assert finished.summary == {"a program could read our input": False}

    def test_progress_is_thinned_out_and_large_answers_arrive_whole(self, shared_worker: Heard) -> None:
        began = time.monotonic()
        shared_worker.worker.submit("job1", request_for("flood"))
        fractions = []
        while isinstance(message := shared_worker.next(Progress, Finished), Progress):
            fractions.append(message.fraction)
        assert (fractions[0], fractions[-1]) == (0.0, 1.0)
        assert len(fractions) <= 3 + 10 * (time.monotonic() - began)
        assert len(message.summary["large"]) == 3_000_000

    @pytest.mark.parametrize(
        ("action", "code", "words", "retry"),
        [
            ("truncated", "truncated", "cut off", False),
            ("unwritable", "output", "disk is full", True),
            ("broken", "internal", "ZeroDivisionError: a mistake of ours", False),
            ("exits", "internal", "SystemExit: as demucs does", False),
            ("unserialisable", "internal", "not JSON serializable", False),
            ("memory", "out_of_memory", "not enough memory", False),
            ("no_such_action", "internal", "KeyError", False),
        ],
    )
    def test_whatever_is_raised_becomes_a_failure_with_words_and_the_worker_lives(
        self, shared_worker: Heard, action: str, code: str, words: str, *, retry: bool
    ) -> None:
        pid = shared_worker.worker.pid
        failed = shared_worker.do(action)
        assert isinstance(failed, Failed)
        assert (failed.code, failed.retry) == (code, retry)
        assert words in failed.message
        assert failed.advice
        assert shared_worker.worker.pid == pid

    def test_its_log_lines_and_tracebacks_become_ours_with_their_job(
        self, shared_worker: Heard, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO, logger="backbeat"):
            said = shared_worker.do("says", "job7")
            shared_worker.do("broken", "job8")
        assert isinstance(said, Finished)
        assert said.summary["config"] == {"colour": "blue"}
        records = [record for record in caplog.records if record.name == "backbeat.somewhere"]
        assert [(record.levelname, record.getMessage()) for record in records] == [("INFO", "about the job")]
        assert "Traceback" in caplog.text
        assert "in broken" in caplog.text

    @unix_only
    def test_it_gives_way_to_the_daw(self, shared_worker: Heard) -> None:
        said = shared_worker.do("says")
        assert isinstance(said, Finished)
        assert said.summary["nice"] == min(os.nice(0) + 5, 19)

    def test_a_job_that_listens_is_cancelled_within_a_moment(self, shared_worker: Heard) -> None:
        pid = shared_worker.worker.pid
        shared_worker.worker.submit("job1", request_for("obeys"))
        shared_worker.next(Progress)
        shared_worker.worker.cancel("another job")
        began = time.monotonic()
        shared_worker.worker.cancel("job1")
        assert shared_worker.end() == Stopped(job_id="job1")
        assert time.monotonic() - began < 2.0
        assert shared_worker.worker.pid == pid

    def test_a_cancelled_job_can_be_done_again(self, shared_worker: Heard) -> None:
        shared_worker.worker.submit("job1", request_for("obeys"))
        shared_worker.next(Progress)
        shared_worker.worker.cancel("job1")
        shared_worker.end()
        assert isinstance(shared_worker.do("finish", "job1"), Finished)

    def test_a_second_job_at_once_is_refused(self, shared_worker: Heard) -> None:
        shared_worker.worker.submit("job1", request_for("obeys"))
        with pytest.raises(RuntimeError, match="busy with job job1"):
            shared_worker.worker.submit("job2", request_for("finish"))
        shared_worker.worker.cancel("job1")
        assert shared_worker.end() == Stopped(job_id="job1")


class TestDeath:
    @unix_only
    def test_each_way_to_die_is_told_in_words_and_the_next_job_is_done(self) -> None:
        with started(backoff=Backoff(first_s=0.01)) as heard:
            for action, returncode, words in (
                ("aborts", -6, "crashed"),
                ("killed", -9, "probably because memory ran out"),
                ("leaves", 7, "exit status 7"),
            ):
                died = heard.do(action)
                assert isinstance(died, Died)
                assert (died.job_id, died.returncode) == ("job1", returncode)
                assert words in died.reason
            assert isinstance(heard.do("finish"), Finished)

    @unix_only
    def test_the_trace_of_a_native_crash_is_in_the_log(self, caplog: pytest.LogCaptureFixture) -> None:
        with started() as heard, caplog.at_level(logging.WARNING):
            heard.do("aborts")
        assert "Fatal Python error: Aborted" in caplog.text
        assert "in aborts" in caplog.text

    def test_a_job_that_does_not_listen_is_ended_after_the_grace_and_the_worker_replaced(self) -> None:
        with started(cancel_grace_s=0.2) as heard:
            first = heard.next(Ready).pid
            heard.worker.submit("job1", request_for("stuck"))
            heard.next(Progress)
            heard.worker.cancel("job1")
            heard.worker.cancel("job1")
            assert heard.end() == Stopped(job_id="job1")
            finished = heard.do("finish", "job2")
            assert isinstance(finished, Finished)
            assert finished.summary["pid"] != first
            assert not [message for message in heard.rest() if isinstance(message, Died | Stopped)]

    @unix_only
    @pytest.mark.parametrize("action", ["stuck", "stuck_in_native_code"])
    def test_a_job_that_takes_longer_than_it_may_has_failed_and_the_worker_is_replaced(self, action: str) -> None:
        with started(job_limit_s=0.5) as heard:
            first = heard.next(Ready).pid
            failed = heard.do(action)
            assert isinstance(failed, Failed)
            assert (failed.job_id, failed.code, failed.retry) == ("job1", "took_too_long", False)
            assert "0.00833333 minutes" in failed.message
            assert heard.next(Ready).pid != first
            wait_until(lambda: not is_alive(first), "the end of the worker that took too long")

    def test_a_job_that_ends_in_time_is_not_reported_again(self) -> None:
        with started(job_limit_s=30.0) as heard:
            for job_id in ("job1", "job2"):
                assert isinstance(heard.do("finish", job_id), Finished)
            assert not [message for message in heard.rest() if isinstance(message, Died | Failed)]

    @linux_only
    def test_a_job_that_wants_more_memory_than_the_worker_may_have_fails_alone(self) -> None:
        with started(hello=Hello(memory_mb=1500)) as heard:
            failed = heard.do("greedy")
            assert isinstance(failed, Failed)
            assert isinstance(heard.do("finish", "job2"), Finished)

    def test_a_job_that_waits_for_the_models_is_cancelled_without_killing_the_worker(self) -> None:
        with started(command=command("make_slow_loader"), preload=True, cancel_grace_s=30.0) as heard:
            heard.next(Ready)
            pid = heard.worker.pid
            heard.worker.submit("job1", request_for("finish"))
            heard.worker.cancel("job1")
            assert heard.end() == Stopped(job_id="job1")
            assert heard.worker.pid == pid

    def test_a_worker_that_cannot_start_fails_the_job_and_does_not_spin(self) -> None:
        with started(command=(sys.executable, "-c", "raise SystemExit(3)"), backoff=Backoff(first_s=60.0)) as heard:
            heard.worker.submit("job1", request_for("finish"))
            deaths = [heard.next(Died), heard.next(Died)]
            assert [died.returncode for died in deaths] == [3, 3]
            assert [died.job_id for died in deaths].count("job1") == 1
            assert heard.worker.pid is None
            heard.worker.submit("job2", request_for("finish"))
            heard.worker.cancel("job2")
            assert heard.end() == Stopped(job_id="job2")

    def test_a_program_that_is_not_there_fails_the_job(self, tmp_path: Path) -> None:
        with started(command=(str(tmp_path / "nothing"),), backoff=Backoff(first_s=60.0)) as heard:
            died = heard.next(Died)
            assert died.returncode is None
            assert "cannot be started" in died.reason

    def test_a_listener_that_raises_does_not_end_the_service(self, caplog: pytest.LogCaptureFixture) -> None:
        messages: queue.SimpleQueue[Message] = queue.SimpleQueue()

        def listen(message: Message) -> None:
            messages.put(message)
            raise ValueError("a mistake in the listener")

        worker = WorkerProcess(listen, hello=Hello(), command=command(), environment=ENVIRONMENT)
        worker.start()
        try:
            worker.submit("job1", request_for("finish"))
            while not isinstance(messages.get(timeout=DEADLINE_S), Finished):
                pass
        finally:
            worker.stop(10.0)
        assert "a mistake in the listener" in caplog.text


class TestPreload:
    def test_models_are_loaded_before_the_first_job(self) -> None:
        with started(command=command("make_preloading_runner"), preload=True) as heard:
            assert heard.next(Preloaded).error is None
            finished = heard.do("anything")
            assert isinstance(finished, Finished)
            assert finished.summary == {"loaded": ["model"]}

    def test_models_that_cannot_be_loaded_are_reported_and_jobs_still_answered(self, caplog: pytest.LogCaptureFixture) -> None:
        with started(command=command("make_nothing"), preload=True) as heard:
            assert heard.next(Preloaded).error == "The models folder cannot be written."
            assert "not ready; the first job tries again. The models folder cannot be written." in caplog.text
            failed = heard.do("anything")
            assert isinstance(failed, Failed)
            assert failed.code == "output"


class TestEnd:
    @linux_only
    @pytest.mark.parametrize("action", ["obeys", "stuck", "stuck_in_native_code", None])
    def test_stop_ends_it_within_the_promised_time_whatever_it_does(self, action: str | None) -> None:
        with started() as heard:
            pid = heard.next(Ready).pid
            if action:
                heard.worker.submit("job1", request_for(action))
                heard.next(Progress)
            began = time.monotonic()
            heard.worker.stop(2.0)
            assert time.monotonic() - began < 4.0
            assert not is_alive(pid)
            assert heard.worker.job_id is None or action != "obeys"
            assert not [message for message in heard.rest() if isinstance(message, Stopped | Died | Failed)]

    @linux_only
    def test_programs_that_a_job_started_end_with_a_killed_worker(self) -> None:
        with started(cancel_grace_s=0.1) as heard:
            heard.worker.submit("job1", request_for("runs_a_program"))
            program = int(str(heard.next(Written).path))
            assert is_alive(program)
            heard.worker.cancel("job1")
            heard.end()
            wait_until(lambda: not is_alive(program), "the program's end")

    @linux_only
    @pytest.mark.parametrize("action", ["stuck", "stuck_in_native_code", "runs_a_program"])
    def test_it_ends_when_the_daemon_is_killed(self, action: str) -> None:
        daemon = [sys.executable, str(HERE / "worker_test_daemon.py"), action]
        with subprocess.Popen(daemon, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
            try:
                assert process.stdout is not None
                pids = [int(pid) for pid in process.stdout.readline().split()]
                assert pids
                assert all(is_alive(pid) for pid in pids)
            finally:
                process.kill()
        wait_until(lambda: not any(is_alive(pid) for pid in pids), "the end of the worker and its programs")

    @linux_only
    def test_neither_zombies_nor_open_files_are_left_behind(self) -> None:
        def open_files() -> set[str]:
            links = set()
            for link in Path("/proc/self/fd").iterdir():
                with contextlib.suppress(FileNotFoundError):
                    links.add(f"{link.name} {link.readlink()}")
            return links

        before = open_files()
        with started(backoff=Backoff(first_s=0.0)) as heard:
            pids = set()
            for _ in range(4):
                heard.do("killed")
                pids.add(heard.next(Ready).pid)
        assert open_files() == before
        assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
