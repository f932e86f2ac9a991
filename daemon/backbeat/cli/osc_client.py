"""The other end of the daemon's OSC port: sends a message, hears the answers."""

from __future__ import annotations

import socket
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from backbeat.config.schema import OscConfig

if TYPE_CHECKING:
    from backbeat.osc import OscMessage

DATAGRAM_BYTES = 65536
PING_TRIES, PING_WAIT_S = 3, 0.7

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where such a daemon is reached from here


class DaemonSilent(Exception):
    """Raised when no daemon answers."""


class OscClient:
    """A UDP socket that talks to one daemon; use it as a context manager. Raises DaemonSilent for an impossible host."""

    def __init__(self, osc: OscConfig) -> None:
        host = _EVERYWHERE.get(osc.host, osc.host)
        try:
            family, _, _, _, target = socket.getaddrinfo(host, osc.port, type=socket.SOCK_DGRAM)[0]
        except OSError as error:
            raise DaemonSilent from error
        self._waiting: list[OscMessage] = []
        self._token, self._host = osc.token, str(target[0])
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.connect(target)  # so that "nobody listens there" is told at once where the system knows

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._socket.close()

    def ping(self) -> str:
        """The daemon's version; raises DaemonSilent when nobody answers."""
        for _ in range(PING_TRIES):
            self.send("/backbeat/ping")
            deadline = time.monotonic() + PING_WAIT_S
            while (reply := self.receive(deadline - time.monotonic())) is not None:
                if reply.address == "/backbeat/pong":
                    return str(reply.arguments[0]) if reply.arguments else "unknown"
        raise DaemonSilent

    def send(self, address: str, *arguments: str) -> None:
        """Send one message; raises DaemonSilent when the system says that nobody listens."""
        from backbeat.intake.osc_token import with_token  # noqa: PLC0415 - not needed for --help
        from backbeat.osc import OscMessage, message_to_packet  # noqa: PLC0415 - not needed for --help

        said = with_token(arguments, self._token, self._host)
        try:
            self._socket.send(message_to_packet(OscMessage(address=address, arguments=said, types="s" * len(said))))
        except OSError as error:
            raise DaemonSilent from error

    def receive(self, wait_s: float) -> OscMessage | None:
        """The next message, or None when none came in time; packets that are not OSC are passed over."""
        deadline = time.monotonic() + wait_s
        while not self._waiting:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return None
            self._socket.settimeout(left_s)
            try:
                self._waiting = _messages(self._socket.recv(DATAGRAM_BYTES))
            except TimeoutError:
                return None
            except OSError as error:
                raise DaemonSilent from error
        return self._waiting.pop(0)


def _messages(packet: bytes) -> list[OscMessage]:
    from backbeat.osc import packet_to_messages  # noqa: PLC0415 - not needed for --help

    try:
        return packet_to_messages(packet)
    except ValueError:
        return []
