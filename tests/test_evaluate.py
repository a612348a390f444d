"""The one path from a description to rates: identities, limits, axes against loops, bounds."""

import itertools
import math
import warnings
from typing import Any

import numpy as np
import pytest
import systems
import xarray as xr
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st

from mcfiber import System
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.record import Description
from mcfiber.line.closed_forms import ValidityWarning
from mcfiber.line.line import distance
from mcfiber.status import FLAGS

MAKERS = {"weak": systems.weak, "random": systems.random, "single": systems.single}
each_system = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def axis(values: Any, dim: str = "point") -> xr.DataArray:
    return xr.DataArray(np.asarray(values, dtype=float), dims=dim)


def inverse(ratio: Any) -> Any:
    with np.errstate(divide="ignore"):
        return 1 / ratio


# ---------------------------------------------------------------------------------------------------------
# composition


@pytest.mark.nojit
@each_system
def test_result__reciprocals_compose(make):
    ds = make().evaluate()
    line = inverse(ds.snr_ase) + inverse(ds.snr_nli) + inverse(ds.snr_xt)
    np.testing.assert_allclose(line / inverse(ds.gsnr), 1, rtol=1e-12)
    received = ds.mdl_penalty * inverse(ds.gsnr) + inverse(ds.snr_trx)
    np.testing.assert_allclose(received / inverse(ds.snr), 1, rtol=1e-12)
    assert (ds.mdl_penalty >= 1).all()


@each_system
def test_result__ratios_are_those_of_powers(make):
    ds = make().evaluate()
    np.testing.assert_allclose(ds.signal_power / ds.ase_power, ds.snr_ase, rtol=1e-13)
    np.testing.assert_allclose(ds.signal_power / ds.nli_power, ds.snr_nli, rtol=1e-13)
    np.testing.assert_allclose(ds.crosstalk_power, ds.crosstalk * ds.signal_power, rtol=1e-13)


@each_system
def test_result__totals(make):
    system = make()
    ds = system.evaluate()
    everywhere = ds.net_rate.broadcast_like(xr.DataArray(np.zeros(ds.sizes["core"]), dims="core"))
    assert float(ds.total_net_rate) == pytest.approx(float(everywhere.sum()), rel=1e-12)
    assert float(ds.capacity_distance) == pytest.approx(float(ds.total_net_rate) * float(distance(system.link)))
    width = float(np.broadcast_to(ds.symbol_rate, ds.sizes["channel"]).sum())
    assert float(ds.spectral_efficiency) == pytest.approx(float(ds.total_net_rate) / width, rel=1e-12)


@each_system
def test_result__coordinates_and_dimensions(make):
    system = make()
    ds = system.evaluate()
    assert ds.sizes["core"] == system.fiber.cores
    assert ds.sizes["channel"] == system.spectrum.count
    assert set(ds.dims) <= {"core", "channel"}  # nothing of size channel x channel, span or core x core leaves
    assert np.all(np.diff(ds.frequency) > 0)
    nearest = ds.gsnr.sel(wavelength=1553, method="nearest")
    assert abs(float(nearest.wavelength) - 1553) == np.abs(ds.wavelength - 1553).min()
    assert int(ds.status) == 0


def test_result__equal_cores_have_no_dimension():
    ds = systems.random().evaluate()
    assert "core" not in ds.gsnr.dims
    assert "core" in systems.weak().evaluate().gsnr.dims


@each_system
def test_result__is_finite(make):
    for name, array in make().evaluate().data_vars.items():
        assert not np.isnan(array).any(), name


# ---------------------------------------------------------------------------------------------------------
# limits and laws


def test_uncoupled__seven_cores_without_crosstalk_are_seven_single_cores():
    quiet = {"fiber.crosstalk.crosstalk_db": -150.0, "fiber.crosstalk.slope_db_per_nm": 0.0}
    devices = {"link.span.fan_in_crosstalk_db": None, "link.span.fan_out_crosstalk_db": None}
    seven = systems.weak(**(quiet | devices), fiber__attenuation_db_per_km=0.2)
    alone = seven.replace({"fiber.crosstalk": None, "fiber.layout.cores": 1})
    many, one = seven.evaluate(), alone.evaluate()
    np.testing.assert_allclose(many.gsnr, one.gsnr.broadcast_like(many.gsnr), rtol=1e-10)
    assert float(many.total_net_rate) == pytest.approx(7 * float(one.total_net_rate), rel=1e-10)


