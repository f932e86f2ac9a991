from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backbeat.errors import ModelError
from backbeat.models.catalogue import Catalogue, parse_catalogue
from backbeat.models.download import Retry
from backbeat.models.resolver import HDF5_MAGIC, ModelSettings, ModelState, ModelStore

MODEL = HDF5_MAGIC + bytes(range(256)) * 4000
OTHER = HDF5_MAGIC + b"another network" * 1000
FAST = Retry(tries=3, first_wait_s=0.0)
NAME = "annoteator"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def catalogue_with(uri: str) -> Catalogue:
    return parse_catalogue(f"""
        [annoteator]
        summary = "drums"
        version = "v1"
        kind = "file"
        licence = "MIT"
        credit = "somebody"
        source = "https://example.org"
        extra = "annoteator"
        [[annoteator.files]]
        name = "complete_network.h5"
        uri = "{uri}"
        sha256 = "{sha256(MODEL)}"
        size_bytes = {len(MODEL)}
        sha256_from = "this test"
    """)


@pytest.fixture
def store(tmp_path: Path, model_server: Any) -> ModelStore:
    """An empty store whose model is on the server."""
    return ModelStore(ModelSettings(cache_dir=tmp_path / "models"), catalogue_with(f"{model_server.url}/net.h5"), FAST)


def with_settings(store: ModelStore, **settings: Any) -> ModelStore:
    return replace(store, settings=replace(store.settings, **settings))


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.endswith(".part")]


def test_a_model_is_downloaded_once_and_kept_by_name_and_version(store: ModelStore, model_server: Any, tmp_path: Path):
    model_server.answer(MODEL)
    path = store.path(NAME)
    assert path == tmp_path / "models" / "annoteator" / "v1" / "complete_network.h5"
    assert path.read_bytes() == MODEL
    assert store.path(NAME) == path
    assert model_server.requests == ["/net.h5"]


def test_the_list_tells_before_and_after(store: ModelStore, model_server: Any):
    model_server.answer(MODEL)
    (before,) = store.entries()
    assert (before.state, before.path) == (ModelState.MISSING, None)
    path = store.fetch(NAME)
    (after,) = store.entries()
    assert (after.state, after.path) == (ModelState.READY, path)
    assert after.licence == "MIT"
    assert store.verify(NAME) == after


def test_progress_is_told_up_to_the_whole_size(store: ModelStore, model_server: Any):
    model_server.answer(MODEL)
    told: list[tuple[int, int | None]] = []
    store.fetch(NAME, lambda done, total: told.append((done, total)))
    assert told[-1] == (len(MODEL), len(MODEL))
    assert told == sorted(told)
    assert len(told) > 1


def test_whoever_watches_can_stop_it_and_nothing_is_left(store: ModelStore, model_server: Any, tmp_path: Path):
    model_server.answer(MODEL)

    def stop(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.fetch(NAME, stop)
    assert leftovers(tmp_path) == []
    assert store.entries()[0].state is ModelState.MISSING


@pytest.mark.parametrize("damage", [{"sent": 100}, {"sent": 100, "stated": None}, {"status": 503}])
def test_a_download_that_breaks_off_is_tried_again(store: ModelStore, model_server: Any, damage: dict[str, Any]):
    model_server.answer(MODEL, **damage)
    model_server.answer(MODEL)
    assert store.path(NAME).read_bytes() == MODEL
    assert len(model_server.requests) == 2


def test_a_damaged_download_is_tried_again(store: ModelStore, model_server: Any):
    model_server.answer(MODEL[:-1] + b"!")
    model_server.answer(MODEL)
    assert store.path(NAME).read_bytes() == MODEL


def test_a_download_that_is_always_damaged_is_refused_and_leaves_nothing(store: ModelStore, model_server: Any, tmp_path: Path):
    model_server.answer(MODEL[:-1] + b"!")
    with pytest.raises(ModelError, match=rf"3 tries: .*{sha256(MODEL)}"):
        store.path(NAME)
    assert len(model_server.requests) == 3
    assert leftovers(tmp_path) == []
    assert store.entries()[0].state is ModelState.MISSING


def test_a_server_that_sends_too_much_is_cut_off(store: ModelStore, model_server: Any):
    model_server.answer(MODEL + MODEL, stated=None)
    with pytest.raises(ModelError, match=f"larger than the {len(MODEL):,} bytes"):
        store.path(NAME)


def test_a_wrong_address_is_said_at_once(store: ModelStore, model_server: Any):
    model_server.answer(status=404)
    with pytest.raises(ModelError, match="answered 404") as caught:
        store.path(NAME)
    assert "MODEL_URI" in caught.value.advice
    assert len(model_server.requests) == 1


def test_no_connection_is_said_with_what_to_do(store: ModelStore, unused_port: int):
    offline = with_settings(store, uri=f"http://127.0.0.1:{unused_port}/net.h5")
    with pytest.raises(ModelError, match="could not be reached") as caught:
        offline.path(NAME)
    assert "internet" in caught.value.advice


def test_a_half_written_file_of_a_killed_download_is_swept(store: ModelStore, model_server: Any, tmp_path: Path):
    model_server.answer(MODEL)
    stale = tmp_path / "models" / "annoteator" / "v1" / ".complete_network.h5.deadbeef.part"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"half")
    store.path(NAME)
    assert not stale.exists()


