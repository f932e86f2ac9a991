"""A week in which nothing happens, in a minute: the parts of the daemon that never rest, on a clock of the simulation's own.

    python -m tests.faults.idle [--ticks 600000]

Each tick is a second of that week. In each the job desk, the folder desk and the settler look whether there is something to do;
every 30 s the folder is looked through, every minute somebody pings over UDP and a line is logged, every hour old jobs are
forgotten, and every day the folder is away for an hour. Prints as JSON what the process holds after a tenth of the week and at
the end: memory, open files, threads, temporary files.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import socket
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from backbeat.config.schema import WatchConfig
from backbeat.intake.disk_probe import DiskProbe
from backbeat.intake.folder_intake import FolderIntake
from backbeat.intake.osc_requests import OscRequest
from backbeat.intake.osc_server import OscServer, open_udp_socket
from backbeat.intake.osc_to_job import OscIntake
from backbeat.intake.roots import Roots
from backbeat.intake.watched_folder import WatchedFolder
from backbeat.jobs.rescue import Places, open_store
from backbeat.monitor import Unwatched
from backbeat.osc import OscMessage, message_to_packet
from backbeat.outputs import hits_to_osc as say
from backbeat.outputs.osc_sender import OscSender
from backbeat.service.announcer import Announcer
from backbeat.service.folder_desk import FolderDesk, StoreMemory
from backbeat.service.job_desk import JobDesk
from backbeat.service.logging import setup_logging
from backbeat.service.loop import Loop

WEEK_S = 604_800
RESCAN_S, PING_S, PRUNE_S, DAY_S = 30, 60, 3600, 86_400
OLD_FILES = 30

log = logging.getLogger("backbeat.idle")


class NoRunner:
    """Nobody asks it for anything."""

    capacity = 1


class Week:
    """The parts, put together as `service.py` does, on one thread and a clock that is told the time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now_s = 0.0
        self.bounces = folder / "bounces"
        self.bounces.mkdir()
        for n in range(OLD_FILES):
            (self.bounces / f"old{n}.wav").write_bytes(b"RIFF")
        watched = WatchedFolder(path=self.bounces, patterns=("*.wav",))
        roots = Roots([self.bounces])
        self.loop = Loop(tick_s=0.0001)
        self.store = open_store(folder / "jobs.sqlite", Places(watched=[watched], results=[self.bounces]))
        self.osc_socket = open_udp_socket("127.0.0.1", 0)
        self.sender = OscSender(self.osc_socket)
        self.desk = JobDesk(self.store, NoRunner(), Announcer(self.sender), clock=self._epoch_s)
        self.pool = ThreadPoolExecutor(1)
        self.folder_desk = FolderDesk(
            loop=self.loop,
            store=self.store,
            desk=self.desk,
            pool=self.pool,
            monitor=Unwatched(),
            folders={self.bounces: WatchConfig(path=self.bounces)},
            roots=roots,
            clock=lambda: self.now_s,
        )
        self.intake = FolderIntake(watched, memory=StoreMemory(self.loop, self.store), roots=roots, probe=DiskProbe())
        intake = OscIntake(post=self._post, answer_error=lambda *_: None)
        self.server = OscServer(self.osc_socket, intake.receive, allow=())
        self.server.start()
        self.client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.client.settimeout(10)

    def _epoch_s(self) -> float:
        return 1_800_000_000.0 + self.now_s

    def _post(self, request: OscRequest) -> bool:
        self.loop.post(lambda: self.sender.send(say.pong("idle"), request.sender))
        return True

    def tick(self) -> None:
        """What the loop does."""
        self.store.raise_damage()
        self.desk.tick()
        self.folder_desk.tick()

    def second(self) -> None:
        """What everybody else does in a second; on a thread that is not the loop's."""
        self.now_s += 1
        second = int(self.now_s)
        is_away = second % DAY_S >= DAY_S - 3600
        if second % DAY_S == DAY_S - 3600:
            self.bounces.rename(self.folder / "away")
        elif second % DAY_S == 0:
            (self.folder / "away").rename(self.bounces)
        if second % RESCAN_S == 0 and not is_away:
            self.intake.rescan()
        assert not self.intake.tick(self.now_s), "nothing is new"
        if second % PING_S == 0:
            self.client.sendto(message_to_packet(OscMessage(address="/backbeat/ping")), self.server.address)
            assert b"/backbeat/pong" in self.client.recv(1000)
            log.info("nothing has happened in second %d", second)
        if second % PRUNE_S == 0:
            self.loop.ask(lambda: self.store.prune(90 * DAY_S))

    def held(self) -> dict[str, float]:
        """What the process holds now."""
        return {
            "memory_mb": int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6,
            "handles": len(list(Path("/proc/self/fd").iterdir())),
            "threads": threading.active_count(),
            "files": sum(path.is_file() for path in self.folder.rglob("*")),
            "store_kb": sum(path.stat().st_size for path in self.folder.glob("jobs.*")) / 1000,
        }

    def close(self) -> None:
        self.server.stop()
        self.osc_socket.close()
        self.client.close()
        self.pool.shutdown()
        self.store.close()


def simulate(folder: Path, ticks: int) -> dict[str, dict[str, float]]:
    """So many ticks of the loop and seconds of the others; what is held after a tenth of them and at the end."""
    setup_logging("info", file=folder / "backbeat.log")
    week = Week(folder)
    report: dict[str, dict[str, float]] = {}
    counted = 0

    def on_tick() -> None:
        nonlocal counted
        counted += 1
        week.tick()

    def others() -> None:
        for second in range(1, ticks + 1):
            week.second()
            if second % 10 == 0:
                week.loop.ask(lambda: None)  # in step with the loop
            if second == ticks // 10:
                report["early"] = week.held()
        while counted < ticks:
            week.loop.ask(lambda: None)
        report["late"] = week.held()
        week.loop.stop()

    thread = threading.Thread(target=others)
    thread.start()
    week.loop.run(on_tick)
    thread.join()
    week.close()
    return report | {"ticks": {"loop": counted, "seconds": ticks}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ticks", type=int, default=WEEK_S)
    options = parser.parse_args()
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - the log's lines also go to the file
    folder = Path(tempfile.mkdtemp(prefix="backbeat-idle-"))
    try:
        print(json.dumps(simulate(folder, options.ticks)))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