def test_limits__crosstalk_and_transceivers_vanish():
    noisy = systems.weak()
    quiet = noisy.replace(
        {
            "fiber.crosstalk.crosstalk_db": -150.0,
            "link.span.fan_in_crosstalk_db": None,
            "link.span.fan_out_crosstalk_db": None,
            "transceiver.snr_db": math.inf,
        }
    )
    ds = quiet.evaluate()
    np.testing.assert_allclose(inverse(ds.snr), inverse(ds.snr_ase) + inverse(ds.snr_nli), rtol=1e-8)
    assert (ds.snr > noisy.evaluate().snr).all()


@pytest.mark.nojit
def test_interference__grows_with_the_cube():
    low, high = (systems.single(link__launch_power_dbm=power).evaluate() for power in (-3.0, 2.0))
    np.testing.assert_allclose(high.nli_power / low.nli_power, 10**1.5, rtol=1e-12)
    np.testing.assert_allclose(high.ase_power, low.ase_power, rtol=1e-14)


def test_interference__coupled_cores_have_less():
    coupled = systems.random()
    alone = coupled.replace({"fiber.layout.cores": 1})
    np.testing.assert_allclose(coupled.evaluate().nli_power / alone.evaluate().nli_power, 3 / 39, rtol=1e-13)


def test_power__the_optimum_has_twice_as_much_noise_as_interference():
    powers = np.linspace(-3, 6, 181)
    ds = systems.single(link__launch_power_dbm=axis(powers)).evaluate()
    best = ds.isel(point=ds.gsnr.argmax("point"))
    np.testing.assert_allclose(10 * np.log10(best.snr_nli / best.snr_ase), 10 * math.log10(2), atol=0.05)


@pytest.mark.parametrize("make", [systems.weak, systems.single])
def test_spans__more_of_them_lower_the_ratio(make):
    ratios = [make(link__span_count=count).evaluate().gsnr for count in (1, 2, 5, 20)]
    for fewer, more in itertools.pairwise(ratios):
        assert (more < fewer).all()


def test_spans__list_of_equal_spans_equals_repeated_span():
    system = systems.weak().replace({"link.loop": None})
    listed = system.replace({"link.span": [system.link.span] * 4, "link.span_count": None})
    xr.testing.assert_allclose(listed.evaluate(), system.evaluate(), rtol=1e-13)


def test_cores__permuted_losses_permute_the_result():
    # Rotating the outer cores of a hexagon changes nothing but their names.
    losses = np.array([0.19, 0.2, 0.21, 0.19, 0.22, 0.2, 0.18])
    turned = [0, 2, 3, 4, 5, 6, 1]
    one, other = (
        systems.weak(fiber__attenuation_db_per_km=list(values)).evaluate() for values in (losses, losses[turned])
    )
    for name in ("ase_power", "nli_power", "crosstalk", "gsnr", "snr", "net_rate"):
        np.testing.assert_allclose(one[name].isel(core=turned), other[name], rtol=1e-12, err_msg=name)


def test_channels__faint_ones_carry_nothing_and_disturb_nobody():
    powers = [0.0, 0.0, -100.0, 0.0]
    lit, all_lit = systems.single(link__launch_power_dbm=powers).evaluate(), systems.single().evaluate()
    faint = int(np.argmin(lit.signal_power.values))
    assert float(lit.net_rate[faint]) < 1e-6 * float(lit.net_rate.max())
    assert (lit.nli_power < all_lit.nli_power).all()
    assert np.isfinite(lit.mcf.limits().noise_share).all()


@pytest.mark.nojit
def test_models__of_amplifier_noise_are_ordered():
    found = [
        systems.single(models__amplifier_noise=name).evaluate().ase_power
        for name in ("excess_gain", "exact", "input_noise")
    ]
    assert (found[0] < found[1]).all()
    assert (found[1] < found[2]).all()


