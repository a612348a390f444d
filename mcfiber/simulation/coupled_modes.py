"""Fields of bent, twisted and coupled cores by direct integration, on plain arrays: slow, for validation."""

import math

import numpy as np
from numpy.typing import ArrayLike

from mcfiber.arguments import NUMBER, SEED, arguments, plain_array, real, whole
from mcfiber.kernels import coupled_modes as kernels
from mcfiber.typing import ComplexArray

_MOST_STEPS = 1e12  # a day and more, and not far below the largest whole number of the machine
PHASE_PER_STEP = 0.1  # rad; the error of the transfer falls with its square


@arguments(
    position=plain_array("core", "xy", exact=True, scalar=False, low=-1, high=1, unit="m"),
    kappa=plain_array("core", "core", exact=True, scalar=False, low=-1e9, high=1e9, unit="1/m"),
    length=real(above=0, high=1e9, unit="m", dims=NUMBER),
    propagation_constant=real(above=0, high=1e9, unit="rad/m", dims=NUMBER),
    bend_radius=real(low=1e-4, infinite=True, unit="m", dims=NUMBER),
    twist_rate=real(low=-1e6, high=1e6, unit="rad/m", dims=NUMBER),
    offset=plain_array("core", exact=True, low=-1e6, high=1e6, unit="rad/m"),
    launched=whole(low=0),
    jumps=whole(low=1),
    draws=whole(low=1),
    seed=SEED,
    phase_per_step=real(above=0, high=1, unit="rad", dims=NUMBER),
)
def coupled_mode_fields(
    position: ArrayLike,
    kappa: ArrayLike,
    length: float,
    *,
    propagation_constant: float,
    bend_radius: float,
    twist_rate: float,
    offset: ArrayLike = 0.0,
    launched: int = 0,
    jumps: int = 1,
    draws: int = 1,
    seed: int | None = None,
    phase_per_step: float = PHASE_PER_STEP,
) -> ComplexArray:
    """Integrate the coupled-mode equations of a bent and twisted fibre.

    Random phases at equal distances stand for the structure's fluctuation.  For two equal cores on the x axis
    the points of phase matching lie in the middle between the multiples of ``pi / twist_rate``: there belong
    the jumps, ``jumps = twist_rate length / pi``.

    Parameters
    ----------
    position
        Centres of the cores. Shape (core, 2). [m]
    kappa
        Coupling coefficients of the fields, symmetric. Shape (core, core). [1/m]
    length
        Length of fibre. [m]
    propagation_constant, bend_radius, twist_rate
        beta [rad/m], radius [m], twist [rad/m].
    offset
        Propagation constants less a common one. Shape (core,) or (). [rad/m]
    launched
        Core that is launched.
    jumps
        Sections after each of which the phases jump.
    draws
        Number of fibres.
    seed
        Seed of the phases; None for no jumps.
    phase_per_step
        Largest turn of a phase in a step. [rad]

    Returns
    -------
    Fields for unit power launched. Shape (draw, core).

    Notes
    -----
    Eq. (1) and Eq. (2) of `mcfiber.kernels.coupled_modes` [1]_.

    References
    ----------
    .. [1] T. Hayashi et al., "Design and fabrication of ultra-low crosstalk and low-loss multi-core fiber," *Opt.
       Express*, vol. 19, pp. 16576-16592, 2011. :doi:`10.1364/OE.19.016576`

    Examples
    --------
    Two straight equal cores exchange all power:

    >>> fields = coupled_mode_fields(
    ...     [[0, 0], [40e-6, 0]],
    ...     [[0, 1], [1, 0]],
    ...     np.pi / 2,
    ...     propagation_constant=5.9e6,
    ...     bend_radius=np.inf,
    ...     twist_rate=0.0,
    ... )
    >>> (abs(fields) ** 2).round(6)
    array([[0., 1.]])
    """
    centres, coupling = np.asarray(position, np.float64), np.asarray(kappa, np.float64)
    cores = len(centres)
    detuning = np.broadcast_to(np.asarray(offset, np.float64), cores) * 1.0
    fastest = (
        propagation_constant / bend_radius * np.abs(centres).max() * math.sqrt(2.0)
        + np.abs(detuning).max()
        + np.abs(coupling).sum(axis=0).max()
    )
    turn = fastest * length / phase_per_step
    if turn > _MOST_STEPS:
        msg = (
            f"length: got {length:g} m, over which phases that turn by {fastest:.3g} rad/m (propagation_constant, "
            f"bend_radius, position, offset, kappa) take {turn:.3g} steps of phase_per_step {phase_per_step:g} rad; "
            f"allowed: up to {_MOST_STEPS:g} steps; take less"
        )
        raise ValueError(msg)
    steps = max(1, math.ceil(fastest * length / jumps / phase_per_step))
    step = length / jumps / steps
    values, vectors = np.linalg.eigh(coupling - np.diag(np.diag(coupling)))
    coupling_step = (vectors * np.exp(-1j * values * step)) @ vectors.T
    phases = np.zeros((draws, jumps, cores))
    if seed is not None:
        phases = np.random.default_rng(seed).uniform(0.0, 2.0 * math.pi, (draws, jumps, cores))
    field = np.zeros((draws, cores), np.complex128)
    field[:, launched] = 1.0
    kernels.integrated_fields(
        centres,
        detuning,
        np.ascontiguousarray(coupling_step.astype(np.complex128)),
        float(propagation_constant),
        float(bend_radius),
        float(twist_rate),
        step,
        steps,
        phases,
        field,
    )
    return field
