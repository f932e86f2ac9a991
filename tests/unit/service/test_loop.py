from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from backbeat.errors import StoreDamaged, StoreError
from backbeat.service.loop import Loop, LoopStopped

PATIENCE_S = 10.0


def nothing() -> None:
    pass


@pytest.fixture
def loop() -> Iterator[Loop]:
    """A loop that runs on another thread."""
    running = Loop(tick_s=0.01)
    thread = threading.Thread(target=running.run, args=(nothing,))
    thread.start()
    yield running
    running.stop()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_actions_run_in_the_order_in_which_they_were_posted_and_all_of_them_before_the_loop_stops() -> None:
    loop, done = Loop(), []
    for n in range(100):
        loop.post(lambda n=n: done.append(n))
    loop.stop()
    loop.run(nothing)
    assert done == list(range(100))


def test_stop_lets_what_was_posted_before_it_be_done_even_when_the_loop_is_busy_with_its_tick() -> None:
    loop, done = Loop(tick_s=0.01), []

    def tick() -> None:
        if not done:
            loop.post(lambda: done.append("posted"))
            loop.stop()

    loop.run(tick)
    assert done == ["posted"]


def test_questions_are_answered_on_the_loops_thread(loop: Loop) -> None:
    assert loop.ask(threading.current_thread) is not threading.current_thread()
    assert loop.ask(lambda: 6 * 7) == 42


@pytest.mark.parametrize("error", [StoreError("no"), TimeoutError("the question's own"), KeyError("x")])
def test_what_a_question_raises_is_raised_where_it_was_asked_and_the_loop_goes_on(loop: Loop, error: Exception) -> None:
    def question() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        loop.ask(question)
    assert raised.value is error
    assert loop.ask(lambda: "still here") == "still here"


def test_an_answer_that_takes_many_ticks_is_waited_for(loop: Loop) -> None:
    slow = threading.Timer(0.1, (gate := threading.Event()).set)
    slow.start()
    assert loop.ask(lambda: gate.wait(PATIENCE_S)) is True


def test_many_threads_may_ask_at_once(loop: Loop) -> None:
    answers: list[int] = []
    count = iter(range(10_000))

    def ask_often() -> None:
        answers.extend(loop.ask(lambda: next(count)) for _ in range(50))

    threads = [threading.Thread(target=ask_often) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert sorted(answers) == list(range(400))


def test_a_question_that_nobody_will_answer_is_given_up_when_the_loop_has_ended() -> None:
    loop = Loop(tick_s=0.01)
    loop.stop()
    loop.run(nothing)
    with pytest.raises(LoopStopped, match="being stopped"):
        loop.ask(lambda: 1)


def test_a_failing_action_is_logged_and_those_after_it_run(caplog: pytest.LogCaptureFixture) -> None:
    loop, done = Loop(), []

    def fail() -> None:
        raise StoreError("the disk is full")

    loop.post(fail)
    loop.post(lambda: done.append("after"))
    loop.stop()
    loop.run(nothing)
    assert done == ["after"]
    assert "the disk is full" in caplog.text


def test_a_tick_that_keeps_failing_is_logged_once_and_again_when_it_fails_otherwise(caplog: pytest.LogCaptureFixture) -> None:
    loop = Loop(tick_s=0.001)
    troubles = iter(["full"] * 5 + ["broken"] * 5 + [None] + ["full"] * 5)

    def tick() -> None:
        trouble = next(troubles, "end")
        if trouble == "end":
            loop.stop()
        elif trouble:
            raise StoreError(trouble)

    with caplog.at_level(logging.ERROR):
        loop.run(tick)
    sentences = [record.message.split(".")[0] for record in caplog.records]
    assert sentences == ["full", "broken", "full"]
    assert not any(record.exc_info for record in caplog.records), "a sentence for the user, without a traceback"


def test_a_store_that_is_damaged_ends_the_loop_and_whoever_asks_meanwhile_is_not_kept_waiting() -> None:
    loop = Loop(tick_s=0.001)

    def tick() -> None:
        raise StoreDamaged("broken")

    with pytest.raises(StoreDamaged, match="broken"):
        loop.run(tick)
    with pytest.raises(LoopStopped):
        loop.ask(lambda: 1)


def test_a_flood_of_actions_keeps_neither_the_tick_nor_the_stop_from_happening() -> None:
    loop, ticks = Loop(tick_s=0.01), []

    def again() -> None:
        loop.post(again)

    def tick() -> None:
        ticks.append(1)
        if len(ticks) == 3:
            loop.stop()

    loop.post(again)
    thread = threading.Thread(target=loop.run, args=(tick,), daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert len(ticks) >= 3


def test_the_tick_comes_also_when_nothing_is_posted() -> None:
    loop, ticks = Loop(tick_s=0.001), []

    def tick() -> None:
        ticks.append(1)
        if len(ticks) == 5:
            loop.stop()

    loop.run(tick)
    assert len(ticks) >= 5
