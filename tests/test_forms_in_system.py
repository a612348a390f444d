"""Every form in which a value may vary gives what the others give that say the same."""

import math
from typing import Any

import numpy as np
import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from small_systems import small

import mcfiber as mcf
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.record import Description
from mcfiber.descriptions.values import EVERYWHERE, declarations

BANDS = ("S", "C", "L")
NEAR = 1e-12

FIELDS = {
    "link.launch_power_dbm": (-4.0, 2.0),
    "link.amplifier.noise_figure_db": (4.0, 9.0),
    "link.amplifier.output_ripple_db": (-2.0, 2.0),
    "link.span.loss_before_db": (0.0, 3.0),
    "link.span.loss_after_db": (0.0, 3.0),
    "link.polarization_dependent_loss_db": (0.0, 0.5),
    "transceiver.snr_db": (15.0, 25.0),
}
"""Fields that may differ everywhere, with ordinary values."""


def wide(**link: Any) -> mcf.System:
    """Two channels in each of three bands, three weakly coupled cores."""
    groups = [
        {"band": band, "channels": 2, "spacing_ghz": 400, "symbol_rate_gbd": rate}
        for band, rate in zip(BANDS, (32.0, 64.0, 96.0), strict=True)
    ]
    return mcf.System(
        spectrum={"groups": groups},
        fiber={
            "layout": {"kind": "ring", "cores": 3, "pitch_um": 42},
            "crosstalk": {"crosstalk_db": -45, "length_km": 80, "definition": "pair", "slope_db_per_nm": 0.1},
            "dispersion_slope_ps_per_nm2_km": 0.06,
        },
        link={"span": {"length_km": 80}, "span_count": 3, "power_control": "signal"} | link,
        transceiver={"format": "16QAM", "snr_db": 20},
    )


WAVELENGTHS = wide().evaluate().wavelength.values  # channels ascend in frequency
ORDER = (4, 5, 2, 3, 0, 1)  # of the channels in the description, whose groups go from S to L


def table(values: dict[str, float]) -> dict[str, list[float]]:
    """Steps between the bands: flat over each of them."""
    of_band = np.repeat([values[band] for band in ("L", "C", "S")], 2)
    order = np.argsort(WAVELENGTHS)
    return {"wavelength_nm": WAVELENGTHS[order].tolist(), "value": of_band[order].tolist()}


def assert_same(first: Any, second: Any) -> None:
    for name in first.data_vars:
        one, other = (np.broadcast_to(*_alike(given[name], first[name], second[name])) for given in (first, second))
        np.testing.assert_allclose(one, other, rtol=NEAR, err_msg=name)


def _alike(value: Any, *others: Any) -> tuple[Any, tuple[int, ...]]:
    dims = tuple(dict.fromkeys(dim for other in others for dim in other.dims))
    sizes = {dim: other.sizes[dim] for other in others for dim in other.dims}
    shape = tuple(sizes[dim] for dim in dims)
    return value.expand_dims([dim for dim in dims if dim not in value.dims]).transpose(*dims).values, shape


@pytest.mark.parametrize("field", FIELDS)
@at_most(5)
@given(data=st.data())
def test_forms__that_say_the_same_give_the_same(field, data):
    low, high = FIELDS[field]
    values = {band: data.draw(st.floats(low, high)) for band in BANDS}
    by_band = wide().replace({field: values}).evaluate()
    listed = [values[band] for band in BANDS for _ in range(2)]
    assert_same(by_band, wide().replace({field: {"channel": listed}}).evaluate())
    assert_same(by_band, wide().replace({field: table(values)}).evaluate())
    assert_same(by_band, wide().replace({field: {"core": [table(values)] * 3}}).evaluate())


@pytest.mark.parametrize("field", FIELDS)
def test_forms__one_value_in_any_of_them(field):
    value = FIELDS[field][1]
    one = wide().replace({field: value}).evaluate()
    for form in ({"core": [value] * 3}, {"channel": [value] * 6}, dict.fromkeys(BANDS, value)):
        assert_same(one, wide().replace({field: form}).evaluate())


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("form", ["band", "channel", "core"])
def test_forms__an_axis_in_any_of_them(field, form):
    low, high = FIELDS[field]
    axis = {"axis": "sample", "values": [low, high]}
    place = {"band": dict.fromkeys(BANDS, low) | {"C": axis}, "channel": {"channel": [low] * 5 + [axis]}}
    place["core"] = {"core": [low, axis, low]}
    together = wide().replace({field: place[form]}).evaluate()
    assert together.sizes["sample"] == 2
    for k, value in enumerate((low, high)):
        single = {
            "band": place["band"] | {"C": value},
            "channel": {"channel": [low] * 5 + [value]},
            "core": {"core": [low, value, low]},
        }
        assert_same(together.isel(sample=k), wide().replace({field: single[form]}).evaluate())


