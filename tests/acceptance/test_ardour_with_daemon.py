"""Ardour itself and the real daemon: a recording on a track goes out, its drums come back as MIDI, on the audio."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from tests.ardour_program import PROGRAMS, RATE_HZ, config_folder, run_in_ardour

SCRIPT = Path(__file__).parents[1] / "ardour_session.lua"
EXPORT = Path(__file__).parents[1] / "ardour_export.py"
LENGTH_S = 12
START_SAMPLE = 100_000
"""Between beats of the session's tempo, which is 110."""
WITHIN_S = 0.0015


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a session holds. regions: start and length in samples, the audio first. notes: seconds, MIDI note, velocity."""

    tracks: list[str]
    regions: list[tuple[int, int]]
    notes: list[tuple[float, int, int]]
    messages: list[str]


@pytest.fixture(scope="module", autouse=True)
def _programs(need_program: Callable[..., str]) -> None:
    for program in PROGRAMS:
        need_program(program)


@pytest.fixture(scope="module")
def recording(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real drums in stereo, the channels unlike each other."""
    mono, rate = sf.read(shared / "eval" / "dev" / "drum" / "Rock.flac")
    mono = mono[: LENGTH_S * rate]
    path = tmp_path_factory.mktemp("recording") / "song.wav"
    sf.write(path, np.stack([mono, 0.5 * mono], axis=1), rate, subtype="PCM_24")
    return path


@pytest.fixture(scope="module")
def daemon_here(daemon_factory: Callable[..., Any]) -> Iterator[Any]:
    """A daemon whose watched folder is for the session's tempo."""
    made = daemon_factory("ardour", watch="host_bpm = 110")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BACKBEAT_TRANSCRIBE_ENGINE", "net")
        patch.setenv("BACKBEAT_TRANSCRIBE_BEATS", "net")
        made.start()
        yield made
    made.close()


@pytest.fixture
def in_ardour(recording: Path, repository: Path, tmp_path: Path) -> Callable[..., Session]:
    """Make a session with the recording in it and go that way."""

    def run(daemon: Any, way: str, **more: object) -> Session:
        folder = tmp_path / "ardour"
        folder.mkdir()
        shutil.copy(recording, folder)
        scripts = config_folder(folder) / "scripts"
        scripts.mkdir(parents=True)
        shutil.copy(repository / "integrations" / "ardour" / "backbeat.lua", scripts)
        (scripts / "backbeat-command.txt").write_text(f"{_command(tmp_path)}\n", "utf-8")
        settings = {"way": way, "start": START_SAMPLE, "bounces": daemon.bounces, **more}
        return _read(
            run_in_ardour(
                SCRIPT,
                folder,
                {
                    "BACKBEAT_CONFIG": str(daemon.config),
                    "ARDOUR_EXPORT": str(_export_program(tmp_path)),
                    **{f"ARDOUR_TEST_{name.upper()}": str(value) for name, value in settings.items()},
                },
            )
        )

    return run


def _command(folder: Path) -> Path:
    command = folder / "backbeat"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m backbeat "$@"\n', "utf-8")
    command.chmod(0o755)
    return command


def _export_program(folder: Path) -> Path:
    """Ardour's, with patience, as one file."""
    program = next(iter(sorted(Path("/usr/bin").glob("ardour*-export"))))
    patient = folder / "export"
    patient.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{EXPORT}" "{program}" "$@"\n', "utf-8")
    patient.chmod(0o755)
    return patient


def _read(text: str) -> Session:
    rows = [line.split(" ", 1) for line in text.splitlines()]
    numbers = [(kind, [int(word) for word in rest.split()]) for kind, rest in rows if kind in ("region", "note")]
    return Session(
        tracks=[rest for kind, rest in rows if kind == "track"],
        regions=[(values[0], values[1]) for kind, values in numbers if kind == "region"],
        notes=sorted((values[0] / RATE_HZ, values[1], values[2]) for kind, values in numbers if kind == "note"),
        messages=[rest for kind, rest in rows if kind == "message"],
    )


def result_in(folder: Path) -> dict[str, Any]:
    newest = max(folder.glob("*.drums.json"), key=lambda path: path.stat().st_mtime_ns)
    return json.loads(newest.read_bytes())


def assert_notes_are_the_hits(session: Session, result: dict[str, Any], *, start_s: float) -> None:
    assert session.messages == []
    hits = sorted(start_s + hit["time"] for hit in result["hits"])
    assert len(session.notes) == len(hits) > 20
    assert [time_s for time_s, _, _ in session.notes] == pytest.approx(hits, abs=WITHIN_S)


def test_a_session_exported_into_the_watched_folder_comes_back_as_midi_on_its_audio(daemon_here, in_ardour):
    session = in_ardour(daemon_here, "folder")
    result = result_in(daemon_here.bounces)
    start_s = session.regions[1][0] / RATE_HZ
    assert_notes_are_the_hits(session, result, start_s=start_s)
    exported_s = sf.info(daemon_here.bounces / "song.wav").duration
    assert exported_s == pytest.approx(LENGTH_S + START_SAMPLE / RATE_HZ - start_s, abs=0.1)


def test_the_action_puts_the_drums_of_a_selected_region_on_a_new_track(daemon_here, in_ardour):
    session = in_ardour(daemon_here, "regions")
    assert_notes_are_the_hits(session, result_in(daemon_here.inbox), start_s=START_SAMPLE / RATE_HZ)
    assert session.tracks == ["song", "song drums"]
    assert session.regions[1][0] == START_SAMPLE
    assert not list(daemon_here.inbox.glob("*.wav")) + list(daemon_here.inbox.glob("*.answers.jsonl"))


def test_a_selected_midi_track_gets_them_on_the_audio_where_the_tempo_changes_in_its_middle(daemon_here, in_ardour):
    whole = {"from": START_SAMPLE, "to": START_SAMPLE + LENGTH_S * RATE_HZ}
    session = in_ardour(daemon_here, "own track", later_bpm=70, **whole)
    assert_notes_are_the_hits(session, result_in(daemon_here.inbox), start_s=START_SAMPLE / RATE_HZ)
    assert session.tracks == ["song", "My kit"]


def test_the_action_hears_only_the_selected_range(daemon_here, in_ardour):
    start, stop = START_SAMPLE + RATE_HZ, START_SAMPLE + 7 * RATE_HZ
    session = in_ardour(daemon_here, "range", **{"from": start, "to": stop})
    result = result_in(daemon_here.inbox)
    assert result["duration_seconds"] == pytest.approx(6)
    assert_notes_are_the_hits(session, result, start_s=start / RATE_HZ)


def test_cancel_ends_the_job_without_a_word_or_a_track(daemon_here, in_ardour, wait_for):
    before = len(daemon_here.job_list())
    session = in_ardour(daemon_here, "regions", cancel=1)  # at the second look: asked for, and not answered yet
    assert (session.tracks, session.notes, session.messages) == (["song"], [], [])
    assert not list(daemon_here.inbox.glob("*.wav"))
    jobs = daemon_here.job_list
    wait_for("the job's end", lambda: len(jobs()) == before + 1 and jobs()[0]["state"] in ("cancelled", "done"), within_s=60)


def test_without_a_selection_or_a_daemon_the_user_is_told_what_to_do(daemon, in_ardour):
    no_selection, never_started, not_running = in_ardour(daemon, "messages", inbox=daemon.inbox).messages
    assert "Select an audio region" in no_selection
    assert "backbeat run" in never_started
    assert not_running == "The Backbeat daemon is not running.  Start it in a terminal: backbeat run"
    assert list(daemon.inbox.iterdir()) == []
