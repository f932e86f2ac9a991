"""What somebody may have meant who wrote a word that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`, did you mean 'snare'?` to put behind a mistake; empty when nothing is near."""
    close = get_close_matches(word, [str(each) for each in known], n=1)
    return f", did you mean {close[0]!r}?" if close else ""
