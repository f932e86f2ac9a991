"""What a dead worker is called and when the next one starts."""

from __future__ import annotations

import pytest

from backbeat.service.worker_death import Backoff, death_in_words


@pytest.mark.parametrize(
    ("returncode", "words"),
    [
        (-9, "ended by the system, probably because memory ran out"),
        (-11, "crashed (invalid memory access)"),
        (-6, "crashed (it gave up"),
        (-15, "ended by another program"),
        (-10, "ended by SIGUSR1"),
        (-200, "ended by signal 200"),
        (0, "ended by itself"),
        (1, "exit status 1"),
        (0xC0000005, "invalid memory access"),
    ],
)
def test_every_death_has_words(returncode: int, words: str) -> None:
    assert words in death_in_words(returncode)


def test_the_first_replacement_is_at_once_and_then_it_takes_longer_and_longer() -> None:
    backoff = Backoff(first_s=0.5, longest_s=60.0)
    delays = [backoff.next_delay(lived_s=1.0) for _ in range(50)]
    assert delays[:5] == [0.0, 0.5, 1.0, 2.0, 4.0]
    assert delays[-1] == 60.0


@pytest.mark.parametrize("way", ["it lived long", "it finished a job"])
def test_a_worker_that_was_of_use_starts_the_count_anew(way: str) -> None:
    backoff = Backoff(first_s=0.5, healthy_after_s=60.0)
    for _ in range(5):
        backoff.next_delay(lived_s=1.0)
    if way == "it finished a job":
        backoff.reset()
    assert backoff.next_delay(lived_s=61.0 if way == "it lived long" else 1.0) == 0.0
