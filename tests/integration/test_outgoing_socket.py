"""Sockets that only send, heard by real ones."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from backbeat.outputs.outgoing_socket import OutgoingSocket


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_it_reaches_addresses_of_both_kinds(family: socket.AddressFamily, host: str) -> None:
    try:
        ear = socket.socket(family, socket.SOCK_DGRAM)
        ear.bind((host, 0))
    except OSError as error:
        pytest.skip(f"{host} is not there: {error}")
    with ear, closing(OutgoingSocket()) as outgoing:
        ear.settimeout(10)
        outgoing.sendto(b"/hit\0\0\0\0", (host, ear.getsockname()[1]))
        assert ear.recv(100) == b"/hit\0\0\0\0"


def test_after_closing_it_refuses_as_sockets_do() -> None:
    outgoing = OutgoingSocket()
    outgoing.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        outgoing.sendto(b"x", ("127.0.0.1", 9))
