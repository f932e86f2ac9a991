"""How large the pages are."""

from __future__ import annotations

from backbeat.values import Paper

SIZE_MM = {Paper.A4: (210.0, 297.0), Paper.LETTER: (215.9, 279.4)}
"""Width and height of an upright page; ISO 216 and ANSI/ASME Y14.1."""

SIDE_MARGIN_MM = 15.0
STAFF_MM = 7.0
"""Height of the five lines: the usual size of a part for a player (rastral 3, and MuseScore's and LilyPond's default)."""
