"""The examples in the docstrings run, and print what they say."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import mcfiber

MODULES = ["mcfiber", *(module.name for module in pkgutil.walk_packages(mcfiber.__path__, "mcfiber."))]


class Finder(doctest.DocTestFinder):
    """Finds the examples of functions that have a door, too: what wraps them comes from another module."""

    def _from_module(self, module, thing):
        return super()._from_module(module, inspect.unwrap(thing))


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for found in Finder().find(module, module.__name__):
        runner.run(found)
    assert not runner.failures
