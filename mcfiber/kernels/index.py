"""Refractive index of glasses from three-term Sellmeier equations.

Notes
-----
(1) ``n^2 = 1 + sum B_i l^2/(l^2 - l_i^2)``, three-term Sellmeier equation [1]_, [2]_;
(2) ``n n_g = n^2 - (l/2) d(n^2)/dl``, group index;
(3) ``D = -(l/c) d^2 n/dl^2``, dispersion.

References
----------
.. [1] I. H. Malitson, "Interspecimen comparison of the refractive index of fused silica," J. Opt. Soc. Am. 55, 1205
   (1965), :doi:`10.1364/JOSA.55.001205`.
.. [2] J. W. Fleming, "Dispersion in GeO2-SiO2 glasses," Appl. Opt. 23, 4486 (1984), :doi:`10.1364/AO.23.004486`.
"""

import math

from mcfiber._jit import kernel
from mcfiber.typing import FloatArray


@kernel
def permittivity(glass: FloatArray, wavelength: float) -> tuple[float, float]:
    """Squared index n^2 and the product of index and group index n n_g.

    `glass` (6,) holds B_1..B_3 and the resonances l_1..l_3 (m):
    n^2 = 1 + sum B_i l^2/(l^2 - l_i^2), and n n_g = n^2 - (l/2) d(n^2)/dl.
    """
    square = wavelength * wavelength
    index, group = 1.0, 1.0
    for i in range(3):
        resonance = glass[i + 3] * glass[i + 3]
        ratio = square / (square - resonance)
        index += glass[i] * ratio  # Eq. (1)
        group += glass[i] * ratio * ratio  # B l^2/(l^2-l_i^2) + B l^2 l_i^2/(l^2-l_i^2)^2
    return index, group


@kernel("(channel),(term)->(channel)")
def sellmeier_index(wavelength: FloatArray, glass: FloatArray, index: FloatArray) -> None:
    """Index of a glass. wavelength (n, channel) m; glass (n, 6); index (n, channel)."""
    for row in range(wavelength.shape[0]):
        for i in range(wavelength.shape[1]):
            index[row, i] = math.sqrt(permittivity(glass[row], wavelength[row, i])[0])  # Eq. (1)


@kernel("(channel),(term)->(channel)")
def sellmeier_group_index(wavelength: FloatArray, glass: FloatArray, group: FloatArray) -> None:
    """Group index of a glass. wavelength (n, channel) m; glass (n, 6); group (n, channel)."""
    for row in range(wavelength.shape[0]):
        for i in range(wavelength.shape[1]):
            square, product = permittivity(glass[row], wavelength[row, i])
            group[row, i] = product / math.sqrt(square)  # Eq. (2)


@kernel("(channel),(term)->(channel)")
def sellmeier_dispersion(wavelength: FloatArray, glass: FloatArray, dispersion: FloatArray) -> None:
    """D = -(l/c) n'' of a glass. wavelength (n, channel) m; glass (n, 6); dispersion (n, channel) s/m^2.

    With s = l^2: n' = l y'/n and n'' = (y' + 2 s y'' - n'^2)/n, where y = n^2 and ' = d/ds on y.
    """
    for row in range(wavelength.shape[0]):
        for i in range(wavelength.shape[1]):
            length = wavelength[row, i]
            s = length * length
            y, first, second = 1.0, 0.0, 0.0
            for j in range(3):
                resonance = glass[row, j + 3] * glass[row, j + 3]
                gap = s - resonance
                y += glass[row, j] * s / gap  # Eq. (1)
                first -= glass[row, j] * resonance / (gap * gap)
                second += 2.0 * glass[row, j] * resonance / (gap * gap * gap)
            n = math.sqrt(y)
            slope = length * first / n
            dispersion[row, i] = -length / 299_792_458.0 * (first + 2.0 * s * second - slope * slope) / n  # Eq. (3)
