"""Coupling between the cores of a fibre: kappa, h, supermodes and regimes, from profile and layout."""

import warnings
from typing import Any, Literal

import numpy as np
import xarray as xr

from mcfiber import labelled, units
from mcfiber._jit import lift
from mcfiber.fiber.geometry import pair_distances
from mcfiber.fiber.index import wavelength_axis
from mcfiber.fiber.modes import LPMode, check_guided, design_arrays, profile_of, solved, wavelength_coordinate
from mcfiber.kernels import coupling

_EQUAL = lift(coupling.equal_coupling, "(pair),(channel),(channel),(channel)->(pair,channel)")


_UNLIKE = lift(
    coupling.unlike_coupling,
    "(),(channel),(core_out,core_in),(core,ring),(core,ring),(core),(core,medium,term)->(core_out,core_in,channel)",
)


_POWER = lift(coupling.power_coupling, "(),(),(),(),(),()->()")


_REGIME = lift(coupling.coupling_regime, "(),(),(),(),(),(),(),()->()")


REGIMES = ("weak", "intermediate", "random", "systematic")
"""Names of the values of `coupling_regime`."""


UnlikeCores = Literal["overlap", "midplane"]


class OverlappingTrenchesWarning(UserWarning):
    """Trenches of neighbouring cores overlap, where the coupling formulas lose accuracy."""


def core_coupling(
    fiber: Any, *, wavelength_nm: Any, length_km: Any = None, unlike_cores: UnlikeCores = "overlap"
) -> xr.Dataset:
    """Coupling of every pair of cores of a fibre, from its index profile and layout.

    Parameters
    ----------
    fiber
        A `MulticoreFiber` with a `core`; its bend radius, twist, correlation length and elasto-optic factor enter.
    wavelength_nm
        Vacuum wavelengths: a number, a list, or labelled with dimension channel.
    length_km
        Length that decides between weak and intermediate coupling; left out, there is no `coupling_regime`.
    unlike_cores
        "overlap": mean of the overlap integrals of both directions, the coefficient of orthogonalised fields.
        "midplane": pi A_m A_n K_0 at the mean decay, the tunnelling between cores that a bend has brought into
        phase; the two agree where cores are nearly equal, and differ by several per cent behind trenches.

    Returns
    -------
    xarray.Dataset
        Along core_out, core_in, channel and the axes of the fibre: mode_coupling (1/m), index_difference,
        power_coupling (1/m), critical_bend_radius (m) and coupling_regime (see `REGIMES`).

    Raises
    ------
    ValueError
        If cores overlap, a wavelength lies outside 250 to 3500 nm, or a core guides nothing.

    Warns
    -----
    OverlappingTrenchesWarning
        If the trenches of two cores overlap.

    Notes
    -----
    kappa of equal cores of any circular profile is ``pi A^2 K_0(w d)/beta`` with the normalised field A K_0(w r)
    outside; against the exact two-core supermodes it is good to 1e-8 for step cores at 35 um and to 1.5e-4, 3.5e-6
    and 1e-7 for trench cores at 35, 40 and 45 um.  h is that of an exponential autocorrelation, averaged over the
    twist [1]_, with the effective bend radius; ``power_coupling`` multiplies powers, ``mode_coupling`` fields.

    References
    ----------
    .. [1] M. Koshiba, K. Saitoh, K. Takenaga, S. Matsuo, "Analytical expression of average power-coupling
       coefficients for estimating intercore crosstalk in multicore fibers," IEEE Photon. J., vol. 4,
       pp. 1987-1995, 2012, doi:10.1109/JPHOT.2012.2221085.
    .. [2] M. Koshiba et al., "Heterogeneous multi-core fibers: proposal and design principle," and "Multi-core
       fiber design and analysis," Opt. Express, vol. 19, pp. B102-B111, 2011, doi:10.1364/OE.19.00B102.

    Examples
    --------
    >>> from mcfiber.descriptions.layout import HexagonalLayout
    >>> from mcfiber.descriptions.fiber import MulticoreFiber
    >>> from mcfiber.descriptions.profile import StepCore
    >>> fiber = MulticoreFiber(layout=HexagonalLayout(cores=7, pitch_um=40), cladding_diameter_um=160,
    ...                        core=StepCore(radius_um=4.5, delta_percent=0.35))
    >>> found = core_coupling(fiber, wavelength_nm=1550)
    >>> round(found.mode_coupling.sel(core_out=0, core_in=1).item(), 8)
    0.02547163
    """
    wavelength, squeeze = wavelength_axis(wavelength_nm)
    profile = profile_of(fiber)
    check_separation(fiber)
    found = solved(0, 1, wavelength, design_arrays(profile))
    check_guided(found.effective_index, wavelength)
    kappa = mode_coupling(fiber, wavelength, found, unlike_cores)
    result = _power_coupling(fiber, wavelength, found, kappa)
    if length_km is not None:
        result["coupling_regime"] = _regime(fiber, wavelength, found, result, units.convert(length_km, "km"))
    result = result.assign_coords(_core_coordinates(fiber) | wavelength_coordinate(wavelength))
    return result.isel(channel=0) if squeeze else result


