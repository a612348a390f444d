import numpy as np
import pytest
import xarray as xr

from mcfiber.kernels.mode_loss import growth
from mcfiber.line.mode_loss import mode_dependent_loss
from mcfiber.receiver.penalty import mdl_penalty
from mcfiber.simulation.capacity import channel_capacity, draw_capacity, group_capacity, stream_snr
from mcfiber.simulation.channels import CoupledLine, as_channels, draw_channel

DB = 4.342944819032518


def test_mdl_penalty__labels():
    gsnr = xr.DataArray([5.0, 10.0, 20.0], dims="channel")
    loss = mode_dependent_loss(xr.DataArray([0.0, 0.16], dims="sample"), modes=38, spans=21)
    penalty = mdl_penalty(gsnr, loss.sum, modes=38)
    assert set(penalty.dims) == {"sample", "channel"}
    np.testing.assert_array_equal(penalty.isel(sample=0), 1.0)
    assert bool((penalty.isel(sample=1) > 1).all())
    assert penalty.name == "mdl_penalty"


def test_mdl_penalty__composition_of_transmitter_and_line():
    # Draws of 38 modes, 21 spans of 0.7 dB, line 12 dB, transmitter 17 dB: 9.852 dB behind the equaliser
    xi = 0.7 / 4.342944819 * 21**0.5
    line = 10**1.2
    total = 1 / (mdl_penalty(line, xi, modes=38) / line + 10**-1.7)
    assert float(10 * np.log10(total)) == pytest.approx(9.852, abs=0.05)


def test_mdl_penalty__refuses():
    with pytest.raises(ValueError, match="'mmse', 'zero_forcing', 'optimal'"):
        mdl_penalty(10.0, 0.3, modes=4, receiver="magic")
    with pytest.raises(ValueError, match="at least 2"):
        mdl_penalty(10.0, 0.3, modes=1)


def assert_within(values, expected, error, bias=0.0):
    own = values.std(ddof=1) / np.sqrt(values.size)
    assert abs(values.mean() - expected) < 4 * np.hypot(own, error) + bias


# another program's draws: D, K, SNR dB, rms loss of a span dB, optimal and its standard error, mmse, std of optimal
DISTRIBUTED = [
    (2, 21, 10, 1.0, 3.021500, 0.00141, 2.849723, 0.19910), (2, 21, 20, 1.5, 5.505242, 0.00363, 4.932054, 0.51286),
    (8, 21, 10, 1.5, 2.488054, 0.00165, 2.056149, 0.10466), (8, 21, 20, 0.5, 6.520469, 0.00027, 6.454822, 0.01715),
    (38, 21, 20, 1.0, 6.101536, 0.00080, 5.783546, 0.01591),
]  # fmt: skip
# noise of the receiver, 64 spans: D, SNR dB, accumulated rms loss dB, optimal and its standard error, 1 % outage
RECEIVER = [
    (2, 10, 4.0, 3.086319, 0.00115, 2.5006), (2, 20, 2.0, 6.517143, 0.00054, 6.1635),
    (8, 10, 2.0, 3.337593, 0.00024, 3.2818), (8, 20, 4.0, 6.105189, 0.00108, 5.8498),
]  # fmt: skip
DRAWS = {2: 1500, 8: 400, 38: 24}


@pytest.mark.parametrize("row", DISTRIBUTED)
def test_draw_capacity__distributed_noise(row):
    modes, spans, snr_db, span_db, optimal, error, mmse, spread = row
    line = CoupledLine(modes=modes, spans=spans, loss_rms=span_db / DB, noise="behind", amplifier="frequency")
    capacity = draw_capacity(line, 10 ** (snr_db / 10), draws=DRAWS[modes], seed=1)
    drawn = capacity.sel(receiver="optimal").values
    assert_within(drawn, optimal, error)
    assert_within(capacity.sel(receiver="mmse").values, mmse, 1.5 * error)
    # standard deviation: its own error is that over sqrt(2 n), more for two modes, whose tails are long
    assert drawn.std() == pytest.approx(spread, rel=6 / np.sqrt(2 * DRAWS[modes]))


@pytest.mark.parametrize("row", RECEIVER)
def test_draw_capacity__noise_of_the_receiver(row):
    modes, snr_db, loss_db, optimal, error, outage = row
    square, finite = (loss_db / DB) ** 2, modes**2 / (modes**2 - 1) / 12
    xi = np.sqrt((np.sqrt(1 + 4 * finite * square) - 1) / (2 * finite))
    line = CoupledLine(modes=modes, spans=64, loss_rms=xi / 8, noise="receiver", amplifier="frequency")
    drawn = draw_capacity(line, 10 ** (snr_db / 10), draws=DRAWS[modes], seed=2).sel(receiver="optimal").values
    assert_within(drawn, optimal, error)
    below = np.mean(drawn < outage)
    assert abs(below - 0.01) < 4 * np.sqrt(0.01 / drawn.size) + 0.002