# ---------------------------------------------------------------------------------------------------------
# axes: a block of designs equals a loop of single ones


def real_fields(value: Any, path: str = "") -> list[str]:
    """Paths of all numbers of a description, inside tables and lists too."""
    if isinstance(value, Description):
        items = {name: getattr(value, name) for name in type(value).model_fields}
    elif isinstance(value, dict):
        items = value
    elif isinstance(value, (tuple, list)):
        items = dict(enumerate(value))
    else:
        return [path] if isinstance(value, float) else []
    return [found for key, item in items.items() for found in real_fields(item, f"{path}.{key}".strip("."))]


# Lists and tables that are grids rather than quantities.
STRUCTURAL = (
    "spectrum.frequency_thz",
    "fiber.attenuation_db_per_km.wavelength_nm",
    "fiber.attenuation_db_per_km.value",
)
PLACES = [
    pytest.param(make, path, id=f"{name}-{path}")
    for name, make in MAKERS.items()
    for path in real_fields(make())
    if not path.startswith(STRUCTURAL) and (path != "link.mode_dependent_loss_rms_db" or name == "random")
]


STEPS = {"fiber.index_spread": 1e-5}
"""Steps from a default of zero, where half a unit is too much."""


def values_around(system: System, path: str) -> list[float]:
    """Three values that the description accepts, around its own."""
    value = system.value_at(path)
    if math.isinf(value):
        return [20.0, value, 15.0]
    step = (1e-3 if path.endswith("thz") else 0.02) * abs(value) if value else STEPS.get(path, 0.5)
    return [value, value + step, value - step if value else value + 2 * step]


def assert_block_is_loop(system: System, axes: dict[str, xr.DataArray]) -> None:
    dims = {dim: array.sizes[dim] for array in axes.values() for dim in array.dims}
    block = system.replace(axes).evaluate()
    assert int(block.status.max()) == 0
    for index in itertools.product(*(range(length) for length in dims.values())):
        place = dict(zip(dims, index, strict=True))
        numbers = {path: float(array.isel({dim: place[dim] for dim in array.dims})) for path, array in axes.items()}
        single = system.replace(numbers).evaluate()
        for name, array in single.variables.items():
            found = block[name]
            found = found.isel({dim: place[dim] for dim in found.dims if dim in place})
            if array.dtype.kind == "f":
                array, found = np.broadcast_arrays(*align(array, found))
                np.testing.assert_allclose(found, array, rtol=1e-12, atol=0, err_msg=f"{name} at {place}")


def align(first: Any, second: Any) -> list[Any]:
    """Values of two arrays with the same order of dimensions."""
    first, second = xr.broadcast(
        xr.DataArray(first.values, dims=first.dims), xr.DataArray(second.values, dims=second.dims)
    )
    return [first.values, second.transpose(*first.dims).values]


@pytest.mark.parametrize(("make", "path"), PLACES)
def test_axis__of_any_number_equals_a_loop(make, path):
    system = make()
    assert_block_is_loop(system, {path: axis(values_around(system, path))})


@pytest.mark.parametrize("shared", [True, False], ids=["one dimension", "grid"])
@pytest.mark.parametrize(
    ("make", "paths"),
    [
        (
            systems.weak,
            [
                "fiber.layout.pitch_um",
                "link.launch_power_dbm.C",
                "fiber.attenuation_db_per_km.3",
                "link.span.length_km",
            ],
        ),
        (systems.weak, ["spectrum.groups.1.symbol_rate_gbd", "link.loop.amplifier.noise_figure_db.L"]),
        (systems.random, ["link.span.1.length_km", "link.mode_dependent_loss_rms_db", "link.launch_power_dbm.2"]),
        (systems.single, ["fiber.dispersion_ps_per_nm_km", "spectrum.symbol_rate_gbd.2", "transceiver.snr_db"]),
    ],
)
def test_axis__several_at_once_equal_a_loop(make, paths, shared):
    system = make()
    count = 3 if shared else 2
    axes = {
        path: axis(values_around(system, path)[:count], "point" if shared else f"axis_{index}")
        for index, path in enumerate(paths[:4] if shared else paths[:3])
    }
    assert_block_is_loop(system, axes)


