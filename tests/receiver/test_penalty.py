"""Penalties of mode-dependent loss: monotone up to the edge of their table, and nothing beyond it."""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from mcfiber.kernels.mode_loss import RECEIVERS, largest_loss
from mcfiber.receiver.penalty import grouped_penalty, mdl_penalty
from mcfiber.simulation.penalties import draw_mdl_penalty

DB = 10.0 / math.log(10.0)
losses = st.floats(0.0, 15.2 / DB)


@given(st.sampled_from(RECEIVERS), st.integers(2, 60), losses, losses, st.floats(-30.0, 60.0), st.floats(0.0, 40.0))
def test_penalty__a_better_line_never_receives_worse(receiver, modes, one, other, snr_db, more_db):
    """Less loss, or less noise, and the decoder sees no less."""
    least, most = min(one, other), max(one, other)
    snr, better = 10.0 ** (0.1 * snr_db), 10.0 ** (0.1 * (snr_db + more_db))

    def received(gsnr, loss):
        return gsnr / float(mdl_penalty(gsnr, loss, modes=modes, receiver=receiver))

    assert received(snr, least) >= received(snr, most) * (1.0 - 1e-12)
    assert received(better, most) >= received(snr, most) * (1.0 - 1e-12)
    assert received(snr, least) <= snr


def test_penalty__beyond_the_table():
    assert largest_loss() * DB == pytest.approx(15.2, abs=1e-2)
    for receiver in ("mmse", "optimal"):
        assert float(mdl_penalty(100.0, largest_loss(), modes=8, receiver=receiver)) > 3.0
        with pytest.raises(ValueError, match=r"adds up to 15.63 dB rms; allowed: up to 15.2 dB"):
            mdl_penalty(100.0, 3.6, modes=8, receiver=receiver)
        with pytest.raises(ValueError, match=r"allowed: up to 15\.2 dB"):
            grouped_penalty(xr.DataArray([10.0, 100.0], dims="channel"), 4.0, (2, 1), receiver=receiver)
        axis = xr.DataArray([1.0, 3.4, 3.6], dims="loss")
        assert np.isnan(mdl_penalty(100.0, axis, modes=8, receiver=receiver)).values.tolist() == [False, False, True]
    assert float(mdl_penalty(100.0, 3.6, modes=8, receiver="zero_forcing")) == pytest.approx(
        math.expm1(3.6**2) / 3.6**2, rel=1e-12
    )


@pytest.mark.parametrize("receiver", RECEIVERS)
def test_drawn_penalty__beyond_the_table(receiver):
    with pytest.raises(ValueError, match=r"allowed: up to 15\.2 dB"):
        draw_mdl_penalty(100.0, 3.6, modes=8, draws=2, seed=1, receiver=receiver)
    axis = xr.DataArray([1.0, 3.6], dims="loss")
    found = draw_mdl_penalty(xr.DataArray(100.0), axis, modes=8, draws=3, seed=1, receiver=receiver)
    assert np.isnan(found).transpose("loss", "draw").values.tolist() == [[False] * 3, [True] * 3]
