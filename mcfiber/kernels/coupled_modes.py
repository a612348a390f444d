"""Coupled-mode equations of bent and twisted cores: the slow reference behind the random models.

``da_n/dz = -j (beta_n(z) a_n + sum_m kappa[n, m] a_m)`` with the equivalent index of a bend,
``beta_n(z) = offset_n + beta (x_n cos(gamma z) - y_n sin(gamma z)) / R``.  Strang splitting: the coupling
over a step is one unitary matrix, the phases between are integrated exactly, so power is kept exactly.

Notes
-----
(1) ``da_n/dz = -j (beta_n(z) a_n + sum_m kappa[n, m] a_m)``, the coupled-mode equations;
(2) ``beta_n(z) = offset_n + beta (x_n cos(gamma z) - y_n sin(gamma z))/R``, the equivalent index of a bend [1]_.

References
----------
.. [1] T. Hayashi, T. Taru, O. Shimakawa, T. Sasaki, E. Sasaoka, "Design and fabrication of ultra-low crosstalk and
   low-loss multi-core fiber," Opt. Express 19, 16576 (2011), :doi:`10.1364/OE.19.016576`.
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.typing import ComplexArray, FloatArray


@kernel
def integrated_fields(
    position: FloatArray,
    offset: FloatArray,
    coupling_step: ComplexArray,
    propagation_constant: float,
    bend_radius: float,
    twist_rate: float,
    step: float,
    steps: int,
    jump: FloatArray,
    field: ComplexArray,
) -> None:
    """Fields after a length of fibre, in place.

    Parameters
    ----------
    position
        Centres of the cores. Shape (core, 2). [m]
    offset
        Propagation constants less a common one. Shape (core,). [rad/m]
    coupling_step
        ``exp(-j kappa step)``. Shape (core, core). [1]
    propagation_constant, bend_radius, twist_rate
        beta [rad/m], R [m], gamma [rad/m].
    step
        Length of a step; ``beta pitch step / R`` must stay below about 1/2. [m]
    steps
        Steps between two random jumps of the phases.
    jump
        Phases that the cores gain at the jumps, each after `steps` steps. Shape (n, jump, core). [rad]
    field
        Fields at the start, on return at the end. Shape (n, core).
    """
    cores = position.shape[0]
    other = np.empty(cores, np.complex128)
    half = 0.5 * step * twist_rate
    average = math.sin(half) / half if half != 0.0 else 1.0  # mean of the cosine over a step, exactly
    for i in range(field.shape[0]):
        for interval in range(jump.shape[1]):
            for k in range(steps):
                angle = twist_rate * step * (interval * steps + k + 0.5)
                tilt = propagation_constant / bend_radius * average
                east, north = tilt * math.cos(angle), -tilt * math.sin(angle)  # Eq. (2)
                for n in range(cores):
                    phase = -(offset[n] + east * position[n, 0] + north * position[n, 1]) * step * 0.5
                    other[n] = field[i, n] * complex(math.cos(phase), math.sin(phase))
                for n in range(cores):
                    total = complex(0.0, 0.0)
                    for m in range(cores):
                        total += coupling_step[n, m] * other[m]  # Eq. (1)
                    phase = -(offset[n] + east * position[n, 0] + north * position[n, 1]) * step * 0.5
                    field[i, n] = total * complex(math.cos(phase), math.sin(phase))
            for n in range(cores):
                field[i, n] *= complex(math.cos(jump[i, interval, n]), math.sin(jump[i, interval, n]))
