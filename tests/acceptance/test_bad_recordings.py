"""Bad and odd recordings through the real command, each with the message that its owner reads.

Most of them go through one process: a recording that cannot be done must not stop the others.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import mido
import numpy as np
import pytest
import soundfile

from backbeat.values import OutputKind

QUICK = ("--separation", "none", "--beats", "librosa", "--pdf", "none")
RATE_HZ = 44_100
MIB = 1 << 20

LOOP_BARS = 2
LOOP_STROKES = 24
"""Two bars of `audio_files.drum_loop`: 16 eighths, half of them with a kick or a snare."""

ODD_NAME = "Schlagzeug \"Take 1\" – große 'Trommel' \N{DRUM WITH DRUMSTICKS} [100%] & <neu>.wav"
LONG_NAME = "ö" * 125 + ".wav"  # 254 bytes: the file system takes no more than 255
NOT_UNICODE = os.fsdecode(b"caf\xe9.wav")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="users, limits and signals as POSIX has them")


@dataclass(frozen=True, kw_only=True)
class Done:
    """A process that has ended. lines: what it said with --json, in order. peak_bytes: its peak memory."""

    returncode: int
    stdout: str
    stderr: str
    peak_bytes: int
    wall_s: float

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.splitlines()]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A folder with recordings, and how `backbeat transcribe` is run on them."""

    folder: Path
    model: Path
    backbeat: Sequence[str]

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("BACKBEAT_", "MODEL_"))}
        config = self.folder / "config.toml"
        config.touch()
        return kept | {
            "BACKBEAT_CONFIG": str(config),
            "BACKBEAT_JOBS_DATA_FOLDER": str(self.folder / "data"),
            "BACKBEAT_TRANSCRIBE_ENGINE": "annoteator",
            "MODEL_URI": self.model.as_uri(),
            "MODEL_CACHE_DIR": str(self.folder / "models"),
        }

    def start(self, *arguments: str, command: Sequence[str] = (), **options: Any) -> subprocess.Popen[str]:
        """`command` goes before Python, such as `prlimit`."""
        words = [*command, *self.backbeat, "transcribe", *arguments]
        return subprocess.Popen(
            words, env=self.environment, text=True, stdin=subprocess.DEVNULL, errors="surrogateescape", **options
        )

    def run(self, *arguments: str, **options: Any) -> Done:
        started_s = time.monotonic()
        with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as complaints:
            process = self.start(*arguments, stdout=said, stderr=complaints, **options)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            complaints.seek(0)
            return Done(
                returncode=process.returncode,
                stdout=said.read(),
                stderr=complaints.read(),
                peak_bytes=usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
                wall_s=time.monotonic() - started_s,
            )


@dataclass(frozen=True, kw_only=True)
class Batch:
    """All the bad and odd recordings, done in one process. lines: what it said of each, by file name."""

    lines: dict[str, dict[str, Any]]
    done: Done
    out: Path

    def failure(self, name: str, code: str) -> str:
        """What the musician reads of a recording that cannot be done: the message and the advice."""
        line = self.lines[name]
        assert not line["ok"]
        assert line["code"] == code
        assert line["message"]
        assert line["advice"], "every failure says what to do"
        stem = Path(name).stem
        assert not [path.name for path in self.out.iterdir() if path.name.startswith((f"{stem}.", f".{stem}."))]
        return f"{line['message']} {line['advice']}"

    def success(self, name: str) -> dict[str, Any]:
        line = self.lines[name]
        assert line["ok"], line
        return line

    def result(self, name: str) -> dict[str, Any]:
        """The JSON result of a recording that was done, checked against its schema; the other outputs can be read too."""
        outputs = self.success(name)["outputs"]
        assert set(outputs) == {"midi", "tempomap", "musicxml", "json"}
        result: dict[str, Any] = json.loads(Path(outputs["json"]).read_text("utf-8"))
        schema = json.loads((files("backbeat.outputs") / "result.schema.json").read_text("utf-8"))
        jsonschema.validate(result, schema)
        for kind in ("midi", "tempomap"):
            assert notes_of(Path(outputs[kind])) == len(result["hits"])
        assert bars_of(Path(outputs["musicxml"])) >= 1
        return result