def test_forms__every_field_that_may_vary_everywhere_is_held():
    found = {
        f"{model.__name__}.{name}"
        for model in (mcf.Amplifier, mcf.Span, mcf.Link, mcf.Transceiver)
        for name, rule in declarations(model).items()
        if set(EVERYWHERE.split()) <= set(rule.varies)
    }
    assert {name.split(".")[1] for name in found} == {path.rpartition(".")[2] for path in FIELDS}
    assert issubclass(mcf.Amplifier, Description)


def test_attenuation__a_table_for_each_core():
    tables = [{"wavelength_nm": [1400, 1700], "value": [0.2 + 0.01 * k, 0.22]} for k in range(3)]
    together = wide().replace({"fiber.attenuation_db_per_km": {"core": tables}}).evaluate()
    for k, one in enumerate(tables):
        alone = wide().replace({"fiber.attenuation_db_per_km": one}).evaluate()
        np.testing.assert_allclose(together.ase_power.sel(core=k), alone.ase_power, rtol=NEAR)


# ---------------------------------------------------------------------------------------------------------
# symbol rate, gain


def test_snr__against_symbol_rate():
    curve = {"symbol_rate_gbd": [30, 60, 120], "value": [24.0, 22.0, 17.0]}
    found = wide().replace({"transceiver.snr_db": curve}).evaluate()
    expected = np.interp([96, 96, 64, 64, 32, 32], curve["symbol_rate_gbd"], curve["value"])
    np.testing.assert_allclose(10 * np.log10(found.snr_trx), expected, rtol=1e-13)


def test_noise_figure__against_gain_and_wavelength():
    per_gain = [{"wavelength_nm": [1400, 1700], "value": [8.0, 5.0]}, 4.5]
    curve = {"gain_db": [10, 30], "value": per_gain}
    found = wide().replace(
        {"link.amplifier.noise_figure_db": curve, "link.span.loss_after_db": {"S": 4, "C": 2, "L": 0}}
    )
    result = found.evaluate()
    gain = 16.0 + np.array([0, 0, 2, 2, 4, 4])
    weight = (gain - 10) / 20
    figure = (1 - weight) * np.interp(WAVELENGTHS, [1400, 1700], [8, 5]) + weight * 4.5
    photon = 6.62607015e-34 * result.frequency * result.symbol_rate
    expected = 3 * (10 ** ((figure + gain) / 10) - 1) * photon
    np.testing.assert_allclose(result.ase_power, expected, rtol=1e-12)


def test_noise_figure__of_spans_with_other_amplifiers():
    curve = {"gain_db": [10, 30], "value": [7.0, 5.0]}
    spans = [
        {"length_km": 80},
        {"length_km": 100, "amplifier": {"noise_figure_db": curve}},
        {"length_km": 60, "amplifier": {"noise_figure_db": {"gain_db": [12, 20], "value": [5.5, 5.5]}}},
    ]
    result = wide(span=spans, span_count=None).evaluate()
    photon = 6.62607015e-34 * result.frequency * result.symbol_rate
    expected = sum(10 ** (dB / 10) - 1 for dB in (5 + 16, 6 + 20, 5.5 + 12)) * photon
    np.testing.assert_allclose(result.ase_power, expected, rtol=1e-12)


def test_noise_figure__outside_its_table():
    curve = {"gain_db": [17, 30], "value": [7.0, 5.0]}
    system = wide().replace({"link.amplifier.noise_figure_db": curve})
    with pytest.raises(DescriptionError, match=r"covers gains of 17 to 30 dB, and 16\.00 to 16\.00 dB are needed"):
        system.evaluate()
    swept = system.replace({"link.span.length_km": {"axis": "length", "values": [80.0, 90.0]}}).evaluate()
    assert (swept.status.values > 0).tolist() == [True, False]


# ---------------------------------------------------------------------------------------------------------
# launch


