"""Which note map fits a drum plugin, by the plugin's name."""

from __future__ import annotations

import re
from pathlib import Path

from backbeat.outputs.note_map import note_map_names

KNOWN = {
    "superior drummer": "superior-drummer-3",
    "ezdrummer": "ezdrummer",
    "addictive drums": "addictive-drums-2",
    "bfd3": "bfd3",
    "ssdsampler": "steven-slate-drums-5",
    "steven slate drums": "steven-slate-drums-5",
    "mt powerdrumkit": "mt-power-drum-kit-2",
    "mt power drum": "mt-power-drum-kit-2",
    "sitala": "sitala",
    "battery 4": "battery-maschine",
    "maschine": "battery-maschine",
}
"""A piece of the plugin's name, and its note map."""


def fitting_note_map(plugin_name: str, user_folder: Path | None = None) -> str | None:
    """The name of the note map for this plugin, None where none is known.

    A note map of the user's that is called as the plugin is goes before the shipped ones.
    """
    spoken = _plain(plugin_name)
    names = note_map_names(user_folder)
    own = next((name for name in names if _plain(name) == spoken), None)
    return own or next((name for piece, name in KNOWN.items() if piece in spoken and name in names), None)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()
