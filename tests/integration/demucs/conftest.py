"""A small HTDemucs with random weights, in demucs's own formats."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
from demucs.htdemucs import HTDemucs
from demucs.states import get_state, save_with_checksum
from safetensors.torch import save_file

from backbeat.models.catalogue import Catalogue, parse_catalogue
from backbeat.models.download import Retry
from backbeat.models.resolver import ModelSettings, ModelStore

SIGNATURE = "0badcafe"
SETTINGS = {
    "sources": ["other", "drums", "bass", "vocals"],  # the drums are found by name
    "channels": 8,
    "nfft": 512,
    "depth": 2,
    "t_layers": 1,
    "t_heads": 2,
    "bottom_channels": 8,
    "segment": Fraction(1, 2),
}


@dataclass(frozen=True)
class TinyDemucs:
    """How to save the model, and the model itself to compare with."""

    model: HTDemucs
    settings: dict[str, Any]
    signature: str = SIGNATURE

    def save_pickle(self, folder: Path, signature: str = SIGNATURE) -> Path:
        """`<signature>-<checksum>.th`, as demucs saves what it has trained."""
        package = {
            "klass": HTDemucs,
            "args": (),
            "kwargs": dict(self.settings),
            "state": get_state(self.model, None),
            "training_args": {},
        }
        save_with_checksum(package, folder / f"{signature}.th")
        return next(folder.glob(f"{signature}-*.th"))

    def save_safetensors(self, folder: Path, klass: str = "demucs.htdemucs.HTDemucs", **metadata: str) -> Path:
        """`<signature>.safetensors`, as they are on the hub."""
        segment = self.settings["segment"]
        kwargs = self.settings | {
            "segment": {"_type": "fraction", "numerator": segment.numerator, "denominator": segment.denominator}
        }
        path = folder / f"{SIGNATURE}.safetensors"
        texts = {"klass": klass, "args": "[]", "kwargs": json.dumps(kwargs), **metadata}
        save_file({name: tensor.contiguous() for name, tensor in self.model.state_dict().items()}, path, texts)
        return path

    def save_bag(self, folder: Path, name: str = "tiny", signature: str = SIGNATURE) -> Path:
        """`<name>.yaml`, which says which models a named model consists of."""
        path = folder / f"{name}.yaml"
        path.write_text(f"models: ['{signature}']\n", "utf-8")
        return path


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """A network this small is only slowed down by threads that wait for one another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny_demucs() -> TinyDemucs:
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch on layers without elements, which a model this small has
        model = HTDemucs(**SETTINGS).eval()
    return TinyDemucs(model, SETTINGS)


@pytest.fixture
def catalogue_of() -> Callable[..., Catalogue]:
    """Makes a catalogue with one demucs model, called `tiny`, that trusts the given files."""

    def make(*files: Path, part: str = SIGNATURE) -> Catalogue:
        head = """
            [tiny]
            summary = "drums"
            version = "v1"
            kind = "demucs"
            licence = "MIT"
            credit = "this test"
            source = "https://example.org"
            extra = "separate"
        """
        rows = [
            f"""
            [[tiny.files]]
            name = "{file.name}"
            part = "{part}"
            sha256 = "{hashlib.sha256(file.read_bytes()).hexdigest()}"
            size_bytes = {file.stat().st_size}
            sha256_from = "this test"
            """
            for file in files
        ]
        return parse_catalogue(head + "".join(rows))

    return make


@pytest.fixture
def store_with(tmp_path: Path) -> Callable[..., ModelStore]:
    """Makes a store in a temporary folder."""

    def make(catalogue: Catalogue, **settings: Any) -> ModelStore:
        return ModelStore(ModelSettings(cache_dir=tmp_path / "cache", **settings), catalogue, Retry(tries=2, first_wait_s=0.0))

    return make


@pytest.fixture
def tiny_folder(tmp_path: Path, tiny_demucs: TinyDemucs) -> Path:
    """A user's folder with the model `tiny` in demucs's own repository format."""
    folder = tmp_path / "my models"
    folder.mkdir()
    tiny_demucs.save_pickle(folder)
    tiny_demucs.save_bag(folder)
    return folder
