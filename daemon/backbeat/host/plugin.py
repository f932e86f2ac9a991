"""Loads the user's plugins with pedalboard. Runs in the plugin process, on its main thread, as some plugins demand."""

from __future__ import annotations

import re
from pathlib import Path

import pedalboard

from backbeat.did_you_mean import did_you_mean
from backbeat.errors import PluginError
from backbeat.host.chain import PluginEffect

PRESET_ENDINGS = (".vstpreset", ".aupreset")
"""State files in the plugin standard's own format; any other is taken as the plugin's bare state."""

LOADING_S = 5.0
"""How long pedalboard lets an instrument's event loop run until it sounds; what has to be loaded longer is waited for later."""

_SEVERAL = re.compile(r'^\t\t?"?(.+?)"?$', re.MULTILINE)
_PARAMETERS_TOLD = 30


def open_instrument(wanted: PluginEffect, loading_s: float) -> pedalboard.ExternalPlugin:
    """The instrument, with its state and parameters; it may load for `loading_s` at first. Raises PluginError."""
    plugin = _load(wanted, min(loading_s, LOADING_S))
    if not plugin.is_instrument:
        raise PluginError(
            f"{plugin.name} is an effect: it makes no sound of its own.",
            advice="Name a drum plugin (an instrument). Effects go into a chain: `backbeat presets list` shows those there are.",
        )
    _prepare(plugin, wanted)
    if wanted.state is not None:
        plugin.reset()  # an instrument is made anew with its state, and its event loop runs while it loads what that names
    return plugin


def open_effect(wanted: PluginEffect) -> pedalboard.ExternalPlugin:
    """The effect, with its state and parameters. Raises PluginError."""
    plugin = _load(wanted)
    if not plugin.is_effect:
        raise PluginError(
            f"{plugin.name} is an instrument: sound cannot go through it.",
            advice="Name an effect in the chain. An instrument is heard with `backbeat audition --plugin`.",
        )
    _prepare(plugin, wanted)
    plugin.reset()  # on loading pedalboard sent noise through it, and counted that as if its latency were over
    return plugin


def edit(plugin: pedalboard.ExternalPlugin) -> None:
    """Show the plugin's window until it is closed. Raises PluginError where there is no display, or no window."""
    try:
        plugin.show_editor()
    except RuntimeError as error:
        if "display" in str(error):
            raise PluginError(
                "The plugin's window cannot be opened: there is no display here.",
                advice="Run --edit on the computer's own desktop, save the state with --save-state, and use that file elsewhere.",
            ) from error
        raise PluginError(f"The window of {plugin.name} cannot be opened: {error}") from error


def save_state(plugin: pedalboard.ExternalPlugin, file: Path) -> bytes:
    """The state as a file named so holds it. Raises PluginError."""
    try:
        return bytes(plugin.preset_data if _is_preset(file) else plugin.raw_state)
    except (RuntimeError, AttributeError) as error:  # Audio Units have no preset data here
        raise PluginError(
            f"{plugin.name} does not give its state as {file.suffix or 'a preset'}.", advice="Name the file .state."
        ) from error


def _load(wanted: PluginEffect, loading_s: float = LOADING_S) -> pedalboard.ExternalPlugin:
    file = wanted.file
    try:
        return pedalboard.load_plugin(str(file), plugin_name=wanted.name, initialization_timeout=loading_s)
    except ValueError as error:
        raise _one_of_several(wanted, error) from error
    except ImportError as error:
        raise PluginError(
            f"{file.name} cannot be loaded: {_reason(error)}",
            advice="Check that your DAW loads it and that it is activated for this user.",
        ) from error


def _one_of_several(wanted: PluginEffect, error: ValueError) -> PluginError:
    names = _SEVERAL.findall(str(error))
    if not names:
        return PluginError(f"{wanted.file.name} cannot be loaded: {error}")
    if wanted.name is None:
        message = f"{wanted.file.name} holds {len(names)} plugins: {', '.join(names)}."
    else:
        message = f"{wanted.file.name} holds no plugin {wanted.name!r}, but {', '.join(names)}."
    return PluginError(message, advice='Say which, with --plugin-name, or with plugin_name = "..." in a chain.')


def _reason(error: ImportError) -> str:
    """The reason that pedalboard gives; it tells one for each plugin format, after a heading."""
    lines = [line.strip() for line in str(error).splitlines()]
    return lines[-1] if lines else "it gave no reason."


def _prepare(plugin: pedalboard.ExternalPlugin, wanted: PluginEffect) -> None:
    if wanted.state is not None:
        _load_state(plugin, wanted.state)
    for name, value in wanted.parameters.items():
        _turn(plugin, name, value)


def _load_state(plugin: pedalboard.ExternalPlugin, file: Path) -> None:
    try:
        if _is_preset(file):
            plugin.load_preset(str(file))
            # pedalboard would go on with the parameters from before the preset, once the plugin is reset.
            plugin.raw_state = bytes(plugin.raw_state)
        else:
            plugin.raw_state = file.read_bytes()
    except OSError as error:
        raise PluginError(f"The state file {file} cannot be read: {error.strerror or error}.") from error
    except (RuntimeError, AttributeError) as error:
        raise PluginError(
            f"{plugin.name} does not take the state in {file.name}.",
            advice="A state file fits only the plugin that it was saved from; make one with --edit --save-state FILE.",
        ) from error


def _is_preset(file: Path) -> bool:
    return file.suffix.lower() in PRESET_ENDINGS


def _turn(plugin: pedalboard.ExternalPlugin, name: str, value: float | str | bool) -> None:
    known = list(plugin.parameters)
    if name not in known:
        there = ", ".join(known[:_PARAMETERS_TOLD]) + (" ..." if len(known) > _PARAMETERS_TOLD else "")
        raise PluginError(
            f"{plugin.name} has no parameter {name!r}{did_you_mean(name, known) or '.'}", advice=f"It has: {there}."
        )
    try:
        setattr(plugin, name, value)
    except (ValueError, TypeError) as error:
        raise PluginError(f"{plugin.name}: {name} cannot be {value!r}: {error}") from error
