"""The walk of one evaluation: four doors, then power, noises, ratios, penalty, rates and the dataset, each once."""

import importlib
from collections import Counter
from functools import wraps
from typing import Any

import pytest
import systems

import mcfiber as mcf
from mcfiber import labelled
from mcfiber.kernels import modes

evaluation = importlib.import_module("mcfiber.evaluate")

WALK = {
    "channels": (evaluation, "channels"),
    "medium": (evaluation, "medium_along"),
    "line": (evaluation, "line"),
    "receiver": (evaluation, "receiver"),
    "power": (evaluation, "driven_line"),
    "noises": (evaluation, "line_noises"),
    "ratios": (evaluation, "line_ratios"),
    "penalty": (evaluation, "grouped_penalty"),
    "rates": (evaluation, "achievable_rate"),
    "pack": (evaluation.result, "pack"),
}
"""Stages of an evaluation, in their order, and where each is called by name."""


def of_profile() -> mcf.System:
    """Seven cores of which the index profile says everything."""
    core = {"kind": "trench", "radius_um": 4.5, "delta_percent": 0.36, "trench_delta_percent": -0.7}
    fiber = {
        "layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 42.0},
        "cladding_diameter_um": 187.0,
        "core": core,
    }
    return mcf.System(
        spectrum={"groups": [{"band": "C", "channels": 5, "spacing_ghz": 800, "symbol_rate_gbd": 90}]},
        fiber=fiber,
        link={"span": {"length_km": 80.0}, "span_count": 3},
    )


def record() -> mcf.System:
    return mcf.load("nict-2025-1808km").system


SYSTEMS = {"profile": of_profile, "loop": systems.weak, "record": record}
each_system = pytest.mark.parametrize("make", SYSTEMS.values(), ids=SYSTEMS)


@each_system
def test_walk__stages_in_order_and_each_once(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    walked: list[str] = []

    def told(stage: str, function: Any) -> Any:
        @wraps(function)
        def noting(*args: Any, **options: Any) -> Any:
            walked.append(stage)
            return function(*args, **options)

        return noting

    for stage, (module, name) in WALK.items():
        monkeypatch.setattr(module, name, told(stage, getattr(module, name)))
    make().evaluate()
    assert walked == list(WALK)


@each_system
def test_walk__every_field_is_entered_into_si_at_most_once(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    system, entered, alive = make(), Counter[tuple[int, str]](), []
    read = labelled._read

    def counted(description: Any, field: str) -> Any:
        alive.append(description)  # so that no other description gets its id
        entered[id(description), field] += 1
        return read(description, field)

    monkeypatch.setattr(labelled, "_read", counted)
    system.evaluate()
    kinds = {id(one): type(one).__name__ for one in alive}
    assert {(kinds[key], field): count for (key, field), count in entered.items() if count > 1} == {}
    assert {"Span", "Transceiver", "MulticoreFiber"} <= set(kinds.values())


class _Counted:
    """The mode solver, told by how often it is called."""

    def __init__(self, kernel: Any) -> None:
        self.kernel, self.signature, self.calls = kernel, kernel.signature, 0

    def __call__(self, *args: Any, **options: Any) -> Any:
        self.calls += 1
        return self.kernel(*args, **options)


def test_walk__modes_of_a_profile_are_solved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    solver = _Counted(modes.lp_modes)
    monkeypatch.setattr(modes, "lp_modes", solver)
    of_profile().evaluate()
    assert solver.calls == 1
