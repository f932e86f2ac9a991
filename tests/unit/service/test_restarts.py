from __future__ import annotations

import pytest

from backbeat.errors import StoreDamaged, StoreError
from backbeat.service.loop import Loop
from backbeat.service.restarts import RESCUES, Restarts


def damaged() -> StoreDamaged:
    return StoreDamaged("The job database is damaged.")


def test_a_damaged_store_has_everything_started_again_with_a_loop_of_its_own() -> None:
    loops: list[Loop] = []

    def serve_once(loop: Loop) -> None:
        loops.append(loop)
        if len(loops) == 1:
            raise damaged()

    Restarts().run(serve_once)
    assert len(set(loops)) == 2


def test_a_stop_that_comes_while_the_damaged_daemon_ends_is_not_lost() -> None:
    restarts = Restarts()
    lives: list[Loop] = []

    def serve_once(loop: Loop) -> None:
        lives.append(loop)
        if len(lives) == 1:
            restarts.stop()
        raise damaged()

    restarts.run(serve_once)
    assert len(lives) == 1


def test_a_stop_ends_the_loop_that_runs() -> None:
    restarts = Restarts()

    def serve_once(loop: Loop) -> None:
        restarts.stop()
        loop.run(lambda: None)  # returns only when it is stopped

    restarts.run(serve_once)


def test_a_stop_before_the_start_starts_nothing() -> None:
    restarts = Restarts()
    restarts.stop()
    restarts.run(pytest.fail)


def test_a_store_that_is_damaged_again_and_again_ends_the_daemon() -> None:
    lives: list[Loop] = []

    def serve_once(loop: Loop) -> None:
        lives.append(loop)
        raise damaged()

    with pytest.raises(StoreDamaged, match="damaged"):
        Restarts().run(serve_once)
    assert len(lives) == 1 + RESCUES


def test_another_error_ends_the_daemon_at_once() -> None:
    def serve_once(_loop: Loop) -> None:
        raise StoreError("The job database cannot be opened.")

    with pytest.raises(StoreError, match="opened"):
        Restarts().run(serve_once)
