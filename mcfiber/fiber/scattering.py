"""Rayleigh scattering back into the mode of a core, on plain arrays."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mcfiber import units
from mcfiber.typing import FloatArray

REFRACTIVE_INDEX = 1.4445
"""Of a silica core near 1550 nm, for the part of the scattered light that it captures."""


def capture_fraction(wavelength: ArrayLike, refractive_index: ArrayLike, effective_area: ArrayLike) -> FloatArray:
    """Part of the Rayleigh-scattered light that a core guides backwards, ``3 lambda^2 / (8 pi n^2 A_eff)``.

    Parameters
    ----------
    wavelength
        In vacuum. [m]
    refractive_index
        Of the core. [1]
    effective_area
        Of the mode. [m^2]

    References
    ----------
    .. [1] E. Brinkmeyer, "Analysis of the backscattering method for single-mode optical fibers," J. Opt. Soc.
       Am. 70, 1010 (1980).

    Examples
    --------
    >>> float(capture_fraction(1.55e-6, 1.4444, 80e-12).round(7))
    0.0017182
    """
    ratio = np.asarray(wavelength, np.float64) / np.asarray(refractive_index)
    result: FloatArray = 3.0 * ratio**2 / (8.0 * math.pi * np.asarray(effective_area))
    return result


def backscatter(fiber: Any, frequency: Any, effective_area: Any) -> Any:
    """Power that Rayleigh scattering sends backwards into the mode of its core. [1/m]

    Parameters
    ----------
    fiber
        Its Rayleigh part of the attenuation, which falls with the fourth power of the wavelength: given, or that of
        its glass where it has an index profile.
    frequency
        Of the channels. [Hz]
    effective_area
        Of the mode. [m^2]
    """
    if fiber.computes("rayleigh_db_per_km"):
        coefficient = units.si(fiber.glass_loss, "rayleigh_db_um4_per_km")
    else:
        coefficient = units.si(fiber, "rayleigh_db_per_km") * units.si(fiber, "reference_wavelength_nm") ** 4

    def of_unit(hertz: Any) -> Any:
        wavelength = units.wavelength(hertz)
        return capture_fraction(wavelength, REFRACTIVE_INDEX, 1.0) / wavelength**4

    return units.mapped(of_unit, frequency) * (coefficient / effective_area)
