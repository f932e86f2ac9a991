"""The real daemon as a process, and an OSC client that is not ours (liblo's oscsend and oscdump)."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

T = TypeVar("T")


def _wait_for(what: str, probe: Callable[[], T], *, within_s: float) -> T:
    """The first true answer of `probe`; fails with `what` when none came in time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if answer := probe():
            return answer
        time.sleep(0.05)
    pytest.fail(f"{what}: not within {within_s:g} s")


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class OscClient:
    """Listens with oscdump, sends with oscsend."""

    def __init__(self, daemon_port: int, log: Path) -> None:
        self.daemon_port = daemon_port
        self.port = free_udp_port()
        self._log = log
        self._out = log.open("wb")
        self._dump = subprocess.Popen(
            ["oscdump", "-L", str(self.port)], stdout=self._out, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        _wait_for("oscdump listens", self._listens, within_s=10)

    def _listens(self) -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError:
                return True
        return False

    def send(self, address: str, *arguments: object) -> None:
        types = "".join({int: "i", float: "f", str: "s"}[type(argument)] for argument in arguments)
        command = ["oscsend", "127.0.0.1", str(self.daemon_port), address]
        if types:
            command += [types, *map(str, arguments)]
        subprocess.run(command, check=True, timeout=10)

    def heard(self, address: str) -> list[str]:
        """The lines that came at `address`, without oscdump's time stamp."""
        lines = self._log.read_text("utf-8", errors="replace").splitlines()
        return [line.split(" ", 1)[1] for line in lines if f" {address} " in line + " "]

    def said(self) -> list[str]:
        """All lines, in order, without oscdump's time stamps."""
        return [line.split(" ", 1)[1] for line in self._log.read_text("utf-8", errors="replace").splitlines() if " /" in line]

    def subscribe(self) -> None:
        """Hear everything from here on."""
        self.send("/backbeat/subscribe", self.port)
        # The answer goes to oscsend's own port; a ping that is answered after it shows that it has been taken.
        self.send("/backbeat/ping")

    def close(self) -> None:
        self._dump.terminate()
        self._dump.wait(10)
        self._out.close()


class Daemon:
    """`backbeat run` with folders of its own."""

    def __init__(self, folder: Path, model: Path, *, watch: str = "", more: str = "") -> None:
        self.folder = folder
        self.bounces = folder / "bounces"
        self.inbox = folder / "inbox"
        self.data = folder / "data"
        self.bounces.mkdir(parents=True)
        self.osc_port = free_udp_port()
        self.log = folder / "daemon.log"
        self.config = folder / "config.toml"
        self.config.write_text(
            f"""
inbox = "{self.inbox}"
[transcribe]
engine = "annoteator"
separation = "none"
beats = "librosa"
pdf = "none"
[[watch]]
path = "{self.bounces}"
settle_s = 0.5
{watch}
[osc]
port = {self.osc_port}
[jobs]
data_folder = "{self.data}"
stop_timeout_s = 5
[models]
cache_folder = "{folder / "models"}"
uri = "{model.as_uri()}"
{more}
""",
            "utf-8",
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "backbeat", "run", "--config", str(self.config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _wait_for("the daemon answers ping", self.pongs, within_s=60)

    def pongs(self) -> bool:
        """Whether it lives and answers a ping at once; one that is lost in a flood is no answer."""
        assert self.process
        assert self.process.poll() is None, self.log.read_text("utf-8", errors="replace")
        with contextlib.suppress(OSError):
            return self.ask("/backbeat/ping", within_s=0.3)[0] == "/backbeat/pong"
        return False

    def ask(self, address: str, *arguments: str, within_s: float = 10) -> list[object]:
        """Send a message and return the first answer: its address, then its arguments."""
        builder = OscMessageBuilder(address)
        for argument in arguments:
            builder.add_arg(argument)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(within_s)
            client.sendto(builder.build().dgram, ("127.0.0.1", self.osc_port))
            answer = OscMessage(client.recv(65_535))
        return [answer.address, *answer.params]

    def send_raw(self, packet: bytes) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(packet, ("127.0.0.1", self.osc_port))

    def jobs(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`backbeat jobs ...` as another process on the same data folder."""
        return subprocess.run(
            [sys.executable, "-m", "backbeat", "jobs", *words, "--config", str(self.config)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def job_list(self) -> list[dict[str, Any]]:
        """What `backbeat jobs list --json` says, newest first."""
        return [json.loads(line) for line in self.jobs("list", "--limit", "1000", "--json").stdout.splitlines()]

    def worker_pids(self) -> list[int]:
        """The daemon's child processes."""
        assert self.process
        tasks = Path(f"/proc/{self.process.pid}/task")
        return sorted({int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()})

    def kill(self) -> None:
        """SIGKILL, as a power cut would: nothing can be tidied up."""
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def close(self) -> None:
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)


@pytest.fixture(scope="session")
def wait_for() -> Callable[..., object]:
    """`wait_for(what, probe, within_s=...)`: the first true answer of `probe`."""
    return _wait_for


@pytest.fixture(scope="session")
def daemon_factory(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Callable[..., Daemon]:
    """Make a daemon (not started) in a folder of its own."""
    model = shared / "models" / "annoteator" / "complete_network.h5"
    return lambda name, **config: Daemon(tmp_path_factory.mktemp(name), model, **config)


@pytest.fixture
def daemon(daemon_factory: Callable[..., Daemon]) -> Iterator[Daemon]:
    """A daemon for one test, not started."""
    made = daemon_factory("daemon")
    yield made
    made.close()


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest, daemon_factory: Callable[..., Daemon]) -> Iterator[Daemon]:
    """One daemon for a whole module, with the module's `DAEMON_CONFIG`, if it has any."""
    made = daemon_factory(request.path.stem, **getattr(request.module, "DAEMON_CONFIG", {}))
    made.start()
    yield made
    made.close()


@pytest.fixture
def client(running: Daemon, osc_factory: Callable[[Daemon], contextlib.AbstractContextManager[OscClient]]) -> Iterator[OscClient]:
    """An OSC client that is not ours, for the module's daemon."""
    with osc_factory(running) as made:
        yield made


@pytest.fixture
def osc_factory(tmp_path: Path) -> Callable[..., contextlib.AbstractContextManager[OscClient]]:
    """An OSC client that is not ours, for a daemon; each has a name of its own."""
    if not shutil.which("oscdump"):
        reason = "oscsend and oscdump (Debian: liblo-tools) are not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return lambda daemon, name="oscdump": contextlib.closing(OscClient(daemon.osc_port, tmp_path / f"{name}.log"))
