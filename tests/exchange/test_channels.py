"""Measured transfer matrices: read, normalised, and as fields of a system."""

import math

import numpy as np
import pytest

import mcfiber as mcf
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.evaluate import records
from mcfiber.simulation.channels import as_channels

DB = 10.0 / math.log(10.0)
LOSS, DISPERSION = "link.mode_dependent_loss_rms_db", "fiber.spatial_mode_dispersion_ps_per_sqrt_km"


def spread_evenly(modes):
    """Deviations over the modes with mean zero and mean square one."""
    steps = np.linspace(-1.0, 1.0, modes)
    return steps / np.sqrt(np.mean(steps**2))


def plain_channel(modes, gain_rms, delay_rms, seed=1):
    """One draw between fixed random bases, with log gains (Np) and delays (s) of given rms."""
    rng = np.random.default_rng(seed)
    out, into = (np.linalg.qr(rng.normal(size=(modes, modes)) + 1j * rng.normal(size=(modes, modes)))[0] for _ in "ab")
    frequency = np.arange(3) * 1e6
    turn = np.exp(-2j * np.pi * frequency[:, None] * delay_rms * spread_evenly(modes))
    gains = np.exp(0.5 * gain_rms * spread_evenly(modes)) * turn
    return as_channels(out @ (gains[:, :, None] * into), None, frequency)


def test_read_channel__gives_back_what_was_measured(tmp_path):
    line = mcf.CoupledLine(modes=4, spans=5, loss_rms=0.3, delay_rms=1e-11)
    drawn = mcf.draw_channel(line, seed=1, frequency=[0.0, 1e9, 2e9])
    path = tmp_path / "measured.npz"
    np.savez(path, channel=1e-2 * drawn.channel.values[0], frequency=drawn.frequency.values)
    measured = mcf.read_channel(path)
    np.testing.assert_allclose(mcf.mode_gains(measured), mcf.mode_gains(drawn), atol=1e-13)
    np.testing.assert_allclose(mcf.mode_delays(measured), mcf.mode_delays(drawn), rtol=1e-12)
    np.testing.assert_array_equal(measured.noise_covariance[0, 0], np.eye(4))
    np.testing.assert_allclose(measured.loss * DB, [40.0], rtol=1e-12)  # drawn channels have mean power 1
    drawn.to_netcdf(tmp_path / "drawn.nc", engine="h5netcdf")
    np.testing.assert_allclose(mcf.read_channel(tmp_path / "drawn.nc").channel, drawn.channel, rtol=1e-14)


def test_read_channel__mean_power_1_in_every_draw_and_loss_apart(tmp_path):
    rng = np.random.default_rng(2)
    matrices = rng.normal(size=(3, 5, 4, 4)) + 1j * rng.normal(size=(3, 5, 4, 4))
    matrices *= np.array([1.0, 0.1, 3.0])[:, None, None, None]
    path = tmp_path / "measured.npz"
    np.savez(path, channel=matrices, frequency=np.arange(5) * 1e9)
    found = mcf.read_channel(path)
    assert found.channel.dims == ("draw", "frequency", "mode_out", "mode_in")
    np.testing.assert_allclose((np.abs(found.channel.values) ** 2).sum((2, 3)).mean(1) / 4, 1.0, rtol=1e-14)
    back = found.channel * np.exp(-0.5 * found.loss)
    np.testing.assert_allclose(back.transpose(*found.channel.dims), matrices, rtol=1e-13)
    found.to_netcdf(tmp_path / "again.nc", engine="h5netcdf")
    np.testing.assert_allclose(mcf.read_channel(tmp_path / "again.nc").loss, found.loss, rtol=1e-14)


def test_read_channel__refuses(tmp_path):
    path = tmp_path / "measured.npz"
    np.savez(path, channel=np.eye(4)[None])
    with pytest.raises(DescriptionError, match=r"path: measured\.npz has no array 'frequency'; it holds channel"):
        mcf.read_channel(path)
    np.savez(path, channel=np.zeros((1, 4, 4)), frequency=[0.0])
    with pytest.raises(DescriptionError, match="zero or not finite"):
        mcf.read_channel(path)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        mcf.read_channel(tmp_path / "none.npz")


