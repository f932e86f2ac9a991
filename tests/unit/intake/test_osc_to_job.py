from __future__ import annotations

from backbeat.intake.osc_requests import OscRequest, Ping
from backbeat.intake.osc_to_job import ERRORS_AT_ONCE, HOSTS_REMEMBERED, ErrorLimit, OscIntake
from backbeat.osc import OscMessage, Peer, message_to_packet

ME = Peer("127.0.0.1", 4000)


class Bench:
    def __init__(self, *, queue_takes: int = 1_000_000) -> None:
        self.now_s = 0.0
        self.queue_takes = queue_takes
        self.requests: list[OscRequest] = []
        self.errors: list[tuple[str, str, Peer]] = []
        self.intake = OscIntake(post=self._post, answer_error=lambda *error: self.errors.append(error), clock=lambda: self.now_s)

    def _post(self, request: OscRequest) -> bool:
        if len(self.requests) >= self.queue_takes:
            return False
        self.requests.append(request)
        return True

    def send(self, address: str, sender: Peer = ME) -> None:
        self.intake.receive(message_to_packet(OscMessage(address=address)), sender)


def test_a_request_is_posted_with_its_sender() -> None:
    bench = Bench()
    bench.send("/backbeat/ping")
    assert bench.requests == [Ping(sender=ME)]
    assert bench.errors == []


def test_an_unknown_address_and_a_malformed_packet_are_answered_to_their_sender() -> None:
    bench = Bench()
    bench.send("/backbeat/pnig")
    bench.intake.receive(b"\1\2\3", ME)
    (first, second) = bench.errors
    assert first == ("/backbeat/pnig", "unknown address, did you mean /backbeat/ping?", ME)
    assert second[0] == ""
    assert "not an OSC message" in second[1]
    assert bench.intake.counters.malformed == 2


def test_a_flood_is_counted_and_answered_at_a_limited_rate() -> None:
    bench = Bench(queue_takes=10)
    for _ in range(5000):
        bench.send("/backbeat/ping")
    assert len(bench.requests) == 10
    assert bench.intake.counters.overflowed == 4990
    assert len(bench.errors) == ERRORS_AT_ONCE
    assert "try again" in bench.errors[0][1]
    bench.now_s += 1
    for _ in range(5000):
        bench.send("/backbeat/ping")
    assert len(bench.errors) == ERRORS_AT_ONCE + 10
    assert bench.intake.counters.unanswered == 4990 + 5000 - len(bench.errors)


def test_one_noisy_host_does_not_use_up_the_answers_of_another() -> None:
    bench = Bench()
    for _ in range(1000):
        bench.send("/nonsense")
    other = Peer("127.0.0.2", 4000)
    bench.send("/nonsense", other)
    assert bench.errors[-1][2] == other


def test_errors_of_other_programs_are_not_answered() -> None:
    bench = Bench()
    bench.send("/live/error")
    bench.send("/backbeat/error")
    assert bench.errors == []
    assert bench.intake.counters.unanswered == 2


def test_the_memory_for_hosts_is_bounded() -> None:
    limit = ErrorLimit(lambda: 0.0)
    for n in range(10 * HOSTS_REMEMBERED):
        assert limit.allows(f"10.0.{n // 256}.{n % 256}")
    assert len(limit._buckets) <= HOSTS_REMEMBERED
