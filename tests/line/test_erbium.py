"""Erbium amplifiers: published coefficients, the explicit form against the integrated fibre, limits, mistakes."""

import math

import numpy as np
import pytest
import xarray as xr
from cables import VALUES
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import mcfiber as mcf
from mcfiber import units

ERBIUM = VALUES["erbium"]
LIGHT, PLANCK = units.SPEED_OF_LIGHT, units.PLANCK
DB = 10 / math.log(10)


def slots(band_nm, count=41):
    """Channels with equal distances in frequency, in nm, from the blue end."""
    low, high = (LIGHT / (one * 1e-9) for one in band_nm)
    return 1e9 * LIGHT / np.linspace(low, high, count)


def db(value):
    return 10 * np.log10(np.asarray(value, dtype=float))


def bare(**given):
    """Without losses around the erbium."""
    return mcf.ErbiumAmplifier(before_loss_db=0.0, after_loss_db=0.0, **given)


@pytest.mark.parametrize(
    "row", ERBIUM["flattened"]["vectors"], ids=lambda row: f"{row['band_nm']}-{row['gain_db']:g}dB"
)
def test_erbium_output__flattened_amplifiers(row):
    amplifier = bare(pump_power_mw=row["pump_mw"], length_m=row["length_m"])
    found = mcf.erbium_output(amplifier, wavelength_nm=slots(row["band_nm"]), gain_db=row["gain_db"])
    assert 1e3 * float(found.amplifier_output_power) == pytest.approx(row["output_mw"], rel=1e-6)
    assert float(found.erbium_inversion) == pytest.approx(row["mean_inversion"], rel=1e-6)
    along = row["along_the_fibre"]
    # Figure of the whole amplifier with a filter that flattens: F - 1/G + 1/net for the erbium's F and gain G.
    light = 1e3 * float(found.amplifier_output_power) / row["channels"] / 10 ** (0.1 * row["gain_db"])
    erbium = mcf.erbium_response(amplifier, wavelength_nm=slots(row["band_nm"]), input_power_mw=light)
    assert db(erbium.noise_figure.mean()) == pytest.approx(along["noise_figure_mean_db"], abs=1e-3)
    assert db(erbium.noise_figure.max()) == pytest.approx(along["noise_figure_max_db"], abs=1e-3)
    assert float(erbium.pump_left) == pytest.approx(along["pump_left"], abs=2e-5)
    assert db(erbium.amplifier_gain.min()) == pytest.approx(row["gain_db"], abs=1e-6)
    expected = erbium.noise_figure - 1 / erbium.amplifier_gain + 10 ** (-0.1 * row["gain_db"])
    assert found.noise_figure.values == pytest.approx(expected.values, rel=1e-6)


@pytest.mark.parametrize(
    "row", ERBIUM["flattened"]["vectors"], ids=lambda row: f"{row['band_nm']}-{row['gain_db']:g}dB"
)
def test_erbium_output__length_left_out_is_the_best_of_a_fine_grid(row):
    channels, amplifier = slots(row["band_nm"]), bare(pump_power_mw=row["pump_mw"])
    found = mcf.erbium_output(amplifier, wavelength_nm=channels, gain_db=row["gain_db"])
    lengths = xr.DataArray(np.arange(4.0, 15.0, 0.002), dims="length")
    tried = mcf.erbium_output(
        amplifier.replace({"length_m": lengths}), wavelength_nm=channels, gain_db=row["gain_db"]
    ).amplifier_output_power
    assert float(found.amplifier_output_power) >= float(tried.max()) * (1 - 1e-9)
    assert float(found.amplifier_output_power) == pytest.approx(float(tried.max()), rel=1e-4)
    assert float(found.erbium_length) == pytest.approx(float(lengths[int(np.nanargmax(tried.values))]), abs=0.0021)


@pytest.mark.parametrize("row", ERBIUM["given_length"]["vectors"], ids=lambda row: f"{row['pump_mw']:g}mW")
def test_erbium_response__given_length(row):
    amplifier = mcf.ErbiumAmplifier(pump_power_mw=row["pump_mw"], length_m=row["length_m"])
    channels = slots(row["band_nm"])
    found = mcf.erbium_response(amplifier, wavelength_nm=channels, input_power_mw=row["input_mw"] / row["channels"])
    assert float(found.erbium_inversion) == pytest.approx(row["mean_inversion"], rel=1e-6)
    assert channels[20] == pytest.approx(row["channel_21_nm"], abs=1e-4)
    gains = [row[f"gain_db_{name}"] for name in ("1530nm", "channel_21", "1565nm")]
    assert db(found.amplifier_gain)[[0, 20, 40]] == pytest.approx(gains, abs=1e-4)
    assert 1e3 * float(found.amplifier_output_power) == pytest.approx(row["output_mw"], rel=1e-6)
    assert float(found.pump_left) == pytest.approx(row["pump_left"], rel=1e-5)
    assert db(found.noise_figure[20]) == pytest.approx(row["noise_figure_db_channel_21_along"], abs=1e-3)


