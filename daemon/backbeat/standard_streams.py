"""Standard input and output of a child process, kept for its parent alone."""

from __future__ import annotations

import os
from typing import BinaryIO


def take_standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """What the parent writes to, and what it reads.

    What libraries print goes to standard error instead, and programs that are started find an empty standard input:
    ffmpeg would otherwise eat messages. The kept copies are not inherited.
    """
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return incoming, outgoing
