"""Splices and fan-ins of multicore fibres: losses of all cores, drawn together."""

import math

import numpy as np
import xarray as xr

from mcfiber import labelled, units
from mcfiber.arguments import NUMBER, ONE_WAVELENGTH_NM, SEED, arguments, real, whole
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.fiber.geometry import positions
from mcfiber.kernels.splices import splice_transmission
from mcfiber.simulation.streams import BLOCK, Stream, random_stream
from mcfiber.typing import FloatArray, Quantity, is_axis

RADIUS = real(low=1e-8, high=1e-2, unit="m")

DEVIATION = real(low=0, high=1e6, dims=NUMBER, remedy="give a standard deviation")


@arguments(
    first_radius=RADIUS,
    second_radius=RADIUS,
    offset=real(low=-1e-3, high=1e-3, unit="m"),
    tilt=real(low=-1.6, high=1.6, unit="rad"),
    gap=real(low=0, high=1, unit="m"),
    index=real(low=1, high=10),
    wavelength=real(low=1e-7, high=1e-4, unit="m"),
)
def splice_loss(
    first_radius: Quantity,
    second_radius: Quantity = None,
    *,
    offset: Quantity = 0.0,
    tilt: Quantity = 0.0,
    gap: Quantity = 0.0,
    index: Quantity = 1.444,
    wavelength: Quantity = 1550e-9,
) -> xr.DataArray:
    """Loss where two modes meet, as a ratio of at least 1 of the power before to that after.

    Gaussian modes: good for the loss, useless for crosstalk, whose tails are far stronger than a Gaussian's.

    Parameters
    ----------
    first_radius, second_radius
        Radii where the field has fallen to 1/e (half the mode-field diameter); equal where the second is left out. [m]
    offset, tilt, gap
        Lateral offset, angle between the axes, distance of the faces. [m, rad, m]
    index
        Refractive index between the faces. [1]
    wavelength
        Vacuum wavelength. [m]

    Returns
    -------
    :data:`splice_loss`
        Dimensions of the inputs. [1]

    References
    ----------
    .. [1] D. Marcuse, "Loss analysis of single-mode fiber splices," *Bell Syst. Tech. J.*, vol. 56, no. 5,
       pp. 703-718, 1977.

    Examples
    --------
    >>> loss = splice_loss(5.2e-6, offset=1e-6)
    >>> round(10 * math.log10(float(loss)), 4)  # dB
    0.1606
    """
    second = first_radius if second_radius is None else second_radius
    passed = labelled.compute(
        "splice_loss", splice_transmission, first_radius, second, offset, tilt, gap, index, wavelength
    )
    with np.errstate(divide="ignore"):  # where nothing passes
        return labelled.labelled_result("splice_loss", units.mapped(lambda part: 1.0 / part, passed))


