import numpy as np
import pytest
import xarray as xr

from mcfiber.link.mixing import mode_dependent_loss
from mcfiber.rate.capacity import mdl_penalty


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
