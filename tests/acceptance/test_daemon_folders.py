"""What happens to files in watched folders, with a real daemon: whatever a DAW does to one, it gives one correct job."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from pythonosc.osc_message_builder import OscMessageBuilder

DONE_WITHIN_S = 120
RATE_HZ = 24_000
MANY = 60

MORE_FOLDERS = """
give_up_s = 4
[[watch]]
path = "deep"
recursive = true
settle_s = 0.5
output = "results/not/yet/there"
[[watch]]
path = "deep/inner"
settle_s = 0.5
[[watch]]
path = "polled"
poll = true
settle_s = 0.5
[[watch]]
path = "late"
settle_s = 0.5
"""


@pytest.fixture(scope="module")
def running(daemon_factory) -> Iterator:
    daemon = daemon_factory("folders", watch=MORE_FOLDERS, more="[limits]\nallow_local_addresses = true")
    (daemon.folder / "deep" / "inner").mkdir(parents=True)
    (daemon.folder / "polled").mkdir()
    daemon.start()
    yield daemon
    daemon.close()


def sound(seed: int, seconds: float = 1.0) -> np.ndarray:
    """Four noise bursts a second; every seed sounds different."""
    rng = np.random.default_rng(seed)
    burst = np.exp(-np.arange(RATE_HZ // 4) / 400)
    return np.concatenate([0.5 * burst * rng.uniform(-1, 1, burst.size) for _ in range(int(4 * seconds))]).astype(np.float32)


@pytest.fixture
def elsewhere(running, tmp_path: Path) -> Path:
    """A folder that nobody watches, on the same drive."""
    return tmp_path


@pytest.fixture
def wav(elsewhere: Path) -> Callable[..., bytes]:
    """The bytes of a WAV file."""

    def make(seed: int, seconds: float = 1.0) -> bytes:
        path = elsewhere / f"{seed}.wav"
        sf.write(path, sound(seed, seconds), RATE_HZ, subtype="PCM_16")
        return path.read_bytes()

    return make


def jobs_of(running, *paths: Path) -> list[dict]:
    return [job for job in running.job_list() if Path(job["path"]) in paths]


def states(running, path: Path) -> list[str]:
    return sorted(job["state"] for job in jobs_of(running, path))


def wait_until_done(running, wait_for, *paths: Path) -> None:
    def all_done() -> bool:
        done = {job["path"] for job in running.job_list() if job["state"] == "done"}
        return all(str(path) in done for path in paths)

    wait_for(f"{len(paths)} jobs are done", all_done, within_s=DONE_WITHIN_S)


# How programs write. Each takes the bytes of a WAV file.


def in_one_go(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def growing(path: Path, data: bytes, *, over_s: float = 5.0) -> None:
    """In pieces, the header first: it promises more than there is yet."""
    with path.open("wb") as file:
        for piece in range(25):
            file.write(data[piece * len(data) // 25 : (piece + 1) * len(data) // 25])
            file.flush()
            time.sleep(over_s / 25)


def header_last(path: Path, data: bytes) -> None:
    """The sizes in the header are 0 until the end, and the file is closed for a while in between."""
    sizes = (4, data.index(b"data") + 4)
    unfinished = bytearray(data)
    for at in sizes:
        unfinished[at : at + 4] = bytes(4)
    growing(path, bytes(unfinished), over_s=1.0)
    time.sleep(1.5)
    with path.open("r+b") as file:
        for at in sizes:
            file.seek(at)
            file.write(data[at : at + 4])


def allocated_first(path: Path, data: bytes) -> None:
    """Zeros of the full length, filled afterwards, header and all."""
    path.write_bytes(bytes(len(data)))
    time.sleep(1.5)
    with path.open("r+b") as file:
        for start in range(0, len(data), 10_000):
            file.write(data[start : start + 10_000])
            file.flush()
            time.sleep(0.3)


def under_another_name(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(data[:1000])
    time.sleep(1)
    part.write_bytes(data)
    part.rename(path)


def with_an_old_time(path: Path, data: bytes) -> None:
    """As `cp -p` does with last year's bounce."""
    other = path.with_name(path.name + ".tmp")
    other.write_bytes(data)
    os.utime(other, (1e9, 1e9))
    other.rename(path)