def integrated(amplifier, channels_nm, power):
    """Gain and noise figure of every channel by the full rate and noise equations along the fibre, and pump left."""
    glass = amplifier.fiber
    absorption = np.interp(channels_nm, glass.wavelength_nm, glass.absorption_db_per_m) / DB
    gain = np.interp(channels_nm, glass.wavelength_nm, glass.gain_db_per_m) / DB
    energy = PLANCK * LIGHT / (channels_nm * 1e-9)
    pump_absorption, pump_gain = glass.pump_absorption_db_per_m / DB, glass.pump_gain_db_per_m / DB
    saturation, count = glass.saturation_per_m_s, channels_nm.size
    pump = amplifier.pump_power_mw * 1e-3 * glass.pump_wavelength_nm * 1e-9 / (PLANCK * LIGHT)
    scale = np.concatenate([[pump], power / energy, np.ones(count)])

    def change(_z, y):
        flux = y * scale
        here, signals, noise = flux[0], flux[1 : count + 1], flux[count + 1 :]
        up = here * pump_absorption + signals @ absorption
        inversion = up / (saturation + here * (pump_absorption + pump_gain) + signals @ (absorption + gain))
        slope = (absorption + gain) * inversion - absorption
        grown = np.concatenate(
            [
                [here * ((pump_absorption + pump_gain) * inversion - pump_absorption)],
                signals * slope,
                noise * slope + 2 * gain * inversion,
            ]
        )
        return grown / scale

    start = np.concatenate([[1.0], np.ones(count), np.zeros(count)])
    found = solve_ivp(change, (0.0, float(amplifier.length_m)), start, method="LSODA", rtol=1e-9, atol=1e-12)
    end = found.y[:, -1]
    gains = end[1 : count + 1]
    return gains, (end[count + 1 :] + 1.0) / gains, end[0]


def random_design(seed):
    """A band inside the table, a gain, a pump above threshold; forward pump."""
    rng = np.random.default_rng(seed)
    low = rng.uniform(1525.0, 1555.0)
    channels = slots((low, rng.uniform(low + 5.0, 1570.0)), int(rng.integers(5, 45)))
    return channels, rng.uniform(5.0, 20.0), rng.uniform(8.0, 150.0)


def test_erbium__hundred_random_designs_against_integration_along_the_fibre():
    worst_gain, worst_figure, worst_pump, count = 0.0, 0.0, 0.0, 0
    for seed in range(100):
        channels, gain, pump = random_design(seed)
        amplifier = bare(pump_power_mw=pump)
        made = mcf.erbium_output(amplifier, wavelength_nm=channels, gain_db=gain)
        assert np.isfinite(made.amplifier_output_power)
        entering = float(made.amplifier_output_power) / channels.size / 10 ** (0.1 * gain)
        amplifier = amplifier.replace({"length_m": float(made.erbium_length)})
        gains, figures, left = integrated(amplifier, channels, np.full(channels.size, entering))
        assert db(gains.min()) == pytest.approx(gain, abs=0.005)
        ours = mcf.erbium_response(amplifier, wavelength_nm=channels, input_power_mw=1e3 * entering)
        worst_gain = max(worst_gain, np.abs(db(gains) - db(ours.amplifier_gain)).max())
        worst_figure = max(worst_figure, np.abs(db(figures) - db(ours.noise_figure)).max())
        worst_pump = max(worst_pump, abs(left - float(ours.pump_left)))
        count += 1
    assert count == 100
    assert worst_gain < 0.005  # dB
    assert worst_figure < 0.05  # dB
    assert worst_pump < 1e-4
    assert worst_figure < 0.012  # what it is


def test_erbium__pump_against_the_signals_has_the_same_gain_and_more_noise():
    channels = slots((1535.0, 1562.0))
    forward = mcf.ErbiumAmplifier(pump_power_mw=40, length_m=8)
    both = [
        mcf.erbium_response(forward.replace({"pump_direction": way}), wavelength_nm=channels, input_power_mw=0.05)
        for way in ("forward", "backward")
    ]
    assert both[1].amplifier_gain.values == pytest.approx(both[0].amplifier_gain.values, rel=1e-12)
    assert (db(both[1].noise_figure) > db(both[0].noise_figure) + 0.2).all()


