"""What a receiver's equalisers span: impulse responses that are longer, and dispersion beyond what is made good."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mcfiber import units
from mcfiber.descriptions.errors import refused
from mcfiber.fiber.groups import by_group_size
from mcfiber.kernels import mode_delay as kernels
from mcfiber.labelled import as_variable, combined, compute, reduced
from mcfiber.line.budget import Scene
from mcfiber.line.line import over_spans, repeated
from mcfiber.line.mode_delay import group_delay_spread
from mcfiber.receiver.receiver import Receiver
from mcfiber.typing import Quantity, is_axis


def equalizer_ratio(scene: Scene, arrived: Receiver, snr: Quantity) -> Quantity:
    """Signal over what falls outside the window of the equaliser; None for a receiver that spans everything.

    Parameters
    ----------
    scene
        Delays of the modes of each group of cores; of a core by itself, of its two polarisations.
    arrived
        The window.
    snr
        Signal-to-noise ratio with all other noise. [1]

    Returns
    -------
    :data:`~mcfiber.variables.snr_equalizer`

    Raises
    ------
    DescriptionError
        If cores are coupled and their mode dispersion is not known.

    Notes
    -----
    Eq. (4) of `mcfiber.kernels.mode_delay`: what is lost is noise as well.
    """
    if arrived.window is None:
        return None
    medium, spans = scene.medium, scene.line
    if medium.coupled_cores > 1 and medium.mode_dispersion is None:
        msg = (
            "transceiver.equalizer_window_ps: what falls outside depends on the mode dispersion of the coupled cores; "
            "give fiber.spatial_mode_dispersion_ps_per_sqrt_km, or leave the window out"
        )
        raise refused(msg)

    def ratio(cores: int) -> Quantity:
        given = medium.polarization_dispersion if cores == 1 else medium.mode_dispersion
        along = as_variable(repeated(spans, given)), repeated(spans, spans.length)
        rms, _ = group_delay_spread(*along, modes=2 * cores, spans=spans.count, repeat=spans.repeat, lap=spans.lap)
        return compute("snr_equalizer", kernels.truncation_ratio, snr, rms, arrived.window)

    return by_group_size(medium.group_sizes, ratio)


def with_both(first: Quantity, second: Quantity) -> Quantity:
    """Ratio of the signal to two noises of a receiver together. [1]

    Notes
    -----
    Noises of the receiver add as in Eq. (2) of :doc:`/theory/index`.

    Examples
    --------
    >>> float(with_both(100.0, 100.0))
    50.0
    """
    return combined(_parallel, first, second)


def _parallel(first: Quantity, second: Quantity) -> Quantity:
    with np.errstate(divide="ignore"):
        inverse: Quantity = 1.0 / np.asarray(first) + 1.0 / np.asarray(second)
        return 1.0 / inverse


@dataclass(frozen=True)
class DispersionRange:
    """Whether a receiver makes good the dispersion that a line accumulates.

    Attributes
    ----------
    problems
        Which points of the axes lie beyond: by name of `mcfiber.status.FLAGS`, one truth for each point.
    """

    problems: Mapping[str, Quantity] = field(default_factory=dict)


def dispersion_range(scene: Scene, arrived: Receiver) -> DispersionRange:
    """Compare the dispersion that a line accumulates with what the receiver makes good.

    Parameters
    ----------
    scene
        Dispersion and lengths of the spans.
    arrived
        The window.

    Raises
    ------
    DescriptionError
        If some channel has more, and no axis changes it.

    Notes
    -----
    ``D L = -2 pi c beta_2 L / lambda^2``, Eq. (1.2.11) of [1]_, added over the spans.

    References
    ----------
    .. [1] G. P. Agrawal, Nonlinear Fiber Optics, 5th edition, Academic Press, 2013.
    """
    if arrived.dispersion_window is None:
        return DispersionRange()
    beta2, wavelength = scene.medium.group_velocity_dispersion, scene.channels.wavelength
    accumulated = over_spans(scene.line, combined(np.multiply, beta2, scene.line.length))
    dispersion = combined(_dispersion, accumulated, wavelength)
    worst = as_variable(reduced(np.max, combined(np.abs, dispersion), "channel"))
    beyond = combined(np.greater, worst, arrived.dispersion_window)
    if is_axis(beyond) and beyond.ndim:
        return DispersionRange({"dispersion_beyond_window": beyond})
    if np.any(np.asarray(beyond)):
        most = float(np.asarray(arrived.dispersion_window)) * 1e3
        msg = (
            f"transceiver.dispersion_window_ps_per_nm: got {most:g} ps/nm, and the line accumulates up to "
            f"{float(worst) * 1e3:.0f} ps/nm; raise it, or shorten the line"
        )
        raise refused(msg)
    return DispersionRange()


def _dispersion(beta2: Quantity, wavelength: Quantity) -> Quantity:
    return -2.0 * np.pi * units.SPEED_OF_LIGHT * beta2 / wavelength**2  # Eq. (1.2.11) of [1]
