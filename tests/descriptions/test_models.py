"""What goes with what: one table, read by refusals and by the optimiser."""

from typing import Any, get_args

import pytest

from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.models import INTERFERENCE, RULES, Models, rules_for
from mcfiber.descriptions.system import System
from mcfiber.studies.launch import optimize_launch

SEVEN = {"kind": "hexagonal", "cores": 7, "pitch_um": 42}
CROSSTALK = {"crosstalk_db": -40, "length_km": 10, "definition": "pair"}


def system(**changes: Any) -> System:
    return System(
        spectrum={"groups": [{"band": "C", "channels": 3, "spacing_ghz": 100, "symbol_rate_gbd": 64}]},
        fiber={"layout": SEVEN, "cladding_diameter_um": 187, "crosstalk": CROSSTALK},
        link={"span": {"length_km": 80}, "span_count": 5},
    ).replace(changes)


ERBIUM = {"kind": "erbium", "pump_power_mw": 40}
PUMP = {"wavelength_nm": 1450, "power_mw": 100}
GROUPS = {"layout": SEVEN, "cladding_diameter_um": 187, "crosstalk": CROSSTALK, "coupling": "groups"}
BROKEN: list[tuple[dict[str, Any], str, str]] = [
    ({"models.accumulation": "coherent"}, "models.accumulation", 'needs nonlinear_interference = "isrs_gn"'),
    ({"models.format_correction": True}, "models.format_correction", 'needs nonlinear_interference = "isrs_gn"'),
    ({"models.terms": "all"}, "models.terms", 'or set terms = "spm+xpm"'),
    (
        {"link.amplifier": ERBIUM, "link.total_launch_power_dbm": 10.0},
        "link.total_launch_power_dbm",
        "puts out what its pump makes of it; leave it out",
    ),
    ({"link.amplifier": {"kind": "erbium"}}, "link.amplifier.pump_power_mw", "none is given; give one"),
    (
        {"link.amplifier": ERBIUM, "link.loop": {"loss_db": 3.0}},
        "link.amplifier",
        "stands behind equal spans of one piece, without a loop",
    ),
    (
        {"link.core_directions": [1, -1] * 3 + [1], "link.loop": {"loss_db": 3.0}},
        "link.core_directions",
        "which is not modelled; leave them out",
    ),
    (
        {"link.span.near_end_crosstalk_db": -60.0},
        "link.span.near_end_crosstalk_db",
        "disturbs only where cores carry light both ways; leave it out",
    ),
    (
        {"link.core_permutation": [1, 2, 3, 4, 5, 6, 0], "link.span.pieces": [{"length_km": 3}]},
        "link.core_permutation",
        "describe every piece as a span",
    ),
    (
        {"link.core_directions": [1, -1] * 3 + [1], "link.span.pieces": [{"length_km": 3}]},
        "link.core_directions",
        "spans must be of one fibre and of one piece",
    ),
    (
        {"link": {"span": [{"length_km": 80}, {"length_km": 80, "raman_pumps": [PUMP]}]}, "models.raman": "silica"},
        "link.span.raman_pumps",
        "every span must have the same number of pumps; give power_mw = 0 to missing ones",
    ),
    ({"link.span.raman_pumps": [PUMP]}, "link.span.raman_pumps", 'need models.raman = "silica"'),
    (
        {"link.span.lumped_losses": [{"position_km": 40, "loss_db": 1}], "models.raman": "triangular"},
        "models.raman",
        '"triangular" knows no lumped losses; use "silica"',
    ),
    ({"link.mode_dependent_loss_rms_db": 1.0}, "link.mode_dependent_loss_rms_db", "received one by one"),
    (
        {
            "fiber": {"layout": SEVEN, "cladding_diameter_um": 187, "coupling": "random"},
            "link.span.fan_in_crosstalk_db": -40,
        },
        "link.span.fan_in_crosstalk_db",
        "only several cores",
    ),
    (
        {"fiber": GROUPS | {"groups": [[0], [1, 2, 3], [4, 5, 6]]}, "link.core_directions": [1, 1, 1, 1, -1, -1, -1]},
        "link.core_directions",
        "leave it out where groups are",
    ),
    (
        {
            "transceiver.format": "best",
            "models.nonlinear_interference": "isrs_gn",
            "models.format_correction": True,
        },
        "models.format_correction",
        "needs one modulation format",
    ),
    (
        {
            "link.core_permutation": [1, 2, 3, 4, 5, 6, 0],
            "link.core_launch_offset_db": [1.0] + [0.0] * 6,
            "models.nonlinear_interference": "gn_integral",
        },
        "link.core_permutation",
        "does not follow signals through unlike cores",
    ),
]


@pytest.mark.parametrize(("changes", "path", "part"), BROKEN, ids=[path for _, path, _ in BROKEN])
def test_rules__are_refused_where_they_are_described(changes, path, part):
    with pytest.raises(DescriptionError) as caught:
        system(**changes)
    told = dict(caught.value.problems)
    assert list(told) == [path]
    assert part in told[path]


def test_rules__every_one_has_a_case():
    count = sum(len(RULES[who]) for who in ("models", "link", "system"))
    assert len(BROKEN) == count


def test_rules__every_one_is_looked_for_where_it_is_refused():
    prefix = {"models": "models.", "link": "link.", "system": ""}
    places = [f"{prefix[who]}{rule.at.split(', ')[0]}" for who in prefix for rule in RULES[who]]
    assert sorted(places) == sorted(path for _, path, _ in BROKEN)


def test_rules__every_one_says_why_and_what_to_do():
    for who in RULES:
        for rule in rules_for(who, when="net_rate"):
            assert rule.sentence
            assert rule.remedy


def test_rules__all_that_are_broken_are_told_at_once():
    with pytest.raises(DescriptionError) as caught:
        Models(accumulation="coherent", format_correction=True)
    assert [path for path, _ in caught.value.problems] == ["accumulation", "format_correction"]


def test_interference__every_model_has_a_row():
    choices = get_args(Models.model_fields["nonlinear_interference"].annotation)
    assert set(choices) == set(INTERFERENCE)
    assert all(row.name == name and row.what and row.valid for name, row in INTERFERENCE.items())
    assert set().union(*(row.accumulations for row in INTERFERENCE.values())) <= set(
        get_args(Models.model_fields["accumulation"].annotation)
    )


def test_optimize_launch__asks_for_a_model_with_a_gradient():
    integral = system(**{"models.nonlinear_interference": "gn_integral"})
    with pytest.raises(DescriptionError, match=r'no gradient; optimise with "gn" or "isrs_gn" or "kerr", then check'):
        optimize_launch(integral)


def test_optimize_launch__takes_no_unknown_model_for_another():
    one = system()
    unknown = one.model_copy(update={"models": one.models.model_copy(update={"nonlinear_interference": "egn"})})
    with pytest.raises(DescriptionError, match=r"models\.nonlinear_interference: .*no gradient"):
        optimize_launch(unknown)


def test_optimize_launch__rules_of_an_objective_are_asked_for_it_alone():
    assert len(rules_for("optimize_launch", when="net_rate")) == len(rules_for("optimize_launch", when="shannon")) + 1
