"""Mistakes that only show when settings are looked at together with what Backbeat has."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from backbeat.config.layers import Mistake, Place
from backbeat.config.schema import Config
from backbeat.engines.registry import ENGINES, EngineKind


def settings_mistakes(config: Config, origins: Mapping[str, Place]) -> list[Mistake]:
    """Engines that do not exist, in [transcribe] and in the watched folders that name their own."""
    given = {"transcribe.engine": config.transcribe.engine}
    given |= {f"watch[{n}].engine": watch.settings.engine for n, watch in enumerate(config.watch)}
    return [_unknown_engine(key, name, origins[key]) for key, name in given.items() if key in origins and name not in _HEARERS]


_HEARERS = tuple(info.name for info in ENGINES if info.kind is EngineKind.HITS)


def _unknown_engine(key: str, name: str, place: Place) -> Mistake:
    close = get_close_matches(name, _HEARERS, n=1)
    suggestion = f"Did you mean {close[0]}?" if close else f"There is {', '.join(_HEARERS)}."
    return Mistake(place=place, message=f"{key}: there is no engine called {name!r}.", suggestion=suggestion)
