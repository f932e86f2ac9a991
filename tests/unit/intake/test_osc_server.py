from __future__ import annotations

import queue
from typing import Any

import pytest

from backbeat.errors import OscPortError
from backbeat.intake.osc_server import OscServer, open_udp_socket
from backbeat.osc import Peer

OWN = ("127.0.0.1", 9753)


class FakeSocket:
    """Gives out what is put in: packets, or errors to raise."""

    def __init__(self) -> None:
        self.incoming: queue.Queue[tuple[bytes, Any] | OSError] = queue.Queue()
        self.closed = False

    def settimeout(self, value: float | None, /) -> None:
        self.timeout_s = value

    def recvfrom(self, bufsize: int, /) -> tuple[bytes, Any]:
        try:
            item = self.incoming.get(timeout=0.01)
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(item, OSError):
            raise item
        return item

    def sendto(self, data: bytes, address: Any, /) -> int:
        return len(data)

    def getsockname(self) -> Any:
        return OWN

    def close(self) -> None:
        self.closed = True


def received_through(sock: FakeSocket, *, allow: tuple[str, ...] = (), count: int = 1, fail_on: bytes = b"never") -> list[Any]:
    got: queue.Queue[Any] = queue.Queue()

    def receive(packet: bytes, sender: Peer) -> None:
        if packet == fail_on:
            raise RuntimeError("a mistake of ours")
        got.put((packet, sender))

    server = OscServer(sock, receive, allow=allow)
    server.start()
    try:
        return [got.get(timeout=5) for _ in range(count)]
    finally:
        server.stop()
        assert sock.closed


def test_windows_10054_and_other_errors_of_the_socket_do_not_end_the_loop() -> None:
    sock = FakeSocket()
    for item in (ConnectionResetError(10054, "nobody listens"), OSError(105, "no buffers"), (b"a", ("127.0.0.1", 1))):
        sock.incoming.put(item)
    assert received_through(sock) == [(b"a", Peer("127.0.0.1", 1))]


def test_a_packet_that_makes_us_fail_is_logged_and_the_next_one_is_read(caplog: pytest.LogCaptureFixture) -> None:
    sock = FakeSocket()
    sock.incoming.put((b"bad", ("127.0.0.1", 1)))
    sock.incoming.put((b"good", ("127.0.0.1", 1)))
    assert received_through(sock, fail_on=b"bad") == [(b"good", Peer("127.0.0.1", 1))]
    assert "of 3 bytes from 127.0.0.1:1 could not be handled" in caplog.text


def test_strangers_and_our_own_port_are_refused_and_allowed_hosts_are_heard() -> None:
    sock = FakeSocket()
    for host, port in (("10.0.0.9", 1), OWN, ("10.0.0.5", 2), ("127.0.0.7", 3), ("::1", 4)):
        sock.incoming.put((b"x", (host, port)))
    got = received_through(sock, allow=("10.0.0.5",), count=3)
    assert [sender.host for _, sender in got] == ["10.0.0.5", "127.0.0.7", "::1"]


def test_a_port_that_is_taken_is_told_with_advice() -> None:
    with open_udp_socket("127.0.0.1", 0) as first:
        with pytest.raises(OscPortError, match=r"cannot listen on 127\.0\.0\.1") as caught:
            open_udp_socket(*first.getsockname())
        assert "osc.port" in caught.value.advice


def test_an_address_that_is_not_ours_is_told() -> None:
    with pytest.raises(OscPortError, match=r"192\.0\.2\.1"):
        open_udp_socket("192.0.2.1", 0)