@pytest.mark.parametrize("repeat", ["independent", "same"])
@pytest.mark.parametrize("spans", [1, 21])
def test_measured_line__a_system_has_what_was_measured(spans, repeat):
    system = mcf.load("nict-2025-1808km").system.replace({"link.span_count": spans, "link.repeat": repeat})
    gain_rms, delay_rms = 6.0 / DB, 300e-12
    channels = plain_channel(38, gain_rms, delay_rms)
    values = mcf.measured_line(channels, spans=spans, length_km=system.link.span.length_km, repeat=repeat)
    described = system.replace(values)
    np.testing.assert_allclose(described.evaluate().mode_dependent_loss_rms * DB, 6.0, rtol=1e-9)
    scene, _ = records(described)
    along = scene.medium.mode_dispersion, scene.line.length
    found, _ = mcf.group_delay_spread(*along, modes=38, spans=spans, repeat=repeat)
    np.testing.assert_allclose(found, delay_rms, rtol=1e-9)


def test_measured_line__of_one_span_in_plain_numbers():
    values = mcf.measured_line(plain_channel(4, 1e-4, 50e-12), length_km=25.0)
    assert values[LOSS] == pytest.approx(1e-4 * DB, rel=1e-8)
    assert values[DISPERSION] == pytest.approx(10.0, rel=1e-5)  # 50 ps over the root of 25 km
    assert values["fiber.spatial_mode_dispersion_definition"] == "sigma"
    assert set(mcf.measured_line(plain_channel(4, 0.1, 0.0))) == {LOSS}


@pytest.mark.parametrize("repeat", ["independent", "same"])
def test_measured_line__finds_what_was_drawn(repeat):
    """Within four standard errors of the mean squares over the draws, which are independent."""
    draws, spans, length_km, loss_db, dispersion = 300, 6, 50.0, 0.4, 5.0
    delay_rms = dispersion * 1e-12 * math.sqrt(length_km)
    line = mcf.CoupledLine(modes=8, spans=spans, loss_rms=loss_db / DB, delay_rms=delay_rms, sections=8, repeat=repeat)
    channels = mcf.draw_channel(line, draws=draws, seed=3, frequency=np.array([0.0, 0.2e9]))
    found = mcf.measured_line(channels, spans=spans, length_km=length_km, repeat=repeat)
    for name, true, squares in (
        (LOSS, loss_db, (mcf.mode_gains(channels) ** 2).mean(["frequency", "mode"])),
        (DISPERSION, dispersion, (mcf.mode_delays(channels) ** 2).mean(["frequency", "mode"])),
    ):
        error = float(squares.std("draw", ddof=1) / squares.mean()) / math.sqrt(draws)
        assert error < 0.03
        assert abs((found[name] / true) ** 2 - 1.0) < 4.0 * error, name


def test_measured_line__strong_loss_by_the_exact_law_of_many_weak_spans():
    from mcfiber.simulation.channels import draw_mode_gains

    total = 10.0 / DB
    gains = draw_mode_gains(total, modes=6, draws=4000, seed=5).values
    channels = as_channels(np.stack([np.diag(np.exp(0.5 * one)) for one in gains])[:, None], None, [0.0])
    found = mcf.measured_line(channels, spans=100)[LOSS] * 10.0 / DB  # root sum square of the spans
    squares = gains.var(axis=1)
    error = squares.std(ddof=1) / squares.mean() / math.sqrt(len(gains))
    assert abs((found / total) ** 2 - 1.0) < 4.0 * error


def test_measured_line__refuses():
    with pytest.raises(ValueError, match="frequency: got one"):
        mcf.measured_line(as_channels(np.eye(4)[None], None, [0.0]), length_km=80.0)
    with pytest.raises(DescriptionError, match="channels: got one mode"):
        mcf.measured_line(as_channels(np.ones((1, 1, 1)), None, [0.0]))
    with (
        np.errstate(divide="ignore", invalid="ignore"),
        pytest.raises(DescriptionError, match="loses a mode altogether"),
    ):
        mcf.measured_line(as_channels(np.diag([1.0, 0.0])[None], None, [0.0]))
