"""The feel of a score as it stands in the result file, and back."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from backbeat.records import Feel
from backbeat.values import Instrument

_TIME_DIGITS = 6  # of seconds
_RATIO_DIGITS = 3


def feel_to_json(feel: Feel) -> dict[str, Any]:
    """Times in seconds; `swing_unit` is a note value, such as 1/8, or None."""
    return {
        "swing_ratio": round(feel.swing_ratio, _RATIO_DIGITS),
        "swing_unit": str(feel.swing_unit / 4) if feel.is_swung else None,
        "grid_offset": round(feel.grid_offset_s, _TIME_DIGITS),
        "push": {instrument.value: round(seconds, _TIME_DIGITS) for instrument, seconds in feel.push_s.items()},
        "spread": round(feel.spread_s, _TIME_DIGITS),
    }


def feel_from_json(row: Mapping[str, Any] | None) -> Feel:
    """None, as in results of versions that did not measure it, is a straight feel. Raises KeyError, TypeError, ValueError."""
    if row is None:
        return Feel()
    return Feel(
        swing_ratio=float(row["swing_ratio"]),
        swing_unit=4 * Fraction(row["swing_unit"] or 0),
        grid_offset_s=float(row["grid_offset"]),
        push_s={Instrument(instrument): float(seconds) for instrument, seconds in row["push"].items()},
        spread_s=float(row["spread"]),
    )
