"""The OSC server on a real UDP socket, with python-osc, raw packets and liblo's oscsend and oscdump as clients."""

from __future__ import annotations

import os
import queue
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pythonosc.osc_packet import OscPacket
from pythonosc.udp_client import SimpleUDPClient

from backbeat.intake.osc_requests import OscRequest, Ping, Transcribe
from backbeat.intake.osc_server import OscServer, open_udp_socket
from backbeat.intake.osc_to_job import ERRORS_AT_ONCE, ERRORS_PER_S, OscIntake
from backbeat.osc import Peer
from backbeat.outputs import hits_to_osc
from backbeat.outputs.osc_sender import OscSender
from backbeat.records import Hit, hits_from_rows
from backbeat.values import Instrument

PATIENCE_S = 10.0


class Daemon:
    """The parts as the service puts them together, with a queue of requests in place of the service."""

    def __init__(self, *, queue_size: int = 1000) -> None:
        self.requests: queue.Queue[OscRequest] = queue.Queue(queue_size)
        self.socket = open_udp_socket("127.0.0.1", 0)
        self.sender = OscSender(self.socket)
        self.intake = OscIntake(
            post=self._post, answer_error=lambda address, text, to: self.sender.send(hits_to_osc.error(address, text), to)
        )
        self.server = OscServer(self.socket, self.intake.receive)
        self.server.start()

    def _post(self, request: OscRequest) -> bool:
        try:
            self.requests.put_nowait(request)
        except queue.Full:
            return False
        return True


class Client:
    """A raw UDP client that reads answers with python-osc's own parser."""

    def __init__(self, to: Peer) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(PATIENCE_S)
        self._to = to

    @property
    def peer(self) -> Peer:
        return Peer(*self.socket.getsockname())

    def send(self, packet: bytes) -> None:
        self.socket.sendto(packet, self._to)

    def receive(self) -> list[tuple[object, ...]]:
        packet = OscPacket(self.socket.recv(65535))
        return [(timed.message.address, *timed.message.params) for timed in packet.messages]


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    daemon = Daemon()
    yield daemon
    daemon.sender.stop()
    daemon.server.stop()


@pytest.fixture
def client(daemon: Daemon) -> Iterator[Client]:
    client = Client(daemon.server.address)
    yield client
    client.socket.close()


def eventually(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen in {PATIENCE_S} s"
        time.sleep(0.01)


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        reason = f"{name} (Debian: liblo-tools) is not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def test_a_request_of_python_osc_arrives_with_the_address_to_answer_to(daemon: Daemon) -> None:
    with SimpleUDPClient(*daemon.server.address) as simple:
        simple.send_message("/backbeat/transcribe", ["/b/track ä.wav", "host_bpm", 128.0, "quantize", 50])
        request = daemon.requests.get(timeout=PATIENCE_S)
        assert isinstance(request, Transcribe)
        assert request.path == "/b/track ä.wav"
        assert request.options == {"host_bpm": 128.0, "quantize": 50}
        daemon.sender.send(hits_to_osc.accepted("7", request.path), request.sender)
        (answer,) = [simple.receive(PATIENCE_S)]
        assert list(OscPacket(answer).messages[0].message.params) == ["7", "/b/track ä.wav"]


@pytest.mark.parametrize(
    ("packet", "address", "says"),
    [
        (b"", "", "not an OSC message"),
        (b"nonsense", "", "not an OSC message"),
        (b"/backbeat/pnig\0\0", "/backbeat/pnig", "did you mean /backbeat/ping?"),
        (b"/backbeat/cancel\0\0\0\0,f\0\0" + struct.pack(">f", 1.5), "/backbeat/cancel", "job has to be a text"),
        (b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xff", "", "middle of a message"),
        (b"/" + b"x" * 59_999 + b"\0\0\0\0", "/" + "x" * 199, "unknown address"),
    ],
)
def test_what_is_wrong_is_answered_to_its_sender(client: Client, packet: bytes, address: str, says: str) -> None:
    client.send(packet)
    ((kind, *arguments),) = client.receive()
    assert kind == "/backbeat/error"
    assert arguments[0] == address
    assert says in str(arguments[1])


def test_the_largest_packet_that_udp_can_carry_is_answered(daemon: Daemon, client: Client) -> None:
    client.send(b"/" + b"x" * 65_506)
    ((kind, *_),) = client.receive()
    assert kind == "/backbeat/error"


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=100).map(lambda tail: b"/backbeat/transcribe\0\0\0\0," + tail)))
def test_random_bytes_never_end_the_server(daemon: Daemon, client: Client, data: bytes) -> None:
    client.send(data)
    client.send(b"/backbeat/ping\0\0,\0\0\0")
    while not isinstance(daemon.requests.get(timeout=PATIENCE_S), Ping):
        pass


