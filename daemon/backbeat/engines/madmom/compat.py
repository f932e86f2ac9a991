"""Import madmom 0.16.1, its newest release (2018), under a current Python and NumPy.

What it needs at import, and what is done about each; all of it is undone afterwards, so that nothing else in the
process sees an old name:

- `collections.MutableSequence` (gone since Python 3.10): lent for the import.
- `numpy.float`, `numpy.int` and their like (gone since NumPy 1.24): lent for the import. madmom's functions look them
  up again when they run, so its modules keep a stand-in for `np` that knows them.
- `pkg_resources`, for its own version number: gone from newer setuptools, and it warns of its own end in older ones.
  A stand-in answers instead, unless the real one is loaded already.
- It replaces `doctest.OutputChecker` for the whole process: put back.
"""

from __future__ import annotations

import builtins
import collections
import collections.abc
import doctest
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.metadata import version
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

_OLD_NUMPY_NAMES = ("bool", "complex", "float", "int", "object", "str")
_lock = threading.Lock()


def import_madmom(submodule: str) -> Any:
    """The module `madmom.<submodule>`; the first call imports all of madmom. Raises ImportError as the import does."""
    with _lock:
        if "madmom" not in sys.modules:
            _import_with_old_names()
        return import_module(f"madmom.{submodule}")


def _import_with_old_names() -> None:
    old_numpy = {name: getattr(builtins, name) for name in _OLD_NUMPY_NAMES if name not in vars(np)}
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # the code of 2018 warns of itself as it is compiled
        stack.enter_context(_lent(collections, MutableSequence=collections.abc.MutableSequence))
        stack.enter_context(_lent(np, **old_numpy))
        stack.enter_context(_lent(doctest, OutputChecker=doctest.OutputChecker))
        if "pkg_resources" not in sys.modules:
            stack.enter_context(_pkg_resources())
        import_module("madmom")
    stand_in = _numpy_with(old_numpy)
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "madmom" and getattr(module, "np", None) is np:
            vars(module)["np"] = stand_in


@contextmanager
def _lent(owner: ModuleType, **values: Any) -> Iterator[None]:
    """Set attributes of a module for a while; afterwards they are what they were, or gone."""
    before = {name: vars(owner)[name] for name in values if name in vars(owner)}
    vars(owner).update(values)
    try:
        yield
    finally:
        for name in values:
            del vars(owner)[name]
        vars(owner).update(before)


@contextmanager
def _pkg_resources() -> Iterator[None]:
    module = ModuleType("pkg_resources")
    vars(module)["get_distribution"] = lambda name: SimpleNamespace(version=version(name))
    sys.modules["pkg_resources"] = module
    try:
        yield
    finally:
        del sys.modules["pkg_resources"]


def _numpy_with(names: dict[str, Any]) -> ModuleType:
    """A module that answers for NumPy and knows `names` besides."""
    module = ModuleType("numpy")
    vars(module).update(names)
    vars(module)["__getattr__"] = lambda name: getattr(np, name)  # PEP 562
    return module
