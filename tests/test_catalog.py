"""The catalogue: where its numbers come from, samples of what is not known, and how it is loaded."""

import math

import numpy as np
import pytest

from mcfiber import System, load
from mcfiber.catalog import CatalogEntry, names
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.record import Description
from mcfiber.line.line import distance

each_entry = pytest.mark.parametrize("name", names())


def leaves(value, path=""):
    """Paths of all numbers that an entry gives."""
    if isinstance(value, Description):
        items = {name: getattr(value, name) for name in value.model_fields_set}
    elif isinstance(value, dict):
        items = value
    elif isinstance(value, (list, tuple)):
        items = dict(enumerate(value))
    else:
        return [path] if isinstance(value, (int, float)) and not isinstance(value, bool) else []
    return [leaf for key, item in items.items() for leaf in leaves(item, f"{path}.{key}".strip("."))]


def test_names__hold_the_first_systems():
    assert {"nict-2025-1808km", "ofs-2011-7core", "ucl-2019-6300km"} <= set(names())


@each_entry
def test_entry__every_number_has_its_provenance(name):
    entry = load(name)
    assert [path for path in leaves(entry.system) if entry.provenance_of(path) is None] == []
    assert all(known.source for known in entry.provenance.values())


@each_entry
def test_entry__has_a_title_a_report_and_its_source(name):
    entry = load(name)
    assert entry.name == name
    assert entry.title
    assert entry.reported.net_rate_tbps
    assert entry.reported.source


@each_entry
def test_entry__ranges_hold_their_values_and_belong_to_assumptions(name):
    entry = load(name)
    for path, (low, high) in entry.ranges.items():
        assert low <= entry.system.value_at(path) <= high, path
    for path, options in entry.choices.items():
        assert entry.system.value_at(path) in options, path
    for path, known in entry.provenance.items():
        if known.status == "published":
            assert not known.range, path
            assert not known.choices, path


def test_entry__of_the_record():
    entry = load("nict-2025-1808km")
    assert (entry.system.fiber.cores, entry.system.spectrum.count) == (19, 180)
    assert float(distance(entry.system.link)) == pytest.approx(1808.1e3)
    assert (entry.reported.net_rate_tbps, entry.reported.derived_net_rate_tbps) == (1020, 1029)
    # Written down before the first prediction was made, and not changed after it.
    assert entry.ranges == {
        "fiber.dispersion_ps_per_nm_km": (17, 21),
        "fiber.effective_area_um2": (60, 80),
        "fiber.nonlinear_index_m2_per_w": (2.2e-20, 2.6e-20),
        "link.span.fan_out_loss_db": (1.1, 5.1),
        "link.launch_power_dbm": (-3, 3),
        "link.mode_dependent_loss_rms_db": (0.2, 0.9),
        "link.amplifier.noise_figure_db.C": (4.5, 6.0),
        "link.amplifier.noise_figure_db.L": (5.0, 7.0),
        "link.loop.loss_db": (8, 15),
        "link.loop.first_amplifier_excess_db": (0, 3),
        "link.loop.amplifier.noise_figure_db.C": (4.5, 6.0),
        "link.loop.amplifier.noise_figure_db.L": (5.0, 7.0),
        "transceiver.snr_db": (14, 20),
        "transceiver.code.decoded_to_gmi": (0.925, 0.955),
    }
    assert entry.choices == {"link.repeat": ("independent", "same")}


# ---------------------------------------------------------------------------------------------------------
# samples


@each_entry
def test_sampled__first_of_more_are_the_same(name):
    few, many = load(name).sampled(7, 3), load(name).sampled(300, 3)
    assert few.keys() == many.keys()
    for path, values in few.items():
        np.testing.assert_array_equal(values, many[path][:7])


def test_sampled__are_uniform_and_independent():
    entry = load("nict-2025-1808km")
    drawn = entry.sampled(20_000, 0)
    scaled = np.array([(drawn[path] - low) / (high - low) for path, (low, high) in entry.ranges.items()])
    assert scaled.min() >= 0
    assert scaled.max() <= 1
    error = math.sqrt(1 / 12 / 20_000)
    np.testing.assert_allclose(scaled.mean(axis=1), 0.5, atol=4 * error)
    np.testing.assert_allclose(scaled.var(axis=1), 1 / 12, atol=4 * math.sqrt(1 / 180 / 20_000))
    correlation = np.corrcoef(scaled) - np.eye(len(scaled))
    assert np.abs(correlation).max() < 5 / math.sqrt(20_000)
    share = float(np.mean(drawn["link.repeat"] == "same"))
    assert share == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(20_000))


def test_sampled__of_a_path_do_not_depend_on_the_others():
    entry = load("nict-2025-1808km")
    fewer = entry.with_values({"link.launch_power_dbm": 1.0})
    assert "link.launch_power_dbm" not in fewer.ranges
    other = "transceiver.snr_db"
    np.testing.assert_array_equal(entry.sampled(50, 1)[other], fewer.sampled(50, 1)[other])
    assert not np.array_equal(entry.sampled(50, 1)[other], entry.sampled(50, 2)[other])


# ---------------------------------------------------------------------------------------------------------
# values set by a user