@arguments(
    draws=whole(low=1),
    seed=SEED,
    offset_um=DEVIATION,
    rotation_deg=DEVIATION,
    position_error_um=DEVIATION,
    tilt_deg=DEVIATION,
    wavelength_nm=ONE_WAVELENGTH_NM,
)
def draw_splice_loss(
    fiber: MulticoreFiber,
    *,
    draws: int,
    seed: int,
    offset_um: float = 0.0,
    rotation_deg: float = 0.0,
    position_error_um: float = 0.0,
    tilt_deg: float = 0.0,
    wavelength_nm: float = 1550.0,
) -> xr.DataArray:
    """Losses of the cores of random splices: one offset, rotation and tilt of the fibre, and errors of its cores.

    The cores of a splice share the fibre's misalignment, so their losses are correlated: a rotation moves a core by
    its distance from the axis, and leaves a core on the axis where it is.

    Parameters
    ----------
    fiber
        Layout and effective area; the mode's radius is that of a Gaussian of the same effective area.
    draws
        Number of splices.
    seed
        Of the draws; the first n of N are the same for any N.
    offset_um
        Standard deviation of the fibre's offset along each of two directions.
    rotation_deg
        Standard deviation of the fibre's rotation about its axis.
    position_error_um
        Standard deviation of each core's own position, both fibres together, along each direction.
    tilt_deg
        Standard deviation of the tilt along each direction.
    wavelength_nm
        Vacuum wavelength.

    Returns
    -------
    :data:`splice_loss`
        Dimensions (draw, core). [1]

    Raises
    ------
    ValueError
        If there is no draw, or a standard deviation is negative.

    Notes
    -----
    Offset and tilt by Eq. (2) and Eq. (3) of `mcfiber.kernels.splices` [1]_.

    References
    ----------
    .. [1] D. Marcuse, "Loss analysis of single-mode fiber splices," *Bell Syst. Tech. J.*, vol. 56, no. 5, pp.
       703-718, 1977.

    Examples
    --------
    >>> from mcfiber.descriptions.layout import HexagonalLayout
    >>> layout = HexagonalLayout(cores=7, pitch_um=40)
    >>> fiber = MulticoreFiber(layout=layout, cladding_diameter_um=160, coupling="random")
    >>> loss = draw_splice_loss(fiber, draws=3, seed=1, rotation_deg=1.0)
    >>> bool(loss.sel(core=0).max() < loss.sel(core=1).max())  # the core on the axis does not move
    True
    """
    turn_rms, tilt_rms = labelled.entered(rotation_deg, "deg"), labelled.entered(tilt_deg, "deg")
    common, error = labelled.entered(offset_um, "um"), labelled.entered(position_error_um, "um")
    wavelength = labelled.entered(wavelength_nm, "nm")
    centre = np.asarray(positions(fiber.layout))
    normal = np.concatenate([_normals(seed, block, fiber.cores) for block in range(-(-draws // BLOCK))])[:draws]
    shared, own = normal[:, :5], normal[:, 5:].reshape(draws, fiber.cores, 2)
    turn = turn_rms * shared[:, 2, None]
    # A rotation by an angle moves a core at radius r by the chord 2 r sin(angle/2).
    moved_x = np.cos(turn) * centre[:, 0] - np.sin(turn) * centre[:, 1] - centre[:, 0]
    moved_y = np.sin(turn) * centre[:, 0] + np.cos(turn) * centre[:, 1] - centre[:, 1]
    offset = np.hypot(
        moved_x + common * shared[:, 0, None] + error * own[..., 0],
        moved_y + common * shared[:, 1, None] + error * own[..., 1],
    )
    tilt = tilt_rms * np.hypot(shared[:, 3], shared[:, 4])
    loss = splice_loss(
        units.mapped(lambda area: np.sqrt(area / math.pi), _area(fiber, wavelength)),
        offset=xr.DataArray(offset, dims=("draw", "core"), coords={"core": np.arange(fiber.cores)}),
        tilt=xr.DataArray(tilt, dims="draw"),
        wavelength=wavelength,
    )
    return labelled.labelled_result("splice_loss", loss, labelled.coordinates_of(fiber))


def _area(fiber: MulticoreFiber, wavelength: Quantity) -> Quantity:
    """Effective area at a wavelength. [m^2]"""
    given = fiber.effective_area_um2
    if isinstance(given, float) or is_axis(given):
        return labelled.quantity(fiber, "effective_area_um2")
    if hasattr(given, "at"):  # a table against wavelength
        return units.mapped(lambda one: given.at(one * 1e9) * 1e-12, wavelength)
    msg = "fiber.effective_area_um2: differs between channels; give one number, or a table against wavelength"
    raise refused(msg)


def _normals(seed: int, block: int, cores: int) -> FloatArray:
    """Standard normal numbers of one block of splices: five of the fibre, two of each core."""
    random = random_stream(Stream.SPLICES, seed, block)
    return random.standard_normal((BLOCK, 5 + 2 * cores))
