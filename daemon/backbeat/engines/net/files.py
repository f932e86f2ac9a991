"""The JSON files beside the weights of Backbeat's own networks, and what to do when one of those files is damaged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from backbeat.errors import ModelError

DAMAGED_ADVICE = "Install Backbeat again: its files are damaged."

_Settings = TypeVar("_Settings")


def read_json(path: Path, parse: Callable[[dict[str, Any]], _Settings], whose: str) -> _Settings:
    """What `parse` makes of a file's content.

    whose: for the message, such as "recogniser". Raises ModelError when the file is missing or wrong: no JSON, or `parse` raises
    KeyError, TypeError or ValueError.
    """
    try:
        return parse(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"The built-in {whose}'s settings cannot be read: {error}", advice=DAMAGED_ADVICE) from error


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write what `read_json` reads."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def content_mark(path: Path) -> str:
    """Text that changes with the content of a small file; never raises."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError:
        return "missing"