def test_a_flood_is_counted_and_the_server_goes_on(client: Client, daemon: Daemon) -> None:
    started = time.monotonic()
    for _ in range(20_000):
        client.send(b"/nonsense\0\0\0,\0\0\0")

    def answers() -> bool:
        client.send(b"/backbeat/ping\0\0,\0\0\0")
        return not daemon.requests.empty()

    eventually(answers, "taking a request after the flood")
    counters = daemon.intake.counters
    allowed = ERRORS_AT_ONCE + ERRORS_PER_S * (time.monotonic() - started) + 1
    assert counters.malformed > 1000
    assert counters.malformed - counters.unanswered <= allowed


def test_a_full_queue_is_answered_and_keeps_what_was_taken() -> None:
    daemon = Daemon(queue_size=10)
    client = Client(daemon.server.address)
    try:
        for _ in range(11):
            client.send(b"/backbeat/ping\0\0,\0\0\0")
        ((_, address, sentence),) = client.receive()
        assert address == "/backbeat/ping"
        assert "too much at once" in str(sentence)
        assert daemon.requests.qsize() == 10
    finally:
        client.socket.close()
        daemon.server.stop()


def test_sending_to_a_port_where_nobody_listens_does_no_harm(daemon: Daemon, client: Client) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = Peer(*closed.getsockname())
    for _ in range(20):
        daemon.sender.send(hits_to_osc.pong("1"), nobody)
    client.send(b"/backbeat/ping\0\0,\0\0\0")
    assert daemon.requests.get(timeout=PATIENCE_S) == Ping(sender=client.peer)


def test_three_thousand_hits_are_streamed_without_loss(daemon: Daemon, client: Client) -> None:
    hits = hits_from_rows([Hit(n / 10, Instrument.SNARE, 1 + n % 127, 0.5) for n in range(3000)], engine="test")
    assert daemon.sender.stream(hits_to_osc.hits_to_messages("7", hits, {Instrument.SNARE: 38}), client.peer)
    got: list[tuple[object, ...]] = []
    while len(got) < 3000:
        got += client.receive()
    assert [message[5] for message in got] == [1 + n % 127 for n in range(3000)]
    assert got[-1][:2] == ("/backbeat/hit", "7")


def test_oscsend_is_understood_and_oscdump_understands_us(daemon: Daemon, tmp_path: Path) -> None:
    oscsend, oscdump = program("oscsend"), program("oscdump")
    host, port = daemon.server.address
    subprocess.run([oscsend, host, str(port), "/backbeat/transcribe", "sss", "/b/a.wav", "bpm", "120"], check=True, timeout=10)
    request = daemon.requests.get(timeout=PATIENCE_S)
    assert isinstance(request, Transcribe)
    assert (request.path, request.options) == ("/b/a.wav", {"bpm": 120.0})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        listening = Peer("127.0.0.1", free.getsockname()[1])
    heard = tmp_path / "heard"
    with heard.open("w") as out, subprocess.Popen([oscdump, "-L", str(listening.port)], stdout=out) as dump:
        try:
            daemon.sender.subscribe(listening)

            def said() -> bool:
                daemon.sender.broadcast(hits_to_osc.hit("7", Hit(1.5, Instrument.RIDE_BELL, 101, 0.75), 53))
                return "/backbeat/hit" in heard.read_text()

            eventually(said, "hearing us")
        finally:
            dump.terminate()
    line = next(line for line in heard.read_text().splitlines() if "/backbeat/hit" in line)
    assert line.split(" ", 1)[1] == '/backbeat/hit sfsiif "7" 1.500000 "ride_bell" 53 101 0.750000'