WAYS = (in_one_go, growing, header_last, allocated_first, under_another_name, with_an_old_time)

ODD_NAMES = (
    "Schlagzeug für Jürgen.wav", "🥁.wav", "two\nlines.wav", "100%s %d.wav", "it's \"quoted\".wav", "a;b & c?.wav", "-o.wav",
    " spaces .wav", "LOUD.WAV", "x" * 240 + ".wav",
)  # fmt: skip


def test_whatever_way_a_file_is_written_it_gives_one_job_with_all_of_it(running, wav, wait_for) -> None:
    paths = {running.bounces / f"{way.__name__}.wav": way for way in WAYS}
    with ThreadPoolExecutor(len(WAYS)) as writers:
        for seed, (path, way) in enumerate(paths.items()):
            writers.submit(way, path, wav(seed, 3.0))
    wait_until_done(running, wait_for, *paths)
    assert Counter(job["path"] for job in jobs_of(running, *paths)) == {str(path): 1 for path in paths}
    for path in paths:
        assert json.loads(path.with_suffix(".drums.json").read_bytes())["duration_seconds"] == pytest.approx(3.0)


def test_odd_names_are_names(running, wav, wait_for) -> None:
    paths = [running.bounces / name for name in ODD_NAMES]
    for seed, path in enumerate(paths):
        path.write_bytes(wav(100 + seed))
    wait_until_done(running, wait_for, *paths)
    assert len(jobs_of(running, *paths)) == len(paths)
    for path in paths[:-1]:
        assert path.with_name(f"{path.stem}.drums.json").exists()


def test_a_bounce_that_is_overwritten_twice_while_its_job_runs_ends_with_the_last_one(running, wav, shared, wait_for) -> None:
    bounce = running.bounces / "take.flac"
    recordings = shared / "eval" / "dev" / "drum"
    shutil.copy(recordings / "Britpop.flac", bounce)
    wait_for("the first is at work", lambda: "running" in states(running, bounce), within_s=DONE_WITHIN_S)
    shutil.copy(recordings / "Shadows.flac", bounce)
    wait_for("the second is taken", lambda: len(states(running, bounce)) == 2, within_s=DONE_WITHIN_S)
    sf.write(bounce, sound(200, 2.0), RATE_HZ)

    def result_s() -> float:
        result = bounce.with_suffix(".drums.json")
        return json.loads(result.read_bytes())["duration_seconds"] if result.exists() else 0.0

    wait_for("the last one's result", lambda: result_s() == pytest.approx(2.0), within_s=DONE_WITHIN_S)
    wait_for("all have ended", lambda: not {"queued", "running"} & set(states(running, bounce)), within_s=DONE_WITHIN_S)
    assert len(states(running, bounce)) == 3
    assert "failed" not in states(running, bounce)


def test_a_file_that_is_deleted_before_it_is_finished_is_nothing_and_one_deleted_at_work_a_failed_job(
    running, wav, shared, wait_for
) -> None:
    early, late = running.bounces / "early.wav", running.bounces / "late.flac"
    early.write_bytes(wav(300))
    early.unlink()
    shutil.copy(shared / "eval" / "dev" / "drum" / "Shadows.flac", late)
    wait_for("it is taken", lambda: states(running, late), within_s=DONE_WITHIN_S)
    late.unlink()
    wait_for("it has ended", lambda: states(running, late) in (["failed"], ["done"]), within_s=DONE_WITHIN_S)
    for job in jobs_of(running, late):
        assert job["state"] == "done" or job["error"]["code"] == "missing"
    assert jobs_of(running, early) == []


def test_a_file_that_is_moved_over_an_old_one_is_a_new_bounce(running, elsewhere, wav, wait_for) -> None:
    bounce = running.bounces / "moved.wav"
    bounce.write_bytes(wav(400))
    wait_until_done(running, wait_for, bounce)
    newer = elsewhere / "newer.wav"
    newer.write_bytes(wav(401, 2.0))
    newer.replace(bounce)
    wait_for("both are done", lambda: states(running, bounce) == ["done", "done"], within_s=DONE_WITHIN_S)
    assert json.loads(bounce.with_suffix(".drums.json").read_bytes())["duration_seconds"] == pytest.approx(2.0)


