"""How to add an optional part."""

from __future__ import annotations


def how_to_add(extra: str) -> str:
    """What to type to install the packages of an extra (pyproject's `optional-dependencies`), as a sentence."""
    return f"In Backbeat's folder type: uv sync --inexact --extra {extra}"