@pytest.mark.parametrize(
    ("changes", "certain"),
    [
        ({"link.launch_power_dbm": 1.0}, ["link.launch_power_dbm"]),
        ({"link.launch_power_dbm": {"C": 1.0, "L": 0.0}}, ["link.launch_power_dbm"]),
        (
            {"link.amplifier.noise_figure_db": 5.0},
            ["link.amplifier.noise_figure_db.C", "link.amplifier.noise_figure_db.L"],
        ),
        ({"link.amplifier.noise_figure_db.C": 5.0}, ["link.amplifier.noise_figure_db.C"]),
        ({"link.span": [{"length_km": 86.1}] * 21, "link.span_count": None}, ["link.span.fan_out_loss_db"]),
        ({"link.loop": None}, ["link.loop.loss_db", "link.loop.amplifier.noise_figure_db.C"]),
        ({"transceiver.code": {"kind": "ideal"}}, ["transceiver.code.decoded_to_gmi"]),
        ({"fiber.layout": {"kind": "ring", "cores": 5, "pitch_um": 20.0}}, []),
        ({"link.repeat": "same"}, ["link.repeat"]),
    ],
)
def test_with_values__are_no_longer_uncertain(changes, certain):
    entry = load("nict-2025-1808km")
    changed = entry.with_values(changes)
    assert isinstance(changed, CatalogEntry)
    before, after = ({**one.ranges, **one.choices} for one in (entry, changed))
    assert set(certain) <= set(before)
    assert not set(certain) & set(after)
    assert changed.system == entry.system.replace(changes)
    for path in changes:
        known = changed.provenance_of(path)
        if changes[path] is not None:
            assert known is not None
            assert known.source == "set by the user"
    assert [path for path in leaves(changed.system) if changed.provenance_of(path) is None] == []


def test_with_values__refuses_what_the_description_refuses():
    with pytest.raises(DescriptionError, match=r"link\.launch_power_dbm: got 99 dBm"):
        load("nict-2025-1808km").with_values({"link.launch_power_dbm": 99})
    with pytest.raises(DescriptionError, match="did you mean launch_power_dbm"):
        load("nict-2025-1808km").with_values({"link.lunch_power_dbm": 0})


# ---------------------------------------------------------------------------------------------------------
# loading


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nict-2025-1808", "did you mean 'nict-2025-1808km'?"),
        ("xyz", "known: "),
        ("missing.toml", "there is no file 'missing.toml'"),
        (".", "there is no system '.'"),
    ],
)
def test_load__says_what_there_is(name, message):
    with pytest.raises(DescriptionError) as caught:
        load(name)
    assert message in str(caught.value)


def test_load__a_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.toml"
    entry = load("ucl-2019-6300km")
    path.write_text(entry.system.to_toml())
    mine = load(path)
    assert mine.name == entry.system.name
    path.write_text(entry.system.replace({"name": ""}).to_toml())
    assert load(path).name == "mine"
    assert mine.system.replace({"name": ""}) == System.from_toml(path)
    path.write_text(entry.system.to_toml())
    assert mine.system == entry.system == System.from_toml(path)
    assert not mine.ranges


MINIMAL = """
[system.spectrum]
groups = [{ band = "C", channels = 4, spacing_ghz = 100, symbol_rate_gbd = 64 }]
[system.fiber]
layout = { kind = "hexagonal", cores = 1 }
[system.link]
span = { length_km = 80 }
span_count = 5
"""


WAVELENGTHS = """
[system.fiber.attenuation_db_per_km]
wavelength_nm = [1400, 1700]
value = [0.2, 0.2]
[provenance]
"""


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ('[provenance]\n"link.span.lenth_km" = { status = "assumed", source = "" }', "provenance.link.span.lenth_km: "),
        (
            '[provenance]\n"link.span.length_km" = { status = "guessed", source = "" }',
            "provenance.link.span.length_km.status: got 'guessed'",
        ),
        (
            '[provenance]\n"link.span.length_km" = { status = "assumed", source = "", range = [90, 100] }',
            "provenance.link.span.length_km: the range 90 to 100 does not hold the value 80",
        ),
        (
            '[provenance]\n"link.span.length_km" = { status = "assumed", source = "", range = [100, 70] }',
            "provenance.link.span.length_km.range: got [100.0, 70.0]",
        ),
        (
            '[provenance]\n"link.span.length_km" = { status = "assumed", source = "", range = 3 }',
            "provenance.link.span.length_km.range: got 3; allowed: a list of numbers",
        ),
        (
            '[provenance]\n"link.span_count" = { status = "assumed", source = "", range = [1, 9] }',
            "provenance.link.span_count: a range belongs to a number that may vary",
        ),
        (
            WAVELENGTHS + '"fiber.attenuation_db_per_km.value.1" = { status = "assumed", source = "", range = [0, 1] }',
            "provenance.fiber.attenuation_db_per_km.value.1: a range belongs to a number that may vary as an axis",
        ),
        (
            '[provenance]\n"link.span.length_km" = { status = "assumed", source = "", range = [-5, 100] }',
            "provenance.link.span.length_km: a range belongs to a number that may vary as an axis; the system refuses",
        ),
        (
            '[provenance]\n"link.repeat" = { status = "assumed", source = "", choices = ["same"] }',
            "provenance.link.repeat: the choices same do not hold the value independent",
        ),
        ('[provenance]\n"link.repeat" = 3', "provenance.link.repeat: got 3; allowed: a table"),
        ("[reported]\nnet_rate_tbps = -1", "reported.net_rate_tbps: got -1 Tb/s"),
        ("[sytem]\nx = 1", "sytem: unknown key"),
    ],
)
def test_load__refuses(text, start, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(MINIMAL + text)
    with pytest.raises(DescriptionError) as caught:
        load(path)
    assert str(caught.value).startswith(start)
