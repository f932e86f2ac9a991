"""What somebody reads who has made mistakes in the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from backbeat.config.load import load_config
from backbeat.errors import ConfigError

BROKEN = """\
inbx = "here"
log = "loud"

[transcribe]
engine = "anoteator"
bpm = "fast"
meter = "4/5"
seperation = "none"

[osc]
port = 70000
enabled = "perhaps"
allow = 5

[oscc]
host = "127.0.0.1"

[models]
port = 1

[[watch]]
recursive = true

[[watch]]
path = "/bounces"
host_bmp = 120

[[watch]]
path = "/bounces"
"""

EXPECTED = """\
There are 17 mistakes in the configuration:
  FILE, line 2: log is a section, not a setting. Write [log] on a line of its own and its settings below.
  environment variable BACKBEAT_OSC_PROT: there is no such setting. Did you mean BACKBEAT_OSC_PORT?
  FILE, line 1: there is no setting inbx. Did you mean inbox?
  FILE, line 6: transcribe.bpm: 'fast' is not a number of beats per minute. Meaning: the recording's tempo, where you know it.
  FILE, line 7: transcribe.meter: 4/5 is not a meter: write it like 4/4, 3/4, 6/8 or 7/8. \
Meaning: the meter, such as 4/4 or 7/8, where you know it.
  FILE, line 8: there is no setting transcribe.seperation. Did you mean transcribe.separation?
  FILE, line 11: osc.port: 70000 is outside 1 to 65535. Meaning: UDP port to listen on.
  FILE, line 12: osc.enabled: 'perhaps' is neither true nor false. Meaning: listen for OSC messages.
  FILE, line 13: osc.allow: 5 is not text: put it in quotes. Meaning: addresses of other computers that may send messages.
  FILE, line 16: there is no setting oscc.host. Did you mean osc.host?
  FILE, line 19: there is no setting models.port. Did you mean osc.port?
  environment variable LOW_CONFIDENCE_THRESHOLD: result.low_confidence_threshold: 2 is outside 0 to 1. \
Meaning: results below this confidence are marked, 0 to 1.
  command line: jobs.keep_days: '1.5' is not a whole number. Meaning: days that finished jobs are remembered; 0: for ever.
  FILE, line 21: this watched folder has no path. Add: path = "~/Bounces"
  FILE, line 26: there is no setting host_bmp. Did you mean host_bpm?
  FILE, line 29: /bounces is already watched by an earlier [[watch]].
  FILE, line 5: transcribe.engine: there is no engine called 'anoteator'. Did you mean annoteator?"""


def message(path: Path, text: str, **given: object) -> str:
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as raised:
        load_config(path, **{"environ": {}, **given})  # type: ignore[arg-type]
    return raised.value.message.replace(str(path), "FILE")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_all_mistakes_of_all_layers_are_told_together_with_place_and_suggestion(file: Path) -> None:
    environ = {"BACKBEAT_OSC_PROT": "1", "LOW_CONFIDENCE_THRESHOLD": "2"}
    told = message(file, BROKEN, environ=environ, overrides={"jobs.keep_days": "1.5"})
    assert told == EXPECTED


def test_a_mistake_in_the_file_is_told_even_where_the_command_line_decides(file: Path) -> None:
    assert "osc.port: 0 is outside" in message(file, "[osc]\nport = 0\n", overrides={"osc.port": "9000"})


def test_one_mistake_is_told_in_the_singular_and_advice_says_where_to_look(file: Path) -> None:
    file.write_text("[osc]\nport = 0\n", "utf-8")
    with pytest.raises(ConfigError, match=r"\AThere is a mistake in the configuration:\n") as raised:
        load_config(file, environ={})
    assert "backbeat config path" in raised.value.advice


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[osc\nport = 1\n", "FILE, line 1: this is not TOML: Expected ']' at the end of a table declaration."),
        (
            "[osc]\nport = \n",
            "FILE, line 2: this is not TOML: Invalid value. Text goes in quotes; true and false are written small.",
        ),
        ("[osc]\nhost = localhost\n", "FILE, line 2: this is not TOML: Invalid value. Text goes in quotes"),
        ('inbox = "C:\\Users\\me"\n', r"Windows paths go in single quotes: 'C:\Users\me\Bounces'."),
        ('inbox = "C:\\Music"\n', r"Windows paths go in single quotes: 'C:\Users\me\Bounces'."),
        ("[osc]\nport = 1\nport = 2\n", "FILE, line 3: this is not TOML: Cannot overwrite a value."),
        ('a = "', "FILE: this is not TOML: Unterminated string."),
    ],
)
def test_what_is_not_toml_is_told_with_its_line(file: Path, text: str, expected: str) -> None:
    assert expected in message(file, text)


def test_a_file_that_is_not_text_is_told(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(ConfigError, match=r"is not UTF-8 text\. Save it as UTF-8"):
        load_config(file, environ={})


def test_a_single_bracket_around_watch_is_told(file: Path) -> None:
    assert "FILE, line 1: watched folders are a list. Write [[watch]], with two brackets" in message(
        file, "[watch]\npath = '/a'\n"
    )


def test_a_watched_folder_with_an_unknown_engine_is_told_at_its_line(file: Path) -> None:
    told = message(file, "[[watch]]\npath = '/a'\nengine = 'psychic'\n")
    assert "FILE, line 3: watch[0].engine: there is no engine called 'psychic'. There is net, annoteator." in told


OSC_ROW = "[[osc.send]]\nto = '192.168.1.20:9000'\naddress = '/hit'\n"


def test_hits_are_not_sent_to_computers_that_nobody_has_allowed(file: Path) -> None:
    told = message(file, f"[log]\nlevel = 'info'\n{OSC_ROW}")
    assert "FILE, line 3: osc.send: 192.168.1.20 is neither this computer nor in osc.allow." in told
    assert 'Add it there: allow = ["192.168.1.20"].' in told
    file.write_text(f"[osc]\nallow = ['192.168.1.20']\n{OSC_ROW}", "utf-8")
    assert load_config(file, environ={}).config.osc.send[0].address == "/hit"


def test_a_mistake_in_a_row_of_osc_is_told_with_the_number_of_the_row(file: Path) -> None:
    told = message(file, f"{OSC_ROW}\n[[osc.send]]\nto = '127.0.0.1:9000'\naddress = '/hit'\ninstrument = 'kik'\n")
    assert "osc.send: row 2: instrument: there is no drum 'kik', did you mean kick?" in told


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("osc.port", "nine"),
        ("osc.port", True),
        ("osc.host", ""),
        ("jobs.stop_timeout_s", "nan"),
        ("limits.max_minutes", "-1"),
        ("models.sha256", "abc"),
        ("log.level", "loud"),
        ("transcribe.quantize", "101"),
        ("transcribe.bpm", "nan"),
        ("transcribe.keep_stem", "perhaps"),
        ("inbox", 5),
        ("extra_roots", ["/a", ""]),
    ],
)
def test_a_value_that_cannot_be_is_refused(file: Path, key: str, value: object) -> None:
    file.write_text("", "utf-8")
    with pytest.raises(ConfigError, match=f"command line: {key}: "):
        load_config(file, environ={}, overrides={key: value})


def test_a_folder_without_its_name_in_the_farm_is_told(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[queue]\npaths = ["/Users/me/Bounces"]\n', "utf-8")
    with pytest.raises(ConfigError, match=r"queue.paths.*'/Users/me/Bounces' is not of the form 'this = that'"):
        load_config(file, environ={})