def supermodes(fiber: Any, *, wavelength_nm: Any, unlike_cores: UnlikeCores = "overlap") -> xr.Dataset:
    """Supermodes of the straight fibre: eigenvectors of the propagation constants and kappa of its cores.

    Parameters
    ----------
    fiber, wavelength_nm, unlike_cores
        As for `core_coupling`.

    Returns
    -------
    xarray.Dataset
        `supermode_shift` (supermode, channel): propagation constants less the mean of the cores, descending (1/m);
        `supermode_field` (core, supermode, channel): orthonormal fields in the cores.

    Notes
    -----
    Coupled-mode theory [1]_, with kappa of Eq. (2) of :doc:`/theory/glass` for equal and of Eq. (3) for unlike
    cores.

    References
    ----------
    .. [1] A. W. Snyder, "Coupled-mode theory for optical fibers," *J. Opt. Soc. Am.*, vol. 62, pp. 1267-1277, 1972.

    Examples
    --------
    >>> from mcfiber.descriptions.layout import HexagonalLayout
    >>> from mcfiber.descriptions.fiber import MulticoreFiber
    >>> from mcfiber.descriptions.profile import StepCore
    >>> fiber = MulticoreFiber(layout=HexagonalLayout(cores=7, pitch_um=25), coupling="random",
    ...                        core=StepCore(radius_um=4.5, delta_percent=0.35))
    >>> supermodes(fiber, wavelength_nm=1550).supermode_shift.size
    7
    """
    wavelength, squeeze = wavelength_axis(wavelength_nm)
    check_separation(fiber)
    found = solved(0, 1, wavelength, design_arrays(profile_of(fiber)))
    check_guided(found.effective_index, wavelength)
    kappa = mode_coupling(fiber, wavelength, found, unlike_cores).transpose(..., "core_out", "core_in")
    matrix = kappa.values.copy()
    if "core" in found.effective_index.dims:
        beta = (found.effective_index * (2 * np.pi / wavelength)).rename(core="core_out")
        offset = (beta - beta.mean("core_out")).broadcast_like(kappa.isel(core_in=0))
        index = np.arange(fiber.cores)
        matrix[..., index, index] = offset.transpose(*kappa.dims[:-1]).values
    shift, field = np.linalg.eigh(matrix)
    dims = kappa.dims[:-2]
    result = xr.Dataset(
        {
            "supermode_shift": labelled.stamp(
                "supermode_shift", xr.DataArray(shift[..., ::-1].copy(), dims=(*dims, "supermode"))
            ),
            "supermode_field": ((*dims, "core", "supermode"), field[..., ::-1].copy()),
        },
        coords={name: kappa.coords[name] for name in dims if name in kappa.coords} | wavelength_coordinate(wavelength),
    )
    return result.isel(channel=0) if squeeze else result


def mode_coupling(
    fiber: Any, wavelength: xr.DataArray, found: LPMode, unlike_cores: UnlikeCores = "overlap"
) -> xr.DataArray:
    """Kappa of every pair of cores at wavelengths (m), given the solved modes."""
    if "core" in found.effective_index.dims:
        design = design_arrays(profile_of(fiber))
        overlap = {"overlap": 1.0, "midplane": 0.0}[unlike_cores]
        sizes = {"core": fiber.cores}
        return labelled.compute(
            "mode_coupling", _UNLIKE, overlap, wavelength, pair_distances(fiber.layout), *design, sizes=sizes
        )
    beta = found.effective_index * (2 * np.pi / wavelength)
    distance, index = _unique_distances(fiber)
    kappa = labelled.compute(
        "mode_coupling", _EQUAL, distance, found.exterior_log_amplitude, found.exterior_decay, beta
    )
    square = kappa.isel(pair=xr.DataArray(index, dims=("core_out", "core_in")))
    same = xr.DataArray(np.eye(fiber.cores, dtype=bool), dims=("core_out", "core_in"))
    return labelled.stamp("mode_coupling", square.where(~same, 0.0))


