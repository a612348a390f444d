"""Attenuation of cores by its parts: the glass, bends, the coating behind a thin outer cladding; and backscatter."""

import math

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from mcfiber import units
from mcfiber.arguments import WAVELENGTH_NM, arguments, plain_array
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.glass import GlassLoss
from mcfiber.fiber.index import wavelengths
from mcfiber.fiber.modes import LPMode, bend_loss_of, check_guided, cladding_index, solved
from mcfiber.fiber.structure import GLASS_PARTS, FiberStructure, LossNumbers, fiber_structure, loss_numbers
from mcfiber.kernels import attenuation as kernels
from mcfiber.labelled import compute, coordinates_of, labelled_dataset
from mcfiber.typing import FloatArray, Quantity


@arguments(wavelength_nm=WAVELENGTH_NM)
def glass_attenuation(loss: GlassLoss, *, wavelength_nm: ArrayLike) -> xr.Dataset:
    """Attenuation of the glass by its parts.

    Parameters
    ----------
    loss
        The description.
    wavelength_nm
        Vacuum wavelengths: a number, a list, or labelled with dimension channel.

    Returns
    -------
    xarray.Dataset
        rayleigh_scattering, constant_loss, infrared_absorption, ultraviolet_absorption and hydroxyl_absorption
        (1/m); their sum is the attenuation of the glass.

    Notes
    -----
    Eq. (2) of `mcfiber.kernels.attenuation`; structure of [1]_.

    References
    ----------
    .. [1] S. S. Walker, "Rapid modeling and estimation of total spectral loss in optical fibers," *J. Lightw.
       Technol.*, vol. 4, pp. 1125-1131, 1986.

    Examples
    --------
    >>> parts = glass_attenuation(GlassLoss(), wavelength_nm=1550)
    >>> round(sum(part.item() for part in parts.values()) * 4342.944819, 3)
    0.19
    """
    asked = wavelengths(wavelength_nm)
    parts = _glass_parts(loss_numbers(loss), asked.metres)
    result = labelled_dataset(parts, coordinates_of(loss) | asked.coords)
    return result.isel(channel=0) if asked.single else result


def _glass_parts(loss: LossNumbers, wavelength: xr.Variable) -> dict[str, xr.Variable]:
    return dict(zip(GLASS_PARTS, compute(GLASS_PARTS, kernels.glass_loss, wavelength, *loss), strict=True))


@arguments(wavelength_nm=WAVELENGTH_NM)
def core_attenuation(fiber: MulticoreFiber, *, wavelength_nm: ArrayLike) -> xr.Dataset:
    """Attenuation of the cores of a fibre, by its parts.

    Parameters
    ----------
    fiber
        A `MulticoreFiber` with a `core`.  Its `glass_loss`, bend radius, coating index and offsets enter; its
        `attenuation_db_per_km`, where given, is not looked at.
    wavelength_nm
        Vacuum wavelengths: a number, a list, or labelled with dimension channel.

    Returns
    -------
    xarray.Dataset
        The parts of `glass_attenuation`, bend_loss, coating_loss (dimension core where the cores' distances from
        the edge differ), loss_offset where there are offsets, and their sum `attenuation` (1/m).

    Notes
    -----
    The coating's loss is that of a straight core at its distance from an absorbing coating of higher index; bends
    add to it.  Agrees with a two-dimensional eigenmode to 1-2 %.

    Glass [1]_, bends [2]_ by Eq. (1) of `mcfiber.kernels.attenuation`, coating by Eq. (5) of :doc:`/theory/glass`.

    References
    ----------
    .. [1] S. S. Walker, "Rapid modeling and estimation of total spectral loss in optical fibers," *J. Lightw.
       Technol.*, vol. 4, pp. 1125-1131, 1986.
    .. [2] D. Marcuse, "Curvature loss formula for optical fibers," *J. Opt. Soc. Am.*, vol. 66, pp. 216-220, 1976.
       :doi:`10.1364/JOSA.66.000216`

    Examples
    --------
    >>> from mcfiber.descriptions.layout import HexagonalLayout
    >>> from mcfiber.descriptions.fiber import MulticoreFiber
    >>> from mcfiber.descriptions.profile import StepCore
    >>> fiber = MulticoreFiber(layout=HexagonalLayout(cores=19, pitch_um=18), coupling="random",
    ...                        core=StepCore(radius_um=4.5, delta_percent=0.35))
    >>> leak = core_attenuation(fiber, wavelength_nm=1550).coating_loss * 4342.944819
    >>> bool(leak[0] < 1e-6), round(leak.max().item(), 1)
    (True, 1.1)
    """
    asked, structure = wavelengths(wavelength_nm), fiber_structure(fiber)
    found = solved(0, 1, asked.metres, structure.profile)
    check_guided(found.effective_index, asked.metres)
    parts: dict[str, Quantity] = dict(_glass_parts(structure.loss, asked.metres))
    parts["bend_loss"] = bend_loss_of(found, asked.metres, structure.bend_radius)
    cladding = cladding_index(structure.profile, asked.metres)
    parts["coating_loss"] = coating_loss_of(
        found, asked.metres, cladding, structure.edge_distances, structure.coating_index
    )
    if structure.loss_offset is not None:
        parts["loss_offset"] = structure.loss_offset
    parts["attenuation"] = sum(parts.values(), start=0.0)
    result = labelled_dataset(parts, coordinates_of(fiber) | asked.coords)
    return result.isel(channel=0) if asked.single else result