def test_bounces_of_one_name_in_several_formats_do_not_share_results(running, elsewhere, wait_for) -> None:
    paths = [running.bounces / f"song.{ending}" for ending in ("wav", "flac", "aiff", "ogg")]
    for path in paths:
        sf.write(elsewhere / path.name, sound(500, 2.0), RATE_HZ)
    for path in paths:
        (elsewhere / path.name).rename(path)
    wait_until_done(running, wait_for, *paths)
    assert len({job["out_base"] for job in jobs_of(running, *paths)}) == len(paths)


def test_folders_that_come_with_files_in_them_are_looked_into_and_results_go_to_the_same_place_elsewhere(
    running, elsewhere, wav, wait_for
) -> None:
    (elsewhere / "album" / "disc 2").mkdir(parents=True)
    (elsewhere / "album" / "one.wav").write_bytes(wav(600))
    (elsewhere / "album" / "disc 2" / "two.wav").write_bytes(wav(601))
    deep, results = running.folder / "deep", running.folder / "results" / "not" / "yet" / "there"
    (elsewhere / "album").rename(deep / "album")
    (deep / "made").mkdir()
    (deep / "made" / "three.wav").write_bytes(wav(602))
    inner = deep / "inner" / "four.wav"
    inner.write_bytes(wav(603))
    paths = [deep / "album" / "one.wav", deep / "album" / "disc 2" / "two.wav", deep / "made" / "three.wav"]
    wait_until_done(running, wait_for, inner, *paths)
    assert all((results / path.relative_to(deep)).with_suffix(".drums.json").exists() for path in paths)
    assert inner.with_suffix(".drums.json").exists(), "the inner folder has settings of its own"
    assert len(jobs_of(running, inner, *paths)) == 4


def test_a_folder_may_come_late_go_and_come_back_and_need_polling(running, wav, wait_for) -> None:
    late, polled = running.folder / "late", running.folder / "polled"
    for seed, name in enumerate(("first.wav", "again.wav")):
        late.mkdir(exist_ok=True)
        polled.mkdir(exist_ok=True)
        paths = [late / name, polled / name]
        for n, path in enumerate(paths):
            path.write_bytes(wav(700 + 2 * seed + n))
        wait_until_done(running, wait_for, *paths)
        assert len(jobs_of(running, *paths)) == 2
        before = running.log.read_text().count("cannot be watched")
        shutil.rmtree(late)
        shutil.rmtree(polled)
        wait_for("both are missed", lambda n=before: running.log.read_text().count("cannot be watched") == n + 2, within_s=30)


@pytest.fixture
def stuck_server() -> Iterator[tuple[str, list[str]]]:
    """The address of a web server that never answers, and what it was asked for so far."""
    asked: list[str] = []
    gate = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            gate.wait(DONE_WITHIN_S)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        gate.set()
        server.shutdown()
        thread.join()


def test_downloads_that_hang_hold_up_no_bounce(running, stuck_server, wav, wait_for) -> None:
    address, asked = stuck_server
    for n in range(6):
        message = OscMessageBuilder("/backbeat/transcribe")
        message.add_arg(f"{address}/{n}.wav")
        running.send_raw(message.build().dgram)
    wait_for("as many downloads hang as there may be", lambda: len(asked) >= 4, within_s=30)
    bounce = running.bounces / "meanwhile.wav"
    bounce.write_bytes(wav(800))
    wait_until_done(running, wait_for, bounce)
    assert running.ask("/backbeat/ping")[0] == "/backbeat/pong"


def test_many_files_at_once_are_one_job_each_and_none_is_lost(running, elsewhere, wav, wait_for) -> None:
    paths = [running.bounces / f"loop{n:03}.wav" for n in range(MANY)]
    for n, path in enumerate(paths):
        (elsewhere / path.name).write_bytes(wav(1000 + n))
    for path in paths:
        (elsewhere / path.name).rename(path)
    wait_until_done(running, wait_for, *paths)
    listed = jobs_of(running, *paths)
    assert len(listed) == MANY
    assert {job["attempts"] for job in listed} == {1}
    assert all(path.with_suffix(".drums.json").exists() for path in paths)
    assert not [path.name for path in running.bounces.iterdir() if path.name.endswith(".part")]
