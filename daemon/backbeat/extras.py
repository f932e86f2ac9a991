"""How to add an optional part."""

from __future__ import annotations


def how_to_add(extra: str) -> str:
    """What to type to install an extra (pyproject's `optional-dependencies`; empty: the plain install), as a sentence."""
    return f"In Backbeat's folder type: uv sync --inexact{f' --extra {extra}' if extra else ''}"
