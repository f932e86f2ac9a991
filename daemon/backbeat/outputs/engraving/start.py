"""Opens a score in the user's MuseScore, and leaves it to them."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

from backbeat.errors import EngineMissing
from backbeat.outputs.engraving.programs import program_path

NAMES = ("mscore4portable", "MuseScore4", "musescore4", "mscore4", "mscore", "musescore", "MuseScore3", "musescore3", "mscore3")
"""The newest first; on macOS all versions are called mscore, and the newer one's folder is searched first."""


def start_musescore(score: Path) -> str:
    """Start MuseScore with the score, on its own: it stays when Backbeat ends. Returns the program's path.

    Raises EngineMissing when it is not installed or cannot be started.
    """
    program = program_path(NAMES)
    advice = f"Install it from https://musescore.org, or open {score} by hand."
    if program is None:
        raise EngineMissing("MuseScore could not be found.", advice=advice)
    silent = subprocess.DEVNULL
    try:
        process = subprocess.Popen([program, str(score)], stdin=silent, stdout=silent, stderr=silent, start_new_session=True)
    except OSError as error:
        raise EngineMissing(f"{program} could not be started: {error.strerror or error}.", advice=advice) from error
    threading.Thread(target=process.wait, daemon=True).start()  # where Backbeat goes on, MuseScore's end is taken note of
    return program
