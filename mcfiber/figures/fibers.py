"""Figures of fibres: cross-section with index, mode field, dispersion, coupling against anything swept.

They need the extra `plot`; each returns its Axes.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from mcfiber import units

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

FIELD, INDEX = "#0072B2", "#D55E00"  # Okabe and Ito: distinguishable with any colour vision


def plot_index_section(fiber: Any, *, wavelength_nm: float = 1550.0, ax: "Axes | None" = None) -> "Axes":
    """Draw the cross-section of a fibre, coloured by its refractive index less the cladding's.

    Parameters
    ----------
    fiber
        A `MulticoreFiber` with a `core`, without axes.
    wavelength_nm
        Wavelength of the index.

    Notes
    -----
    Index of the rings by Eq. (1) of `mcfiber.kernels.modes`.
    """
    from mcfiber.fiber.geometry import positions
    from mcfiber.fiber.index import index_profile

    ax = _axes(ax)
    centres = np.asarray(positions(fiber.layout)) * 1e6
    edge = float(fiber.cladding_diameter_um) / 2
    x = np.linspace(-edge, edge, 801)
    plane = np.stack(np.meshgrid(x, x), axis=-1)
    cores = [_one_core(fiber.core, core) for core in range(len(centres))]
    clad = float(index_profile(cores[0], [1e3], wavelength_nm)[0])
    contrast = np.zeros(plane.shape[:2])
    for centre, core in zip(centres, cores, strict=True):
        away = np.hypot(*np.moveaxis(plane - centre, -1, 0))
        near = away < core.rings().radius[-1] * 1e6
        contrast[near] = index_profile(core, away[near], wavelength_nm) - clad
    contrast[np.hypot(plane[..., 0], plane[..., 1]) > edge] = np.nan
    limit = np.nanmax(np.abs(contrast))
    image = ax.pcolormesh(x, x, contrast, cmap="RdBu_r", vmin=-limit, vmax=limit, rasterized=True)
    ax.figure.colorbar(image, ax=ax, label="index less the cladding's")
    ax.set(xlabel="x (um)", ylabel="y (um)", aspect="equal")
    return ax


def plot_mode_field(
    profile: Any, *, wavelength_nm: float = 1550.0, reach_um: float | None = None, ax: "Axes | None" = None
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
    from mcfiber.fiber.index import index_profile
    from mcfiber.fiber.modes import mode_field

    ax = _axes(ax)
    last = profile.rings().radius[-1] * 1e6
    radius = np.linspace(0, reach_um or last + 3 * float(profile.radius_of_cores()), 600)
    field = mode_field(profile, radius_um=radius, wavelength_nm=wavelength_nm)
    ax.plot(radius, field, color=FIELD)
    ax.set(xlabel="distance from the axis (um)", ylabel="field over its value on the axis")
    ax.set_ylim(bottom=0)
    twin = ax.twinx()
    twin.plot(radius, index_profile(profile, radius, wavelength_nm), color=INDEX, lw=1)
    twin.set_ylabel("refractive index", color=INDEX)
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
    ax = _axes(ax)
    values = modes["dispersion"].transpose("channel", ...)
    ax.plot(modes["wavelength"], values.values.reshape(values.sizes["channel"], -1) * 1e6)
    ax.axhline(0, color="#999999", lw=0.5)
    ax.set(xlabel="wavelength (nm)", ylabel="dispersion (ps/(nm km))")
    ax.margins(x=0.01)
    return ax


def plot_coupling_against(
    coupling: "xr.Dataset", axis: Any, *, label: str, pair: tuple[int, int] = (0, 1), ax: "Axes | None" = None
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
    ax = _axes(ax)
    chosen = coupling[["mode_coupling", "power_coupling"]].isel(core_out=pair[0], core_in=pair[1]).squeeze()
    if len(chosen.sizes) != 1:
        msg = f"the coupling varies along {', '.join(map(str, chosen.sizes)) or 'nothing'}; leave one dimension"
        raise ValueError(msg)
    dim = next(iter(chosen.sizes))
    kappa, h = (np.broadcast_to(chosen[name].values, chosen.sizes[dim]) for name in chosen.data_vars)
    ax.semilogy(axis, kappa, color=FIELD)
    ax.set(xlabel=label)
    ax.set_ylabel("mode coupling (1/m)", color=FIELD)
    twin = ax.twinx()
    twin.plot(axis, units.decibels(h * 1e3), color=INDEX)
    twin.set_ylabel("crosstalk of the pair in 1 km (dB)", color=INDEX)
    ax.margins(x=0.01)
    return ax


def _one_core(profile: Any, core: int) -> Any:
    """The profile of one core of a profile whose values may be lists."""
    changes = {}
    if profile.cores is not None:
        values = {name: getattr(profile, name) for name in type(profile).model_fields}
        changes = {name: value[core] for name, value in values.items() if isinstance(value, tuple)}
    return profile.replace(changes) if changes else profile


def _axes(ax: "Axes | None") -> "Axes":
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots()[1]
