from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from backbeat.engines.protocols import EngineOptions
from backbeat.engines.registry import (
    ENGINES,
    EngineInfo,
    EngineKind,
    engine_info,
    open_beat_engine,
    open_hit_engine,
    open_picker,
    open_separator,
)
from backbeat.errors import EngineMissing, ModelError
from backbeat.extras import how_to_add
from backbeat.models.catalogue import load_catalogue
from backbeat.settings import Settings
from backbeat.values import Compat, Device

HEAVY = ("torch", "tensorflow", "librosa", "music21", "demucs", "madmom", "numpy")


class NoModels:
    """Model files that cannot be had. Counts how often they were asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def path(self, name: str) -> Path:
        self.asked += 1
        raise ModelError(f"the model {name} cannot be had")

    folder = path


def test_names_are_unique_within_a_kind_and_every_kind_has_an_engine() -> None:
    assert len({(info.kind, info.name) for info in ENGINES}) == len(ENGINES)
    assert {info.kind for info in ENGINES} == set(EngineKind)


@pytest.mark.parametrize("info", ENGINES, ids=lambda info: info.name)
def test_every_row_has_an_adapter_an_extra_that_exists_and_models_of_the_catalogue(info: EngineInfo, repository: Path) -> None:
    assert find_spec(info.module) is not None
    assert not info.extra or f"\n{info.extra} = [" in (repository / "pyproject.toml").read_text("utf-8")
    assert set(info.models) <= {entry.name for entry in load_catalogue().entries}
    assert info.licence
    assert info.summary


def test_only_our_own_recogniser_does_without_a_separator() -> None:
    assert {info.name for info in ENGINES if info.hears_mixes} == {"net"}


def test_the_default_settings_name_an_engine_that_there_is() -> None:
    assert engine_info(Settings().engine, EngineKind.HITS).kind is EngineKind.HITS


@pytest.mark.parametrize(
    ("name", "kind"), [("nothing", EngineKind.HITS), ("demucs", EngineKind.HITS), ("librosa", EngineKind.SEPARATOR)]
)
def test_an_unknown_engine_is_an_error_that_names_those_there_are(name: str, kind: EngineKind) -> None:
    with pytest.raises(EngineMissing, match=f"called '{name}'") as raised:
        engine_info(name, kind)
    known = {info.name for info in ENGINES if info.kind is kind}
    assert all(engine in raised.value.advice for engine in known)


@pytest.mark.parametrize(
    ("open_engine", "name", "package"),
    [
        (open_separator, "demucs", "torch"),
        (open_beat_engine, "madmom", "madmom"),
        (open_hit_engine, "annoteator", "pedalboard"),
    ],
)
def test_an_engine_whose_package_is_not_installed_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, open_engine, name: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # Python's own way to say that there is no such package
    models = NoModels()
    with pytest.raises(EngineMissing, match=f"needs {package}, which is not installed") as raised:
        open_engine(name, EngineOptions(), models)
    (extra,) = {info.extra for info in ENGINES if info.name == name}
    assert raised.value.advice == how_to_add(extra)
    assert models.asked == 0


def test_which_packages_are_missing_is_found_out_for_each_one() -> None:
    info = replace(ENGINES[0], packages=("json", "no_such_package_a", "no_such_package_b"))
    assert info.missing_packages == ("no_such_package_a", "no_such_package_b")


def test_an_engine_that_could_not_be_opened_is_tried_again_the_next_time() -> None:
    models = NoModels()
    for attempt in (1, 2):
        with pytest.raises(ModelError, match="cannot be had"):
            open_hit_engine("annoteator", EngineOptions(device=Device.CPU), models)
        assert models.asked == attempt


def test_options_are_the_part_of_the_settings_that_an_engine_is_opened_with() -> None:
    settings = Settings(compat=Compat.SEED, device=Device.CPU, separator_model="htdemucs_ft", quantize=50)
    assert EngineOptions.from_settings(settings) == EngineOptions(
        compat=Compat.SEED, device=Device.CPU, separator_model="htdemucs_ft"
    )


def test_an_engine_that_picks_again_does_so_without_being_opened() -> None:
    script = (
        "import sys; from backbeat.engines.registry import open_picker; "
        "print(open_picker('net') is not None, 'onnxruntime' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "True False"


def test_an_engine_that_cannot_pick_again_has_no_picker_and_an_unknown_one_is_an_error() -> None:
    assert open_picker("annoteator") is None
    with pytest.raises(EngineMissing, match="called 'nothing'"):
        open_picker("nothing")


def test_reading_the_table_imports_nothing_heavy() -> None:
    script = (
        "import sys; from backbeat.engines.registry import ENGINES; [info.missing_packages for info in ENGINES]; "
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