def test_a_file_in_the_cache_with_the_wrong_size_is_fetched_again(store: ModelStore, model_server: Any):
    model_server.answer(MODEL)
    path = store.path(NAME)
    path.write_bytes(MODEL[:1000])
    assert store.entries()[0].state is ModelState.DAMAGED
    assert store.path(NAME).read_bytes() == MODEL


def test_verify_finds_a_changed_byte_and_the_next_job_gets_a_new_file(store: ModelStore, model_server: Any):
    model_server.answer(MODEL)
    path = store.path(NAME)
    path.write_bytes(MODEL[:-1] + b"!")
    with pytest.raises(ModelError, match="damaged") as caught:
        store.verify(NAME)
    assert "backbeat models fetch annoteator" in caught.value.advice
    assert store.path(NAME).read_bytes() == MODEL
    assert store.verify(NAME).state is ModelState.READY


def test_verify_of_a_missing_model_says_how_to_get_it(store: ModelStore):
    with pytest.raises(ModelError, match="not on this computer") as caught:
        store.verify(NAME)
    assert "backbeat models fetch annoteator" in caught.value.advice


def test_a_file_put_into_the_cache_by_hand_is_used_without_a_download(store: ModelStore, model_server: Any, tmp_path: Path):
    by_hand = tmp_path / "models" / "annoteator" / "v1" / "complete_network.h5"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(MODEL)
    assert store.path(NAME) == by_hand
    assert store.entries()[0].state is ModelState.READY
    assert model_server.requests == []


