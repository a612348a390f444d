"""Every simulation that draws refuses a number of draws that is none."""

import inspect
import pkgutil
from importlib import import_module

import pytest
from good_calls import good_calls

from mcfiber import simulation
from mcfiber.arguments.door import has_door
from mcfiber.descriptions.errors import DescriptionError

CALLS = {call.target(): call.arguments for call in good_calls()}


def drawing():
    for found in pkgutil.iter_modules(simulation.__path__, "mcfiber.simulation."):
        module = import_module(found.name)
        for name, function in vars(module).items():
            own = inspect.isfunction(function) and function.__module__ == module.__name__ and has_door(function)
            if own and "draws" in inspect.signature(function).parameters:
                yield pytest.param(function, id=name)


def test_drawing__is_found():
    assert len(list(drawing())) >= 9


@pytest.mark.parametrize("function", list(drawing()))
@pytest.mark.parametrize("draws", [0, -1, 2.5])
def test_draws__are_a_whole_number_of_at_least_one(function, draws):
    with pytest.raises(DescriptionError, match=r"draws: got .*; allowed: a whole number of at least 1"):
        function(**CALLS[function] | {"draws": draws})
