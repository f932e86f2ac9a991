"""The UDP socket that OSC comes in by, and the thread that reads it. Answers leave by the same socket."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Collection
from typing import Any, Protocol

from backbeat.errors import OscPortError
from backbeat.intake.osc_token import is_this_computer
from backbeat.osc import Peer

LOG = logging.getLogger(__name__)

LONGEST_DATAGRAM = 65_535
RECEIVE_BUFFER_BYTES = 1 << 20
"""Asked of the system, so that a burst of messages waits instead of being lost."""

WAKE_S = 0.2
"""How long the loop waits for a packet before it looks whether it is to stop."""


class DatagramSocket(Protocol):
    """The part of `socket.socket` that is used."""

    def settimeout(self, value: float | None, /) -> None:
        """See `socket.socket`."""

    def recvfrom(self, bufsize: int, /) -> tuple[bytes, Any]:
        """See `socket.socket`."""

    def sendto(self, data: bytes, address: Any, /) -> int:
        """See `socket.socket`."""

    def getsockname(self) -> Any:
        """See `socket.socket`."""

    def close(self) -> None:
        """See `socket.socket`."""


def open_udp_socket(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. Raises OscPortError when it cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        opened = socket.socket(family, kind, protocol)
    except OSError as error:
        raise OscPortError(
            f"{host} is not an address to listen on: {error.strerror}", advice="Set osc.host to 127.0.0.1."
        ) from error
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        opened.bind(address)
    except OSError as error:
        opened.close()
        raise OscPortError(
            f"OSC cannot listen on {host}, port {port}: {error.strerror}",
            advice="Another program may hold the port: close it, or set osc.port to another number.",
        ) from error
    return opened


class OscServer:
    """Reads packets and hands them to `receive`, those of strangers excepted.

    allow: addresses of other computers that may send; this computer always may.
    """

    def __init__(self, sock: DatagramSocket, receive: Callable[[bytes, Peer], None], *, allow: Collection[str] = ()) -> None:
        self._socket = sock
        self._receive = receive
        self._allow = frozenset(address for host in allow for address in _addresses(host))
        self._own = Peer(*sock.getsockname()[:2])
        self.refused = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="osc", daemon=True)

    @property
    def address(self) -> Peer:
        """Where it listens."""
        return self._own

    def start(self) -> None:
        self._socket.settimeout(WAKE_S)
        self._thread.start()

    def stop(self, timeout_s: float = 1.0) -> None:
        """End the loop and close the socket."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        self._socket.close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                packet, address = self._socket.recvfrom(LONGEST_DATAGRAM)
            except TimeoutError:
                continue
            except ConnectionResetError:
                # Windows says 10054 here when nobody heard something that we sent earlier; nothing is lost.
                continue
            except OSError as error:
                if not self._stopped.is_set():
                    LOG.warning("reading OSC failed: %s", error)
                    self._stopped.wait(WAKE_S)
                continue
            self._hand_on(packet, Peer(*address[:2]))

    def _hand_on(self, packet: bytes, sender: Peer) -> None:
        if sender == self._own or not self._may_send(sender.host):
            self.refused += 1
            return
        try:
            self._receive(packet, sender)
        except Exception:
            LOG.exception("an OSC packet of %d bytes from %s:%d could not be handled", len(packet), *sender)

    def _may_send(self, host: str) -> bool:
        return host in self._allow or is_this_computer(host)


def _addresses(host: str) -> set[str]:
    """The numeric addresses of a host; none, with a warning, when it is not known."""
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)}
    except OSError:
        LOG.warning("osc.allow: %s is not a known computer", host)
        return set()
