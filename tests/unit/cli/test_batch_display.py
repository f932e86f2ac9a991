from __future__ import annotations

import json

import pytest

from backbeat.batch.tally import Progress, Tally
from backbeat.cli.batch_display import SHOWN_FAILURES, Failures, JsonWatcher, LineWatcher, say_end


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def progress(*, done: int = 3, total: int = 10) -> Progress:
    clock = Clock()
    tally = Tally(total, clock)
    clock.now_s += 2.0
    for _ in range(done):
        tally.done(4.0)
    return tally.now


def test_where_no_terminal_is_a_line_comes_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    watcher = LineWatcher(clock)
    for _ in range(100):
        clock.now_s += 0.3
        watcher.moved(progress())
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["3 of 10, 1.5 files/s, 6.0 times real time, 5 s left"] * 2


def test_for_programs_every_end_is_a_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    watcher = JsonWatcher()
    watcher.ended({"path": "/loops/a.wav", "state": "done", "hits": 7})
    say_end(progress(), Failures(), was_stopped=False, as_json=True)
    first, last = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first == {"event": "recording", "path": "/loops/a.wav", "state": "done", "hits": 7}
    assert (last["event"], last["done"], last["total"], last["files_per_s"], last["stopped"]) == ("end", 3, 10, 1.5, False)


def test_failures_are_listed_with_their_reasons_and_the_way_to_try_again(capsys: pytest.CaptureFixture[str]) -> None:
    failures = Failures()
    for number in range(SHOWN_FAILURES + 7):
        row = {"path": f"/loops/{number}.wav", "state": "failed", "error_message": "It is empty.", "error_advice": "Bounce it."}
        assert failures.see(row) is row
    failures.see({"path": "/loops/good.wav", "state": "done"})
    failures.see({"path": "/loops/next.wav", "state": "waiting"})
    say_end(progress(), failures, was_stopped=False, as_json=False)
    said = capsys.readouterr()
    assert said.err.count("  It is empty. Bounce it.") == SHOWN_FAILURES
    assert "... and 7 more" in said.err
    assert "--retry-failed" in said.err
    assert "good.wav" not in said.err
    assert said.out == "10 recordings: 3 done, 57 failed, 7 not begun; 2 s, 1.5 files/s, 6.0 times real time\n"


def test_a_batch_that_was_stopped_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    say_end(progress(), Failures(), was_stopped=True, as_json=False)
    assert "the same command goes on from here" in capsys.readouterr().err
