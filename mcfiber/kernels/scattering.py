"""Double Rayleigh scattering: light that is scattered back twice follows the signal and disturbs it.

Notes
-----
With the power gain G(z) from the start of a span to z and r the power that is scattered back per metre:

(1) ``f = r^2 int_0^L dz int_z^L dz' [G(z')/G(z)]^2``, over the signal [1]_.

Of dual-polarisation signals all of it counts: what scattering turns into the other polarisation, the light of that one
makes up for.

References
----------
.. [1] P. Wan and J. Conradi, "Impact of double Rayleigh backscatter noise on digital and analog fiber systems," J.
   Lightw. Technol. 14, 288 (1996).
"""

import math

from mcfiber._jit import kernel
from mcfiber.typing import FloatArray


@kernel("(position),(position),()->()")
def double_scattering(level: FloatArray, place: FloatArray, backscatter: FloatArray, out: FloatArray) -> None:
    """Twice scattered power over the signal behind a span, by trapezoids.

    Parameters
    ----------
    level
        Natural logarithm of the signal's power, any reference. Shape (n, position).
    place
        Ascending distances. Shape (n, position). [m]
    backscatter
        Power scattered into the backward guided mode. Shape (n,). [1/m]
    out
        Shape (n,). [1]
    """
    count = level.shape[1]
    for i in range(level.shape[0]):
        reference = level[i, 0]
        total, inner = 0.0, 0.0
        squared = math.exp(2.0 * (level[i, count - 1] - reference))
        before = 0.0  # of the outer integrand; nothing lies behind the end
        for position in range(count - 2, -1, -1):
            step = place[i, position + 1] - place[i, position]
            here = math.exp(2.0 * (level[i, position] - reference))
            inner += 0.5 * step * (here + squared)
            now = inner / here
            total += 0.5 * step * (now + before)
            squared, before = here, now
        out[i] = backscatter[i] ** 2 * total  # Eq. (1)