@pytest.mark.nojit
def test_axis__equals_a_loop_without_compilation():
    assert_block_is_loop(systems.single(), {"link.launch_power_dbm": axis([-1.0, 2.0])})


def test_axis__result_has_a_dimension_only_where_it_differs():
    ds = systems.weak().replace({"transceiver.snr_db": axis([15.0, 20.0])}).evaluate()
    assert "point" in ds.snr.dims
    assert "point" not in ds.gsnr.dims
    assert "point" not in ds.nli_power.dims
    assert ds.total_net_rate.dims == ("point",)


def test_axis__coordinates_stay():
    values = xr.DataArray([0.0, 1.0], dims="power", coords={"power": [10, 20]})
    ds = systems.single(link__launch_power_dbm=values).evaluate()
    assert ds.sel(power=20).total_net_rate.ndim == 0


def test_axis__cannot_be_structural():
    with pytest.raises(DescriptionError, match="cannot be one"):
        systems.weak(link__span_count=xr.DataArray([1, 2], dims="point"))


# ---------------------------------------------------------------------------------------------------------
# points that cannot be


def test_status__marks_single_points_and_hides_their_values():
    ds = systems.weak().replace({"fiber.layout.pitch_um": axis([40.0, 100.0])}).evaluate()
    assert ds.status.values.tolist() == [0, 1]
    assert ds.status.attrs["flag_meanings"].split()[1] == "cores_outside_cladding"
    assert np.isnan(ds.total_net_rate.values).tolist() == [False, True]
    assert np.isfinite(ds.isel(point=0).total_net_rate)


@pytest.mark.parametrize(
    ("path", "values", "flag"),
    [
        ("fiber.layout.pitch_um", [42.0, 95.0], "cores_outside_cladding"),
        ("fiber.cladding_diameter_um", [187.0, 60.0], "cores_outside_cladding"),
        ("spectrum.groups.1.symbol_rate_gbd", [75.0, 76.0], "channels_overlap"),
        ("spectrum.groups.0.lowest_frequency_thz", [187.0, 190.5], "ok"),
        ("spectrum.groups.1.spacing_ghz", [75.0, 900.0], "channels_outside_band"),
        ("link.loop.first_amplifier_excess_db", [1.0, 11.0], "second_amplifier_attenuates"),
        ("fiber.crosstalk.slope_db_per_nm", [0.1, 1.0], "crosstalk_too_high"),
    ],
)
def test_status__says_what_a_number_would_be_refused_for(path, values, flag):
    system = systems.weak(fiber__crosstalk__crosstalk_db=-25.0)
    ds = system.replace({path: axis(values)}).evaluate()
    flags = dict(zip(ds.status.attrs["flag_values"], ds.status.attrs["flag_meanings"].split(), strict=True))
    assert flags == FLAGS
    assert [flags[int(value)] for value in ds.status] == ["ok", flag]
    assert np.isnan(ds.snr.isel(point=1)).all() == (flag != "ok")
    assert np.isfinite(ds.snr.isel(point=0)).all()
    if flag != "ok":
        with pytest.raises(DescriptionError):
            system.replace({path: values[1]}).evaluate()


# ---------------------------------------------------------------------------------------------------------
# what the parts must agree on


