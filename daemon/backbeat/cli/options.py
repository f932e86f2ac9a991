"""Options that several commands share, and how they become a loaded configuration."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from backbeat.config.load import LoadedConfig, load_config
from backbeat.settings import OPTIONS, SECONDS_MAX, Settings


def common_options(*, overrides: str = "overrides") -> argparse.ArgumentParser:
    """`--config`, `--set` and `-v`, to be inherited by every parser; they may stand before or after the command.

    overrides: where `--set` is collected. The outer parser needs a place of its own, the inner one would overwrite it.
    """
    parser = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = parser.add_argument_group("everywhere")
    group.add_argument("--config", type=Path, metavar="FILE", help="use this config file (else BACKBEAT_CONFIG, else your own)")
    group.add_argument(
        "--set",
        action="append",
        dest=overrides,
        type=_assignment,
        metavar="KEY=VALUE",
        help="change one setting, such as osc.port=9000; may be repeated",
    )
    group.add_argument("-v", "--verbose", action="store_true", help="say more, and show where an error came from")
    return parser


def json_option(parser: argparse.ArgumentParser, help_text: str = "print JSON, for scripts") -> None:
    """`--json`."""
    parser.add_argument("--json", action="store_true", help=help_text)


def seconds_option(text: str) -> float:
    """The type of an option that takes a time in a recording."""
    try:
        seconds = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from None
    if not 0 <= seconds <= SECONDS_MAX:
        raise argparse.ArgumentTypeError(f"{text} is outside 0 to {SECONDS_MAX:g}")
    return seconds


def count_option(text: str) -> int:
    """The type of an option that says how many, at least one."""
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is below 1")
    return number


def job_options(
    parser: argparse.ArgumentParser,
    *,
    title: str = "how it is transcribed (what you leave out is as in your config)",
    without: Collection[str] = (),
) -> None:
    """One option for each setting of a job but those in `without`, by walking the table."""
    group = parser.add_argument_group(title)
    for name, option in OPTIONS.items():
        if name in without:
            continue
        flag = "--" + name.replace("_", "-")
        if isinstance(getattr(Settings, name), bool):
            group.add_argument(flag, dest=name, action=argparse.BooleanOptionalAction, default=None, help=option["help"])
        else:
            help_text = option["help"].replace("%", "%%")
            group.add_argument(flag, dest=name, type=_typed(option["parse"]), default=None, metavar="VALUE", help=help_text)


def job_overrides(args: argparse.Namespace) -> dict[str, Any]:
    """The settings of a job that were given on the command line, by name."""
    return {name: value for name in OPTIONS if (value := getattr(args, name, None)) is not None}


def said_on_command_line(args: argparse.Namespace) -> frozenset[str]:
    """Names of the settings of a job that the command line decides, by their options or by `--set transcribe.NAME=...`."""
    return frozenset(key.removeprefix("transcribe.") for key in _overrides(args) if key.startswith("transcribe."))


def configured(args: argparse.Namespace, *, watch: tuple[Path, ...] = ()) -> LoadedConfig:
    """Load the configuration as the command line asks. Raises ConfigError."""
    return load_config(getattr(args, "config", None), overrides=_overrides(args), watch=watch)


def _overrides(args: argparse.Namespace) -> dict[str, object]:
    overrides: dict[str, object] = dict([*getattr(args, "early_overrides", ()), *getattr(args, "overrides", ())])
    return overrides | {f"transcribe.{name}": value for name, value in job_overrides(args).items()}


def _assignment(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key.strip().replace("-", "_"), value


def _typed(parse: Callable[[object], Any]) -> Callable[[str], str]:
    """Check at once, for argparse's message beside the option's name; the text itself goes to the loader."""

    def check(text: str) -> str:
        try:
            parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        return text

    return check
