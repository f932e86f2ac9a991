"""Fixtures that every kind of test uses."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared"


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real recordings, references and model files, beside the checkout; not on a user's machine."""
    if not SHARED.is_dir():
        reason = "the shared folder with real recordings is not beside the checkout"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and CI must not skip these tests")
        pytest.skip(reason)
    return SHARED


@pytest.fixture(scope="session")
def as_in_a_terminal() -> tuple[str, ...]:
    """The command `backbeat`, which Ctrl-C interrupts.

    What runs in the background ignores Ctrl-C, and its children do too: also when it is the tests that run there.
    """
    script = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from backbeat.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
    return (sys.executable, "-c", script)


@pytest.fixture(scope="session")
def audio_files() -> ModuleType:
    """The module `tests/audio_files.py`: makes recordings with known answers (tests cannot import one another)."""
    spec = spec_from_file_location("audio_files", Path(__file__).with_name("audio_files.py"))
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def drum_loop_wav(audio_files: ModuleType, tmp_path: Path) -> Path:
    """Eight seconds of kick, snare and hat at 120 BPM, 16-bit mono WAV; `audio_files.drum_loop()` says what is in it."""
    path: Path = audio_files.write_sound(tmp_path / "loop.wav", audio_files.drum_loop().samples, subtype="PCM_16")
    return path


@pytest.fixture(scope="session")
def need_program() -> Callable[..., str]:
    """The path of the first of some programs that is installed; without any the test is skipped, and fails under CI."""

    def need(*names: str) -> str:
        found = next((path for name in names if (path := shutil.which(name))), None)
        if found:
            return found
        reason = f"{names[0]} is not installed"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and CI must not skip these tests")
        pytest.skip(reason)

    return need
