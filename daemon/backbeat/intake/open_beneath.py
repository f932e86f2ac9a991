"""Opening a file inside a folder so that no link is followed on the way, whatever is swapped meanwhile."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from backbeat.intake.readable_file import READ_FLAGS

_STEP_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_LAST_FLAGS = READ_FLAGS | getattr(os, "O_NOFOLLOW", 0)

CAN_WALK = sys.platform != "win32" and os.open in os.supports_dir_fd
"""Whether this system can open one folder from inside another that is held open."""


def open_beneath(folder: Path, inside: Path) -> int:
    """A descriptor of the file `inside` (relative, without `..`) of `folder`, reached one open folder after the other.

    A name that is a link, or has become one since somebody looked, is an OSError (ELOOP, ENOTDIR); so is one that is gone.
    """
    *steps, last = inside.parts
    here = os.open(folder, _STEP_FLAGS & ~getattr(os, "O_NOFOLLOW", 0))  # the folder itself is the user's own word
    try:
        for step in steps:
            below = os.open(step, _STEP_FLAGS, dir_fd=here)
            os.close(here)
            here = below
        return os.open(last, _LAST_FLAGS, dir_fd=here)
    finally:
        os.close(here)
