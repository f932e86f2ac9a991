"""OSC packets to requests. What is not a request is answered with `/backbeat/error`, or counted; it never does harm."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from backbeat.intake.osc_requests import OscRequest, message_to_request
from backbeat.intake.osc_token import TokenCheck
from backbeat.osc import OscMessage, Peer, packet_to_messages

LOG = logging.getLogger(__name__)

ERRORS_AT_ONCE = 20
ERRORS_PER_S = 10.0
"""How many errors one host is answered: a few at once, then these many a second. The others are counted."""

HOSTS_REMEMBERED = 256


@dataclass(kw_only=True)
class OscCounters:
    """What came in since the start."""

    packets: int = 0
    requests: int = 0
    malformed: int = 0
    overflowed: int = 0
    unanswered: int = 0

    @property
    def by_outcome(self) -> dict[str, int]:
        """What became of the messages: taken, malformed (no request of ours), dropped (too many waited)."""
        return {"taken": self.requests, "malformed": self.malformed, "dropped": self.overflowed}


class OscIntake:
    """Called by the receive loop with each packet, on its thread.

    post: hands a request to the service and returns False when its queue is full. answer_error: sends
    `/backbeat/error` with the offending address and a sentence. token: what other computers have to send with each message.
    """

    def __init__(
        self,
        *,
        post: Callable[[OscRequest], bool],
        answer_error: Callable[[str, str, Peer], object],
        clock: Callable[[], float] = time.monotonic,
        token: str | None = None,
    ) -> None:
        self._post = post
        self._token = TokenCheck(token)
        self._answer_error = answer_error
        self._limit = ErrorLimit(clock)
        self.counters = OscCounters()

    def receive(self, packet: bytes, sender: Peer) -> None:
        """Post what the packet asks for; answer or count what is wrong with it."""
        self.counters.packets += 1
        try:
            messages = packet_to_messages(packet)
        except ValueError as error:
            self._complain("", str(error), sender)
            return
        for message in messages:
            self._take(message, sender)

    def _take(self, message: OscMessage, sender: Peer) -> None:
        try:
            request = message_to_request(self._token.checked(message, sender.host), sender)
        except ValueError as error:
            self._complain(message.address, str(error), sender)
            return
        if self._post(request):
            self.counters.requests += 1
            return
        self.counters.overflowed += 1
        self._answer(message.address, "Backbeat is being asked too much at once: try again in a moment", sender)

    def _complain(self, address: str, mistake: str, sender: Peer) -> None:
        self.counters.malformed += 1
        mistake = self._token.hidden(mistake)
        LOG.debug("OSC from %s:%d, %r: %s", *sender, address[:100], mistake)
        self._answer(address, mistake, sender)

    def _answer(self, address: str, sentence: str, sender: Peer) -> None:
        """Errors are not answered with errors: two programs would keep one another busy for ever."""
        if address.endswith("/error") or not self._limit.allows(sender.host):
            self.counters.unanswered += 1
        else:
            self._answer_error(address, sentence, sender)


class ErrorLimit:
    """A bucket of answers for each host, that fills again with time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, host: str) -> bool:
        """Whether the host may be answered now; takes one answer out of its bucket."""
        now_s = self._clock()
        left, since_s = self._buckets.pop(host, (float(ERRORS_AT_ONCE), now_s))
        left = min(left + (now_s - since_s) * ERRORS_PER_S, float(ERRORS_AT_ONCE))
        self._buckets[host] = (max(left - 1, 0.0) if left >= 1 else left, now_s)
        if len(self._buckets) > HOSTS_REMEMBERED:
            self._buckets.popitem(last=False)
        return left >= 1
