"""The allow-list and the token over a network address of this computer, which counts as another computer's."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from backbeat import __version__
from backbeat.cli.osc_client import DaemonSilent, OscClient
from backbeat.config.schema import OscConfig
from backbeat.intake.osc_requests import OscRequest
from backbeat.intake.osc_server import OscServer, open_udp_socket
from backbeat.intake.osc_to_job import OscIntake
from backbeat.outputs import hits_to_osc as say
from backbeat.outputs.osc_sender import OscSender

WORD = "correct-horse-7"
Start = Callable[..., OscServer]


@pytest.fixture
def address() -> str:
    """This computer's address in its network, found without sending anything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            pytest.skip("this computer has no network address")


@pytest.fixture
def start(address: str) -> Iterator[Start]:
    """Starts a server at the network address that answers pings."""
    servers: list[OscServer] = []

    def make(*, allow: tuple[str, ...], token: str | None) -> OscServer:
        opened = open_udp_socket(address, 0)
        sender = OscSender(opened)

        def post(request: OscRequest) -> bool:
            return sender.send(say.pong(__version__), request.sender)

        def answer_error(about: str, words: str, to: object) -> None:
            sender.send(say.error(about, words), to)  # type: ignore[arg-type]

        server = OscServer(opened, OscIntake(post=post, answer_error=answer_error, token=token).receive, allow=allow)
        server.start()
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.stop()


def client(server: OscServer, token: str | None) -> OscClient:
    return OscClient(OscConfig(host=server.address.host, port=server.address.port, token=token))


def test_with_the_same_token_our_own_client_is_heard(start: Start, address: str) -> None:
    with client(start(allow=(address,), token=WORD), WORD) as asking:
        assert asking.ping() == __version__


def test_without_it_the_answer_says_what_is_missing(start: Start, address: str) -> None:
    with client(start(allow=(address,), token=WORD), None) as asking:
        asking.send("/backbeat/ping")
        reply = asking.receive(10.0)
        assert reply is not None
        assert reply.address == "/backbeat/error"
        assert "osc.token" in reply.arguments[1]


def test_who_is_not_on_the_list_is_not_answered_token_or_not(start: Start) -> None:
    server = start(allow=(), token=WORD)
    with client(server, WORD) as asking, pytest.raises(DaemonSilent):
        asking.ping()
    assert server.refused >= 1
