"""Coupling between cores: field coefficient kappa, power coefficient h, regimes.

Notes
-----
(1) ``pi A_m A_n K_0((w_m + w_n) d/2)/beta``, the midplane form of kappa;
(2) ``1 - exp(-2 pi kappa^2/|d mismatch/dz|)``, the power exchanged at a phase-matching point [1]_.

References
----------
.. [1] C. Zener, "Non-adiabatic crossing of energy levels," Proc. Royal Soc. A 137, 696 (1932),
   :doi:`10.1098/rspa.1932.0165`.
"""

import cmath
import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.kernels.bessel import bessel_i, bessel_k, k0e
from mcfiber.kernels.modes import chebyshev_interval, chebyshev_matrices, relative_radii, rings
from mcfiber.kernels.radial import field_nodes, node_limit, root, workspace
from mcfiber.typing import FloatArray


@kernel("(pair),(channel),(channel),(channel)->(pair,channel)")
def equal_coupling(
    distance: FloatArray, log_amplitude: FloatArray, decay: FloatArray, beta: FloatArray, kappa: FloatArray
) -> None:
    """Kappa of equal cores of any circular profile: pi A^2 K_0(w d)/beta.

    The overlap integral in closed form (Green's identity and Graf's addition theorem), with the field A K_0(w r)
    outside each core and 2 pi int F^2 r dr = 1. For a step core it is U^2 K_0(W d/a)/(beta a^2 V^2 K_1(W)^2).

    distance (n, pair) m; log of A, w, beta (n, channel); kappa (n, pair, channel) 1/m.
    """
    for row in range(distance.shape[0]):
        for pair in range(distance.shape[1]):
            for i in range(decay.shape[1]):
                x = decay[row, i] * distance[row, pair]
                scale = math.exp(2.0 * log_amplitude[row, i] - x)
                kappa[row, pair, i] = math.pi * scale * k0e(x) / beta[row, i]  # Eq. (2) of docs/theory/glass


@kernel
def _solve_core(
    wavelength: float,
    radius: FloatArray,
    delta: FloatArray,
    exponent: float,
    glass: FloatArray,
    rho: FloatArray,
    v: FloatArray,
    group: FloatArray,
    field: FloatArray,
    node: FloatArray,
) -> tuple[int, float, float, float]:
    """LP01 of one core: number of points, w (1/m), log of A (1/m), beta; node becomes r, (contrast) F r dr in SI.

    node rows: r (m), k^2 (n^2 - n_clad^2) F r dr (1/m).
    """
    relative_radii(radius, rho)
    index, _, scale = rings(wavelength, radius, delta, glass, v, group)
    w2 = root(0, 1, rho, v, exponent, math.nan, field)
    if math.isnan(w2):
        return 0, math.nan, math.nan, math.nan
    _, count, outer, power = field_nodes(0, rho, v, exponent, w2, field, node)
    kept = 0
    for i in range(count):
        if node[4, i] >= 0.0:
            power += node[1, i] * node[2, i] * node[2, i]
            node[0, kept] = node[0, i] * radius[0]
            node[1, kept] = node[3, i] * node[1, i] * node[2, i]
            kept += 1
    norm = math.sqrt(2.0 * math.pi * power) * radius[0]
    for i in range(kept):
        node[1, i] /= norm
    edge = math.sqrt(w2) * rho[rho.shape[0] - 1]
    log_amplitude = math.log(abs(outer) / bessel_k(0, edge)[0] / norm) + edge
    beta = math.sqrt(index * scale * scale + w2) / radius[0]
    return kept, math.sqrt(w2) / radius[0], log_amplitude, beta


@kernel
def _received(node: FloatArray, count: int, decay: float) -> float:
    """int k^2 (n^2 - n_clad^2) I_0(w r) F r dr over a core: its answer to the field of another."""
    total = 0.0
    for i in range(count):
        x = decay * node[0, i]
        total += node[1, i] * bessel_i(0, x)[0] * math.exp(x)  # integral in Eq. (3) of docs/theory/glass
    return total


