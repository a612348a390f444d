"""Benchmarks are code too: each is set up and run once, on small inputs where it takes a size."""

import importlib
import inspect
import itertools
import pkgutil
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(scope="module", autouse=True)
def _importable():
    sys.path.insert(0, str(FOLDER))
    yield
    sys.path.remove(str(FOLDER))


def modules() -> list[str]:
    return [f"benchmarks.{module.name}" for module in pkgutil.iter_modules([str(FOLDER / "benchmarks")])]


@pytest.mark.parametrize("name", modules())
def test_benchmarks__every_module_imports_and_has_benchmarks(name):
    module = importlib.import_module(name)
    classes = [thing for _, thing in inspect.getmembers(module, inspect.isclass) if thing.__module__ == name]
    methods = [method for cls in classes for method in vars(cls) if method.startswith(("time", "peakmem", "track"))]
    functions = [method for method in vars(module) if method.startswith(("time_", "peakmem_", "track_"))]
    assert methods or functions
    for cls in classes:
        combinations = list(itertools.product(*_lists(getattr(cls, "params", []))))
        assert combinations


def _lists(params):
    return params if params and isinstance(params[0], (list, tuple)) else [params] if params else []