def test_draw_capacity__bits_do_not_depend_on_threads_or_number():
    line = CoupledLine(modes=6, spans=5, loss_rms=0.2, delay_rms=1e-11)
    settings = {"seed": 5, "frequency": [0.0, 1e9, 5e9], "informed": True}
    one = draw_capacity(line, [1.0, 30.0], draws=200, **settings)
    two = draw_capacity(line, [1.0, 30.0], draws=200, threads=2, **settings)
    few = draw_capacity(line, [1.0, 30.0], draws=90, threads=2, **settings)
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one[:, :90], few)
    given = channel_capacity(
        draw_channel(line, draws=90, seed=5, frequency=[0.0, 1e9, 5e9]), [1.0, 30.0], informed=True
    )
    np.testing.assert_allclose(given.mean("frequency"), few, rtol=1e-13)
    assert list(one.receiver.values) == ["optimal", "mmse", "zero_forcing", "informed"]


def test_draw_capacity__falls_with_loss_and_agrees_with_the_penalty():
    snr, previous = 30.0, np.log2(31.0)
    for loss in (0.1, 0.2, 0.3):
        line = CoupledLine(modes=4, spans=24, loss_rms=loss, amplifier="frequency")
        drawn = draw_capacity(line, snr, draws=600, seed=3)
        for receiver in ("optimal", "mmse"):
            values = drawn.sel(receiver=receiver).values
            law = float(np.log2(1 + snr / mdl_penalty(snr, loss * 24**0.5, modes=4, receiver=receiver)))
            # 24 spans with uniform gains are not the limit of many: fourth order in the loss
            assert_within(values, law, 0.002, bias=0.003 * (loss * 24**0.5) ** 4)
        assert drawn.sel(receiver="optimal").mean() < previous
        previous = float(drawn.sel(receiver="optimal").mean())


@pytest.mark.parametrize(("modes", "spans", "tolerance_db"), [(4, 40, 0.15), (12, 24, 0.06)])
def test_draw_capacity__laps_of_the_same_fibre(modes, spans, tolerance_db):
    """Most variance gathers behind most of the noise, which the effective loss accounts for."""
    loss = mode_dependent_loss(0.8 / np.sqrt(growth(spans, modes, "same")), modes=modes, spans=spans, repeat="same")
    line = CoupledLine(modes=modes, spans=spans, loss_rms=0.8 / np.sqrt(growth(spans, modes, "same")),
                       repeat="same", amplifier="frequency")  # fmt: skip
    drawn = draw_capacity(line, 30.0, draws=400, seed=9).sel(receiver="mmse").values
    law, plain = (float(np.log2(1 + 30 / mdl_penalty(30.0, xi, modes=modes))) for xi in (loss.effective, loss.sum))
    per_db = np.log2(10) / 10  # bit, less than a decibel is worth
    assert_within(drawn, law, 0.001, bias=tolerance_db * per_db)
    assert drawn.mean() - plain > 1.5 * tolerance_db * per_db


def test_draw_capacity__bound_by_the_power():
    line = CoupledLine(modes=4, spans=8, loss_rms=0.5, noise="receiver", amplifier="frequency")
    drawn = draw_capacity(line, 10.0, draws=64, seed=1)
    assert float(drawn.max()) <= np.log2(11.0)


def test_stream_snr__one_frequency_and_many():
    line = CoupledLine(modes=4, spans=10, loss_rms=0.3, delay_rms=1e-10)
    channels = draw_channel(line, draws=20, seed=2, frequency=[0.0, 2e9, 9e9])
    one = channels.isel(frequency=[1])
    for receiver in ("mmse", "zero_forcing"):
        rate = np.log2(1 + stream_snr(one, 10.0, receiver=receiver)).mean("mode_in")
        np.testing.assert_allclose(
            rate, channel_capacity(one, 10.0).sel(receiver=receiver).isel(frequency=0), rtol=1e-11
        )
    across = np.log2(1 + stream_snr(channels, 10.0)).mean("mode_in")
    assert bool((across <= channel_capacity(channels, 10.0).sel(receiver="mmse").mean("frequency") + 1e-12).all())
    assert bool((stream_snr(channels, 10.0, receiver="zero_forcing") <= stream_snr(channels, 10.0)).all())
    with pytest.raises(ValueError, match="decide streams jointly"):
        stream_snr(channels, 10.0, receiver="optimal")


def test_group_capacity__all_together_and_apart():
    line = CoupledLine(modes=4, spans=10, loss_rms=0.2)
    channels = draw_channel(line, draws=5, seed=2)
    whole = group_capacity(channels, 20.0, [range(4)])
    np.testing.assert_allclose(whole[0], channel_capacity(channels, 20.0).sel(receiver="optimal"), rtol=1e-11)
    linear = group_capacity(channels, 20.0, [range(4)], receiver="mmse")
    np.testing.assert_allclose(linear[0], channel_capacity(channels, 20.0).sel(receiver="mmse"), rtol=1e-11)
    apart = group_capacity(channels, 20.0, [[0, 1], [2, 3]])
    assert bool((apart.mean("group") < 0.6 * whole[0]).all())  # strongly mixed cores must be received together
    # weakly mixed groups: crosstalk x of the other group is noise, 1/snr + x
    leak = 1e-2
    turn = np.kron([[np.sqrt(1 - leak), np.sqrt(leak)], [-np.sqrt(leak), np.sqrt(1 - leak)]], np.eye(2))
    weak = group_capacity(as_channels(turn[None], None, [0.0]), 20.0, [[0, 1], [2, 3]])
    np.testing.assert_allclose(weak, np.log2(1 + 20 * (1 - leak) / (1 + 20 * leak)), rtol=1e-12)
    with pytest.raises(ValueError, match="without a common mode"):
        group_capacity(channels, 20.0, [[0, 1], [1, 2]])
