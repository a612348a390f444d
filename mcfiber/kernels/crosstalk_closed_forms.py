"""Mean crosstalk in closed form: one core and its equal neighbours, the way back from a measurement.

Notes
-----
(1) ``X = n (1 - e^{-(n+1) h L})/(1 + n e^{-(n+1) h L})``, n equal neighbours, from the coupled-power equations [1]_;
(2) ``X = h (e^{(a_s - a_a) L} - 1)/(a_s - a_a)``, signal and aggressor of unequal loss, to first order in h;
(3) ``X = h r [1 - (1 + 2 a L) e^{-2 a L}] e^{a L}/(2 a^2)``, a neighbour of the other direction, to first order.

References
----------
.. [1] M. Koshiba, K. Saitoh, K. Takenaga, S. Matsuo, "Analytical expression of average power-coupling
   coefficients for estimating intercore crosstalk in multicore fibers," IEEE Photonics J. 4, 1987 (2012),
   :doi:`10.1109/JPHOT.2012.2221085`: the coupled-power equations that these forms solve.
"""

import math

from mcfiber._jit import kernel
from mcfiber.typing import FloatArray


@kernel("(),(),()->()")
def coupling_from_crosstalk(crosstalk: FloatArray, neighbours: FloatArray, length: FloatArray, out: FloatArray) -> None:
    """Power coupling coefficient from a measured crosstalk, exactly.

    Inverts ``X = n (1 - e^{-(n+1) h L}) / (1 + n e^{-(n+1) h L})``, the crosstalk of a core with n equal
    neighbours, all lit; for one neighbour this is ``h = atanh(X) / L``.

    Parameters
    ----------
    crosstalk
        Crosstalk over signal power in the measured core, below n. Shape (n,). [1]
    neighbours
        Number of lit neighbours: 1 for the crosstalk of a pair. Shape (n,). [1]
    length
        Length of the measured fibre. Shape (n,). [m]
    out
        Power coupling coefficient; NaN where no h gives that crosstalk. Shape (n,). [1/m]
    """
    for i in range(crosstalk.shape[0]):
        x, n = crosstalk[i], neighbours[i]
        if x < 0.0 or x >= n:
            out[i] = math.nan
        else:
            out[i] = -math.log1p(-(n + 1.0) * x / (n * (1.0 + x))) / ((n + 1.0) * length[i])  # Eq. (1), inverted


@kernel("(),(),()->()")
def star_crosstalk(h: FloatArray, neighbours: FloatArray, length: FloatArray, out: FloatArray) -> None:
    """Crosstalk of a core from n equal neighbours, all lit with the core's own power.

    Exact where the neighbours are equal among themselves (two cores, the centre of a ring): coupling among
    them cancels by symmetry.  ``tanh(h L)`` for one neighbour.

    Parameters
    ----------
    h
        Power coupling coefficient of core and neighbour. Shape (n,). [1/m]
    neighbours
        Number of lit neighbours. Shape (n,). [1]
    length
        Length of the fibre. Shape (n,). [m]
    out
        Crosstalk over signal power. Shape (n,). [1]
    """
    for i in range(h.shape[0]):
        n = neighbours[i]
        rise = -math.expm1(-(n + 1.0) * h[i] * length[i])
        out[i] = n * rise / (1.0 + n * (1.0 - rise))  # Eq. (1)


@kernel("(),(),(),()->()")
def unequal_loss_crosstalk(
    h: FloatArray,
    attenuation_of_signal: FloatArray,
    attenuation_of_aggressor: FloatArray,
    length: FloatArray,
    out: FloatArray,
) -> None:
    """Weak crosstalk between two cores of different loss, ``h (e^{(a_s - a_a) L} - 1) / (a_s - a_a)``.

    Parameters
    ----------
    h
        Power coupling coefficient. Shape (n,). [1/m]
    attenuation_of_signal, attenuation_of_aggressor
        Power attenuation of the disturbed core and of the disturbing one. Shape (n,). [1/m]
    length
        Length of the fibre. Shape (n,). [m]
    out
        Crosstalk over signal power at the end of the disturbed core, to first order in h. Shape (n,). [1]
    """
    for i in range(h.shape[0]):
        exponent = (attenuation_of_signal[i] - attenuation_of_aggressor[i]) * length[i]
        mean = math.expm1(exponent) / exponent if exponent != 0.0 else 1.0
        out[i] = h[i] * length[i] * mean  # Eq. (2)


@kernel("(),(),(),()->()")
def counter_propagating_crosstalk(
    h: FloatArray, attenuation: FloatArray, backscatter: FloatArray, length: FloatArray, out: FloatArray
) -> None:
    """Crosstalk from one neighbour whose light goes the other way, in one span, to first order in h.

    Coupling then Rayleigh scattering, or scattering then coupling:
    ``h r [1 - (1 + 2 a L) e^{-2 a L}] e^{a L} / (2 a^2)``.

    Parameters
    ----------
    h
        Power coupling coefficient. Shape (n,). [1/m]
    attenuation
        Power attenuation a of both cores. Shape (n,). [1/m]
    backscatter
        Rayleigh part of the attenuation times the capture fraction. Shape (n,). [1/m]
    length
        Length of the span. Shape (n,). [m]
    out
        Crosstalk over signal power. Shape (n,). [1]
    """
    for i in range(h.shape[0]):
        a, far = attenuation[i], 2.0 * attenuation[i] * length[i]
        if far < 0.05:  # 1 - (1 + x) e^{-x} = sum (-x)^k (k - 1) / k!, where the difference would cancel
            tail = 1 / 30 - far * (1 / 144 - far * (1 / 840 - far / 5760))
            ratio = 2.0 * (0.5 - far * (1 / 3 - far * (1 / 8 - far * tail)))
        else:
            ratio = 2.0 * (-math.expm1(-far) - far * math.exp(-far)) / (far * far)
        out[i] = h[i] * backscatter[i] * length[i] ** 2 * ratio * math.exp(a * length[i])  # Eq. (3)
