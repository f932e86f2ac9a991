"""The environment as a layer: `BACKBEAT_SECTION_KEY` for every key, and the seed's own names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from backbeat.config.layers import Given, Layer, Mistake, Place, WatchGiven
from backbeat.config.schema import KEYS

PREFIX = "BACKBEAT_"
CONFIG_VARIABLE = "BACKBEAT_CONFIG"
"""Names the config file."""

WATCH_VARIABLE = "BACKBEAT_WATCH"
"""Folders to watch besides those in the config file, with the platform's path separator between them."""

SEED_VARIABLES = {
    "MODEL_URI": "models.uri",
    "MODEL_VERSION": "models.version",
    "MODEL_CACHE_DIR": "models.cache_folder",
    "MODEL_SHA256": "models.sha256",
    "PDF_BACKEND": "transcribe.pdf",
    "LOW_CONFIDENCE_THRESHOLD": "result.low_confidence_threshold",
}
"""The names that the seed's pipeline document uses; ours go before them."""

VARIABLES = {PREFIX + key.replace(".", "_").upper(): key for key in KEYS}
"""Environment variable to full key."""


def environment_to_layer(environ: Mapping[str, str]) -> Layer:
    """What the environment says. A variable that is set to nothing counts as not set."""
    base = Path.cwd()
    values: dict[str, Given] = {}
    for name, key in (*SEED_VARIABLES.items(), *VARIABLES.items()):
        if environ.get(name, "").strip():
            values[key] = Given(value=environ[name], place=_place(name), base=base)
    folders = [folder for folder in environ.get(WATCH_VARIABLE, "").split(os.pathsep) if folder.strip()]
    return Layer(
        values=values,
        watch=tuple(
            WatchGiven(
                values={"path": Given(value=folder, place=_place(WATCH_VARIABLE), base=base)}, place=_place(WATCH_VARIABLE)
            )
            for folder in folders
        ),
        mistakes=tuple(_unknown(name) for name in sorted(environ) if name.startswith(PREFIX) and name not in _KNOWN),
    )


_KNOWN = {*VARIABLES, CONFIG_VARIABLE, WATCH_VARIABLE}


def _unknown(name: str) -> Mistake:
    close = get_close_matches(name, _KNOWN, n=1, cutoff=0.75)
    return Mistake(
        place=_place(name), message="there is no such setting.", suggestion=f"Did you mean {close[0]}?" if close else None
    )


def _place(name: str) -> Place:
    return Place(source=f"environment variable {name}")