def notes_of(midi: Path) -> int:
    """Notes in a MIDI file; a file that breaks off is an error."""
    return sum(
        message.type == "note_on" and message.velocity > 0
        for track in mido.MidiFile(midi, clip=False).tracks
        for message in track
    )


def bars_of(musicxml: Path) -> int:
    """Bars in a MusicXML file; a file that breaks off is an error."""
    return len(ET.parse(musicxml).findall("./part/measure"))


def finds(result: dict[str, Any], strokes: Sequence[Any], *, within_s: float = 0.03) -> int:
    """How many of the strokes that were put in have a hit at their time."""
    heard_s = np.array([hit["time"] for hit in result["hits"]])
    return sum(bool((np.abs(heard_s - stroke.time_s) <= within_s).any()) for stroke in strokes)


@pytest.fixture(scope="module")
def bench(shared: Path, tmp_path_factory: pytest.TempPathFactory, as_in_a_terminal: tuple[str, ...]) -> Bench:
    model = shared / "models" / "annoteator" / "complete_network.h5"
    return Bench(folder=tmp_path_factory.mktemp("bad"), model=model, backbeat=as_in_a_terminal)


@pytest.fixture(scope="module")
def loop(audio_files: ModuleType) -> Any:
    return audio_files.drum_loop(bars=LOOP_BARS)