@kernel("(),(channel),(core_out,core_in),(core,ring),(core,ring),(core),(core,medium,term)->(core_out,core_in,channel)")
def unlike_coupling(
    overlap: FloatArray,
    wavelength: FloatArray,
    distance: FloatArray,
    radius: FloatArray,
    delta: FloatArray,
    exponent: FloatArray,
    glass: FloatArray,
    kappa: FloatArray,
) -> None:
    """Kappa of any cores, symmetric: mean of kappa_mn and kappa_nm (overlap 1), or the midplane form (overlap 0).

    kappa_mn = (k^2/(2 beta_m)) int_{core n} (n^2 - n_clad^2) F_m F_n dA, by Graf's theorem
    (pi A_m/beta_m) K_0(w_m d) int_n k^2 (n^2 - n_clad^2) I_0(w_m r) F_n r dr. The mean is the coefficient of
    orthogonalised fields, so power is conserved. Midplane: pi A_m A_n K_0((w_m + w_n) d/2)/beta.

    overlap (n,); wavelength (n, channel) m; distance (n, core, core) m; radius, delta (n, core, ring); exponent
    (n, core); glass (n, core, ring + 1, 6); kappa (n, core, core, channel) 1/m. The ratio of the two forms is
    interpolated from Chebyshev wavelengths.
    """
    cores, layers = radius.shape[1], radius.shape[2]
    size = wavelength.shape[1]
    rho, v, group, field = np.empty(layers), np.empty(layers), np.empty(layers), workspace()
    node = np.empty((cores, 5, node_limit(layers)))
    count = np.empty(cores, np.int64)
    matrix, values = np.empty((3, size, 32)), np.empty((32, cores, 3))
    ratio = np.empty((32, cores, cores))
    for row in range(wavelength.shape[0]):
        middle, half, points = chebyshev_interval(wavelength[row])
        chebyshev_matrices(wavelength[row], middle, half, points, matrix)
        for j in range(points):
            length = middle + half * math.cos(math.pi * (j + 0.5) / points)
            for core in range(cores):
                count[core], values[j, core, 0], values[j, core, 1], values[j, core, 2] = _solve_core(
                    length,
                    radius[row, core],
                    delta[row, core],
                    exponent[row, core],
                    glass[row, core],
                    rho,
                    v,
                    group,
                    field,
                    node[core],
                )
            for m in range(cores):
                for n in range(m):
                    value = 1.0
                    if overlap[row] != 0.0:
                        # Eq. (3) of docs/theory/glass
                        first = _directed(values[j, m], node[n], count[n], distance[row, m, n])
                        second = _directed(values[j, n], node[m], count[m], distance[row, m, n])
                        value = 0.5 * (first + second) / _midplane(values[j, m], values[j, n], distance[row, m, n])
                    ratio[j, m, n] = value
        _interpolate_pairs(matrix, points, values, ratio, distance[row], kappa[row])


@kernel
def _directed(source: FloatArray, node: FloatArray, count: int, distance: float) -> float:
    """kappa_mn: the field of the source in the other core. source: w, log of A, beta."""
    x = source[0] * distance
    # Eq. (3) of docs/theory/glass
    return float(math.pi / source[2] * math.exp(source[1] - x) * k0e(x) * _received(node, count, source[0]))


@kernel
def _midplane(first: FloatArray, second: FloatArray, distance: float) -> float:
    """Pi A_m A_n K_0 at the mean decay over the mean beta."""
    x = 0.5 * (first[0] + second[0]) * distance
    return float(math.pi * math.exp(first[1] + second[1] - x) * k0e(x) * 2.0 / (first[2] + second[2]))  # Eq. (1)


