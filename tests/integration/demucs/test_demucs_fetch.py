"""`models fetch htdemucs` through demucs's own code, against stand-ins for the hub and for Meta's server."""

from __future__ import annotations

import hashlib
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from demucs.states import save_with_checksum

from backbeat.engines.demucs.engine import open_engine
from backbeat.engines.protocols import EngineOptions
from backbeat.errors import ModelError
from backbeat.models.catalogue import Catalogue
from backbeat.models.download import Retry
from backbeat.models.fetch_demucs import fetch_demucs
from backbeat.models.resolver import ModelState, ModelStore
from backbeat.values import Device

SIGNATURE = "955717e8"
HUB = "/adefossez/HTDemucs/resolve/main"


@dataclass
class Site:
    """Files by path, and what was asked for (downloads only)."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    downloads: list[str] = field(default_factory=list)


@pytest.fixture
def site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            state.downloads.append(self.path)
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            body = state.files.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.send_header("ETag", f'"{hashlib.sha256(body or b"").hexdigest()}"')
            self.send_header("X-Repo-Commit", "0" * 40)
            self.end_headers()
            if with_body and body:
                self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = Site(url=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=partial(server.serve_forever, 0.02))
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def hub(site: Site, monkeypatch: pytest.MonkeyPatch, tiny_demucs: Any, tmp_path: Path) -> Path:
    """The tiny model on the hub under htdemucs's name; gives the file itself."""
    monkeypatch.setenv("HF_ENDPOINT", site.url)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    weights: Path = tiny_demucs.save_safetensors(tmp_path)
    weights = weights.rename(tmp_path / f"{SIGNATURE}.safetensors")
    site.files[f"{HUB}/htdemucs.yaml"] = f"models: ['{SIGNATURE}']\n".encode()
    site.files[f"{HUB}/{weights.name}"] = weights.read_bytes()
    return weights


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.write_text, (self.target, "boom"))


def as_htdemucs(catalogue: Catalogue) -> Catalogue:
    return Catalogue(entries=tuple(replace(entry, name="htdemucs") for entry in catalogue.entries))


def test_weights_come_from_the_hub_once_and_separate(
    site: Site, hub: Path, store_with: Callable[..., ModelStore], catalogue_of: Any
):
    store = store_with(as_htdemucs(catalogue_of(hub, part=SIGNATURE)))
    told: list[tuple[int, int | None]] = []
    folder = store.fetch("htdemucs", lambda done, total: told.append((done, total)))
    assert store.fetch("htdemucs") == folder
    assert site.downloads.count(f"{HUB}/{hub.name}") == 1
    assert {path.name for path in folder.iterdir()} >= {"htdemucs.yaml", hub.name}
    assert store.verify("htdemucs").state is ModelState.READY
    assert told
    assert all(done <= (total or 0) for done, total in told)
    site.files.clear()
    site.downloads.clear()
    engine = open_engine(EngineOptions(separator_model="htdemucs", device=Device.CPU), store)
    assert engine.name == "htdemucs"
    assert site.downloads == [], "jobs touch no network"


def test_what_is_not_in_the_catalogue_does_not_leave_the_quarantine(tmp_path: Path, hub: Path, catalogue_of: Any):
    entry = as_htdemucs(catalogue_of(hub, part=SIGNATURE)).entry("htdemucs")
    damaged = f"import pathlib, sys; pathlib.Path(sys.argv[2], {hub.name!r}).write_bytes(b'!')"
    with pytest.raises(ModelError, match=rf"{hub.name} has the SHA-256 \w+ and should have {entry.files[0].sha256}"):
        fetch_demucs(entry, tmp_path / "home" / "v1", retry=Retry(tries=1), child=(sys.executable, "-c", damaged))
    assert list((tmp_path / "home").iterdir()) == []


def test_when_the_hub_has_other_bytes_metas_server_is_asked_and_its_pickle_is_not_run(
    site: Site, hub: Path, tmp_path: Path, catalogue_of: Any, store_with: Callable[..., ModelStore]
):
    site.files[f"{HUB}/{hub.name}"] = hub.read_bytes()[:-1] + b"!"
    remote = tmp_path / "remote"
    remote.mkdir()
    mark = tmp_path / "mark"
    save_with_checksum(Bomb(mark), remote / f"{SIGNATURE}.th")
    weights = next(remote.glob("*.th"))
    (remote / "htdemucs.yaml").write_text(f"models: ['{SIGNATURE}']\n", "utf-8")
    (remote / "files.txt").write_text(f"root: hybrid_transformer/\n{weights.name}\n", "utf-8")
    site.files[f"/hybrid_transformer/{weights.name}"] = weights.read_bytes()
    # demucs has the address of Meta's server in a constant.
    child = (
        "import sys, pathlib, demucs.pretrained as p;"
        f"p.ROOT_URL = {site.url + '/'!r}; p.REMOTE_ROOT = pathlib.Path({str(remote)!r});"
        "from backbeat.engines.demucs.download import main; sys.exit(main(sys.argv[1:]))"
    )
    store = store_with(as_htdemucs(catalogue_of(hub, weights, part=SIGNATURE)))
    home = store.settings.cache_dir / "htdemucs" / "v1"
    retry = Retry(tries=2, first_wait_s=0.0)
    fetch_demucs(store.catalogue.entry("htdemucs"), home, retry=retry, child=(sys.executable, "-c", child))
    assert (home / weights.name).is_file()
    assert store.verify("htdemucs").state is ModelState.READY
    assert not mark.exists(), "demucs opens what it downloads at once; the file's own code was held back"


def test_without_a_network_the_user_is_told_so(
    hub: Path, store_with: Callable[..., ModelStore], catalogue_of: Any, monkeypatch: pytest.MonkeyPatch, unreachable: str
):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HTTPS_PROXY", unreachable)
    store = replace(store_with(as_htdemucs(catalogue_of(hub, part=SIGNATURE))), retry=Retry(tries=1))
    with pytest.raises(ModelError, match=r"htdemucs could not be downloaded after 1 try: .*refused") as caught:
        store.fetch("htdemucs")
    assert "internet" in caught.value.advice


def test_a_download_that_stalls_is_given_up_and_its_process_ended(
    tmp_path: Path, hub: Path, catalogue_of: Any, store_with: Callable[..., ModelStore]
):
    entry = as_htdemucs(catalogue_of(hub, part=SIGNATURE)).entry("htdemucs")
    asleep = (sys.executable, "-c", "import time; time.sleep(600)")
    with pytest.raises(ModelError, match="Nothing arrived for 0 seconds"):
        fetch_demucs(entry, tmp_path / "home" / "v1", retry=Retry(tries=1), child=asleep, stall_s=0.3)
    assert list((tmp_path / "home").iterdir()) == []


def test_whoever_watches_can_stop_it(tmp_path: Path, hub: Path, catalogue_of: Any):
    def stop(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    entry = as_htdemucs(catalogue_of(hub, part=SIGNATURE)).entry("htdemucs")
    asleep = (sys.executable, "-c", "import time; time.sleep(600)")
    with pytest.raises(KeyboardInterrupt):
        fetch_demucs(entry, tmp_path / "home" / "v1", retry=Retry(tries=1), child=asleep, progress=stop)
    assert list((tmp_path / "home").iterdir()) == []


@pytest.fixture
def unreachable() -> str:
    """An address where nobody answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
