"""Which weights are loaded, and which never."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from backbeat.engines.demucs.engine import open_engine
from backbeat.engines.demucs.weights import load_weights, model_name
from backbeat.engines.protocols import EngineOptions
from backbeat.errors import ModelError
from backbeat.models.catalogue import load_catalogue, parse_catalogue
from backbeat.models.resolver import ModelState, ModelStore
from backbeat.monitor import Unwatched
from backbeat.values import Device

EMPTY = parse_catalogue("")


def options(model: str) -> EngineOptions:
    return EngineOptions(separator_model=model, device=Device.CPU)


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.write_text, (self.target, "boom"))


def same_weights(model: Any, tiny_demucs: Any) -> bool:
    single = model.models[0] if hasattr(model, "models") else model
    expected = tiny_demucs.model.state_dict()
    return all(torch.equal(tensor, expected[name]) for name, tensor in single.state_dict().items())


def test_a_folder_in_demucss_own_format_is_loaded_by_demucs(tiny_folder: Path, tiny_demucs: Any):
    assert same_weights(load_weights(tiny_folder, "tiny"), tiny_demucs)


def test_a_single_model_is_loaded_by_its_signature(tiny_folder: Path, tiny_demucs: Any):
    assert same_weights(load_weights(tiny_folder, tiny_demucs.signature), tiny_demucs)


@pytest.mark.parametrize("name", ["tiny", "0badcafe"])
def test_weights_as_the_hub_has_them_are_loaded_from_a_local_folder(tmp_path: Path, tiny_demucs: Any, name: str):
    tiny_demucs.save_safetensors(tmp_path)
    tiny_demucs.save_bag(tmp_path)
    assert same_weights(load_weights(tmp_path, name), tiny_demucs)


def test_both_formats_give_the_same_drums(tmp_path: Path, tiny_folder: Path, tiny_demucs: Any, store_with: Any):
    hub = tmp_path / "hub"
    hub.mkdir()
    tiny_demucs.save_safetensors(hub)
    tiny_demucs.save_bag(hub)
    store = store_with(EMPTY, allow_unverified=True)
    samples = 0.1 * np.random.default_rng(0).standard_normal((2, 30_000)).astype(np.float32)
    stems = [open_engine(options(str(folder)), store).drums(samples, 44_100, Unwatched()) for folder in (hub, tiny_folder)]
    np.testing.assert_allclose(stems[0], stems[1], atol=1e-6)


def test_missing_weights_are_one_clear_message_with_what_to_do(store_with: Callable[..., ModelStore]):
    with pytest.raises(ModelError, match="htdemucs is not on this computer") as caught:
        open_engine(options("htdemucs"), store_with(load_catalogue()))
    assert "backbeat models fetch htdemucs" in caught.value.advice


def test_a_model_of_the_catalogue_is_loaded_from_the_cache(
    tiny_folder: Path, store_with: Callable[..., ModelStore], catalogue_of: Any
):
    store = store_with(catalogue_of(next(tiny_folder.glob("*.th"))))
    home = store.settings.cache_dir / "tiny" / "v1"
    home.parent.mkdir(parents=True)
    tiny_folder.rename(home)
    assert store.entries()[0].state is ModelState.READY
    assert open_engine(options("tiny"), store).name == "tiny"


def test_a_tampered_file_of_the_catalogue_is_refused_and_set_aside(
    tiny_folder: Path, store_with: Callable[..., ModelStore], catalogue_of: Any, tmp_path: Path
):
    weights = next(tiny_folder.glob("*.th"))
    store = store_with(catalogue_of(weights), allow_unverified=True)
    home = store.settings.cache_dir / "tiny" / "v1"
    home.parent.mkdir(parents=True)
    tiny_folder.rename(home)
    data = bytearray((home / weights.name).read_bytes())
    data[len(data) // 2] ^= 1
    (home / weights.name).write_bytes(data)
    with pytest.raises(ModelError, match="was damaged") as caught:
        open_engine(options("tiny"), store)
    assert "backbeat models fetch tiny" in caught.value.advice
    assert store.entries()[0].state is ModelState.MISSING


def test_a_pickle_that_nobody_knows_is_not_opened(tmp_path: Path, store_with: Callable[..., ModelStore]):
    folder, mark = tmp_path / "from the internet", tmp_path / "mark"
    folder.mkdir()
    (folder / "free.th").write_bytes(pickle.dumps(Bomb(mark)))
    with pytest.raises(ModelError, match=r"free\.th .* not a file that Backbeat knows") as caught:
        open_engine(options(str(folder)), store_with(load_catalogue()))
    assert "allow_unverified" in caught.value.advice
    assert not mark.exists()


def test_a_pickle_is_opened_on_the_users_word(tiny_folder: Path, store_with: Callable[..., ModelStore]):
    assert open_engine(options(str(tiny_folder)), store_with(EMPTY, allow_unverified=True)).name == "tiny"


def test_a_pickle_whose_checksum_is_in_the_catalogue_is_opened_wherever_it_lies(
    tiny_folder: Path, store_with: Callable[..., ModelStore], catalogue_of: Any
):
    store = store_with(catalogue_of(next(tiny_folder.glob("*.th"))))
    assert open_engine(options(str(tiny_folder)), store).name == "tiny"


def test_a_file_that_does_not_fit_the_checksum_in_its_name_is_refused_even_on_the_users_word(
    tiny_folder: Path, store_with: Callable[..., ModelStore]
):
    weights = next(tiny_folder.glob("*.th"))
    weights.write_bytes(weights.read_bytes() + b"!")
    with pytest.raises(ModelError, match="Invalid checksum"):
        open_engine(options(str(tiny_folder)), store_with(EMPTY, allow_unverified=True))


def test_safetensors_cannot_have_other_classes_built(tmp_path: Path, tiny_demucs: Any, store_with: Any):
    tiny_demucs.save_safetensors(tmp_path, klass="pathlib.Path")
    with pytest.raises(ModelError, match="not a demucs model"):
        open_engine(options(str(tmp_path)), store_with(EMPTY))


def test_safetensors_cannot_name_classes_in_their_structure_either(tmp_path: Path, tiny_demucs: Any, store_with: Any):
    tiny_demucs.save_safetensors(tmp_path, structure='{"_dict": [["a", {"_class": "os.system"}]]}')
    with pytest.raises(ModelError, match="not a demucs model"):
        open_engine(options(str(tmp_path)), store_with(EMPTY))


@pytest.mark.parametrize("content", [b"", b"no tensors at all"])
def test_weights_that_are_no_weights_are_our_error(tmp_path: Path, store_with: Any, content: bytes):
    for name in ("bad.th", "bad.safetensors"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_bytes(content)
        with pytest.raises(ModelError, match="cannot be loaded"):
            open_engine(options(str(folder)), store_with(EMPTY, allow_unverified=True))


def test_a_bag_whose_models_are_not_there_is_our_error(tmp_path: Path, tiny_demucs: Any, store_with: Any):
    tiny_demucs.save_bag(tmp_path)
    with pytest.raises(ModelError, match="Could not find"):
        open_engine(options(str(tmp_path)), store_with(EMPTY))


def test_a_name_that_demucs_ends_the_process_about_is_our_error(tmp_path: Path):
    with pytest.raises(ModelError, match="demucs gave up"):
        load_weights(tmp_path / "nowhere", "tiny")


class TestName:
    """What the model in a folder is called."""

    def test_a_name_of_the_catalogue_is_itself(self, tmp_path: Path):
        assert model_name("htdemucs", tmp_path) == "htdemucs"

    def test_the_only_bag_is_meant(self, tiny_folder: Path):
        assert model_name(str(tiny_folder), tiny_folder) == "tiny"

    def test_the_only_weights_are_meant_where_there_is_no_bag(self, tiny_folder: Path):
        (tiny_folder / "tiny.yaml").unlink()
        assert model_name(str(tiny_folder), tiny_folder) == "0badcafe"

    def test_a_file_can_be_named(self, tiny_folder: Path, tiny_demucs: Any, store_with: Callable[..., ModelStore]):
        tiny_demucs.save_bag(tiny_folder, "other")
        with pytest.raises(ModelError, match=r"several demucs models: other\.yaml, tiny\.yaml"):
            model_name(str(tiny_folder), tiny_folder)
        store = store_with(EMPTY, allow_unverified=True)
        assert open_engine(options(str(tiny_folder / "other.yaml")), store).name == "other"

    def test_an_empty_folder_is_said(self, tmp_path: Path):
        with pytest.raises(ModelError, match="no demucs model in"):
            model_name(str(tmp_path), tmp_path)


@pytest.mark.parametrize("name", ["/nowhere/at/all", "some/relative/folder", "./x"])
def test_a_folder_that_is_not_there_or_not_given_in_full_is_said(name: str, store_with: Callable[..., ModelStore]):
    with pytest.raises(ModelError, match="no demucs model at") as caught:
        open_engine(options(name), store_with(load_catalogue()))
    assert "full path" in caught.value.advice


def test_an_unknown_name_is_answered_with_the_known_ones(store_with: Callable[..., ModelStore]):
    with pytest.raises(ModelError, match="no model called 'htdemucs_xl'") as caught:
        open_engine(options("htdemucs_xl"), store_with(load_catalogue()))
    assert "htdemucs" in caught.value.advice


def test_a_recogniser_cannot_be_used_to_separate(store_with: Callable[..., ModelStore], tmp_path: Path):
    with pytest.raises(ModelError):
        open_engine(options("annoteator"), store_with(load_catalogue()))
