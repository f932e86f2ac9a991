"""UDP that only goes out: to this computer or another, whatever address the daemon listens on."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import Any


class OutgoingSocket:
    """Sends from any free port. A socket that listens on 127.0.0.1 could reach nobody but this computer."""

    def __init__(self) -> None:
        self._opened = ExitStack()
        self._v4 = self._opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self._v6: socket.socket | None = None
        if socket.has_ipv6:
            try:
                self._v6 = self._opened.enter_context(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
            except OSError:  # compiled in, but switched off in the system
                self._v6 = None

    def sendto(self, data: bytes, address: Any, /) -> int:
        """See `socket.socket`; the address in numbers. Raises OSError."""
        is_v6 = ":" in address[0]
        return (self._v6 if is_v6 and self._v6 is not None else self._v4).sendto(data, address)

    def close(self) -> None:
        self._opened.close()
