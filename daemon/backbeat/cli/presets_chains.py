"""What `backbeat presets` tells of effect chains."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from backbeat.cli.console import say, say_table
from backbeat.errors import PresetError

if TYPE_CHECKING:
    from backbeat.host.chain import BuiltInEffect, PluginEffect

CHAIN_KEYS = ("name", "title", "whose", "purpose", "status")


def chains(folder: Path) -> list[dict[str, Any]]:
    """All chains, the shipped ones and those in `folder`, as JSON has them."""
    from backbeat.outputs.preset_files import chain_files  # noqa: PLC0415 - not needed for --help

    return [chain_as_json(name, path, folder) for name, path in sorted(chain_files(folder).items())]


def chain_as_json(name: str, path: Path, folder: Path) -> dict[str, Any]:
    """One chain; with "error" where its file has mistakes."""
    from backbeat.host.chain import read_chain  # noqa: PLC0415 - not needed for --help

    whose = "yours" if folder in path.parents else "shipped"
    known: dict[str, Any] = {"kind": "chain", "name": name, "whose": whose, "path": str(path)}
    try:
        chain = read_chain(path)
    except PresetError as error:
        return known | {"status": f"broken: `backbeat presets check {path}` says why", "error": error.message}
    effects = [{"effect": effect, "settings": settings} for effect, settings in map(_described, chain.effects)]
    return known | {"title": chain.title, "purpose": chain.purpose, "status": "", "effects": effects}


def say_chain(chain: dict[str, Any]) -> None:
    """For people. Raises PresetError where the file has mistakes."""
    if "error" in chain:
        raise PresetError(chain["error"])
    say(f"{chain['title']} ({chain['name']}): {chain['purpose']}")
    say(f"File: {chain['path']}")
    say()
    say_table(("effect", "settings"), [(row["effect"], row["settings"]) for row in chain["effects"]])


def _described(effect: BuiltInEffect | PluginEffect) -> tuple[str, str]:
    from backbeat.host.chain import PluginEffect  # noqa: PLC0415 - not needed for --help

    if isinstance(effect, PluginEffect):
        words = [effect.name, f"state {effect.state.name}" if effect.state else None]
        words += [f"{name} {value}" for name, value in effect.parameters.items()]
        return str(effect.file), ", ".join(word for word in words if word)
    return str(effect.kind), ", ".join(f"{name} {value:g}" for name, value in effect.knobs.items())