@pytest.fixture(scope="module")
def batch(bench: Bench, audio_files: ModuleType, loop: Any) -> Batch:
    """Write every bad and odd recording, and transcribe all of them in one go."""
    folder, out = bench.folder / "in", bench.folder / "out"
    folder.mkdir()
    write = audio_files.write_sound
    whole = audio_files.wav_bytes(loop.samples)
    noise = np.random.default_rng(0)

    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("Dear drummer, the stems are attached.\n" * 20, "utf-8")
    (folder / "program.wav").write_bytes(Path(sys.executable).resolve().read_bytes()[:100_000])
    (folder / "random.wav").write_bytes(b"\xfe" + noise.bytes(100_000))
    (folder / "reserved.wav").write_bytes(bytes(100_000))
    (folder / "truncated.wav").write_bytes(whole[: len(whole) // 2])
    song = write(folder / "whole.flac", loop.samples).read_bytes()
    (folder / "truncated.flac").write_bytes(song[: len(song) // 2])
    (folder / "folder.wav").mkdir()
    (folder / "circle.wav").symlink_to("circle.wav")
    os.mkfifo(folder / "pipe.wav")

    damaged = loop.samples.copy()
    damaged[20_000:20_010], damaged[30_000], damaged[40_000] = np.nan, np.inf, -np.inf
    write(folder / "nan_inf.wav", damaged, subtype="FLOAT")
    write(folder / "all_nan.wav", np.full(2 * RATE_HZ, np.nan, np.float32), subtype="FLOAT")
    write(folder / "loud.wav", loop.samples * np.float32(1e6), subtype="FLOAT")
    write(folder / "silence.wav", np.zeros(4 * RATE_HZ, np.float32))
    write(folder / "short.wav", loop.samples[: RATE_HZ // 20])
    write(folder / "one_sample.wav", np.full(1, 0.5, np.float32))
    write(folder / "no_samples.wav", np.zeros(0, np.float32))
    eight = np.zeros((8, len(loop.samples)), np.float32)
    eight[2], eight[5] = loop.samples, loop.samples
    write(folder / "eight.wav", eight)
    for rate_hz in (8_000, 192_000):
        of_rate = audio_files.drum_loop(bars=LOOP_BARS, sample_rate_hz=rate_hz)
        write(folder / f"{rate_hz}.wav", of_rate.samples, sample_rate_hz=rate_hz)

    for name in (ODD_NAME, LONG_NAME, "loop_128bpm.wav", "without its tempo.wav"):
        write(folder / name, loop.samples, kind="WAV")
    (folder / NOT_UNICODE).write_bytes(whole)
    write(folder / "long.wav", audio_files.drum_loop(bars=24).samples)
    write(folder / "song.wav", loop.samples)
    write(folder / "song.flac", loop.samples[: len(loop.samples) // 2])

    names = sorted(path.name for path in folder.iterdir())
    inputs = [str(folder / name) for name in (*names, "missing.wav")]
    done = bench.run("--json", "--out", str(out), *QUICK, *inputs)
    lines = {Path(line["file"]).name: line for line in done.lines}
    assert len(lines) == len(inputs), done.stderr
    return Batch(lines=lines, done=done, out=out)


def test_what_cannot_be_done_does_not_stop_the_rest_and_the_exit_code_tells(batch):
    failed = sum(not line["ok"] for line in batch.lines.values())
    assert batch.done.returncode == 1
    assert batch.done.stderr.splitlines()[-1] == f"{failed} of {len(batch.lines)} failed."
    assert "Traceback" not in batch.done.stderr
    assert not list(batch.out.glob(".*")), "nothing half written"


def test_an_empty_file(batch):
    assert batch.failure("empty.wav", "unreadable") == "empty.wav is empty (0 bytes). Bounce the track again."


def test_text_renamed_to_wav(batch):
    message = batch.failure("text.wav", "unreadable")
    assert message.startswith("text.wav is not an audio file, whatever its name says. Export the track as WAV")


def test_a_program_renamed_to_wav(batch):
    assert "program.wav is not an audio file" in batch.failure("program.wav", "unreadable")


def test_random_bytes_renamed_to_wav(batch):
    message = batch.failure("random.wav", "unreadable")
    assert message.startswith("random.wav ")
    assert "Export the track as WAV" in message
    assert "file:" not in message, "ffmpeg's own way to write addresses"


def test_a_file_of_zeros_that_somebody_reserved(batch):
    message = batch.failure("reserved.wav", "truncated")
    assert "space was reserved for it, but no sound was written" in message
    assert "bounce the track again" in message


@pytest.mark.parametrize("name", ["truncated.wav", "truncated.flac"])
def test_a_truncated_recording(batch, name):
    message = batch.failure(name, "truncated")
    assert message.startswith(f"{name} is cut off: its header promises 4.0 s of sound, the file holds ")
    assert message.endswith("The export was interrupted: bounce the track again.")


def test_nan_and_infinite_samples_are_taken_as_silence_with_a_warning(batch, loop):
    result = batch.result("nan_inf.wav")
    assert "12 samples are not numbers (NaN or infinite); they were taken as silence." in result["warnings"]
    assert finds(result, loop.strokes) >= 0.9 * LOOP_STROKES
    assert batch.success("nan_inf.wav")["warnings"] == result["warnings"]


def test_nothing_but_nan_is_silence(batch):
    result = batch.result("all_nan.wav")
    assert result["hits"] == []
    assert f"{2 * RATE_HZ} samples are not numbers (NaN or infinite); they were taken as silence." in result["warnings"]


def test_silence_has_no_hits_and_its_files_are_valid(batch):
    result = batch.result("silence.wav")
    assert result["hits"] == []
    assert result["hit_summary"] == {}
    assert "The recording is silent from beginning to end." in result["warnings"]
    assert (result["detected_bpm"], result["bpm_unreliable"], result["low_confidence"]) == (120.0, True, True)
    outputs = batch.success("silence.wav")["outputs"]
    assert mido.MidiFile(outputs["midi"]).length == pytest.approx(4.0, abs=0.01), "as long as the recording"
    notes = ET.parse(outputs["musicxml"]).findall("./part/measure/note")
    assert notes
    assert all(note.find("rest") is not None for note in notes)


def test_50_ms_of_audio(batch):
    result = batch.result("short.wav")
    assert "The recording is only 50 ms long: too short to find a tempo in." in result["warnings"]
    assert result["bpm_unreliable"]
    assert [hit["bar"] for hit in result["hits"]] == [1] * len(result["hits"])


def test_one_sample(batch):
    assert batch.result("one_sample.wav")["hits"] == []


def test_a_header_without_samples(batch):
    assert batch.failure("no_samples.wav", "unreadable") == (
        "no_samples.wav holds no sound: it is 0 samples long. Bounce the track again."
    )


def test_eight_channels_are_mixed_down_and_silent_ones_do_not_make_it_quiet(batch, loop):
    result = batch.result("eight.wav")
    assert "The recording has 8 channels (6 of them silent); they were mixed down to one." in result["warnings"]
    assert result["hit_summary"] == batch.result("whole.flac")["hit_summary"]
    assert finds(result, loop.strokes) >= 0.9 * LOOP_STROKES


def test_8_khz_is_transcribed_with_a_warning_that_the_cymbals_are_missing(batch, loop):
    result = batch.result("8000.wav")
    assert "The recording is sampled at 8 kHz: it has nothing above 4 kHz to tell cymbals apart by." in result["warnings"]
    drums = [stroke for stroke in loop.strokes if stroke.level > 0.5]
    assert finds(result, drums) == len(drums)


def test_192_khz_is_transcribed_at_the_right_times(batch, loop):
    result = batch.result("192000.wav")
    assert result["warnings"] == []
    assert result["duration_seconds"] == pytest.approx(loop.duration_s, abs=1e-4)
    drums = [stroke for stroke in loop.strokes if stroke.level > 0.5]
    assert finds(result, drums) == len(drums)


def test_a_float_file_far_over_full_scale_is_heard_like_any_other(batch):
    assert batch.result("loud.wav")["hit_summary"] == batch.result("whole.flac")["hit_summary"]


def test_a_folder_instead_of_a_file(batch):
    assert batch.failure("folder.wav", "unreadable") == "folder.wav is a folder. Give the path of one recording."


def test_a_named_pipe_is_refused_instead_of_waited_for(batch):
    assert batch.failure("pipe.wav", "unreadable") == "pipe.wav is not a regular file. Give the path of one recording."


def test_a_link_that_leads_to_itself(batch):
    message = batch.failure("circle.wav", "unreadable")
    assert message.startswith("circle.wav is a link that leads in a circle.")
    assert "recording itself" in message


def test_a_file_that_is_not_there(batch):
    message = batch.failure("missing.wav", "missing")
    assert message.startswith("missing.wav is not there: ")
    assert "Check the name" in message


def test_a_name_with_quotes_umlauts_spaces_and_an_emoji(batch):
    result = batch.result(ODD_NAME)
    assert Path(result["source"]).name == ODD_NAME
    outputs = batch.success(ODD_NAME)["outputs"]
    stem = ODD_NAME.removesuffix(".wav")
    assert {Path(path).name for path in outputs.values()} == {
        f"{stem}.drums{kind.suffix}" for kind in OutputKind if str(kind) in outputs
    }
    assert ET.parse(outputs["musicxml"]).findtext("./work/work-title") == stem


def test_a_name_that_is_not_unicode(batch):
    result = batch.result(NOT_UNICODE)
    assert os.fsencode(Path(batch.success(NOT_UNICODE)["outputs"]["json"]).name) == b"caf\xe9.drums.json"
    assert len(result["hits"]) >= 0.9 * LOOP_STROKES


def test_a_name_as_long_as_the_file_system_takes_is_shortened_in_the_results(batch):
    batch.result(LONG_NAME)
    names = [Path(path).name for path in batch.success(LONG_NAME)["outputs"].values()]
    assert all(name.startswith("ö" * 100) for name in names)
    assert len({name.split(".drums")[0] for name in names}) == 1


def test_two_recordings_of_one_stem_do_not_overwrite_each_other(batch, loop):
    results = {name: batch.result(name) for name in ("song.wav", "song.flac")}
    places = [set(batch.success(name)["outputs"].values()) for name in results]
    assert not places[0] & places[1]
    for name, result in results.items():
        assert Path(result["source"]).name == name
    assert results["song.wav"]["duration_seconds"] == pytest.approx(loop.duration_s, abs=1e-4)
    assert results["song.flac"]["duration_seconds"] == pytest.approx(loop.duration_s / 2, abs=1e-4)


def test_a_tempo_in_the_name_is_the_midi_files_and_goes_no_further_than_that_name(batch):
    named, other = batch.result("loop_128bpm.wav"), batch.result("without its tempo.wav")
    assert (named["host_bpm"], named["host_bpm_source"], named["midi_bpm"]) == (128.0, "the file name", 128.0)
    assert named["fingerprint"] == other["fingerprint"], "the same sound: the second was not heard again"
    assert (other["host_bpm"], other["host_bpm_source"]) == (None, None)
    assert other["midi_bpm"] == pytest.approx(120.0, rel=0.01)
    (tempo,) = {
        message.tempo
        for track in mido.MidiFile(batch.success("loop_128bpm.wav")["outputs"]["midi"]).tracks
        for message in track
        if message.type == "set_tempo"
    }
    assert tempo == round(60_000_000 / 128)
    assert [hit["time"] for hit in named["hits"]] == [hit["time"] for hit in other["hits"]]


@pytest.fixture
def bound(tmp_path: Path) -> tuple[str, ...]:
    """What goes before a command so that permissions bind it: nothing, or, for root, to give up root's way round them."""
    command = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    locked = tmp_path / "locked"
    locked.touch(mode=0)
    if command and not shutil.which("setpriv"):
        pytest.skip("root may read everything, and there is no setpriv (util-linux) to change that")
    tried = subprocess.run([*command, "cat", str(locked)], capture_output=True, text=True, check=False)
    if "Permission denied" not in tried.stderr:
        pytest.skip(f"root may read everything, and setpriv may not change that: {tried.stderr}")
    return command


def test_files_and_folders_without_permission(bound, bench, batch, loop, audio_files, tmp_path):
    """One message for a recording that may not be read, another for a folder that may not be written to."""
    out = tmp_path / "out"
    out.mkdir(mode=0o555)
    locked = audio_files.write_sound(tmp_path / "locked.wav", loop.samples)
    locked.chmod(0)
    good = audio_files.write_sound(tmp_path / "good.wav", loop.samples)
    done = bench.run("--json", "--out", str(out), *QUICK, str(locked), str(good), command=bound)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    unreadable, unwritable = done.lines
    assert (unreadable["code"], unreadable["message"]) == ("unreadable", "locked.wav cannot be read: permission denied.")
    assert "Allow your user to read the file" in unreadable["advice"]
    assert unwritable["code"] == "output"
    assert unwritable["message"] == f"good.drums.mid could not be written: {out} does not allow it."
    assert "choose another output folder" in unwritable["advice"]
    assert list(out.iterdir()) == []


def test_an_output_folder_that_cannot_be_made(bench, tmp_path):
    (tmp_path / "file").touch()
    done = bench.run("--out", str(tmp_path / "elsewhere" / ".." / "file" / "results"), str(tmp_path / "song.wav"))
    assert done.returncode == 1
    assert f"The folder {tmp_path / 'file' / 'results'} cannot be made: Not a directory." in done.stderr
    assert "Name another with --out." in done.stderr


def test_a_full_disk_is_told_and_leaves_no_half_written_file(bench, batch, shared, tmp_path):
    """A limit on the size of files stands for the disk: MIDI fits, notation does not.

    What is kept for the next time does not fit either: no reason to fail.
    """
    recording, out = shared / "eval" / "dev" / "drum" / "Zeppelin.flac", tmp_path / "out"
    limited = ("sh", "-c", 'ulimit -f 8 && exec "$@"', "sh")  # 8 blocks of 512 bytes
    done = bench.run("--json", "--out", str(out), *QUICK, str(recording), command=limited)
    assert done.returncode == 1
    (line,) = done.lines
    assert line["code"] == "output"
    assert line["message"] == "Zeppelin.drums.musicxml could not be written: the disk is full."
    assert line["advice"] == f"Free some space where {out} lies, then retry."
    assert {path.name for path in out.iterdir()} == {"Zeppelin.drums.mid", "Zeppelin.drums.tempomap.mid"}
    assert notes_of(out / "Zeppelin.drums.mid") == notes_of(out / "Zeppelin.drums.tempomap.mid") > 50
    assert not list((bench.folder / "data").rglob("*.part"))


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="tells by /proc that the engraver runs")
def test_ctrl_c_leaves_nothing_half_written_and_no_program_behind(bench, batch, tmp_path, wait_for):
    """In the middle of the second recording's engraving: the first is complete, the second has whole files or none."""
    if not shutil.which("lilypond"):
        if os.environ.get("CI"):
            pytest.fail("lilypond is not installed, and CI must not skip this")
        pytest.skip("lilypond is not installed")
    shutil.copy(bench.folder / "in" / "song.wav", tmp_path / "first.wav")
    shutil.copy(bench.folder / "in" / "long.wav", tmp_path / "second.wav")  # both were heard before: it is about writing
    options = (*QUICK[:-1], "lilypond")
    names = ("first.wav", "second.wav")
    with bench.start(*names, *options, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        for line in process.stderr:
            if line == "[2/2] second.wav: writing notation\n":
                break
        (engraver,) = wait_for("the engraver runs", lambda: children_of(process.pid), within_s=60)
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=60)
    assert process.returncode == 130, rest
    assert "Interrupted: 1 of 2 done; nothing is left half written." in rest
    wait_for("the engraver is gone", lambda: not Path(f"/proc/{engraver}").exists(), within_s=20)
    left = {path.name for path in tmp_path.iterdir()} - set(names)
    not_asked_for = (OutputKind.STEM, OutputKind.PNG, OutputKind.SVG)
    first = {f"first.drums{kind.suffix}" for kind in OutputKind if kind not in not_asked_for}
    assert left == first | {"second.drums.mid", "second.drums.tempomap.mid", "second.drums.musicxml"}
    assert notes_of(tmp_path / "second.drums.mid") == notes_of(tmp_path / "second.drums.tempomap.mid") > 24 * 8
    assert bars_of(tmp_path / "second.drums.musicxml") >= 24


def children_of(pid: int) -> list[int]:
    """The process's own children, whichever of its threads started them."""
    tasks = Path(f"/proc/{pid}/task")
    return sorted({int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()})


NOISE_MINUTES = 10
MEMORY_FACTOR = 3


def test_ten_minutes_of_noise_are_done_in_bounded_memory(bench, batch, tmp_path):
    """Noise that swells twice a second: something everywhere, and 1200 attacks in it.

    TensorFlow, librosa and music21 take about 1.06 GB by themselves; how much depends on their versions, so the batch
    above, which loads the same and holds seconds of sound only, says how much here. On top of that comes the recording:
    106 MB of float32 mono at 44.1 kHz. Measured: 122 MB more than a recording of six seconds, so the sound is held
    once, and all that is computed from it in blocks. Three times the sound are allowed; one spectrogram of the whole
    file (librosa's, 1025 bins at hop 512, complex) would be 424 MB.
    """
    sound_bytes = NOISE_MINUTES * 60 * RATE_HZ * np.dtype(np.float32).itemsize
    write_noise(tmp_path / "noise.wav", minutes=NOISE_MINUTES)
    done = bench.run("--json", "--out", str(tmp_path / "out"), *QUICK, str(tmp_path / "noise.wav"))
    assert done.returncode == 0, done.stderr
    (line,) = done.lines
    assert NOISE_MINUTES * 60 <= line["hits"] <= NOISE_MINUTES * 60 * 20
    assert notes_of(Path(line["outputs"]["midi"])) == line["hits"]
    grown = done.peak_bytes - batch.done.peak_bytes
    assert grown < MEMORY_FACTOR * sound_bytes, f"{grown / MIB:.0f} MiB more than for seconds, {done.peak_bytes / MIB:.0f} in all"


def write_noise(path: Path, *, minutes: int) -> None:
    noise = np.random.default_rng(0)
    swell = np.exp(-(np.arange(RATE_HZ) % (RATE_HZ // 2)) / (0.1 * RATE_HZ)).astype(np.float32)[:, np.newaxis]
    with soundfile.SoundFile(path, "w", RATE_HZ, 2, "PCM_16") as file:
        for _ in range(minutes * 60):
            file.write(0.2 * swell * noise.standard_normal((RATE_HZ, 2), dtype=np.float32))
