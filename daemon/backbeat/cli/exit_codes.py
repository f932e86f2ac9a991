"""What the command says to scripts when it ends."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of `backbeat`; `--help` lists them."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NO_DAEMON = 3
    INTERRUPTED = 130


EXIT_CODE_HELP = """\
exit codes:
  0    all went well
  1    a job (or what else was asked for) failed
  2    wrong usage or a mistake in the configuration
  3    no daemon answers, or one is running already
  130  interrupted with Ctrl-C
"""
