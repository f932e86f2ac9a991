"""From a folder with demucs weights to a model in memory. Touches no network.

The folder comes from the model store, which has checked what would be unpickled.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError  # only the name: pickles are opened by demucs
from typing import Any

import yaml  # type: ignore[import-untyped]
from demucs.hf import load_safetensors_model
from demucs.pretrained import get_model
from demucs.repo import BagOnlyRepo, ModelLoadingError, ModelOnlyRepo
from safetensors import SafetensorError, safe_open

from backbeat.errors import EngineFailed, ModelError

MODEL_CLASSES = {"demucs.htdemucs.HTDemucs", "demucs.hdemucs.HDemucs", "demucs.demucs.Demucs"}
"""What a safetensors file may ask demucs to build; it would import and call any name that the file gives."""


def load_weights(folder: Path, name: str) -> Any:
    """The model `name` (a bag or a single one) of a demucs repository in `folder`, on the CPU, ready to be applied.

    Files are `.th`, or `.safetensors` as the Hugging Face hub has them. Raises ModelError.
    """
    with demucs_errors(f"The demucs model {name} in {folder} cannot be loaded"), warnings.catch_warnings():
        # demucs warns of parameters that a newer version dropped; there is nothing a musician could do about it.
        warnings.simplefilter("ignore")
        weights = SafetensorsRepo(folder)
        if not weights.list_model():
            return get_model(name, repo=folder)
        model = weights.get_model(name) if weights.has_model(name) else BagOnlyRepo(folder, weights).get_model(name)
        return model.eval()


def model_name(separator_model: str, folder: Path) -> str:
    """What the model in `folder` is called, where the user gave a name of the catalogue, or a path of a folder or a file.

    Raises ModelError when the folder holds no model, or several and no file was given.
    """
    given = Path(separator_model).expanduser()
    if not given.is_absolute():
        return separator_model
    if given.is_file():
        return _signature(given)
    bags = sorted(folder.glob("*.yaml"))
    found = bags or sorted((*folder.glob("*.th"), *folder.glob("*.safetensors")))
    if len(found) != 1:
        what = "no demucs model" if not found else "several demucs models: " + ", ".join(path.name for path in found)
        raise ModelError(f"There is {what} in {folder}.", advice="Give the full path of the model's .yaml or .th file.")
    return _signature(found[0])


class SafetensorsRepo(ModelOnlyRepo):  # type: ignore[misc]  # demucs has no type information
    """Single models as `<signature>.safetensors` in a folder: demucs itself knows them only on the hub."""

    def __init__(self, folder: Path) -> None:
        self._files = {_signature(path): path for path in sorted(folder.glob("*.safetensors"))}

    def has_model(self, sig: str) -> bool:
        """Whether there is a file of that signature."""
        return sig in self._files

    def list_model(self) -> dict[str, Path]:
        """Signatures and files."""
        return self._files

    def get_model(self, sig: str) -> Any:
        """Load one; raises ModelError when it asks for anything but a demucs model."""
        if sig not in self._files:
            raise ModelLoadingError(f"there is no file {sig}.safetensors")
        path = self._files[sig]
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
        # `structure` may name classes too (quantised models); the models there are today have none.
        if metadata.get("klass") not in MODEL_CLASSES or "_class" in _keys(json.loads(metadata.get("structure", "null"))):
            raise ModelError(f"{path} is not a demucs model.", advice="Use htdemucs, or a model made by demucs.")
        return load_safetensors_model(path)


def _keys(value: Any) -> Iterator[str]:
    """All keys in nested JSON."""
    if isinstance(value, dict):
        yield from value
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _keys(item)


def _signature(path: Path) -> str:
    """`955717e8` of `955717e8-8726e21a.th`, `htdemucs` of `htdemucs.yaml`."""
    return path.stem.rsplit("-", 1)[0] if path.suffix == ".th" else path.stem


@contextmanager
def demucs_errors(what: str) -> Iterator[None]:
    """Turn what loading can raise, the end of the process included, into ModelError."""
    advice = "Download it again with: backbeat models fetch htdemucs. Or choose another separator_model."
    try:
        yield
    except SystemExit as error:
        raise ModelError(f"{what}: demucs gave up ({error.code}).", advice=advice) from error
    except EngineFailed as error:
        raise ModelError(f"{what}: {error.message}", advice=advice) from error
    except (
        ModelLoadingError, SafetensorError, OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError,
        ImportError, AssertionError, EOFError, UnpicklingError, yaml.YAMLError,
    ) as error:  # fmt: skip
        raise ModelError(f"{what}: {error}", advice=advice) from error