def _unique_distances(fiber: Any) -> tuple[xr.DataArray, Any]:
    """Every distance once (dimension pair), and where each pair of cores finds its own."""
    points = fiber.layout.unit_positions()
    between = points[:, None, :] - points[None, :, :]
    unit, index = np.unique(np.hypot(between[..., 0], between[..., 1]).round(9), return_inverse=True)
    # The distance of a core to itself is not used; any positive number will do.
    distance = xr.DataArray(np.where(unit > 0, unit, 1.0), dims="pair") * units.si(fiber.layout, "pitch_um")
    return distance, index.reshape(len(points), len(points))


def power_coupling(fiber: Any, wavelength: xr.DataArray, found: LPMode) -> xr.DataArray:
    """Power coefficient h of every pair at wavelengths (m), given the solved modes."""
    result: xr.DataArray = _power_coupling(
        fiber, wavelength, found, mode_coupling(fiber, wavelength, found)
    ).power_coupling
    return result


def _pairs(found: LPMode, wavelength: xr.DataArray) -> tuple[Any, Any]:
    """Mean beta and difference of n_eff of every pair (the latter 0 where cores are equal)."""
    index = found.effective_index
    if "core" not in index.dims:
        return index * (2 * np.pi / wavelength), 0.0
    first, second = index.rename(core="core_out"), index.rename(core="core_in")
    return (first + second) * (np.pi / wavelength), first - second


def _power_coupling(fiber: Any, wavelength: xr.DataArray, found: LPMode, kappa: xr.DataArray) -> xr.Dataset:
    beta, difference = _pairs(found, wavelength)
    distance = pair_distances(fiber.layout)
    mismatch = difference * (2 * np.pi / wavelength) if hasattr(difference, "dims") else 0.0
    h = labelled.compute(
        "power_coupling", _POWER, kappa, mismatch, beta, distance, effective_bend_radius(fiber),
        units.si(fiber, "correlation_length_m"),
    )  # fmt: skip
    result = xr.Dataset({"mode_coupling": kappa, "power_coupling": h})
    if hasattr(difference, "dims"):
        with np.errstate(divide="ignore"):
            critical = beta * distance / np.abs(mismatch)
        critical = critical.where(difference != 0.0, np.inf)
        result["index_difference"] = labelled.stamp("index_difference", difference)
    else:
        critical = xr.full_like(distance, np.inf)
    result["critical_bend_radius"] = labelled.stamp("critical_bend_radius", critical)
    return result


def _regime(fiber: Any, wavelength: xr.DataArray, found: LPMode, pairs: xr.Dataset, length: Any) -> xr.DataArray:
    beta, difference = _pairs(found, wavelength)
    mismatch = difference * (2 * np.pi / wavelength) if hasattr(difference, "dims") else 0.0
    twist = fiber.twist_rate_per_m * (2 * np.pi)
    return labelled.compute(
        "coupling_regime", _REGIME, pairs.mode_coupling, mismatch, beta, pair_distances(fiber.layout),
        effective_bend_radius(fiber), twist, pairs.power_coupling, length,
    )  # fmt: skip


def effective_bend_radius(fiber: Any) -> Any:
    """Bend radius with the elasto-optic factor. [m]"""
    return units.si(fiber, "bend_radius_mm") * fiber.elasto_optic


def check_separation(fiber: Any) -> None:
    """Refuse overlapping cores, and warn where trenches overlap.

    Raises
    ------
    ValueError
        If the cores' rings of highest index overlap.

    Notes
    -----
    The coupling, Eq. (2) of :doc:`/theory/glass`, takes the field of one core in the cladding and in the other
    core.
    """
    if fiber.cores == 1:
        return
    profile = profile_of(fiber)
    rings = profile.rings()
    pitch = float(np.min(np.asarray(units.si(fiber.layout, "pitch_um"))))
    core, edge = (float(np.max(np.asarray(radius))) for radius in (profile.guiding_radius(), rings.radius[-1]))
    if pitch < 2 * core:
        msg = (
            f"cores overlap: at a distance of {pitch * 1e6:g} um their radius is {core * 1e6:g} um; allowed: a "
            f"distance above {2e6 * core:g} um; raise layout.pitch_um or reduce core.radius_um"
        )
        raise ValueError(msg)
    if pitch < 2 * edge:
        warnings.warn(
            f"the trenches of neighbouring cores overlap: they reach to {edge * 1e6:g} um at a distance of "
            f"{pitch * 1e6:g} um; the coupling is then good to about 1 %",
            OverlappingTrenchesWarning,
            stacklevel=3,
        )


def _core_coordinates(fiber: Any) -> dict[str, Any]:
    index = np.arange(fiber.cores)
    return {"core_out": index, "core_in": index}