def test_another_file_put_into_the_cache_by_hand_is_not_used(store: ModelStore, model_server: Any, tmp_path: Path):
    model_server.answer(MODEL)
    by_hand = tmp_path / "models" / "annoteator" / "v1" / "complete_network.h5"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(OTHER)
    assert store.path(NAME).read_bytes() == MODEL


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root and Windows ignore the folder's permissions")
def test_a_cache_that_cannot_be_written_is_said_by_a_user(store: ModelStore, tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(ModelError, match="cannot be kept"):
        store.path(NAME)


def test_a_cache_that_cannot_be_made_is_said_with_what_to_do(store: ModelStore, tmp_path: Path):
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(ModelError, match="cannot be kept") as caught:
        store.path(NAME)
    assert "MODEL_CACHE_DIR" in caught.value.advice


class TestSettings:
    """MODEL_URI, MODEL_VERSION, MODEL_SHA256."""

    def test_uri_with_checksum_replaces_the_catalogue(self, store: ModelStore, model_server: Any):
        model_server.answer(OTHER)
        own = with_settings(store, uri=f"{model_server.url}/own.h5", version="v2", sha256=sha256(OTHER).upper())
        path = own.path(NAME)
        assert path.parent.name == "v2"
        assert path.read_bytes() == OTHER
        assert own.entries()[0].state is ModelState.READY
        assert own.verify(NAME).version == "v2"

    def test_uri_with_another_checksum_is_refused(self, store: ModelStore, model_server: Any):
        model_server.answer(OTHER)
        own = with_settings(store, uri=f"{model_server.url}/own.h5", sha256="0" * 64)
        with pytest.raises(ModelError, match=f"is {sha256(OTHER)} and should be 0000"):
            own.path(NAME)

    def test_uri_without_checksum_is_allowed_but_listed_as_unverified(
        self, store: ModelStore, model_server: Any, caplog: pytest.LogCaptureFixture
    ):
        model_server.answer(OTHER)
        own = with_settings(store, uri=f"{model_server.url}/own.h5")
        assert own.path(NAME).read_bytes() == OTHER
        (status,) = own.entries()
        assert status.state is ModelState.UNVERIFIED
        assert "MODEL_SHA256" in status.detail
        assert "unverified" in caplog.text

    def test_uri_without_checksum_to_the_known_file_is_as_good_as_the_catalogue(self, store: ModelStore, model_server: Any):
        model_server.answer(MODEL)
        mirror = with_settings(store, uri=f"{model_server.url}/mirror.h5")
        mirror.path(NAME)
        assert mirror.entries()[0].state is ModelState.READY

    @pytest.mark.parametrize("body", [pickle.dumps({"a": 1}), b"<html>Please log in</html>", b""])
    def test_an_unverified_pickle_or_web_page_is_refused(self, store: ModelStore, model_server: Any, body: bytes):
        model_server.answer(body)
        own = with_settings(store, uri=f"{model_server.url}/own.h5")
        with pytest.raises(ModelError, match="not a Keras HDF5 model"):
            own.path(NAME)
        assert own.entries()[0].state is ModelState.MISSING

    def test_another_uri_or_version_downloads_anew(self, store: ModelStore, model_server: Any):
        model_server.answer(MODEL)
        model_server.answer(OTHER)
        first = store.path(NAME)
        own = with_settings(store, uri=f"{model_server.url}/own.h5")
        assert own.path(NAME).read_bytes() == OTHER
        assert own.path(NAME) == first
        newer = with_settings(own, version="v2")
        assert newer.path(NAME) != first
        assert len(model_server.requests) == 3

    def test_a_signed_address_whose_signature_changes_is_the_same_place(self, store: ModelStore, model_server: Any):
        model_server.answer(OTHER)
        for signature in ("one", "two"):
            with_settings(store, uri=f"{model_server.url}/own.h5?X-Amz-Signature={signature}").path(NAME)
        assert len(model_server.requests) == 1

    def test_secrets_in_the_address_are_not_written_down(self, store: ModelStore, model_server: Any, tmp_path: Path):
        model_server.answer(OTHER)
        own = with_settings(store, uri=f"{model_server.url}/own.h5?signature=topsecret")
        own.path(NAME)
        written = [path.read_bytes() for path in (tmp_path / "models").rglob("*") if path.is_file()]
        assert not any(b"topsecret" in data for data in written)
        assert "topsecret" not in own.entries()[0].source

    @pytest.mark.parametrize("version", ["../v1", "a/b", "..", ".hidden", """ "quoted" """])
    def test_a_version_cannot_lead_out_of_the_cache(self, store: ModelStore, version: str):
        with pytest.raises(ModelError, match="cannot be the version"):
            with_settings(store, version=version).path(NAME)

    def test_other_schemes_are_refused(self, store: ModelStore):
        with pytest.raises(ModelError, match="ftp:// is not known"):
            with_settings(store, uri="ftp://example.org/net.h5").path(NAME)

    @pytest.mark.parametrize("as_uri", [True, False])
    def test_a_local_file_is_copied(self, store: ModelStore, tmp_path: Path, as_uri: bool):
        source = tmp_path / "my models" / "net.h5"
        source.parent.mkdir()
        source.write_bytes(MODEL)
        own = with_settings(store, uri=source.as_uri() if as_uri else str(source))
        assert own.path(NAME).read_bytes() == MODEL
        assert source.exists()

    def test_a_local_file_that_is_not_there_is_named(self, store: ModelStore, tmp_path: Path):
        with pytest.raises(ModelError, match=r"nowhere\.h5 cannot be read"):
            with_settings(store, uri=(tmp_path / "nowhere.h5").as_uri()).path(NAME)


def test_stores_with_equal_settings_are_equal_so_that_engines_stay_loaded(tmp_path: Path):
    one, other = (ModelStore(ModelSettings(cache_dir=tmp_path)) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert one != ModelStore(ModelSettings(cache_dir=tmp_path, version="v2"))


def test_an_unknown_model_is_refused_with_the_known_ones(store: ModelStore):
    with pytest.raises(ModelError) as caught:
        store.path("netz")
    assert "annoteator" in caught.value.advice


def fetch_in_a_process(store: ModelStore, start: Any) -> None:
    start.wait(60)
    store.path(NAME)


def test_of_two_processes_one_downloads_and_both_have_it(store: ModelStore, model_server: Any):
    model_server.answer(MODEL)
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(2)
    processes = [spawn.Process(target=fetch_in_a_process, args=(store, start)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert len(model_server.requests) == 1
    assert store.verify(NAME).state is ModelState.READY


def test_the_receipt_tells_where_a_file_came_from(store: ModelStore, model_server: Any):
    model_server.answer(MODEL)
    path = store.path(NAME)
    receipt = json.loads(path.with_name(path.name + ".receipt.json").read_text("utf-8"))
    assert receipt == {"uri": f"{model_server.url}/net.h5", "sha256": sha256(MODEL), "size_bytes": len(MODEL)}


def test_the_real_annoteator_model_is_the_one_in_the_catalogue(shared: Path, tmp_path: Path):
    source = shared / "models" / "annoteator" / "complete_network.h5"
    store = ModelStore(ModelSettings(cache_dir=tmp_path, uri=source.as_uri()))
    assert store.path(NAME).stat().st_size == store.catalogue.entry(NAME).files[0].size_bytes
    assert store.verify(NAME).state is ModelState.READY
