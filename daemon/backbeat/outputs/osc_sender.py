"""Send OSC messages: to whoever asked, and to those who subscribed. Never raises for what the network does."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from queue import SimpleQueue
from typing import Any, Protocol

from backbeat.osc import OscMessage, Peer, message_to_packet, messages_to_bundles

LOG = logging.getLogger(__name__)

MAX_SUBSCRIBERS = 64
MAX_FAILURES = 10
"""A subscriber to whom this many messages in a row could not be sent is dropped."""

MAX_STREAMS = 4
PAUSE_S = 0.005
"""Between the packets of a stream: whoever receives it has to keep up, and UDP drops what does not fit its buffer."""


class DatagramSender(Protocol):
    """The part of a UDP socket that sends; safe for threads, as sockets are."""

    def sendto(self, data: bytes, address: Any, /) -> int:
        """See `socket.socket`."""


class Nobody:
    """The socket of a program that speaks no OSC."""

    def sendto(self, data: bytes, _address: Any, /) -> int:
        """It is gone."""
        return len(data)


class OscSender:
    """Sends by the socket that OSC comes in by. All methods may be called from any thread."""

    def __init__(self, sock: DatagramSender) -> None:
        self._socket = sock
        self._lock = threading.Lock()
        self._failures: dict[Peer, int] = {}
        self._streams = threading.BoundedSemaphore(MAX_STREAMS)
        self._stopped = threading.Event()
        self._queue: SimpleQueue[tuple[Iterable[bytes], tuple[Peer, ...]]] = SimpleQueue()
        self._has_queue = False
        self.unsent = 0

    @property
    def subscribers(self) -> tuple[Peer, ...]:
        """Oldest first."""
        with self._lock:
            return tuple(self._failures)

    def subscribe(self, peer: Peer) -> None:
        """From now on `peer` gets what is broadcast. The oldest of too many subscribers is dropped."""
        with self._lock:
            self._failures.pop(peer, None)
            self._failures[peer] = 0
            if len(self._failures) > MAX_SUBSCRIBERS:
                del self._failures[next(iter(self._failures))]

    def unsubscribe(self, peer: Peer) -> None:
        """No more for `peer`, who need not have subscribed."""
        with self._lock:
            self._failures.pop(peer, None)

    def send(self, message: OscMessage, to: Peer) -> bool:
        """Send one message; False when the system refused, which is counted."""
        return self._send(message_to_packet(message), to)

    def broadcast(self, message: OscMessage, also: Iterable[Peer] = ()) -> None:
        """Send to all subscribers, and `also` to these; nobody gets it twice."""
        packet = message_to_packet(message)
        for peer in dict.fromkeys((*self.subscribers, *also)):
            self._note(peer, sent=self._send(packet, peer))

    def stream(self, messages: Iterable[OscMessage], to: Peer) -> bool:
        """Send many messages at a pace that can be followed, on a thread of its own; False when too many streams run."""
        return self.stream_all({to: messages})

    def stream_all(self, messages: Mapping[Peer, Iterable[OscMessage]]) -> bool:
        """The same for several, one after the other, each its own messages."""
        if not self._streams.acquire(blocking=False):
            return False
        threading.Thread(target=self._run_stream, args=(messages,), name="osc stream", daemon=True).start()
        return True

    def queue(self, packets: Iterable[bytes], to: Iterable[Peer]) -> None:
        """Send packets to all of these at the same pace, after what was queued before: for what comes in parts, in order."""
        with self._lock:
            is_first, self._has_queue = not self._has_queue, True
        if is_first:
            threading.Thread(target=self._run_queue, name="osc queue", daemon=True).start()
        self._queue.put((packets, tuple(to)))

    def stop(self) -> None:
        """End the streams and the queue."""
        self._stopped.set()
        self._queue.put(((), ()))  # wakes who waits for more

    def _run_stream(self, parts: Mapping[Peer, Iterable[OscMessage]]) -> None:
        try:
            for to, messages in parts.items():
                for packet in messages_to_bundles(messages):
                    self._send(packet, to)
                    if self._stopped.wait(PAUSE_S):
                        return
        finally:
            self._streams.release()

    def _run_queue(self) -> None:
        while not self._stopped.is_set():
            packets, to = self._queue.get()
            for packet in packets:
                for peer in to:
                    self._note(peer, sent=self._send(packet, peer))
                if self._stopped.wait(PAUSE_S):
                    return

    def _send(self, packet: bytes, to: Peer) -> bool:
        try:
            self._socket.sendto(packet, to)
        except (OSError, OverflowError) as error:
            self.unsent += 1
            LOG.debug("OSC to %s:%d was not sent: %s", *to, error)
            return False
        return True

    def _note(self, peer: Peer, *, sent: bool) -> None:
        """Count failures in a row. Nobody listening is no failure: UDP does not tell."""
        with self._lock:
            if peer not in self._failures:
                return
            self._failures[peer] = 0 if sent else self._failures[peer] + 1
            if self._failures[peer] >= MAX_FAILURES:
                del self._failures[peer]
                LOG.info("OSC subscriber %s:%d cannot be reached and was dropped", *peer)