def total_attenuation(structure: FiberStructure, wavelength: xr.Variable, found: LPMode) -> xr.Variable:
    """The sum of `core_attenuation` alone, from solved modes, in one kernel. [1/m]"""
    total: xr.Variable = compute(
        "attenuation",
        kernels.total_loss,
        wavelength,
        *structure.loss,
        found.exterior_log_amplitude,
        found.exterior_decay,
        found.effective_index,
        cladding_index(structure.profile, wavelength),
        structure.edge_distances,
        structure.coating_index,
        structure.bend_radius,
    )
    return total if structure.loss_offset is None else total + structure.loss_offset


def coating_loss_of(
    found: LPMode, wavelength: xr.Variable, cladding: Quantity, thickness: Quantity, coating_index: Quantity
) -> xr.Variable:
    """Excess loss to the coating, from solved modes and the distance (m) of the core's centre from the edge. [1/m]"""
    beta = found.effective_index * (2 * np.pi / wavelength)
    outside = found.exterior_log_amplitude, found.exterior_decay
    edge = cladding, wavelength, thickness, coating_index
    result: xr.Variable = compute("coating_loss", kernels.coating_loss, *outside, beta, *edge)
    return result


REFRACTIVE_INDEX = 1.4445
"""Of a silica core near 1550 nm, for the part of the scattered light that it captures."""


@arguments(
    wavelength=plain_array(above=0, high=1, unit="m"),
    refractive_index=plain_array(low=1, high=10),
    effective_area=plain_array(above=0, high=1, unit="m^2"),
)
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
    one = np.asarray(wavelength, np.float64), np.asarray(refractive_index), np.asarray(effective_area)
    result: FloatArray = _captured(*one)
    return result


def _captured(wavelength: Quantity, refractive_index: Quantity, effective_area: Quantity) -> Quantity:
    return 3.0 * (wavelength / refractive_index) ** 2 / (8.0 * math.pi * effective_area)


def backscatter(rayleigh: Quantity, frequency: xr.Variable, effective_area: Quantity) -> Quantity:
    """Power that Rayleigh scattering sends backwards into the mode of its core. [1/m]

    Parameters
    ----------
    rayleigh
        Rayleigh part of the attenuation times the fourth power of the wavelength. [m^3]
    frequency
        Of the channels. [Hz]
    effective_area
        Of the mode. [m^2]

    References
    ----------
    .. [1] E. Brinkmeyer, "Analysis of the backscattering method for single-mode optical fibers," J. Opt. Soc.
       Am. 70, 1010 (1980) (the fraction that is captured).
    """

    def of_unit(hertz: Quantity) -> Quantity:
        wavelength = units.wavelength(hertz)
        return _captured(wavelength, REFRACTIVE_INDEX, 1.0) / wavelength**4

    return units.mapped(of_unit, frequency) * (rayleigh / effective_area)
