"""Every simulation that draws refuses a number of draws that is none."""

import inspect
import pkgutil
from importlib import import_module

import pytest

from mcfiber import simulation
from mcfiber.descriptions.errors import DescriptionError


def drawing():
    for found in pkgutil.iter_modules(simulation.__path__, "mcfiber.simulation."):
        module = import_module(found.name)
        for name, function in vars(module).items():
            own = inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
            if own and "draws" in inspect.signature(function).parameters:
                yield pytest.param(function, id=name)


@pytest.mark.parametrize("function", list(drawing()))
@pytest.mark.parametrize("draws", [0, -1, 2.5])
def test_draws__are_a_whole_number_of_at_least_one(function, draws):
    needed = [one for one in inspect.signature(function).parameters.values() if one.default is one.empty]
    given = {one.name: 1.0 for one in needed if one.name != "draws"}
    with pytest.raises(DescriptionError, match=r"draws: got .*; allowed: a whole number of at least 1"):
        for _ in function(**given, draws=draws):
            pass
