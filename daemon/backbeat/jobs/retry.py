"""Which failures are tried again by themselves, how often and how soon."""

from __future__ import annotations

from dataclasses import dataclass

from backbeat.errors import AudioChanged, OutputError, StorageError, WorkerDied

INTERRUPTED = "interrupted"
"""Code for a job whose daemon was stopped or killed in the middle of it."""


@dataclass(frozen=True, kw_only=True)
class RetryRule:
    """max_attempts: with the first. delay_s: before the second attempt; each later delay is `growth` times as long."""

    max_attempts: int
    delay_s: float
    growth: float = 1.0

    def delay_after(self, attempts: int) -> float:
        """Seconds to wait after `attempts` (from 1) have failed."""
        return self.delay_s * self.growth ** (attempts - 1)


RULES = {
    # Once more, because another program may have eaten the memory; twice the same crash is the recording's.
    WorkerDied.code: RetryRule(max_attempts=2, delay_s=2.0),
    # The drive may be asleep or full, the file open in a program.
    OutputError.code: RetryRule(max_attempts=3, delay_s=5.0, growth=4.0),
    # A network drive comes back, after minutes if its server starts anew.
    StorageError.code: RetryRule(max_attempts=6, delay_s=5.0, growth=3.0),
    # Nobody watches a file that was asked for by its path: it is looked at again in case it was only being copied.
    AudioChanged.code: RetryRule(max_attempts=2, delay_s=3.0),
    # Not the job's fault, but a job that takes the whole computer down must not do so for ever.
    INTERRUPTED: RetryRule(max_attempts=20, delay_s=0.0),
}
"""By error code; what is not here is not tried again, because the same would happen."""

LONGEST_DELAY_S = 3600.0
"""No rule waits longer. The store takes a job whose time lies further off as due: its clock was set back."""


def next_attempt(code: str, attempts: int, now: float) -> float | None:
    """When to try again a job that failed with `code` after `attempts` attempts (from 1), or None: not any more."""
    rule = RULES.get(code)
    if rule is None or attempts >= rule.max_attempts:
        return None
    return now + rule.delay_after(attempts)
