"""When the worker process dies: what to call it, and how long to wait before the next one."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field

_BY_SIGNAL = {
    "SIGKILL": "was ended by the system, probably because memory ran out",
    "SIGSEGV": "crashed (invalid memory access)",
    "SIGBUS": "crashed (invalid memory access)",
    "SIGABRT": "crashed (it gave up on an internal error)",
    "SIGFPE": "crashed (arithmetic error)",
    "SIGILL": "crashed (this processor lacks an instruction that a package needs)",
    "SIGTERM": "was ended by another program",
}
_BY_STATUS = {
    0: "ended by itself",
    0xC0000005: "crashed (invalid memory access)",  # Windows: STATUS_ACCESS_VIOLATION
    0xC0000017: "was ended by the system because memory ran out",  # Windows: STATUS_NO_MEMORY
    0xC000001D: "crashed (this processor lacks an instruction that a package needs)",  # STATUS_ILLEGAL_INSTRUCTION
}


def death_in_words(returncode: int, who: str = "The worker process") -> str:
    """A sentence for a return code as `subprocess` gives it: negative is a signal."""
    if returncode < 0:
        try:
            name = signal.Signals(-returncode).name
        except ValueError:
            name = f"signal {-returncode}"
        return f"{who} {_BY_SIGNAL.get(name, f'was ended by {name}')}."
    return f"{who} {_BY_STATUS.get(returncode, f'ended with exit status {returncode}')}."


@dataclass
class Backoff:
    """Delays between a death and the next start: none for the first, then longer and longer, so as not to spin.

    A worker that lived for `healthy_after_s` or finished a job (`reset`) starts the count anew.
    """

    first_s: float = 0.5
    longest_s: float = 60.0
    healthy_after_s: float = 60.0
    _deaths: int = field(default=0, init=False)

    def next_delay(self, lived_s: float) -> float:
        """Seconds to wait after the death of a worker that lived for `lived_s`."""
        if lived_s >= self.healthy_after_s:
            self._deaths = 0
        self._deaths += 1
        return 0.0 if self._deaths == 1 else min(self.first_s * 2.0 ** min(self._deaths - 2, 30), self.longest_s)

    def reset(self) -> None:
        self._deaths = 0
