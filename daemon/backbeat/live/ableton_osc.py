"""Talk to Ableton Live through AbletonOSC: ask until it answers, tell, and keep what it complains of.

AbletonOSC listens on UDP port 11000, works through what has come in about every 100 ms, in order, and answers at port 11001 of
whoever asked, whatever port the question came from. So only one program at a time can hear it: the port is held no longer than
needed. Setters and methods are not answered; what goes wrong is said on `/live/error`.
"""

from __future__ import annotations

import logging
import socket
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from backbeat.errors import LiveError
from backbeat.monitor import Monitor
from backbeat.osc import OscMessage, message_to_packet, packet_to_messages

LOG = logging.getLogger(__name__)

SEND_PORT, RECEIVE_PORT = 11000, 11001
"""Fixed in AbletonOSC's `constants.py`."""

ANSWER_S = 0.7
"""An answer takes a tick of 100 ms, more while Live is busy."""

PROBE_TRIES, TRIES = 4, 8
"""A Live that has answered is waited for longer: it may be loading something."""

PORT_WAIT_S = 3.0
"""How long another writer of ours may hold the answer port before it counts as taken."""

CHECK_S = 0.1
"""How often a wait looks whether it was cancelled."""

AT_ONCE = 64
"""Questions sent together: they fit into the receive buffer on both sides."""

DATAGRAM_BYTES = 65_536
MAX_ARGUMENTS = 20_000
"""In an answer: a datagram holds no more."""

NOT_RUNNING = "Ableton Live does not answer on {host}, port {port}."
NOT_RUNNING_ADVICE = (
    "Start Live, and choose AbletonOSC as a control surface in its settings (Link, Tempo & MIDI); "
    "integrations/ableton/README.md has the steps."
)
PORT_TAKEN = "Another program holds port {port}, the only one at which AbletonOSC answers."
PORT_TAKEN_ADVICE = (
    "Close the program that listens to AbletonOSC (TouchOSC, a script, a second Backbeat), "
    "or use the Max for Live device, which does not need the port."
)


@dataclass(frozen=True, kw_only=True)
class LiveAddress:
    """host, send_port: where AbletonOSC listens. receive_port: where it answers."""

    host: str = "127.0.0.1"
    send_port: int = SEND_PORT
    receive_port: int = RECEIVE_PORT


