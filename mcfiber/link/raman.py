"""Raman pumps and lumped losses of a span, as described."""

from typing import Annotated, Literal

from mcfiber.descriptions import Description, number
from mcfiber.typing import Real


class RamanPump(Description):
    """A pump that amplifies the signals of every core along the fibre.

    Parameters
    ----------
    wavelength_nm
        Of the pump, outside the band of the signals.
    power_mw
        In each core, where the pump enters the fibre.
    direction
        "backward": from the end of the span towards its start; "forward": with the signals.
    attenuation_db_per_km
        Of the fibre at the pump's wavelength.

    Examples
    --------
    >>> RamanPump(wavelength_nm=1450, power_mw=250).direction
    'backward'
    """

    wavelength_nm: Annotated[Real, number(low=1000, high=2000)]
    power_mw: Annotated[Real, number(low=0, high=5000)]
    direction: Literal["forward", "backward"] = "backward"
    attenuation_db_per_km: Annotated[Real, number(low=0, high=10)] = 0.25


class LumpedLoss(Description):
    """A loss at one place of a span, such as a bad splice.

    Parameters
    ----------
    position_km
        From the start of the span, inside it.
    loss_db
        Of signals and pumps.

    Examples
    --------
    >>> LumpedLoss(position_km=40, loss_db=0.5).loss_db
    0.5
    """

    position_km: Annotated[Real, number(above=0, high=2000)]
    loss_db: Annotated[Real, number(low=0, high=100, remedy="a loss in dB is positive")]
