"""Which setting somebody meant when they wrote one that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def suggest(unknown: str, known: Iterable[str]) -> str | None:
    """The name in `known` (such as `osc.port`) most like `unknown`, or None when nothing is like it.

    A slip inside the right section comes before the right word in a wrong section, and that before anything
    that merely looks alike.
    """
    names = list(known)
    section, _, word = unknown.rpartition(".")
    neighbours = {name.rpartition(".")[2]: name for name in names if name.rpartition(".")[0] == section}
    if close := get_close_matches(word, neighbours, n=1, cutoff=0.6):
        return neighbours[close[0]]
    same_word = [name for name in names if name.rpartition(".")[2] == word]
    close = get_close_matches(unknown, same_word, n=1, cutoff=0.0) or get_close_matches(unknown, names, n=1, cutoff=0.6)
    return close[0] if close else None
