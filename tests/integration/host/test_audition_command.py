"""`backbeat audition` as the user types it: what lies where afterwards, and what is said."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from backbeat.cli.main import main
from backbeat.demo_loop import demo_audio
from backbeat.intake.fingerprint import fingerprint
from backbeat.monitor import Unwatched
from backbeat.outputs.read_result import read_result
from backbeat.pipeline.file_to_audio import AudioLimits, file_to_audio

Make = Callable[[str], Path]
FINE, FAILED, USAGE = 0, 1, 2


@pytest.fixture(scope="module")
def transcribed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording with its result beside it."""
    recording = tmp_path_factory.mktemp("bounces") / "loop.wav"
    samples, rate_hz = demo_audio()
    soundfile.write(recording, samples, rate_hz)
    assert main(["transcribe", str(recording), "--pdf", "none", "--beats", "none"]) == FINE
    return recording


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKBEAT_JOBS_DATA_FOLDER", str(tmp_path / "data"))


def audition(*arguments: object) -> int:
    return main(["audition", *map(str, arguments)])


def test_without_a_plugin_the_built_in_kit_plays_and_every_hit_sounds_within_a_millisecond(transcribed: Path) -> None:
    assert audition(transcribed) == FINE
    out = transcribed.with_name("loop.drums.audition.wav")
    sound, rate_hz = soundfile.read(out, dtype="float32")
    result = read_result(transcribed.with_name("loop.drums.json"))
    assert soundfile.info(out).subtype == "PCM_24"
    assert len(sound) >= result.duration_s * rate_hz - 1
    edges = np.abs(np.diff(sound, prepend=0))
    times = np.array([hit.time_s for hit in result.hits])
    alone = [hit for hit in result.hits if not ((times > hit.time_s - 0.1) & (times < hit.time_s)).any()]
    assert len(alone) > 30
    for hit in alone:
        at = round(hit.time_s * rate_hz)
        before, after = edges[max(at - 200, 0) : at], edges[at : at + 44]
        assert after.max() > 1.05 * before.max(initial=0.0), hit


def test_what_is_rendered_is_heard_again(transcribed: Path, tmp_path: Path) -> None:
    """A round trip: the recogniser finds in the rendering what it was rendered from."""
    rendered = tmp_path / "again.wav"
    assert audition(transcribed.with_name("loop.drums.json"), "--out", rendered) == FINE
    assert main(["transcribe", str(rendered), "--pdf", "none", "--beats", "none"]) == FINE
    played, heard = (read_result(path) for path in (transcribed.with_name("loop.drums.json"), tmp_path / "again.drums.json"))
    there = [(hit.time_s, hit.instrument) for hit in heard.hits]
    found = sum(any(abs(time_s - hit.time_s) < 0.02 and name is hit.instrument for time_s, name in there) for hit in played.hits)
    assert found >= 0.9 * played.hit_count
    assert heard.hit_count <= 1.1 * played.hit_count


def test_a_plugin_plays_with_its_note_map_at_the_hits_times(transcribed: Path, plugin: Make, tmp_path: Path) -> None:
    out = tmp_path / "kit.wav"
    assert audition(transcribed, "--plugin", plugin("Late Kit"), "--out", out, "--parameter", "level=0.5") == FINE
    sound, rate_hz = soundfile.read(out, dtype="float32")
    result = read_result(transcribed.with_name("loop.drums.json"))
    (rises,) = np.nonzero(np.diff(sound[:, 0], prepend=0) > 0.02)
    assert set(rises.tolist()) == {round(hit.time_s * rate_hz) for hit in result.hits}


def test_the_note_map_is_chosen_by_the_plugins_name_and_told(
    transcribed: Path, plugin: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (transcribed, "--plugin", plugin("Addictive Drums 2 Kit"), "--out", tmp_path / "kit.wav")
    assert audition(*arguments) == FINE
    assert "played by Addictive Drums 2 Kit, note map addictive-drums-2 (by the plugin's name)" in capsys.readouterr().err
    assert audition(*arguments, "--preset", "bfd3", "--json") == FINE
    assert json.loads(capsys.readouterr().out)["preset"] == "bfd3"


def test_with_the_original_both_sound_from_the_first_sample(transcribed: Path, plugin: Make, tmp_path: Path) -> None:
    original = file_to_audio(
        transcribed,
        fingerprint=fingerprint(transcribed, Unwatched()),
        channels=2,
        limits=AudioLimits(max_minutes=10),
        monitor=Unwatched(),
    ).samples[0]
    mixed, split = tmp_path / "mixed.wav", tmp_path / "split.wav"
    assert audition(transcribed, "--mix", "0", "--out", mixed) == FINE
    sound, _ = soundfile.read(mixed, dtype="float32", always_2d=True)
    assert np.corrcoef(sound[: len(original), 0], original)[0, 1] > 0.9999
    assert audition(transcribed, "--plugin", plugin("Kit"), "--split", "--out", split) == FINE
    sound, _ = soundfile.read(split, dtype="float32", always_2d=True)
    assert np.corrcoef(sound[: len(original), 0], original)[0, 1] > 0.9999
    assert abs(np.corrcoef(sound[: len(original), 1], original)[0, 1]) < 0.5


def test_a_plugin_that_crashes_leaves_no_file_and_an_older_one_as_it_was(
    transcribed: Path, plugin: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "kit.wav"
    out.write_bytes(b"before")
    broken = plugin("Broken Kit")
    assert audition(transcribed, "--plugin", broken, "--out", out) == FAILED
    assert "samples that are not numbers" in capsys.readouterr().err
    assert out.read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir() if path.suffix in (".wav", ".part")] == ["kit.wav"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "not said what is to be rendered"),
        (("song.wav",), "There is no file"),
        (("--state", "kit.state", "song.drums.json"), "--state is for a plugin, and none is named"),
    ],
)
def test_what_means_nothing_is_told(arguments: Sequence[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert audition(*arguments) == FAILED
    assert told in capsys.readouterr().err


def test_a_state_is_saved_without_a_result_and_used_with_one(
    transcribed: Path, plugin: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state, kit = tmp_path / "quiet.vstpreset", plugin("Kit")
    assert audition("--plugin", kit, "--parameter", "level=0.25", "--save-state", state) == FINE
    assert "The state of Kit is in" in capsys.readouterr().err
    out = tmp_path / "quiet.wav"
    assert audition(transcribed, "--plugin", kit, "--state", state, "--out", out) == FINE
    assert np.abs(soundfile.read(out)[0]).max() < 0.3
    assert audition(transcribed, "--plugin", kit, "--state", tmp_path / "none.state") == FAILED
    assert "There is no state file" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent otherwise there")
def test_ctrl_c_ends_the_plugin_too(transcribed: Path, plugin: Make, tmp_path: Path, as_in_a_terminal: tuple[str, ...]) -> None:
    out = tmp_path / "kit.wav"
    command = [*as_in_a_terminal, "audition", str(transcribed), "--plugin", str(plugin("Hanging Kit")), "--out", str(out)]
    command += ["--set", "transcribe.velocity_curve=fixed 127"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 60
    while not (plugins := [pid for pid in children.read_text().split() if _has_loaded(pid, "Hanging Kit")]):
        assert process.poll() is None
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert b"Interrupted" in said
    assert not any(Path(f"/proc/{pid}").exists() for pid in plugins)
    assert not out.exists()


def _has_loaded(pid: str, name: str) -> bool:
    try:
        return name in Path(f"/proc/{pid}/maps").read_text()
    except OSError:  # it has ended
        return False
