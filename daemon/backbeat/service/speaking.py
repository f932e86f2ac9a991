"""The daemon's OSC side: who it sends to, and the server that hands requests to the loop."""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import ExitStack, closing
from functools import partial

from backbeat.config.schema import OscConfig
from backbeat.errors import OscPortError, StoreDamaged
from backbeat.intake.osc_requests import OscRequest
from backbeat.intake.osc_server import OscServer, open_udp_socket
from backbeat.intake.osc_to_job import OscIntake
from backbeat.metrics.observer import Observer
from backbeat.osc import Peer
from backbeat.outputs import hits_to_osc as say
from backbeat.outputs.osc_sender import Nobody, OscSender
from backbeat.outputs.outgoing_socket import OutgoingSocket
from backbeat.service.loop import Loop
from backbeat.service.osc_desk import OscDesk

log = logging.getLogger(__name__)


def open_osc_socket(osc: OscConfig, stack: ExitStack) -> socket.socket | None:
    """What OSC comes in by and goes out by; a port that cannot be had switches OSC off and is reported."""
    if not osc.enabled:
        return None
    try:
        return stack.enter_context(open_udp_socket(osc.host, osc.port))
    except OscPortError as error:
        log.warning("%s OSC is switched off; watched folders go on.", error.in_words)
        return None


def make_sender(osc_socket: socket.socket | None, subscribers: set[Peer], stack: ExitStack) -> OscSender:
    """To who asked and who subscribed.

    subscribers: who they are when the daemon starts, and, when `stack` is unwound, who they were. Where the daemon starts again
    because of its store, they stay subscribed and are told why.
    """
    sender = OscSender(osc_socket or Nobody())
    stack.callback(sender.stop)
    for peer in subscribers:
        sender.subscribe(peer)

    def remember(_kind: object, error: BaseException | None, _trace: object) -> None:
        subscribers.clear()
        subscribers.update(sender.subscribers)
        if isinstance(error, StoreDamaged):
            sender.broadcast(say.error("jobs", f"{error.message} Backbeat starts again and makes a new one."))

    stack.push(remember)
    return sender


def make_sender_to_others(stack: ExitStack) -> OscSender:
    """To those whom `[[osc.send]]` names, on other computers too."""
    others = OscSender(stack.enter_context(closing(OutgoingSocket())))
    stack.callback(others.stop)
    return others


def start_osc(
    *,
    osc: OscConfig,
    osc_socket: socket.socket,
    osc_desk: OscDesk,
    sender: OscSender,
    loop: Loop,
    observer: Observer,
    stack: ExitStack,
) -> None:
    """Listen; `osc_desk` answers on the loop's thread, and what the loop has no room for is refused."""
    room = threading.BoundedSemaphore(osc.max_queue)

    def answer(request: OscRequest) -> None:
        room.release()
        osc_desk.answer(request)

    def post(request: OscRequest) -> bool:
        if not room.acquire(blocking=False):
            return False
        loop.post(partial(answer, request))
        return True

    intake = OscIntake(
        post=post,
        answer_error=lambda address, sentence, to: sender.send(say.error(address, sentence), to),
        token=osc.token,
    )
    server = OscServer(osc_socket, intake.receive, allow=osc.allow)
    server.start()
    stack.callback(server.stop)
    observer.watch_osc(lambda: {**intake.counters.by_outcome, "refused": server.refused, "unsent": sender.unsent})
    log.info("listening for OSC on %s, port %d", *server.address)
