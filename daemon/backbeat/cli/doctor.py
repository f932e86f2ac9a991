"""`backbeat doctor`: looks at everything that Backbeat needs, and says what to do about what is missing."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from itertools import groupby

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import say, say_json
from backbeat.cli.exit_codes import ExitCode
from backbeat.cli.finding import Finding, Verdict
from backbeat.cli.options import configured, json_option
from backbeat.config.load import config_file, load_config
from backbeat.config.schema import Config
from backbeat.errors import ConfigError

DESCRIPTION = """\
Look at Python, the config, engines and their models, watched folders, the OSC port, MIDI ports and the programs
around Backbeat. Every line that is not "ok" says what to do. Exit code 1 only when recordings cannot be transcribed."""

MARKS = {Verdict.OK: "ok  ", Verdict.OFF: "-   ", Verdict.WARNING: "!   ", Verdict.PROBLEM: "FAIL"}


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `doctor`."""
    parser = new_command(
        subparsers, common, "doctor", "what is installed and usable, and what to do", description=DESCRIPTION, execute=_execute
    )
    json_option(parser)


def _execute(args: argparse.Namespace) -> int:
    config, findings = _config(args)
    findings += examine(config)
    if args.json:
        say_json([asdict(finding) for finding in findings])
    else:
        _say(findings)
    return ExitCode.FAILED if any(finding.verdict is Verdict.PROBLEM for finding in findings) else ExitCode.OK


def examine(config: Config) -> list[Finding]:
    """All findings under `config`, in the order of the report."""
    from backbeat.cli.doctor_system import core_findings, python_findings  # noqa: PLC0415 - not needed for --help

    broken = core_findings()
    if broken:
        return [*python_findings(), *broken]  # the other looks need these packages themselves
    from backbeat.cli.doctor_connections import osc_findings, port_findings  # noqa: PLC0415
    from backbeat.cli.doctor_engines import engine_findings, model_findings  # noqa: PLC0415
    from backbeat.cli.doctor_farm import farm_findings  # noqa: PLC0415
    from backbeat.cli.doctor_folders import folder_findings  # noqa: PLC0415
    from backbeat.cli.doctor_installed import installed_findings  # noqa: PLC0415
    from backbeat.cli.doctor_live import live_findings  # noqa: PLC0415
    from backbeat.cli.doctor_store import store_findings  # noqa: PLC0415
    from backbeat.cli.doctor_system import format_findings, package_findings, program_findings  # noqa: PLC0415
    from backbeat.install.contents import backbeat_command  # noqa: PLC0415 - not needed for --help
    from backbeat.install.places import user_folders  # noqa: PLC0415 - not needed for --help
    from backbeat.resources import integrations_folder  # noqa: PLC0415 - not needed for --help

    return [
        *python_findings(),
        *engine_findings(config),
        *model_findings(config),
        *folder_findings(config),
        *store_findings(config),
        *farm_findings(config),
        *osc_findings(config),
        *port_findings(config),
        *live_findings(config),
        *installed_findings(user_folders(), integrations_folder(), backbeat_command()),
        *program_findings(config),
        *format_findings(),
        *package_findings(),
    ]


def _config(args: argparse.Namespace) -> tuple[Config, list[Finding]]:
    """The configuration, or the defaults where it has mistakes: the rest is worth looking at all the same."""
    file = config_file(getattr(args, "config", None))
    try:
        config = configured(args).config
    except ConfigError as error:
        finding = Finding(area="config", name=str(file), verdict=Verdict.PROBLEM, detail=error.message, advice=error.advice)
        return load_config(environ={}).config, [finding]
    detail = "no mistakes" if file.exists() else "not there; the defaults hold"
    advice = "" if file.exists() else "Make one with: backbeat config init"
    return config, [Finding(area="config", name=str(file), verdict=Verdict.OK, detail=detail, advice=advice)]


def _say(findings: list[Finding]) -> None:
    for area, group in groupby(findings, key=lambda finding: finding.area):
        say(area)
        for finding in group:
            say(f"  {MARKS[finding.verdict]}  {finding.name}: {finding.detail}")
            if finding.advice:
                say(f"        {finding.advice}")
    problems = sum(finding.verdict is Verdict.PROBLEM for finding in findings)
    say()
    say(f"{problems} thing(s) to mend first: see FAIL above." if problems else "Recordings can be transcribed.")
