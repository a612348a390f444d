"""Coupling between the cores of a fibre: kappa, h, supermodes and regimes, from profile and layout."""

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from mcfiber.arguments import LENGTH_KM, WAVELENGTH_NM, arguments
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.fiber.geometry import CorePlaces
from mcfiber.fiber.index import Wavelengths, wavelengths
from mcfiber.fiber.modes import LPMode, check_guided, solved
from mcfiber.fiber.structure import FiberStructure, fiber_structure
from mcfiber.kernels import coupling as kernels
from mcfiber.labelled import (
    array,
    as_variable,
    combined,
    compute,
    coordinates_of,
    entered,
    has,
    kept,
    labelled_dataset,
    reduced,
    renamed,
)
from mcfiber.typing import IntArray, Quantity, is_axis

REGIMES = ("weak", "intermediate", "random", "systematic")
"""Names of the values of `coupling_regime`."""


UnlikeCores = Literal["overlap", "midplane"]


class OverlappingTrenchesWarning(UserWarning):
    """Trenches of neighbouring cores overlap, where the coupling formulas lose accuracy."""


@arguments(wavelength_nm=WAVELENGTH_NM, length_km=LENGTH_KM)
def core_coupling(
    fiber: MulticoreFiber,
    *,
    wavelength_nm: ArrayLike,
    length_km: ArrayLike | None = None,
    unlike_cores: UnlikeCores = "overlap",
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
        power_coupling (1/m), critical_bend_radius (m) and coupling_regime (see `REGIMES`).  Designs of an axis that
        guide nothing, or whose cores overlap, are NaN; sum with ``skipna=False``, or they count as 0.

    Raises
    ------
    ValueError
        If two cores overlap (where the fibre has axes, the point is NaN), a wavelength lies outside 250 to 3500 nm,
        or a core guides nothing.

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
    asked, structure, found = _solved(fiber, wavelength_nm)
    kappa = _where_apart(structure, mode_coupling(structure, asked.metres, found, unlike_cores))
    pairs = pairs_of(structure, asked.metres, found)
    h = power_coupling(structure, kappa, pairs)
    result: dict[str, Quantity] = {"mode_coupling": kappa, "power_coupling": h}
    if pairs.differs:
        result["index_difference"] = pairs.index_difference
    result["critical_bend_radius"] = _critical_bend_radius(pairs)
    if length_km is not None:
        length = entered(length_km, "km")
        bend = structure.bend_radius, structure.twist
        shape = pairs.mismatch, pairs.beta, pairs.distance
        result["coupling_regime"] = compute("coupling_regime", kernels.coupling_regime, kappa, *shape, *bend, h, length)
    index = np.arange(structure.cores)
    coords = coordinates_of(fiber, length_km) | asked.coords | {"core_out": index, "core_in": index}
    labelled = labelled_dataset(result, coords)
    return labelled.isel(channel=0) if asked.single else labelled


@arguments(wavelength_nm=WAVELENGTH_NM)
def supermodes(fiber: MulticoreFiber, *, wavelength_nm: ArrayLike, unlike_cores: UnlikeCores = "overlap") -> xr.Dataset:
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
    asked, structure, found = _solved(fiber, wavelength_nm)
    kappa = mode_coupling(structure, asked.metres, found, unlike_cores).transpose(..., "core_out", "core_in")
    matrix = kappa.values.copy()
    if has(found.effective_index, "core"):
        beta = renamed(found.effective_index * (2 * np.pi / asked.metres), core="core_out")
        offset = (beta - beta.mean("core_out")).set_dims(dict(zip(kappa.dims[:-1], kappa.shape[:-1], strict=True)))
        index = np.arange(structure.cores)
        matrix[..., index, index] = offset.transpose(*kappa.dims[:-1]).values
    shift, field = np.linalg.eigh(matrix)
    dims = tuple(map(str, kappa.dims[:-2]))
    coords = coordinates_of(fiber) | asked.coords
    shifts = _where_apart(structure, array((*dims, "supermode"), shift[..., ::-1].copy()))
    fields = _where_apart(structure, array((*dims, "core", "supermode"), field[..., ::-1].copy()))
    result = labelled_dataset({"supermode_shift": shifts}, coords)
    result["supermode_field"] = (fields.dims, fields.data)
    return result.isel(channel=0) if asked.single else result


def _where_apart(structure: FiberStructure, value: xr.Variable) -> xr.Variable:
    """NaN at the points of the axes at which cores overlap."""
    wrong = cores_overlap(structure)
    result: xr.Variable = kept(value, ~wrong) if is_axis(wrong) and wrong.values.any() else value
    return result


def _solved(fiber: MulticoreFiber, wavelength_nm: ArrayLike) -> tuple[Wavelengths, FiberStructure, LPMode]:
    """Wavelengths, structure and modes of a fibre whose cores do not overlap and guide."""
    asked, structure = wavelengths(wavelength_nm), fiber_structure(fiber)
    check_separation(structure)
    found = solved(0, 1, asked.metres, structure.profile)
    check_guided(found.effective_index, asked.metres)
    return asked, structure, found


def mode_coupling(
    structure: FiberStructure, wavelength: xr.Variable, found: LPMode, unlike_cores: UnlikeCores = "overlap"
) -> xr.Variable:
    """Kappa of every pair of cores at wavelengths (m), given the solved modes. [1/m]"""
    result: xr.Variable
    if has(found.effective_index, "core"):
        overlap = {"overlap": 1.0, "midplane": 0.0}[unlike_cores]
        inputs = (overlap, wavelength, structure.places.pair_distances, *structure.profile.design)
        sizes = {"core": structure.cores}
        result = compute("mode_coupling", kernels.unlike_coupling, *inputs, sizes=sizes)
        return result
    beta = found.effective_index * (2 * np.pi / wavelength)
    distance, index = _unique_distances(structure.places)
    outside = found.exterior_log_amplitude, found.exterior_decay
    kappa = compute("mode_coupling", kernels.equal_coupling, distance, *outside, beta)
    square = kappa.isel(pair=array(("core_out", "core_in"), index))
    other = array(("core_out", "core_in"), 1.0 - np.eye(structure.cores))
    result = combined(np.multiply, square, other)
    return result


def _unique_distances(places: CorePlaces) -> tuple[xr.Variable, IntArray]:
    """Every distance once (dimension pair), and where each pair of cores finds its own."""
    unit, index = np.unique(places.unit_distances.round(9), return_inverse=True)
    # The distance of a core to itself is not used; any positive number will do.
    distance = array(("pair",), np.where(unit > 0, unit, 1.0)) * places.pitch
    return distance, index.reshape(places.unit_distances.shape)


@dataclass(frozen=True)
class Pairs:
    """Every pair of cores: mean beta, difference of n_eff and of beta (0 where cores are equal), distance. [SI]"""

    beta: Quantity
    index_difference: Quantity
    mismatch: Quantity
    distance: Quantity

    @property
    def differs(self) -> bool:
        """Whether cores differ."""
        return has(self.index_difference, "core_out")


def pairs_of(structure: FiberStructure, wavelength: xr.Variable, found: LPMode) -> Pairs:
    """Propagation constants, their differences, and distances of every pair of cores at wavelengths (m)."""
    index, distance = found.effective_index, structure.places.pair_distances
    if not has(index, "core"):
        return Pairs(index * (2 * np.pi / wavelength), 0.0, 0.0, distance)
    first, second = renamed(index, core="core_out"), renamed(index, core="core_in")
    difference = first - second
    return Pairs((first + second) * (np.pi / wavelength), difference, difference * (2 * np.pi / wavelength), distance)


def computed_power_coupling(structure: FiberStructure, wavelength: xr.Variable, found: LPMode) -> xr.Variable:
    """Power coefficient h of every pair at wavelengths (m), given the solved modes. [1/m]"""
    pairs = pairs_of(structure, wavelength, found)
    return power_coupling(structure, mode_coupling(structure, wavelength, found), pairs)


def power_coupling(structure: FiberStructure, kappa: xr.Variable, pairs: Pairs) -> xr.Variable:
    """Power coefficient h of every pair from its kappa. [1/m]

    Parameters
    ----------
    structure
        Bend radius, correlation length, and the spread of the cores' effective indices.
    kappa
        Coupling of the fields. [1/m]
    pairs
        Propagation constants and distances.

    References
    ----------
    .. [1] M. Koshiba, K. Saitoh, K. Takenaga, S. Matsuo, "Analytical expression of average power-coupling
       coefficients for estimating intercore crosstalk in multicore fibers," IEEE Photon. J., vol. 4,
       pp. 1987-1995, 2012, doi:10.1109/JPHOT.2012.2221085.
    """
    bend, correlation = structure.bend_radius, structure.correlation_length
    spread = structure.index_spread
    if not is_axis(spread) and spread == 0.0:
        inputs = kappa, pairs.mismatch, pairs.beta, pairs.distance, bend, correlation
        result: xr.Variable = compute("power_coupling", kernels.averaged_power_coupling, *inputs)
        return result
    glass = correlation, spread
    wide: xr.Variable = combined(
        np.multiply, kappa**2, _over_spread(glass, bend, pairs.mismatch, pairs.beta, pairs.distance)
    )
    return wide


def bend_factor(glass: tuple[Quantity, Quantity], bend: Quantity, places: CorePlaces, wavelength: Quantity) -> Quantity:
    """Power coefficient of the nearest cores at a bend radius, for a coupling of the fields of 1/m. [m]

    Parameters
    ----------
    glass
        Correlation length and spread of effective indices. [m, 1]
    bend
        Bend radius. [m]
    places
        Distances of the cores.
    wavelength
        Vacuum wavelength. [m]

    Notes
    -----
    The propagation constant is that of an effective index of `INDEX`: of the ratio of two such factors it hardly
    changes anything.

    References
    ----------
    .. [1] M. Koshiba, K. Saitoh, K. Takenaga, S. Matsuo, "Analytical expression of average power-coupling
       coefficients for estimating intercore crosstalk in multicore fibers," IEEE Photon. J., vol. 4,
       pp. 1987-1995, 2012, doi:10.1109/JPHOT.2012.2221085.
    """
    nearest = float(places.unit_distances[places.unit_distances > 0].min()) * places.pitch
    return _over_spread(glass, bend, 0.0, INDEX * 2 * np.pi / wavelength, nearest)


INDEX = 1.446
"""Effective index of cores of silica, where their glass is not described."""

REACH, OFFSETS = 6.0, 601
"""Standard deviations to which differences of effective indices are followed, and in how many steps."""


def _over_spread(
    glass: tuple[Quantity, Quantity], bend: Quantity, mismatch: Quantity, beta: Quantity, distance: Quantity
) -> Quantity:
    """Mean power coefficient over Gaussian differences of the effective indices of two cores, per squared kappa. [m]"""
    correlation, spread = glass
    place = np.linspace(-REACH, REACH, OFFSETS)
    weight = np.exp(-0.5 * place**2)
    step = beta * (spread * np.sqrt(2.0) / INDEX)  # two cores differ by the root of two of one's spread
    other = mismatch + step * array(("node",), place)
    h = compute("power_coupling", kernels.averaged_power_coupling, 1.0, other, beta, distance, bend, correlation)
    return reduced(np.sum, as_variable(h) * array(("node",), weight / weight.sum()), "node")


def _critical_bend_radius(pairs: Pairs) -> Quantity:
    if not pairs.differs:
        return array(pairs.distance.dims, np.full(pairs.distance.shape, np.inf))
    with np.errstate(divide="ignore", invalid="ignore"):
        critical = pairs.beta * pairs.distance / np.abs(pairs.mismatch)
    return kept(critical, pairs.index_difference != 0.0, np.inf)


def cores_overlap(structure: FiberStructure) -> Quantity:
    """Whether the rings of highest index of some pair of cores overlap: a truth, or one for each point of the axes.

    Parameters
    ----------
    structure
        Profile and geometry.

    Notes
    -----
    Where they do, the coupling of Eq. (2) of :doc:`/theory/glass` has no meaning.
    """
    found = structure.overlapping_cores
    if found is None:
        return False
    wrong = reduced(np.any, found, "core_out", "core_in")
    return wrong if wrong.ndim else bool(wrong)


def check_separation(structure: FiberStructure) -> None:
    """Refuse overlapping cores where there are no axes, and warn where trenches overlap.

    Raises
    ------
    ValueError
        If the rings of highest index of two cores overlap.

    Notes
    -----
    The coupling, Eq. (2) of :doc:`/theory/glass`, takes the field of one core in the cladding and in the other
    core.
    """
    core, rings = structure.profile.guiding_radius, structure.profile.radius
    overlap = structure.overlapping_cores
    if overlap is None:
        return
    if not set(overlap.dims) - {"core_out", "core_in"} and overlap.values.any():
        msg = (
            f"{_told_pair(structure, core, overlap, 'cores', 'their radius is')}; raise layout.pitch_um or reduce "
            "core.radius_um"
        )
        raise ValueError(msg)
    if rings.sizes["ring"] == 1:
        return
    edge = rings.isel(ring=-1)
    trenches = combined(lambda outer, inner: outer & ~inner, structure.overlapping(edge), cores_overlap(structure))
    if trenches.values.any():
        told = _told_pair(structure, edge, trenches, "the trenches of cores", "they reach to")
        warnings.warn(f"{told}; the coupling is then good to about 1 %", OverlappingTrenchesWarning, stacklevel=3)


def _told_pair(structure: FiberStructure, radius: Quantity, wrong: xr.Variable, what: str, reach: str) -> str:
    """Name the first pair that overlaps, with its radii and distance."""
    place = dict(zip(wrong.dims, np.argwhere(wrong.values)[0].tolist(), strict=True))
    radii = [renamed(radius, core=name) for name in ("core_out", "core_in")]
    numbers = [
        float(one.isel({dim: place[dim] for dim in one.dims}) if is_axis(one) else one) * 1e6
        for one in (*radii, structure.places.pair_distances)
    ]
    sizes = f"{numbers[0]:g}" if numbers[0] == numbers[1] else f"{numbers[0]:g} and {numbers[1]:g}"
    return (
        f"{what} {place['core_out']} and {place['core_in']} overlap: {reach} {sizes} um at a distance of "
        f"{numbers[2]:g} um"
    )
