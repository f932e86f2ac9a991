"""`backbeat transcribe` and `backbeat demo` with the real recogniser."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from backbeat.cli.main import main
from backbeat.demo_loop import demo_audio

Command = Callable[..., subprocess.CompletedProcess[str]]

QUICK = ("--separation", "none", "--beats", "none", "--bpm", "108", "--pdf", "none")
"""The recogniser is what these tests are about; tempo and PDF have tests of their own."""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests here: the recogniser, once open, stays open."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(autouse=True)
def model(home: Path, models: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_URI", (shared / "models" / "annoteator" / "complete_network.h5").as_uri())
    monkeypatch.setenv("BACKBEAT_MODELS_CACHE_FOLDER", str(models))


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Command:
    """Run `backbeat` in this process, where the recogniser is open already."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        code = main(arguments)
        told = capfd.readouterr()
        return subprocess.CompletedProcess(arguments, code, told.out, told.err)

    return run


@pytest.fixture
def here(home: Path) -> Path:
    return home / "here"


def write_loop(path: Path, *, seconds: float = 4.0) -> Path:
    samples, rate_hz = demo_audio()
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples[: round(seconds * rate_hz)], rate_hz)
    return path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def results(stem: str) -> set[str]:
    return {f"{stem}.drums{suffix}" for suffix in (".mid", ".tempomap.mid", ".musicxml", ".json")}


def test_a_batch_does_what_can_be_done_and_keeps_results_of_the_same_name_apart(here: Path, command: Command) -> None:
    write_loop(here / "song.wav")
    write_loop(here / "song.flac")
    write_loop(here / "other" / "song.wav")
    (here / "text.wav").write_text("this is not audio", "utf-8")
    inputs = ("song.wav", "text.wav", "song.flac", "other/song.wav", "gone.wav", "song.wav")
    done = command("transcribe", *inputs, "--out", "results", *QUICK)
    assert done.returncode == 1, done.stderr
    assert names(here / "results") == results("song") | results("song.flac") | results("song.wav")
    assert names(here) == {"song.wav", "song.flac", "text.wav", "other", "results"}
    for stem, source in (("song", "song.wav"), ("song.flac", "song.flac"), ("song.wav", "other/song.wav")):
        result = json.loads((here / "results" / f"{stem}.drums.json").read_text("utf-8"))
        assert result["source"] == str(here / source)
        assert result["hits"]
    assert re.search(r"^song\.flac: \d+ hits, 108\.0 BPM", done.stdout, re.MULTILINE)
    assert "[1/5] song.wav: hearing the hits\n" in done.stderr
    assert "text.wav: not done\nbackbeat: " in done.stderr
    assert "gone.wav: not done\nbackbeat: " in done.stderr
    assert done.stderr.endswith("2 of 5 failed.\n")
    assert "Traceback" not in done.stderr


def test_without_a_folder_results_appear_beside_the_recording_and_scripts_get_json(here: Path, command: Command) -> None:
    loop = write_loop(here / "takes" / "loop.wav")
    (here / "bad.wav").touch()
    done = command("transcribe", "takes/loop.wav", "bad.wav", "--json", "--host-bpm", "128", *QUICK)
    assert done.returncode == 1
    good, bad = (json.loads(line) for line in done.stdout.splitlines())
    assert (good["ok"], good["file"], good["midi_bpm"]) == (True, str(loop), 128.0)
    assert {Path(path).name for path in good["outputs"].values()} == results("loop")
    assert names(loop.parent) == {"loop.wav"} | results("loop")
    assert (bad["ok"], bad["file"], bad["code"]) == (False, "bad.wav", "unreadable")
    assert bad["advice"]
    tracks = mido.MidiFile(good["outputs"]["midi"]).tracks
    tempi = [message.tempo for track in tracks for message in track if message.type == "set_tempo"]
    assert tempi == [round(60_000_000 / 128)]


def test_settings_beside_a_recording_go_before_the_config_and_the_command_line_before_them(here: Path, command: Command) -> None:
    for name in ("one", "two"):
        write_loop(here / f"{name}.wav")
    beside = here / "one.backbeat.json"
    beside.write_text('{"host_bpm": 111, "bpm": 54, "meter": "3/4"}', "utf-8")
    (here.parent / "config.toml").write_text(
        (here.parent / "config.toml").read_text("utf-8") + "[transcribe]\nhost_bpm = 140\n", "utf-8"
    )
    done = command("transcribe", "one.wav", "two.wav", "--json", *QUICK)
    assert done.returncode == 0, done.stderr
    one, two = (json.loads(line) for line in done.stdout.splitlines())
    assert (one["midi_bpm"], two["midi_bpm"]) == (111.0, 140.0)
    assert (one["bpm"], two["bpm"]) == (108.0, 108.0), "the command line says --bpm 108"
    meters = [json.loads(Path(line["outputs"]["json"]).read_text("utf-8"))["meter"] for line in (one, two)]
    assert meters == ["3/4", "4/4"]
    assert beside.read_text("utf-8") == '{"host_bpm": 111, "bpm": 54, "meter": "3/4"}'