@at_most(10)
@given(st.floats(0.0, 25.0), st.floats(-6.0, 6.0))
def test_launch__total_of_a_core(total, tilt):
    shape = [0.0, 1.0, 2.0, 3.0, 2.0, 1.0]
    link = {"launch_power_dbm": shape, "total_launch_power_dbm": total, "launch_tilt_db": tilt}
    power = wide(**link).evaluate().signal_power
    assert float(power.sum()) == pytest.approx(10 ** (total / 10) * 1e-3, rel=1e-12)
    plain = wide(launch_power_dbm=shape, launch_tilt_db=tilt).evaluate().signal_power
    np.testing.assert_allclose(power / power[0], plain / plain[0], rtol=1e-12)


def test_launch__total_of_each_band_and_core():
    power = wide(total_launch_power_dbm={"S": 10, "C": 13, "L": 11}, launch_power_dbm=[1, 0, 0, 0, 0, 2]).evaluate()
    sums = power.signal_power.groupby(power.band).sum()
    np.testing.assert_allclose(10 * np.log10(sums.sel(band=["S", "C", "L"]) * 1e3), [10, 13, 11], rtol=1e-13)
    cores = wide(total_launch_power_dbm={"core": [10, 12, 14]}).evaluate().signal_power.sum("channel")
    np.testing.assert_allclose(10 * np.log10(cores * 1e3), [10, 12, 14], rtol=1e-13)


def test_launch__tilt_of_each_band():
    power = wide(launch_tilt_db={"S": 2, "C": 0, "L": -1}).evaluate().mcf.to_db().signal_power
    np.testing.assert_allclose(power, [0.5, -0.5, 0, 0, -1, 1], atol=1e-12)


# ---------------------------------------------------------------------------------------------------------
# formats and codes


CODES = {"S": {"kind": "ideal"}, "C": {"kind": "decoded_fraction", "decoded_to_gmi": 0.9}, "L": {"kind": "adaptive"}}
FORMATS = {"S": "QPSK", "C": "16QAM", "L": {"kind": "shaped", "base": "64QAM", "entropy": 5.0}}


def test_formats__and_codes_of_bands():
    together = wide().replace({"transceiver.format": FORMATS, "transceiver.code": CODES}).evaluate()
    for band in BANDS:
        alone = wide().replace({"transceiver.format": FORMATS[band], "transceiver.code": CODES[band]}).evaluate()
        for name in ("net_rate", "gmi", "ngmi", "mutual_information"):
            here = together.band == band
            np.testing.assert_allclose(together[name][here], alone[name][alone.band == band], rtol=NEAR)
    chosen = [together.format_index.attrs["flag_meanings"].split()[int(k)] for k in together.format_index]
    assert chosen == ["64QAM-5bit"] * 2 + ["16QAM"] * 2 + ["QPSK"] * 2


def test_formats__of_channels_are_in_the_order_of_the_description():
    listed = [FORMATS[band] for band in BANDS for _ in range(2)]
    by_channel = wide().replace({"transceiver.format": {"channel": listed}}).evaluate()
    by_band = wide().replace({"transceiver.format": FORMATS}).evaluate()
    np.testing.assert_array_equal(by_channel.net_rate, by_band.net_rate)


def test_formats__of_cores_and_the_best_of_several():
    several = {"core": ["16QAM", {"kind": "best", "candidates": ["16QAM", "64QAM"]}, "64QAM"]}
    together = wide().replace({"transceiver.format": several}).evaluate()
    one, other = (wide().replace({"transceiver.format": name}).evaluate() for name in ("16QAM", "64QAM"))
    np.testing.assert_array_equal(together.net_rate.sel(core=0).values, _of_core(one))
    np.testing.assert_array_equal(together.net_rate.sel(core=2).values, _of_core(other))
    np.testing.assert_array_equal(together.net_rate.sel(core=1).values, np.maximum(_of_core(one), _of_core(other)))


def _of_core(result: Any) -> Any:
    rate = result.net_rate
    return rate.values if rate.ndim == 1 else rate.isel(core=0).values


def test_formats__accessor_keeps_them():
    result = wide().replace({"transceiver.format": FORMATS, "transceiver.code": CODES}).evaluate()
    assert float(result.mcf.ladder().ladder_total[-1]) == pytest.approx(float(result.total_net_rate), rel=1e-12)
    part = result.isel(channel=[0, 4])
    assert float(part.mcf.ladder().ladder_total[-1]) == pytest.approx(float(part.mcf.total_rate()), rel=1e-12)
    one = result.isel(channel=4, core=1)
    assert float(one.mcf.ladder().ladder_total[-1]) == pytest.approx(float(one.mcf.total_rate()), rel=1e-12)
    assert float(result.mcf.limits().total_net_rate_without.max()) >= float(result.total_net_rate)