@pytest.mark.parametrize("row", ERBIUM["cladding"]["vectors"], ids=lambda row: f"{row['cores']}x{row['area_ratio']}")
def test_erbium__cladding_pumping(row):
    """The pump that all cores share has to be as many times that of core pumping as the vector says."""
    channels = slots((1530.0, 1565.0))
    core = mcf.erbium_output(bare(pump_power_mw=30, length_m=7.9), wavelength_nm=channels, gain_db=12)
    cores, ratio = row["cores"], row["area_ratio"]
    system = _system(
        cores,
        channels,
        gain_db=12.0,
        length_m=7.9,
        area_ratio=ratio,
        pump_mw=30 * cores * row["pump_over_core_pumping"],
    )
    found = system.evaluate()
    assert float(found.amplifier_output_power) == pytest.approx(float(core.amplifier_output_power), rel=1e-4)
    assert float(found.erbium_inversion) == pytest.approx(row["mean_inversion"], rel=1e-4)
    absorbed = ERBIUM["parameters"]["pump_absorption_db_per_m"] / DB * ratio * cores * 7.9 * (1 - row["mean_inversion"])
    assert 1 - math.exp(-absorbed) == pytest.approx(row["pump_absorbed"], rel=1e-4)


def _system(cores, channels_nm, *, gain_db, length_m, area_ratio, pump_mw):
    """A line whose spans lose the gain, with cores that share a pump; interference plays no part."""
    layout = {"kind": "hexagonal", "cores": cores, "pitch_um": 60} if cores > 1 else {"kind": "hexagonal", "cores": 1}
    if cores == 4:
        layout = {"kind": "square", "cores": 4, "pitch_um": 60}
    crosstalk = {"crosstalk_db": -90, "length_km": 100, "definition": "total_from_neighbours", "slope_db_per_nm": 0}
    return mcf.System(
        spectrum={"frequency_thz": list(LIGHT / channels_nm * 1e-3), "symbol_rate_gbd": 50},
        fiber={
            "layout": layout, "cladding_diameter_um": 400, "attenuation_db_per_km": 0.2,
            "effective_area_um2": 110, "crosstalk": crosstalk,
        },
        link={
            "span": {"length_km": gain_db / 0.2}, "span_count": 3,
            "amplifier": {
                "kind": "erbium", "pump_power_mw": pump_mw, "length_m": length_m, "before_loss_db": 0.0,
                "after_loss_db": 0.0, "pumping": "cladding", "doped_area_ratio": area_ratio,
            },
        },
    )  # fmt: skip


def in_system(**amplifier):
    return mcf.System(
        spectrum=mcf.Spectrum.filled(bandwidth_thz=4.0, center_thz=193.7, spacing_ghz=100),
        fiber={"layout": {"kind": "hexagonal", "cores": 1}, "attenuation_db_per_km": 0.16, "effective_area_um2": 110},
        link={"span": {"length_km": 60}, "span_count": 50, "amplifier": {"kind": "erbium"} | amplifier},
    )


def test_system__with_an_erbium_amplifier_is_that_with_its_output_and_noise_figure():
    found = in_system(pump_power_mw=40).evaluate()
    figure = db(found.noise_figure).tolist()
    plain = in_system(pump_power_mw=40).replace(
        {
            "link.amplifier": mcf.Amplifier(noise_figure_db={"channel": figure}),
            "link.launch_power_dbm": float(db(1e3 * found.amplifier_output_power / 40)),
        }
    )
    again = plain.evaluate()
    for name in ("gsnr", "ase_power", "nli_power", "net_rate"):
        assert found[name].values == pytest.approx(again[name].values, rel=1e-9)


def test_system__a_limit_turns_the_pump_down_and_keeps_length_and_gain():
    free = in_system(pump_power_mw=40).evaluate()
    limited = in_system(pump_power_mw=40, output_power_limit_dbm=8.0).evaluate()
    assert db(1e3 * limited.amplifier_output_power) == pytest.approx(8.0, abs=1e-9)
    assert float(limited.erbium_length) == float(free.erbium_length)
    assert float(limited.amplifier_pump_power) < float(free.amplifier_pump_power)
    again = in_system(
        pump_power_mw=1e3 * float(limited.amplifier_pump_power), length_m=float(free.erbium_length)
    ).evaluate()
    assert float(again.amplifier_output_power) == pytest.approx(float(limited.amplifier_output_power), rel=1e-9)


def test_system__raman_scattering_settles_with_the_output():
    system = in_system(pump_power_mw=120).replace(
        {"models.raman": "silica", "models.nonlinear_interference": "isrs_gn"}
    )
    found = system.evaluate()
    plain = system.replace(
        {
            "link.amplifier": mcf.Amplifier(noise_figure_db={"channel": db(found.noise_figure).tolist()}),
            "link.launch_power_dbm": {"channel": db(1e3 * found.signal_power + np.zeros(40)).tolist()},
        }
    ).evaluate()
    assert found.gsnr.values == pytest.approx(plain.gsnr.values, rel=1e-9)
    assert np.ptp(found.amplifier_gain.values) > 0  # which Raman scattering tilts