def test_settings_beside_a_recording_that_are_wrong_fail_it_and_not_the_others(here: Path, command: Command) -> None:
    for name in ("one", "two"):
        write_loop(here / f"{name}.wav")
    (here / "one.backbeat.json").write_text('{"bmp": 111, "meter": "seven"}', "utf-8")
    done = command("transcribe", "one.wav", "two.wav", *QUICK)
    assert done.returncode == 1
    assert "did you mean 'bpm'?" in done.stderr
    assert "meter: " in done.stderr
    assert names(here) == {"one.wav", "one.backbeat.json", "two.wav"} | results("two")


def test_a_note_map_that_does_not_exist_ends_with_2_before_any_work(here: Path, command: Command) -> None:
    write_loop(here / "song.wav")
    done = command("transcribe", "song.wav", "--preset", "general-mid", *QUICK)
    assert done.returncode == 2
    assert "Did you mean 'general-midi'?" in done.stderr
    assert names(here) == {"song.wav"}


def test_results_that_cannot_be_written_are_told(here: Path, command: Command) -> None:
    write_loop(here / "song.wav")
    (here / "file").touch()
    done = command("transcribe", "song.wav", "--out", "file/results", *QUICK)
    assert done.returncode == 1
    assert f"The folder {here / 'file' / 'results'} cannot be made" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C to whole consoles only")
def test_ctrl_c_ends_with_130_and_leaves_nothing_half_written(here: Path, as_in_a_terminal: tuple[str, ...]) -> None:
    samples, rate_hz = demo_audio()
    soundfile.write(here / "long.wav", np.tile(samples, 40), rate_hz)
    arguments = [*as_in_a_terminal, "transcribe", "long.wav", *QUICK]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, cwd=here) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "finding the beats" in line:
                process.send_signal(signal.SIGINT)
                break
        _, rest = process.communicate(timeout=60)
    assert process.returncode == 130, rest
    assert "Interrupted: 0 of 1 done; nothing is left half written." in rest
    assert names(here) == {"long.wav"}


@pytest.fixture
def site(home: Path) -> Iterator[str]:
    folder = home / "site"
    write_loop(folder / "loop_120bpm.wav")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join(10)
    server.server_close()


def test_an_address_is_downloaded_into_the_folder_and_transcribed_there(here: Path, site: str, command: Command) -> None:
    allow = ("--set", "limits.allow_local_addresses=true")
    done = command("transcribe", f"{site}/loop_120bpm.wav", "--out", "results", *allow, *QUICK)
    assert done.returncode == 0, done.stderr
    assert names(here / "results") == {"loop_120bpm.wav"} | results("loop_120bpm")


def test_an_address_in_the_local_network_is_refused_unless_allowed(here: Path, site: str, command: Command) -> None:
    done = command("transcribe", f"{site}/loop_120bpm.wav", "--json", *QUICK)
    assert done.returncode == 1
    assert json.loads(done.stdout)["code"] == "download"
    assert names(here) == set()


def test_the_demo_makes_a_loop_transcribes_it_and_hears_most_of_it(here: Path, command: Command) -> None:
    done = command("demo")
    assert done.returncode == 0, done.stderr
    folder = here / "backbeat-demo"
    assert {"loop_108bpm.wav"} | results("loop_108bpm") <= names(folder)
    for name in results("loop_108bpm"):
        assert str(folder / name) in done.stdout
    tempo = re.search(r"Tempo +([\d.]+) BPM heard, 108 played", done.stdout)
    assert tempo
    assert float(tempo[1]) == pytest.approx(108, rel=0.02)
    counted = re.search(r"(\d+) of the (\d+) hits of the loop were found\.", done.stdout)
    assert counted
    assert int(counted[1]) > 0.5 * int(counted[2])

    again = command("demo", "--json")
    told = json.loads(again.stdout)
    assert sum(family["found"] for family in told["families"].values()) == int(counted[1])
    assert {Path(path) for path in told["outputs"].values()} <= set(folder.iterdir())