@pytest.mark.parametrize(
    ("system", "start"),
    [
        (lambda: systems.weak(link__launch_power_dbm={"C": 0.0}), "link.launch_power_dbm: has no value for the band L"),
        (
            lambda: systems.weak(link__amplifier__noise_figure_db={"L": 5.0}),
            "link.amplifier.noise_figure_db: has no value for the band C",
        ),
        (
            lambda: systems.weak(link__loop__amplifier__noise_figure_db={"L": 5.0}),
            "link.loop.amplifier.noise_figure_db: has no value for the band C",
        ),
        (
            lambda: systems.weak(link__launch_power_dbm=[0.0] * 10),
            "link.launch_power_dbm: got 10 values for 11 channels",
        ),
        (
            lambda: systems.weak(link__launch_power_dbm={"C": [0.0] * 5, "L": 0.0}),
            "link.launch_power_dbm.C: got 5 values for 6 channels",
        ),
        (lambda: systems.weak(link__mode_dependent_loss_rms_db=0.5), "link.mode_dependent_loss_rms_db: weakly coupled"),
        (
            lambda: systems.weak(link__mode_dependent_loss_rms_db={"fiber": 0.5}),
            "link.mode_dependent_loss_rms_db: weakly coupled",
        ),
        (
            lambda: systems.random(link__mode_dependent_loss_rms_db={"splice": 0.5}),
            "link.mode_dependent_loss_rms_db: got a source 'splice'; allowed: fan_in, fan_out, splices,",
        ),
        (
            lambda: systems.weak(fiber__coupling="groups", fiber__groups=[[0], [1, 2, 3], [4, 5, 6]]),
            "fiber.attenuation_db_per_km: randomly coupled cores share their light",
        ),
        (
            lambda: systems.groups(link__amplifier__core_output_offset_db=[0.0, 0.1, 0.1, 0.1, 0.0, 0.0, 0.1]),
            "link.amplifier.core_output_offset_db: randomly coupled cores share their light",
        ),
        (
            lambda: systems.random(fiber__attenuation_db_per_km=[0.2] * 19),
            "fiber.attenuation_db_per_km: randomly coupled cores share their light",
        ),
        (
            lambda: systems.random().replace({"link.span.1.fan_in_crosstalk_db": -40.0}),
            "link.span.1.fan_in_crosstalk_db: only several cores",
        ),
        (lambda: systems.single(models__accumulation="coherent"), "models.accumulation: needs"),
        (lambda: systems.single(models__raman="strong"), "models.raman: got 'strong'"),
    ],
)
def test_system__refuses(system, start):
    with pytest.raises(DescriptionError) as caught:
        system()
    assert str(caught.value).startswith(start)


def test_system__a_table_that_does_not_cover_the_channels():
    system = systems.random().replace({"fiber.attenuation_db_per_km.wavelength_nm": [1520.0, 1540.0]})
    with pytest.raises(DescriptionError, match=r"fiber\.attenuation_db_per_km: the table covers 1520 to 1540 nm"):
        system.evaluate()


def test_system__moments_of_the_best_format_are_not_known():
    changes = {
        "transceiver.format": "best",
        "models.nonlinear_interference": "isrs_gn",
        "models.format_correction": True,
    }
    with pytest.raises(DescriptionError, match=r"models\.format_correction: needs one modulation format"):
        systems.single().replace(changes).evaluate()


# ---------------------------------------------------------------------------------------------------------
# texts and back


@each_system
def test_toml__round_trip(make, tmp_path):
    system = make()
    (tmp_path / "system.toml").write_text(system.to_toml())
    again = System.from_toml(tmp_path / "system.toml")
    assert again == system
    xr.testing.assert_identical(again.evaluate(), system.evaluate())


def test_toml__keeps_infinity_and_axes(tmp_path):
    labelled = xr.DataArray([40.0, 42.0], dims="pitch", coords={"pitch": ["narrow", "wide"]})
    system = systems.weak(transceiver__snr_db=math.inf, fiber__layout__pitch_um=labelled)
    system = system.replace({"link.span.length_km": axis([70.0, 80.0])})
    (tmp_path / "system.toml").write_text(system.to_toml())
    assert System.from_toml(tmp_path / "system.toml") == system


def test_toml__without_the_table_system(tmp_path):
    text = systems.single().to_toml().replace("[system.", "[").replace("[system]\n", "")
    (tmp_path / "system.toml").write_text(text)
    assert System.from_toml(tmp_path / "system.toml") == systems.single()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("system = 3", "system: got 3; allowed: a table"),
        ("", "spectrum: is missing"),
        ("[system", "is not valid TOML"),
        (b"\xff\xfe", "cannot read"),
    ],
)
def test_toml__refuses(text, message, tmp_path):
    path = tmp_path / "system.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DescriptionError, match=message):
        System.from_toml(path)


# ---------------------------------------------------------------------------------------------------------
# random systems