@given(pump=st.floats(5, 300), more=st.floats(1.01, 3.0), loss=st.floats(6, 18), extra=st.floats(0.1, 3))
@at_most(30)
def test_output__grows_with_the_pump_and_falls_with_losses(pump, more, loss, extra):
    channels = slots((1532.0, 1564.0), 21)

    def output(pump, loss, after=1.0):
        one = mcf.ErbiumAmplifier(pump_power_mw=pump, after_loss_db=after)
        found = mcf.erbium_output(one, wavelength_nm=channels, gain_db=loss)
        return float(np.nan_to_num(found.amplifier_output_power))

    assert output(pump * more, loss) >= output(pump, loss)
    assert output(pump, loss, after=1.0 + extra) <= output(pump, loss) * (1 + 1e-9)
    assert output(pump, loss) <= pump * 1e-3  # no photon more than the pump has


@given(power=st.floats(1e-4, 10), pump=st.floats(1, 200), length=st.floats(1, 25))
@at_most(40)
def test_response__conserves_photons(power, pump, length):
    channels = slots((1530.0, 1565.0), 15)
    amplifier = mcf.ErbiumAmplifier(pump_power_mw=pump, length_m=length)
    found = mcf.erbium_response(amplifier, wavelength_nm=channels, input_power_mw=power / 15)
    flux = pump * 1e-3 * 980e-9 / (PLANCK * LIGHT)
    photons = power * 1e-3 / 15 / (PLANCK * LIGHT / (channels * 1e-9))
    lost = flux * (1 - float(found.pump_left)) - (photons * (found.amplifier_gain.values - 1)).sum()
    kept = 3.5e15 * float(found.erbium_inversion) * length
    assert lost == pytest.approx(kept, rel=1e-6, abs=1e-9 * flux)
    assert 0 < float(found.erbium_inversion) < 1
    assert (found.noise_figure.values >= 1.0 - 1e-9).all()  # an attenuator at least has the figure of its loss


def test_pump_below_threshold__is_a_sentence_and_on_axes_a_status():
    with pytest.raises(mcf.DescriptionError, match=r"pump_power_mw: is below threshold.*raise the pump power"):
        in_system(pump_power_mw=1.0).evaluate()
    pumps = xr.DataArray([1.0, 40.0], dims="pump")
    found = in_system(pump_power_mw=pumps).evaluate()
    meanings = dict(zip(found.status.attrs["flag_values"], found.status.attrs["flag_meanings"].split(), strict=True))
    assert [meanings[int(one)] for one in found.status] == ["amplifier_cannot", "ok"]
    assert np.isnan(found.total_net_rate[0])
    assert found.total_net_rate[1] > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"link.amplifier.pump_power_mw": None}, "amplifier.pump_power_mw: .*none is given"),
        ({"link.amplifier.pump_power_mw": -3.0}, "pump_power_mw: got -3 mW; allowed: above 0 mW"),
        ({"link.amplifier.pumping": "cladding"}, "doped_area_ratio: .*needs one"),
        ({"link.amplifier.doped_area_ratio": 0.01}, "doped_area_ratio: .*leave it out"),
        ({"link.total_launch_power_dbm": 10.0}, "total_launch_power_dbm: .*puts out what its pump makes"),
        ({"link.span": [{"length_km": 60}, {"length_km": 70}], "link.span_count": None}, "amplifier: .*equal spans"),
        ({"link.amplifier.fiber.gain_db_per_m": [1.0, 2.0]}, "gain_db_per_m: got 2 values for 10 wavelengths"),
        ({"link.amplifier.fiber.wavelength_nm": [1530.0, 1520.0]}, "wavelength_nm: .*ascending"),
    ],
)
def test_mistakes__are_refused_in_a_sentence(change, message):
    with pytest.raises(mcf.DescriptionError, match=message):
        in_system(pump_power_mw=40).replace(change)


def test_band__is_never_extrapolated():
    wide = in_system(pump_power_mw=40).replace({"spectrum": in_system(pump_power_mw=40).spectrum.filling(6.0)})
    with pytest.raises(mcf.DescriptionError, match=r"covers 1525 to 1570 nm, asked for .* nothing is extrapolated"):
        wide.evaluate()


def test_launch_optimiser__is_told_to_take_a_plain_amplifier():
    with pytest.raises(mcf.DescriptionError, match=r"link.amplifier: .*give limits to optimize_launch"):
        mcf.optimize_launch(in_system(pump_power_mw=40))


def test_erbium__is_written_and_read_back():
    system = in_system(pump_power_mw=40, pump_direction="backward")
    assert mcf.System(**system.to_dict()) == system
