from __future__ import annotations

import logging

import pytest

from backbeat.config.load import load_config
from backbeat.config.schema import OscConfig
from backbeat.config.show import config_to_toml, config_with_origins
from backbeat.errors import ConfigError
from backbeat.intake.osc_requests import OscRequest, Status
from backbeat.intake.osc_server import OscServer
from backbeat.intake.osc_to_job import OscIntake
from backbeat.intake.osc_token import TokenCheck, TokenRefused, is_this_computer, with_token
from backbeat.osc import OscMessage, Peer, message_to_packet

WORD = "correct-horse-7"
HERE, THERE = Peer("127.0.0.1", 4000), Peer("192.168.1.20", 4000)


class Bench:
    def __init__(self, token: str | None) -> None:
        self.requests: list[OscRequest] = []
        self.errors: list[str] = []
        self.intake = OscIntake(
            post=lambda request: self.requests.append(request) is None,
            answer_error=lambda _address, sentence, _to: self.errors.append(sentence),
            token=token,
        )

    def send(self, sender: Peer, *arguments: str) -> None:
        message = OscMessage(address="/backbeat/status", arguments=arguments, types="s" * len(arguments))
        self.intake.receive(message_to_packet(message), sender)


def test_another_computer_is_heard_with_the_token_which_is_taken_off() -> None:
    bench = Bench(WORD)
    bench.send(THERE, "token", WORD, "k3x")
    assert bench.requests == [Status(sender=THERE, job="k3x")]
    assert bench.errors == []


@pytest.mark.parametrize(
    "arguments", [(), ("k3x",), ("token",), ("token", "wrong-word-1"), ("token", WORD + "x"), ("token", "\udc80")]
)
def test_without_the_token_or_with_another_it_is_told_why_and_nothing_is_done(arguments: tuple[str, ...]) -> None:
    bench = Bench(WORD)
    bench.send(THERE, *arguments)
    assert bench.requests == []
    (sentence,) = bench.errors
    assert "osc.token" in sentence
    assert WORD not in sentence


def test_this_computer_need_not_send_it_but_a_wrong_one_is_a_mistake() -> None:
    bench = Bench(WORD)
    bench.send(HERE, "k3x")
    bench.send(HERE, "token", WORD, "k3x")
    assert bench.requests == [Status(sender=HERE, job="k3x")] * 2
    bench.send(HERE, "token", "wrong-word-1")
    assert len(bench.errors) == 1


def test_where_no_token_is_set_the_allow_list_is_enough_and_a_token_does_no_harm() -> None:
    bench = Bench(None)
    bench.send(THERE, "k3x")
    bench.send(THERE, "token", WORD, "k3x")
    assert bench.requests == [Status(sender=THERE, job="k3x")] * 2


def test_a_token_in_the_wrong_place_is_neither_logged_nor_answered(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(WORD)
    with caplog.at_level(logging.DEBUG, "backbeat"):
        bench.intake.receive(
            message_to_packet(
                OscMessage(address="/backbeat/play", arguments=("token", WORD, "k3x", WORD), types="ssss"),
            ),
            THERE,
        )
    assert bench.errors
    assert WORD not in "".join((*bench.errors, caplog.text))


def test_a_message_of_other_types_is_no_token() -> None:
    with pytest.raises(TokenRefused):
        TokenCheck(WORD).checked(OscMessage(address="/x", arguments=("token", 7)), THERE.host)


def test_our_own_programs_send_it_to_other_computers_only() -> None:
    assert with_token(("a",), WORD, "192.168.1.20") == ("token", WORD, "a")
    assert with_token(("a",), WORD, "127.0.0.1") == ("a",)
    assert with_token(("a",), None, "192.168.1.20") == ("a",)


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:192.168.1.20", False),
        ("fe80::1%eth0", False),
        ("0.0.0.0", False),
        ("localhost", False),  # a name may lead anywhere
    ],
)
def test_only_loopback_addresses_are_this_computer(host: str, is_here: bool) -> None:
    assert is_this_computer(host) is is_here


def test_osc_is_on_this_computer_alone_unless_configured() -> None:
    osc = OscConfig()
    assert (osc.host, osc.allow, osc.token) == ("127.0.0.1", (), None)


class Deaf:
    """A socket that is bound to every network."""

    def getsockname(self) -> tuple[str, int]:
        return ("0.0.0.0", 9753)


def test_a_stranger_is_refused_before_anything_is_read_of_its_packet() -> None:
    heard: list[bytes] = []
    server = OscServer(Deaf(), lambda packet, _sender: heard.append(packet), allow=["192.168.1.20"])  # type: ignore[arg-type]
    server._hand_on(b"1", THERE)
    server._hand_on(b"2", Peer("192.168.1.21", 4000))
    assert heard == [b"1"]
    assert server.refused == 1


@pytest.mark.parametrize("word", ["short", "with spaces in it", "ünïcödé-word", "(hidden)"])
def test_a_token_that_cannot_be_one_is_refused_without_being_repeated(word: str) -> None:
    with pytest.raises(ConfigError, match=r"osc\.token: it has to be 8 to 128 letters and digits") as caught:
        load_config(environ={"BACKBEAT_OSC_TOKEN": word})
    assert word not in caught.value.message


def test_the_configuration_is_shown_without_token_and_passwords() -> None:
    broker = "redis://studio:hunter22@10.0.0.5/0"
    loaded = load_config(environ={"BACKBEAT_OSC_TOKEN": WORD, "BACKBEAT_QUEUE_BROKER": broker})
    assert loaded.config.osc.token == WORD
    for shown in (config_to_toml(loaded), str(config_with_origins(loaded))):
        assert WORD not in shown
        assert "hunter22" not in shown
        assert "redis://studio:(hidden)@10.0.0.5/0" in shown