FORMATS = ["QPSK", "16QAM", "64QAM", "256QAM"]
CODES = [
    {"kind": "ideal"},
    {"kind": "decoded_fraction", "decoded_to_gmi": 0.94},
    {"kind": "adaptive", "ngmi_gap": 0.05},
    {"kind": "fixed_rate", "code_rate": 0.8, "ngmi_threshold": 0.85},
]


MOST_LOSS = {1: 0.5, 7: 1.1, 19: 1.5}  # dB a span: sixty passes of the same one then keep within the table of penalties


@st.composite
def random_systems(draw: Any) -> System:
    coupling = draw(st.sampled_from(["weak", "random"]))
    cores = draw(st.sampled_from([1, 7, 19]))
    spacing = draw(st.floats(50, 150))
    fiber: dict[str, Any] = {
        "layout": {"kind": "hexagonal", "cores": cores, "pitch_um": draw(st.floats(15, 45))},
        "cladding_diameter_um": 250,
        "coupling": coupling,
        "attenuation_db_per_km": draw(st.floats(0.15, 0.5)),
        "dispersion_ps_per_nm_km": draw(st.floats(4, 22)),
        "dispersion_slope_ps_per_nm2_km": draw(st.one_of(st.none(), st.floats(-0.02, 0.08))),
        "effective_area_um2": draw(st.floats(50, 150)),
    }
    if coupling == "weak" and cores > 1:
        fiber["crosstalk"] = {
            "crosstalk_db": draw(st.floats(-80, -15)),
            "length_km": draw(st.floats(1, 100)),
            "definition": draw(st.sampled_from(["pair", "total_from_neighbours"])),
            "slope_db_per_nm": draw(st.floats(-0.1, 0.1)),
        }
    random = coupling == "random"
    return System(
        spectrum={
            "groups": [
                {
                    "band": draw(st.sampled_from("SCL")),
                    "channels": draw(st.integers(1, 12)),
                    "spacing_ghz": spacing,
                    "symbol_rate_gbd": spacing * draw(st.floats(0.5, 1)),
                }
            ]
        },
        fiber=fiber,
        link={
            "span": {"length_km": draw(st.floats(60, 120)), "fan_in_loss_db": draw(st.floats(0, 2))},
            "span_count": draw(st.integers(1, 60)),
            "launch_power_dbm": draw(st.floats(-100, 10)),
            "amplifier": {"noise_figure_db": draw(st.floats(3, 9))},
            "mode_dependent_loss_rms_db": draw(st.floats(0, MOST_LOSS[cores])) if random else 0.0,
            "repeat": draw(st.sampled_from(["independent", "same"])),
        },
        transceiver={
            "format": draw(st.sampled_from(FORMATS)),
            "snr_db": draw(st.one_of(st.just(math.inf), st.floats(5, 30))),
            "code": draw(st.sampled_from(CODES)),
            "pilot_overhead_percent": draw(st.floats(0, 10)),
            "receiver": draw(st.sampled_from(["mmse", "zero_forcing", "optimal"])),
        },
    )


@at_most(40)
@given(random_systems())
def test_random_system__rates_are_ordered_and_finite(system):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ValidityWarning)
        ds = system.evaluate()
    assert int(ds.status) == 0
    for name, array in ds.data_vars.items():
        assert not np.isnan(array).any(), name
        if name not in ("snr_xt", "snr_trx"):
            assert np.isfinite(array).all(), name
    both = 2 * ds.symbol_rate
    ladder = [
        ds.net_rate,
        both * ds.gmi,
        both * ds.mutual_information,
        both * ds.shannon,
        both * np.log2(1 + ds.gsnr),
        both * np.log2(1 + ds.snr_ase),
    ]
    for lower, upper in itertools.pairwise(ladder):
        assert (lower <= upper * (1 + 1e-9) + 1.0).all()  # 1 bit/s: the tables' error is below 1e-6 bit a symbol
    assert (ds.net_rate >= 0).all()
    shares = ds.mcf.limits().noise_share
    np.testing.assert_allclose(shares.sum("limit"), 1, rtol=1e-9)
