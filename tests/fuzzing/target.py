"""What a fuzz target is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backbeat.errors import BackbeatError

Run = Callable[[bytes], None]


@dataclass(frozen=True, kw_only=True)
class Target:
    """A part of Backbeat that takes bytes from strangers.

    open: given an empty folder of its own, returns what is called with each input. It must return or raise one of `allowed`;
    anything else, an AssertionError for an answer that is not well-formed among it, is a finding.
    seeds: valid inputs. tokens: words that mean something to the part. longest_bytes: of one input.
    """

    name: str
    open: Callable[[Path], Run]
    seeds: Callable[[], list[bytes]]
    tokens: tuple[bytes, ...] = ()
    longest_bytes: int = 1 << 20
    allowed: tuple[type[Exception], ...] = (BackbeatError,)
