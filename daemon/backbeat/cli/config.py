"""`backbeat config`: what is configured, where, and a file to start with."""

from __future__ import annotations

import argparse

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import say, say_json
from backbeat.cli.exit_codes import ExitCode
from backbeat.cli.options import configured, json_option
from backbeat.config.load import config_file
from backbeat.config.show import config_to_toml, config_with_origins, starting_file
from backbeat.errors import ConfigError


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `config show|path|init`."""
    parser = new_command(
        subparsers, common, "config", "show the settings, or make a file for them", description=__doc__ or "", execute=None
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    show = new_command(
        actions,
        common,
        "show",
        "the effective settings",
        description="The effective settings as TOML; the comment behind each says where it came from.",
        execute=_show,
    )
    json_option(show)
    new_command(
        actions, common, "path", "where your config file is", description="Where your config file is, or would be.", execute=_path
    )
    init = new_command(
        actions,
        common,
        "init",
        "write a commented config file to start with",
        description="Write a config file in which every setting is explained and commented out. An existing file is left alone.",
        execute=_init,
    )
    init.add_argument("--print", dest="only_print", action="store_true", help="print it instead of writing it")


def _show(args: argparse.Namespace) -> int:
    loaded = configured(args)
    if args.json:
        say_json(config_with_origins(loaded))
    else:
        say(config_to_toml(loaded).rstrip())
    return ExitCode.OK


def _path(args: argparse.Namespace) -> int:
    say(str(config_file(getattr(args, "config", None))))
    return ExitCode.OK


def _init(args: argparse.Namespace) -> int:
    if args.only_print:
        say(starting_file().rstrip())
        return ExitCode.OK
    path = config_file(getattr(args, "config", None))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(starting_file())
    except FileExistsError:
        raise ConfigError(
            f"{path} is already there and is left as it is.", advice="`backbeat config init --print` prints a fresh one."
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}.") from error
    say(str(path))
    return ExitCode.OK