@kernel
def _interpolate_pairs(
    matrix: FloatArray,
    points: int,
    values: FloatArray,
    ratio: FloatArray,
    distance: FloatArray,
    kappa: FloatArray,
) -> None:
    cores = distance.shape[0]
    here = np.empty((cores, 3))
    for i in range(kappa.shape[2]):
        for core in range(cores):
            for part in range(3):
                here[core, part] = 0.0
                for j in range(points):
                    here[core, part] += matrix[0, i, j] * values[j, core, part]
        for m in range(cores):
            kappa[m, m, i] = 0.0
            for n in range(m):
                factor = 0.0
                for j in range(points):
                    factor += matrix[0, i, j] * ratio[j, m, n]
                kappa[m, n, i] = factor * _midplane(here[m], here[n], distance[m, n])
                kappa[n, m, i] = kappa[m, n, i]


# ---------------------------------------------------------------------------------------------------------
# power coupling


@kernel("(),(),(),(),(),()->()")
def averaged_power_coupling(
    kappa: FloatArray,
    mismatch: FloatArray,
    beta: FloatArray,
    distance: FloatArray,
    bend_radius: FloatArray,
    correlation_length: FloatArray,
    h: FloatArray,
) -> None:
    """Coupled-power coefficient h of a twisted, bent pair, averaged over the twist; all arguments (n,).

    h = 2 kappa^2 d Re 1/sqrt((1 + j x)^2 + y^2), x = mismatch d, y = beta distance d/R, for an exponential
    autocorrelation of length d (Koshiba, Saitoh, Takenaga, Matsuo, IEEE Photon. J. 4, 1987 (2012), in a form
    without cancellation). d infinite: the phase-matching points alone, 2 kappa^2/sqrt((beta distance/R)^2 -
    mismatch^2) below the critical radius and nothing above it.

    kappa, mismatch, beta 1/m; distance, bend radius, correlation length m (the last two may be infinite).
    """
    for row in range(kappa.shape[0]):
        square = 2.0 * kappa[row] * kappa[row]
        tilt = beta[row] * distance[row] / bend_radius[row]
        length = correlation_length[row]
        if kappa[row] == 0.0:
            h[row] = 0.0
        elif math.isinf(length):
            gap = (tilt - mismatch[row]) * (tilt + mismatch[row])
            h[row] = square / math.sqrt(gap) if gap > 0.0 else 0.0
        else:
            x, y = abs(mismatch[row]) * length, tilt * length
            # Eq. (4) of docs/theory/glass
            h[row] = square * length * (1.0 / cmath.sqrt(complex(1.0 + (y - x) * (y + x), 2.0 * x))).real


@kernel("(),(),(),(),(),(),(),()->()")
def coupling_regime(
    kappa: FloatArray,
    mismatch: FloatArray,
    beta: FloatArray,
    distance: FloatArray,
    bend_radius: FloatArray,
    twist: FloatArray,
    h: FloatArray,
    length: FloatArray,
    regime: FloatArray,
) -> None:
    """0 weak (h L < 0.01), 1 intermediate, 2 random (a phase-matching point transfers 10 %), 3 systematic.

    The transfer at a phase-matching point is Landau and Zener's 1 - exp(-2 pi kappa^2/|d mismatch/dz|), with
    the slope gamma sqrt((beta d/R)^2 - mismatch^2); systematic where the splitting 2 kappa of the supermodes
    exceeds what bends and unlike cores detune. twist (n,) rad/m, length m; all arguments (n,).
    """
    for row in range(kappa.shape[0]):
        tilt = beta[row] * distance[row] / bend_radius[row]
        gap = (tilt - mismatch[row]) * (tilt + mismatch[row])
        detuning = max(tilt, abs(mismatch[row]))
        transfer = 0.0
        if gap > 0.0:
            rate = twist[row] * math.sqrt(gap)
            transfer = 1.0 - math.exp(-2.0 * math.pi * kappa[row] ** 2 / rate) if rate > 0.0 else 1.0  # Eq. (2)
        if 2.0 * kappa[row] >= detuning and kappa[row] > 0.0:
            regime[row] = 3.0
        elif transfer >= 0.1:
            regime[row] = 2.0
        elif h[row] * length[row] >= 0.01:
            regime[row] = 1.0
        else:
            regime[row] = 0.0
