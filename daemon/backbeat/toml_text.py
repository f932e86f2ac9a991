"""TOML that somebody else wrote."""

from __future__ import annotations

import tomllib
from typing import Any

TOMLDecodeError = tomllib.TOMLDecodeError


def parse_toml(text: str) -> dict[str, Any]:
    """The table that `text` is; raises TOMLDecodeError for what is no TOML, also for brackets in brackets without end."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise TOMLDecodeError("Too many brackets inside one another") from None
