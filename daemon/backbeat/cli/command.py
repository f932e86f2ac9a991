"""How a command joins the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

Execute = Callable[[argparse.Namespace], int]
Subparsers = Any
"""argparse keeps the type of `add_subparsers()` to itself."""


def new_command(
    subparsers: Subparsers,
    common: argparse.ArgumentParser,
    name: str,
    help_text: str,
    *,
    description: str,
    execute: Execute | None,
) -> argparse.ArgumentParser:
    """Add a command; `execute` gets the parsed arguments and returns an exit code. None: the command has subcommands."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name,
        help=help_text,
        description=description,
        parents=[common] if execute else [],  # argparse would let an inner parser forget what an outer one has read
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    if execute is not None:
        parser.set_defaults(execute=execute)
    return parser
