"""A web server that misbehaves to order."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Answer:
    """What the server sends: `body`, of which only `sent` bytes before it hangs up; `stated` goes into Content-Length."""

    body: bytes = b""
    status: int = 200
    sent: int | None = None
    stated: int | None = -1


@dataclass
class ModelServer:
    """Answers are used up one by one; the last one stays. `requests` holds the paths asked for."""

    url: str
    answers: list[Answer] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def answer(self, body: bytes = b"", **how: int | None) -> None:
        """Answer the next request like this; see `Answer`."""
        self.answers.append(Answer(body, **how))  # type: ignore[arg-type]

    def next_answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def model_server() -> Iterator[ModelServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.requests.append(self.path)
            answer = state.next_answer()
            self.send_response(answer.status)
            stated = len(answer.body) if answer.stated == -1 else answer.stated
            if stated is not None:
                self.send_header("Content-Length", str(stated))
            self.end_headers()
            try:
                self.wfile.write(answer.body[: answer.sent])
            except (BrokenPipeError, ConnectionResetError):
                return  # the client has seen enough

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = ModelServer(url=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def unused_port() -> int:
    """A TCP port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