def test_formats__survive_files(tmp_path):
    system = wide().replace({"transceiver.format": FORMATS, "transceiver.code": {"core": [CODES["S"]] * 3}})
    path = tmp_path / "system.toml"
    path.write_text(system.to_toml(), encoding="utf-8")
    assert mcf.System.from_toml(path) == system


@pytest.mark.parametrize(
    ("change", "start"),
    [
        ({"transceiver.format": {"C": "16QAM"}}, "transceiver.format: has none for the band S; give one for each of"),
        ({"transceiver.format": {"C": "17QAM", "S": "QPSK", "L": "QPSK"}}, "transceiver.format.C: got '17QAM'"),
        ({"transceiver.format": {"channel": ["QPSK"]}}, "transceiver.format: got 1 for 6 channels"),
        ({"transceiver.format": {"core": ["QPSK"]}}, "transceiver.format: got 1 values for 3 cores"),
        ({"transceiver.format": {"core": "QPSK"}}, "transceiver.format: got a single choice for core"),
        ({"transceiver.format": {"C": ["QPSK", "QPSK"]}}, "transceiver.format: got a list for C"),
        ({"transceiver.format": {"C": "QPSK", "core": ["QPSK"]}}, "transceiver.format: got C, core together"),
        ({"transceiver.code": {"S": {"kind": "ideal"}}}, "transceiver.code: has none for the band C"),
        (
            {"transceiver.format": {"kind": "shaped", "base": "64QAM", "entropy": 9}},
            "transceiver.format.entropy: got 9",
        ),
        ({"transceiver.snr_db": {"symbol_rate_gbd": [60, 30], "value": [1, 2]}}, "transceiver.snr_db.symbol_rate_gbd:"),
        ({"transceiver.snr_db": {"symbol_rate_gbd": [30, 60], "value": [1]}}, "transceiver.snr_db.value: got 1 values"),
        (
            {"link.amplifier.noise_figure_db": {"gain_db": [10, 20], "value": [5, 99]}},
            "link.amplifier.noise_figure_db.",
        ),
        (
            {"link.span.length_km": {"gain_db": [10, 20], "value": [5, 9]}},
            "link.span.length_km: got a table against gain",
        ),
    ],
)
def test_forms__refuse(change, start):
    with pytest.raises(DescriptionError) as caught:
        wide().replace(change)
    assert str(caught.value).startswith(start), str(caught.value)


def test_required_snr__asks_for_one_format():
    with pytest.raises(DescriptionError, match=r"transceiver\.format: differs between channels or cores"):
        mcf.required_snr(mcf.Transceiver(format=FORMATS), net_bits=2.0)


# ---------------------------------------------------------------------------------------------------------
# polarisation-dependent loss


def test_polarization_dependent_loss__penalty_of_draws():
    """120 spans of 0.2 dB at 7 dB: 0.110 +- 0.004 dB by random draws; mean of the accumulated loss 2.04 dB."""
    loss = mcf.mode_dependent_loss(0.1 * math.log(10) / 10, modes=2, spans=120)
    assert 10 * np.log10(float(mcf.mdl_penalty(10**0.7, float(loss.effective), modes=2))) == pytest.approx(
        0.110, abs=0.005
    )
    system = small().replace({"link.polarization_dependent_loss_db": 0.2, "link.span_count": 120})
    found = system.evaluate()
    assert float(found.mode_dependent_loss_sum) == pytest.approx(float(loss.sum), rel=1e-12)
    assert float(found.mode_dependent_loss_peak_to_peak) * 10 / math.log(10) == pytest.approx(2.04, rel=0.02)
    np.testing.assert_allclose(
        found.mdl_penalty, mcf.mdl_penalty(found.gsnr, found.mode_dependent_loss_effective, modes=2), rtol=1e-13
    )


def test_polarization_dependent_loss__of_one_core():
    found = small().replace({"link.polarization_dependent_loss_db": {"core": [0.5] + [0.0] * 6}}).evaluate()
    assert bool((found.mdl_penalty.sel(core=0) > 1).all())
    np.testing.assert_array_equal(found.mdl_penalty.sel(core=[1, 6]), 1.0)
