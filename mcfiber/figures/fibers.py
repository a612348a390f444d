"""Figures of fibres: cross-section with index, mode field, dispersion, coupling against anything swept.

They need the extra `plot`; each returns its Axes.
"""

from typing import TYPE_CHECKING

import numpy as np

from mcfiber import units
from mcfiber.fiber.geometry import positions
from mcfiber.fiber.index import index_profile, index_profile_of
from mcfiber.fiber.modes import mode_field
from mcfiber.figures.style import BLUE, GREY, VERMILION, new_axes

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from mcfiber.descriptions.fiber import MulticoreFiber
    from mcfiber.descriptions.profile import Profile


def plot_index_section(fiber: "MulticoreFiber", *, wavelength_nm: float = 1550.0, ax: "Axes | None" = None) -> "Axes":
    """Draw the cross-section of a fibre, coloured by its refractive index less the cladding's.

    Parameters
    ----------
    fiber
        A `MulticoreFiber` with a `core`, without axes.
    wavelength_nm
        Wavelength of the index.

    Raises
    ------
    ValueError
        If the fibre has no `core`, or its cores are axes.

    Notes
    -----
    Index of the rings by Eq. (1) of `mcfiber.kernels.modes`.
    """
    ax = new_axes(ax)
    centres = np.asarray(positions(fiber.layout)) * 1e6
    edge = float(fiber.cladding_diameter_um) / 2
    x = np.linspace(-edge, edge, 801)
    plane = np.stack(np.meshgrid(x, x), axis=-1)
    if fiber.core is None:
        msg = "the fibre has no index to draw: describe its glass by `core`"
        raise ValueError(msg)
    cores = [_one_core(fiber.core, core) for core in range(len(centres))]
    clad = float(index_profile(cores[0], [1e3], wavelength_nm)[0])
    contrast = np.zeros(plane.shape[:2])
    for centre, core in zip(centres, cores, strict=True):
        away = np.hypot(*np.moveaxis(plane - centre, -1, 0))
        near = away < float(index_profile_of(core).radius[-1]) * 1e6
        contrast[near] = index_profile(core, away[near], wavelength_nm) - clad
    contrast[np.hypot(plane[..., 0], plane[..., 1]) > edge] = np.nan
    limit = np.nanmax(np.abs(contrast))
    image = ax.pcolormesh(x, x, contrast, cmap="RdBu_r", vmin=-limit, vmax=limit, rasterized=True)
    ax.figure.colorbar(image, ax=ax, label="index less the cladding's")
    ax.set(xlabel="x (um)", ylabel="y (um)", aspect="equal")
    return ax


def plot_mode_field(
    profile: "Profile", *, wavelength_nm: float = 1550.0, reach_um: float | None = None, ax: "Axes | None" = None
) -> "Axes":
    """Draw the field of LP01 over the index profile of one core.

    Parameters
    ----------
    profile
        An index profile of one core.
    wavelength_nm
        Wavelength.
    reach_um
        Largest distance from the axis; left out, three core radii beyond the last ring.

    Notes
    -----
    The field obeys Eq. (1) of :doc:`/theory/glass`.
    """
    ax = new_axes(ax)
    rings = index_profile_of(profile)
    last = float(rings.radius[-1]) * 1e6
    radius = np.linspace(0, reach_um or last + 3 * float(rings.guiding_radius) * 1e6, 600)
    field = mode_field(profile, radius_um=radius, wavelength_nm=wavelength_nm)
    ax.plot(radius, field, color=BLUE)
    ax.set(xlabel="distance from the axis (um)", ylabel="field over its value on the axis")
    ax.set_ylim(bottom=0)
    twin = ax.twinx()
    twin.plot(radius, index_profile(profile, radius, wavelength_nm), color=VERMILION, lw=1)
    twin.set_ylabel("refractive index", color=VERMILION)
    return ax


def plot_dispersion(modes: "xr.Dataset", *, ax: "Axes | None" = None) -> "Axes":
    """Draw the dispersion of solved modes against wavelength; one line for each core or design.

    Parameters
    ----------
    modes
        From `core_modes`, at several wavelengths.

    Notes
    -----
    Dispersion by Eq. (7) of `mcfiber.kernels.modes`.
    """
    ax = new_axes(ax)
    values = modes["dispersion"].transpose("channel", ...)
    ax.plot(modes["wavelength"], values.values.reshape(values.sizes["channel"], -1) * 1e6)
    ax.axhline(0, color=GREY, lw=0.5)
    ax.set(xlabel="wavelength (nm)", ylabel="dispersion (ps/(nm km))")
    ax.margins(x=0.01)
    return ax


def plot_coupling_against(
    coupling: "xr.Dataset", axis: "ArrayLike", *, label: str, pair: tuple[int, int] = (0, 1), ax: "Axes | None" = None
) -> "Axes":
    """Draw kappa and h of a pair of cores against pitch, wavelength, bend radius or anything else swept.

    Parameters
    ----------
    coupling
        From `core_coupling`, with one dimension beside core_out and core_in.
    axis
        Values along that dimension.
    label
        What the axis is, with its unit.
    pair
        The two cores.

    Raises
    ------
    ValueError
        If there is not just one further dimension.

    Notes
    -----
    kappa is Eq. (2) or Eq. (3), h Eq. (4) of :doc:`/theory/glass`.
    """
    ax = new_axes(ax)
    chosen = coupling[["mode_coupling", "power_coupling"]].isel(core_out=pair[0], core_in=pair[1]).squeeze()
    if len(chosen.sizes) != 1:
        msg = f"the coupling varies along {', '.join(map(str, chosen.sizes)) or 'nothing'}; leave one dimension"
        raise ValueError(msg)
    dim = next(iter(chosen.sizes))
    kappa, h = (np.broadcast_to(chosen[name].values, chosen.sizes[dim]) for name in chosen.data_vars)
    ax.semilogy(axis, kappa, color=BLUE)
    ax.set(xlabel=label)
    ax.set_ylabel("mode coupling (1/m)", color=BLUE)
    twin = ax.twinx()
    twin.plot(axis, units.decibels(h * 1e3), color=VERMILION)
    twin.set_ylabel("crosstalk of the pair in 1 km (dB)", color=VERMILION)
    ax.margins(x=0.01)
    return ax


def _one_core(profile: "Profile", core: int) -> "Profile":
    """The profile of one core of a profile whose values may be lists."""
    changes = {}
    if profile.cores is not None:
        values = {name: getattr(profile, name) for name in type(profile).model_fields}
        changes = {name: value[core] for name, value in values.items() if isinstance(value, tuple)}
    return profile.replace(changes) if changes else profile