class AbletonOsc:
    """A conversation with Live; use it as a context manager, from one thread.

    `monitor.check` is called at least every `CHECK_S` seconds of waiting, and its `Cancelled` comes through.
    Raises LiveError when the answer port cannot be had.
    """

    def __init__(
        self, address: LiveAddress, monitor: Monitor, *, answer_s: float = ANSWER_S, port_wait_s: float = PORT_WAIT_S
    ) -> None:
        self._address = address
        self._monitor = monitor
        self._answer_s = answer_s
        self._socket = self._open(port_wait_s)
        self.complaints: deque[str] = deque(maxlen=20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._socket.close()

    def probe(self) -> None:
        """Return when Live answers; raises LiveError, with what to do, when it does not."""
        self._drain()
        if self._answers("/live/test", [()], tries=PROBE_TRIES) == [None]:
            words = {"host": self._address.host, "port": self._address.send_port}
            raise LiveError(NOT_RUNNING.format(**words), advice=NOT_RUNNING_ADVICE)

    def ask(self, address: str, *arguments: int | float | str) -> tuple[Any, ...]:
        """What Live answers; where an answer begins with the track and slot it was asked for, without these.

        Lost questions and answers are asked for again. Raises LiveError when there is no answer.
        """
        (answer,) = self.ask_each(address, [arguments])
        return answer

    def ask_song(self, address: str, *arguments: int) -> tuple[Any, ...]:
        """As `ask`, for what is asked of the song: its answers do not repeat the arguments."""
        (answer,) = self._answers(address, [arguments], repeated=0)
        if answer is None:
            raise self._silence(address, arguments)
        return answer

    def ask_each(self, address: str, questions: Sequence[Sequence[int | float | str]]) -> list[tuple[Any, ...]]:
        """The answers to many questions at one address, in order, in about one tick: each question is a track, slot ..."""
        answers = []
        for start in range(0, len(questions), AT_ONCE):
            for question, answer in zip(
                questions[start : start + AT_ONCE], self._answers(address, questions[start : start + AT_ONCE]), strict=True
            ):
                if answer is None:
                    raise self._silence(address, question)
                answers.append(answer)
        return answers

    def tell(self, address: str, *arguments: int | float | str) -> None:
        """Send something that Live does not answer; whether it came, a question has to show. Raises LiveError."""
        letters = "".join("s" if isinstance(a, str) else "f" if isinstance(a, float) else "i" for a in arguments)
        packet = message_to_packet(OscMessage(address=address, arguments=tuple(arguments), types=letters))
        try:
            self._socket.sendto(packet, (self._address.host, self._address.send_port))
        except OSError as error:
            raise LiveError(
                f"Nothing can be sent to {self._address.host}: {error.strerror or error}.",
                advice="Check live.host in the config.",
            ) from error

    def pause(self, seconds: float) -> None:
        """Wait, and keep the complaints that come meanwhile."""
        deadline = time.monotonic() + seconds
        while self._receive(deadline) is not None:
            pass

    def refused(self, what: str) -> LiveError:
        """The error for something that Live did not do, with what it said about it."""
        said = f" It says: {self.complaints[-1]}." if self.complaints else ""
        return LiveError(f"Live did not {what}.{said}", advice="Look at Live, and at AbletonOSC's log, then try again.")

    # Inside

    def _answers(
        self, address: str, questions: Sequence[Sequence[int | float | str]], *, repeated: int = 2, tries: int = TRIES
    ) -> list[tuple[Any, ...] | None]:
        """An answer for each question, None where there was none after all tries.

        repeated: so many arguments, track and slot, stand before the answer again; the questions have to differ in them.
        """
        open_questions = {tuple(question): n for n, question in enumerate(questions)}
        answers: list[tuple[Any, ...] | None] = [None] * len(questions)
        for _ in range(tries):
            for question in open_questions:
                self.tell(address, *question)
            deadline = time.monotonic() + self._answer_s
            while open_questions and (message := self._receive(deadline)) is not None:
                answered = _answered(message, address, open_questions, repeated)
                if answered is not None:
                    answers[open_questions.pop(answered)] = message.arguments[len(answered[:repeated]) :]
            if not open_questions:
                break
        return answers

    def _receive(self, deadline: float) -> OscMessage | None:
        """The next message from Live, or None when none came in time. Complaints are kept, and passed over."""
        while (left_s := deadline - time.monotonic()) > 0:
            self._monitor.check()
            self._socket.settimeout(min(left_s, CHECK_S))
            try:
                packet, sender = self._socket.recvfrom(DATAGRAM_BYTES)
            except TimeoutError:
                continue
            except ConnectionResetError:  # Windows: nobody heard something that we sent before
                continue
            if sender[1] == self._address.send_port and (message := _message(packet)) is not None:
                if message.address != "/live/error":
                    return message
                self._complain(message)
        return None

    def _complain(self, message: OscMessage) -> None:
        text = " ".join(str(argument) for argument in message.arguments).strip().splitlines()
        if text:
            LOG.info("Live complains: %s", text[-1])
            self.complaints.append(text[-1].rstrip("."))

    def _drain(self) -> None:
        """Forget what came for somebody who held the port before."""
        self._socket.setblocking(False)
        try:
            while True:
                self._socket.recvfrom(DATAGRAM_BYTES)
        except OSError:
            return

    def _silence(self, address: str, question: Sequence[int | float | str]) -> LiveError:
        where = f"{address} {' '.join(map(str, question))}".strip()
        said = f" It says: {self.complaints[-1]}." if self.complaints else ""
        return LiveError(
            f"Live did not answer {where}.{said}",
            advice="It may be busy or show a dialogue: look at it, then try again."
            if not self.complaints
            else "Bring AbletonOSC up to date, or look at its log.",
        )

    def _open(self, wait_s: float) -> socket.socket:
        deadline = time.monotonic() + wait_s
        while True:
            try:
                return _bound(self._address)
            except OSError as error:
                if time.monotonic() >= deadline:
                    raise LiveError(PORT_TAKEN.format(port=self._address.receive_port), advice=PORT_TAKEN_ADVICE) from error
            self._monitor.check()
            time.sleep(CHECK_S)


def _bound(address: LiveAddress) -> socket.socket:
    """AbletonOSC speaks IPv4 only. A Live on this computer answers here, one on another at the address that it sees."""
    here = address.host in ("localhost", "::1") or address.host.startswith("127.")
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows would let two programs have the port
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 19)
        opened.bind(("127.0.0.1" if here else "", address.receive_port))
    except OSError:
        opened.close()
        raise
    return opened


def _answered(
    message: OscMessage, address: str, questions: Iterable[tuple[int | float | str, ...]], repeated: int
) -> tuple[int | float | str, ...] | None:
    """Which of the questions, all asked at `address`, this message answers."""
    if message.address != address:
        return None
    return next((q for q in questions if message.arguments[: len(q[:repeated])] == q[:repeated]), None)


def _message(packet: bytes) -> OscMessage | None:
    try:
        messages = packet_to_messages(packet, max_arguments=MAX_ARGUMENTS)
    except ValueError:
        return None
    return messages[0] if messages else None
