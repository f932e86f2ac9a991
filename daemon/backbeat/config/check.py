"""Mistakes that only show when settings are looked at together with what Backbeat has."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from backbeat.config.layers import Mistake, Place
from backbeat.config.schema import Config
from backbeat.engines.registry import ENGINES, EngineKind


def settings_mistakes(config: Config, origins: Mapping[str, Place]) -> list[Mistake]:
    """Engines that do not exist, in [transcribe] and in the watched folders; ports that are Live's; strangers to OSC."""
    given = {"transcribe.engine": config.transcribe.engine}
    given |= {f"watch[{n}].engine": watch.settings.engine for n, watch in enumerate(config.watch)}
    unknown = [_unknown_engine(key, name, origins[key]) for key, name in given.items() if key in origins and name not in _HEARERS]
    return unknown + _ports_of_live(config, origins) + _strangers(config, origins)


_HEARERS = tuple(info.name for info in ENGINES if info.kind is EngineKind.HITS)


def _ports_of_live(config: Config, origins: Mapping[str, Place]) -> list[Mistake]:
    """AbletonOSC answers at a fixed port: a daemon that listens there itself would take the answers for questions."""
    if config.osc.port not in (config.live.send_port, config.live.receive_port):
        return []
    place = next((origins[key] for key in ("osc.port", "live.receive_port", "live.send_port") if key in origins), None)
    message = f"osc.port: {config.osc.port} is a port of AbletonOSC (live.send_port and live.receive_port)."
    return [] if place is None else [Mistake(place=place, message=message, suggestion="Use another one, such as 9753.")]


def _strangers(config: Config, origins: Mapping[str, Place]) -> list[Mistake]:
    """Hits leave this computer only for those who may also ask for them."""
    hosts = dict.fromkeys(
        row.host for row in config.osc.send if not row.is_for_this_computer and row.host not in config.osc.allow
    )
    return [
        Mistake(
            place=origins["osc.send"],
            message=f"osc.send: {host} is neither this computer nor in osc.allow.",
            suggestion=f'Add it there: allow = ["{host}"].',
        )
        for host in hosts
        if "osc.send" in origins
    ]


def _unknown_engine(key: str, name: str, place: Place) -> Mistake:
    close = get_close_matches(name, _HEARERS, n=1)
    suggestion = f"Did you mean {close[0]}?" if close else f"There is {', '.join(_HEARERS)}."
    return Mistake(place=place, message=f"{key}: there is no engine called {name!r}.", suggestion=suggestion)
