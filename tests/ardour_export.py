"""Ardour's export program, with patience: `python ardour_export.py PROGRAM -o FILE ...` begins it again until the file has sound.

That of Ardour 7.3 now and then locks itself up before it has written anything, or writes silence, more often on a busy machine.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys

import soundfile as sf

TRIES, LIMIT_S = 4, 40


def export(command: list[str]) -> None:
    target = command[command.index("-o") + 1]
    for _ in range(TRIES):
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(command, check=False, timeout=LIMIT_S)
            if abs(sf.read(target)[0]).max(initial=0.0) > 0:
                return


if __name__ == "__main__":
    export(sys.argv[1:])
