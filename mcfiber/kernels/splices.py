"""Loss where two Gaussian modes meet with an offset, a tilt and a gap.

Notes
-----
For Gaussian modes of the radii w_1 and w_2, and ``m = w_1^2 w_2^2/(w_1^2 + w_2^2)`` [1]_:

(1) ``(2 w_1 w_2/(w_1^2 + w_2^2))^2``, unequal radii;
(2) ``exp(-2 d^2/(w_1^2 + w_2^2))``, lateral offset d;
(3) ``exp(-2 (pi n theta/lambda)^2 m)``, tilt theta;
(4) ``1/(1 + (lambda z/(4 pi n m))^2)``, gap z.

References
----------
.. [1] D. Marcuse, "Loss analysis of single-mode fiber splices," Bell Syst. Tech. J. 56, 703 (1977).
.. [2] A. Ghatak, K. Thyagarajan, "An Introduction to Fiber Optics," Cambridge University Press (1998).
"""

import math

from mcfiber._jit import kernel
from mcfiber.typing import FloatArray


@kernel("(),(),(),(),(),(),()->()")
def splice_transmission(
    first: FloatArray,
    second: FloatArray,
    offset: FloatArray,
    tilt: FloatArray,
    gap: FloatArray,
    index: FloatArray,
    wavelength: FloatArray,
    out: FloatArray,
) -> None:
    """Part of the power that passes between two Gaussian modes.

    D. Marcuse, Bell Syst. Tech. J. 56, 703 (1977).  Mismatch, offset and tilt factorise exactly; the gap is that of
    equal modes of the mean radius, a good approximation while it costs little.

    Parameters
    ----------
    first, second
        Radii where the field has fallen to 1/e. Shape (n,). [m]
    offset, tilt, gap
        Lateral offset, angle between the axes, distance of the faces. Shape (n,). [m, rad, m]
    index
        Refractive index between the faces. Shape (n,). [1]
    wavelength
        Vacuum wavelength. Shape (n,). [m]
    out
        Shape (n,). [1]
    """
    for i in range(first.shape[0]):
        squares = first[i] ** 2 + second[i] ** 2
        mean = first[i] ** 2 * second[i] ** 2 / squares  # half the square of the radius where both are equal
        matched = (2.0 * first[i] * second[i] / squares) ** 2  # Eq. (1)
        lateral = 2.0 * offset[i] ** 2 / squares  # Eq. (2), with (1) Eq. (8.69) of [2]
        angular = 2.0 * (math.pi * index[i] * tilt[i] / wavelength[i]) ** 2 * mean  # Eq. (3); Eq. (8.75) of [2]
        spread = wavelength[i] * gap[i] / (4.0 * math.pi * index[i] * mean)
        # Eqs. (1) to (4); gap: Eq. (8.81) of [2]
        out[i] = matched * math.exp(-lateral - angular) / (1.0 + spread * spread)
