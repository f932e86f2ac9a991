"""The command line's options are the table of settings, in every command that takes them."""

from __future__ import annotations

import argparse

import pytest

from backbeat.cli.main import build_parser
from backbeat.cli.options import job_overrides, said_on_command_line
from backbeat.settings import HEARING_SETTINGS, OPTIONS


def parsed(*arguments: str) -> argparse.Namespace:
    return build_parser().parse_args(arguments)


VALUES = {
    "separation": "none",
    "beats": "none",
    "pdf": "none",
    "instruments": "common",
    "engine": "annoteator",
    "meter": "7/8",
    "preset": "gm",
    "compat": "seed",
    "separator_model": "m",
    "device": "cpu",
    "grid": "8t",
    "velocity_curve": "40-120",
    "midi_layout": "type-0",
    "lead_in": "2",
    "paper": "letter",
    "picture": "svg",
}
"""What 50 is no value for."""


@pytest.mark.parametrize("command", [["transcribe", "a.wav"], ["send", "a.wav"], ["run"], ["demo"]])
def test_every_setting_of_a_job_is_an_option_of_the_commands_that_do_or_ask_for_jobs(command: list[str]) -> None:
    values = {name: VALUES.get(name, "50") for name in OPTIONS}
    del values["keep_stem"], values["repeat_bars"]
    flags = [text for name, value in values.items() for text in ("--" + name.replace("_", "-"), value)]
    switched_on = {"keep_stem": True, "repeat_bars": True}
    assert job_overrides(parsed(*command, *flags, "--keep-stem", "--repeat-bars")) == values | switched_on


def test_a_repick_takes_every_setting_but_those_that_would_have_to_be_heard() -> None:
    for name in OPTIONS:
        command = ["repick", "k3v9x2ab", "--" + name.replace("_", "-")]
        command += [] if name in ("keep_stem", "repeat_bars") else [VALUES.get(name, "50")]
        if name in HEARING_SETTINGS:
            with pytest.raises(SystemExit):
                parsed(*command)
        else:
            assert list(job_overrides(parsed(*command))) == [name]


def test_what_is_not_given_is_left_to_the_config() -> None:
    assert job_overrides(parsed("transcribe", "a.wav")) == {}
    assert job_overrides(parsed("transcribe", "a.wav", "--no-keep-stem")) == {"keep_stem": False}


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--bpm", "fast", "argument --bpm: 'fast' is not a number of beats per minute"),
        ("--bpm", "1000", "argument --bpm: 1000 BPM is outside 20 to 400"),
        ("--separation", "maybe", "argument --separation: 'maybe' is not one of none, demucs, auto"),
        ("--meter", "4", "argument --meter: '4' is not a meter: write it like 4/4, 3/4, 6/8 or 7/8"),
        ("--quantize", "lots", "argument --quantize: 'lots' is not a whole number"),
        ("--set", "osc.port", "argument --set: 'osc.port' is not KEY=VALUE"),
    ],
)
def test_a_wrong_value_is_told_beside_its_option_and_ends_with_2(
    flag: str, value: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed("transcribe", "a.wav", flag, value)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_global_options_may_stand_before_and_after_the_command_and_add_up() -> None:
    args = parsed("--set", "osc.port=1", "--config", "a.toml", "jobs", "list", "--set", "osc.host=h", "-v")
    assert (args.early_overrides, args.overrides) == ([("osc.port", "1")], [("osc.host", "h")])
    assert (str(args.config), args.verbose) == ("a.toml", True)


COMMANDS = (
    [],
    ["run"],
    ["transcribe"],
    ["send"],
    ["repick"],
    ["jobs"],
    ["jobs", "list"],
    ["jobs", "show"],
    ["jobs", "retry"],
    ["jobs", "cancel"],
    ["doctor"],
    ["config"],
    ["config", "show"],
    ["config", "path"],
    ["config", "init"],
    ["models"],
    ["models", "list"],
    ["models", "fetch"],
    ["models", "verify"],
    ["presets", "list"],
    ["play"],
    ["ports"],
    ["demo"],
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(*command, "--help")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: {' '.join(['backbeat', *command])} ")


@pytest.mark.parametrize("command", [[], ["transcribe"], ["send"]], ids=" ".join)
def test_help_lists_the_exit_codes(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed(*command, "--help")
    told = capsys.readouterr().out
    for code in ("0", "1", "2", "3", "130"):
        assert f"\n  {code} " in told


@pytest.mark.parametrize("command", [[], ["jobs"], ["config"], ["transcribe"], ["nonsense"], ["jobs", "show"]], ids=" ".join)
def test_a_command_line_that_makes_no_sense_ends_with_2(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(*command)
    assert ended.value.code == 2
    assert "usage: backbeat" in capsys.readouterr().err


def test_what_the_command_line_decides_is_known_by_name_however_it_is_said() -> None:
    args = parsed("--set", "transcribe.meter=3/4", "transcribe", "a.wav", "--bpm", "120", "--set", "osc.port=9000")
    assert said_on_command_line(args) == {"meter", "bpm"}
    assert said_on_command_line(parsed("transcribe", "a.wav")) == frozenset()


@pytest.mark.parametrize(
    "command", [["batch", "loops", "--jobs"], ["worker", "--concurrency"], ["jobs", "list", "--limit"]], ids=lambda c: c[0]
)
@pytest.mark.parametrize(("value", "words"), [("many", "'many' is not a whole number"), ("0", "0 is below 1")])
def test_how_many_is_a_number_of_at_least_one(
    command: list[str], value: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parsed(*command, value)
    assert f"argument {command[-1]}: {words}" in capsys.readouterr().err


def test_a_queue_that_there_is_not_is_answered_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("worker", "--queues", "heavy")
    assert "'heavy': the queues are heavy-compute and default" in capsys.readouterr().err
