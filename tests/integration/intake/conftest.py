"""A local web server whose answers a test writes down."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers by the table of its server."""

    server: "Server"

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        answer = self.server.answers.get(self.path.partition("?")[0])
        try:
            if answer is None:
                self.reply(404, b"nothing", "text/plain")
            else:
                answer(self)
        except OSError:  # the client went away, as some tests want it to
            self.close_connection = True

    def do_HEAD(self) -> None:
        self.do_GET()

    def reply(self, status: int, body: bytes, kind: str | None = "audio/wav", **headers: str) -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        for name, value in ({"Content_Length": str(len(body))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Listens on a free port of this computer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, Answer] = {}
        self.requests: list[str] = []
        self.ended = threading.Event()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away or refuse the certificate are what some tests are about."""

    def drip(self, handler: Handler, text: bytes) -> None:
        """Send `text` again and again, a piece every 20 ms, until the client or the test has had enough."""
        while not self.ended.wait(0.02):
            handler.wfile.write(text)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.ended.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where downloads go; whatever a test does, no half of one is left in it."""
    path = tmp_path / "inbox"
    yield path
    assert [file.name for file in path.glob("*") if file.name.startswith(".") or "part" in file.name] == []
