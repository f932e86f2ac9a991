from __future__ import annotations

import threading
import time
from typing import Any

from backbeat.osc import OscMessage, Peer, message_to_packet, packet_to_messages
from backbeat.outputs.osc_sender import MAX_FAILURES, MAX_STREAMS, MAX_SUBSCRIBERS, OscSender

HELLO = OscMessage(address="/backbeat/x", arguments=(1,), types="i")
A, B = Peer("127.0.0.1", 1001), Peer("127.0.0.1", 1002)


class FakeSocket:
    def __init__(self) -> None:
        self.sent: list[tuple[bytes, Peer]] = []
        self.unreachable: set[Peer] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.all_sent = threading.Condition()

    def sendto(self, data: bytes, address: Any, /) -> int:
        self.gate.wait(5)
        if address in self.unreachable:
            raise ConnectionResetError(10054, "nobody listens")
        with self.all_sent:
            self.sent.append((data, address))
            self.all_sent.notify_all()
        return len(data)


def test_what_is_broadcast_reaches_each_subscriber_and_who_asked_once() -> None:
    sock = FakeSocket()
    sender = OscSender(sock)
    sender.subscribe(A)
    sender.subscribe(A)
    sender.broadcast(HELLO, also=[A, B])
    assert [to for _, to in sock.sent] == [A, B]
    sender.unsubscribe(A)
    sender.unsubscribe(A)
    sender.broadcast(HELLO)
    assert len(sock.sent) == 2


def test_nobody_listening_is_never_an_error_and_is_counted() -> None:
    sock = FakeSocket()
    sock.unreachable.add(A)
    sender = OscSender(sock)
    assert not sender.send(HELLO, A)
    assert sender.send(HELLO, B)
    assert sender.unsent == 1


def test_a_subscriber_is_dropped_after_failures_in_a_row_only() -> None:
    sock = FakeSocket()
    sender = OscSender(sock)
    sender.subscribe(A)
    sender.subscribe(B)
    for _ in range(3):
        sock.unreachable.add(A)
        for _ in range(MAX_FAILURES - 1):
            sender.broadcast(HELLO)
        sock.unreachable.clear()
        sender.broadcast(HELLO)
    assert sender.subscribers == (A, B)
    sock.unreachable.add(A)
    for _ in range(MAX_FAILURES):
        sender.broadcast(HELLO)
    assert sender.subscribers == (B,)


def test_the_number_of_subscribers_is_bounded_and_the_oldest_goes() -> None:
    sender = OscSender(FakeSocket())
    peers = [Peer("127.0.0.1", 2000 + n) for n in range(MAX_SUBSCRIBERS + 1)]
    for peer in peers:
        sender.subscribe(peer)
    assert sender.subscribers == tuple(peers[1:])


def test_a_stream_arrives_whole_and_in_order() -> None:
    sock = FakeSocket()
    sender = OscSender(sock)
    messages = [OscMessage(address="/x", arguments=(n,), types="i") for n in range(3000)]
    assert sender.stream(messages, A)

    def got() -> list[int]:
        return [m.arguments[0] for data, _ in sock.sent for m in packet_to_messages(data)]

    with sock.all_sent:
        assert sock.all_sent.wait_for(lambda: len(got()) == 3000, timeout=10)
    assert got() == list(range(3000))
    sender.stop()


def test_the_number_of_streams_at_once_is_bounded() -> None:
    sock = FakeSocket()
    sock.gate.clear()
    sender = OscSender(sock)
    assert [sender.stream([HELLO], A) for _ in range(MAX_STREAMS + 1)] == [True] * MAX_STREAMS + [False]
    sender.stop()
    sock.gate.set()


def numbered(number: int) -> bytes:
    return message_to_packet(OscMessage(address="/backbeat/x", arguments=(number,), types="i"))


def test_what_is_queued_goes_out_in_order_to_all_however_it_comes() -> None:
    sock = FakeSocket()
    sender = OscSender(sock)
    sock.gate.clear()
    sender.queue(map(numbered, range(3)), [A, B])
    sender.queue([numbered(3)], [B])
    assert sock.sent == [], "it returns at once"
    sock.gate.set()
    with sock.all_sent:
        assert sock.all_sent.wait_for(lambda: len(sock.sent) == 7, 10)
    got = {peer: [packet_to_messages(data)[0].arguments[0] for data, to in sock.sent if to == peer] for peer in (A, B)}
    assert got == {A: [0, 1, 2], B: [0, 1, 2, 3]}
    sender.stop()


def test_a_subscriber_who_is_lost_in_the_middle_of_a_queue_takes_nothing_from_the_others() -> None:
    sock = FakeSocket()
    sender = OscSender(sock)
    sender.subscribe(A)
    sock.unreachable.add(A)
    sender.queue(map(numbered, range(MAX_FAILURES)), [A, B])
    with sock.all_sent:
        assert sock.all_sent.wait_for(lambda: len(sock.sent) == MAX_FAILURES, 10)
    assert {to for _, to in sock.sent} == {B}
    assert sender.subscribers == ()
    sender.stop()


def test_a_queue_ends_when_the_sender_is_stopped() -> None:
    sock = FakeSocket()
    sender = OscSender(sock)
    before = threading.active_count()
    sender.queue(map(numbered, range(1_000_000)), [A])
    with sock.all_sent:
        assert sock.all_sent.wait_for(lambda: len(sock.sent) > 1, 10)
    sender.stop()
    deadline = time.monotonic() + 10
    while threading.active_count() > before:
        assert time.monotonic() < deadline, "the queue's thread goes on"
        time.sleep(0.01)
