"""Erbium-doped fibre amplifiers that are known by their fibre and their pump, as described."""

from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import model_validator

from mcfiber.descriptions.checks import each, number
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.record import Description
from mcfiber.descriptions.spectrum import BANDS_NM
from mcfiber.descriptions.values import EVERYWHERE, Quantity, Varying

_COEFFICIENT = number(low=0, high=1000, axis=False)


class ErbiumFiber(Description):
    """Measured coefficients of an erbium-doped fibre; the default is one that was published.

    Parameters
    ----------
    wavelength_nm
        Ascending wavelengths of the table, interpolated linearly; nothing is extrapolated.
    absorption_db_per_m, gain_db_per_m
        Absorption without inversion, and gain at full inversion, at each wavelength.
    pump_wavelength_nm, pump_absorption_db_per_m, pump_gain_db_per_m
        Of the pump; without gain at 980 nm.
    saturation_per_m_s
        Erbium ions of a metre over their lifetime: photons that full inversion loses to spontaneous emission.

    Notes
    -----
    The default is the fibre 122-2650-103 of Corning as it was measured, every 5 nm, in the data of [1]_: core radius
    1.64 um, doped radius 1.38 um, 5.51e18 ions per cm3, lifetime 10 ms.

    References
    ----------
    .. [1] J. K. Perin, J. M. Kahn, J. D. Downie, J. Hurley, K. Bennett, "Importance of amplifier physics in maximizing
       the capacity of submarine links," *J. Lightw. Technol.*, vol. 37, no. 9, pp. 2076-2085, 2019, arXiv:1803.07905.

    Examples
    --------
    >>> ErbiumFiber().pump_wavelength_nm
    980.0
    """

    wavelength_nm: Annotated[tuple[float, ...], each(number(low=1400, high=1700, axis=False), single=False)] = tuple(
        float(one) for one in range(1525, 1571, 5)
    )
    absorption_db_per_m: Annotated[tuple[float, ...], each(_COEFFICIENT, single=False)] = (
        *(6.554, 6.975, 5.326, 4.144, 3.672, 3.137, 2.730, 2.325, 1.809, 1.302),
    )
    gain_db_per_m: Annotated[tuple[float, ...], each(_COEFFICIENT, single=False)] = (
        *(5.536, 6.533, 5.529, 4.764, 4.671, 4.414, 4.245, 3.994, 3.431, 2.725),
    )
    pump_wavelength_nm: Annotated[float, number(low=900, high=1500, axis=False)] = 980.0
    pump_absorption_db_per_m: Annotated[Quantity, number(above=0, high=1000)] = 4.172
    pump_gain_db_per_m: Annotated[Quantity, number(low=0, high=1000)] = 0.0
    saturation_per_m_s: Annotated[Quantity, number(above=0, high=1e20, remedy="usual: 1e15 to 1e16")] = 3.5e15

    @model_validator(mode="after")
    def _one_table(self) -> Self:
        points = np.asarray(self.wavelength_nm)
        if points.size < 2 or np.any(np.diff(points) <= 0.0):
            msg = f"wavelength_nm: got {list(self.wavelength_nm)}; allowed: at least two wavelengths, ascending"
            raise refused(msg)
        for name in ("absorption_db_per_m", "gain_db_per_m"):
            count = len(getattr(self, name))
            if count != points.size:
                msg = f"{name}: got {count} values for {points.size} wavelengths; give one for each"
                raise refused(msg)
        return self


class ErbiumAmplifier(Description):
    """An erbium amplifier for each core, whose pump tells what it puts out.

    Behind every span it restores what was lost; a filter behind the erbium flattens its gain. The launch power follows
    from the pump: `Link.launch_power_dbm` only says the shape over the channels. The noise figure is integrated along
    the erbium, and holds the losses in front of it and behind it.

    Parameters
    ----------
    pump_power_mw
        Pump light in the erbium: of each core; of all cores together where `pumping` is "cladding". In a `Cable` it
        follows from the feed and is left out.
    length_m
        Of the erbium-doped fibre; left out, the one with the largest output.
    fiber
        The erbium-doped fibre.
    before_loss_db, after_loss_db
        Between the input and the erbium, and between the erbium and the output (beside what flattens the gain): one
        value, or one for each channel, core or wavelength.
    pumping
        "core": each core has its own pump. "cladding": all cores share one pump, that their cladding guides.
    doped_area_ratio
        Doped area of one core over the pumped area, where `pumping` is "cladding".
    pump_direction
        "forward", with the signals; "backward" has the same gain and output, and more noise.
    noise_figure_db
        Of the whole amplifier, instead of what is integrated along the erbium.
    output_power_limit_dbm
        Largest output of a core; where the pump could give more, it is turned down.
    crosstalk_db
        Crosstalk of a multicore amplifier: total from all neighbours; none by default.

    Notes
    -----
    Left out: saturation by the amplifier's own noise, spectral hole burning, absorption of excited ions.

    Examples
    --------
    >>> ErbiumAmplifier(pump_power_mw=46).pumping
    'core'
    """

    kind: Literal["erbium"] = "erbium"
    pump_power_mw: Annotated[Quantity | None, number(above=0, high=1e6)] = None
    length_m: Annotated[Quantity | None, number(above=0, high=1000)] = None
    fiber: ErbiumFiber = ErbiumFiber()
    before_loss_db: Annotated[Varying, number(low=0, high=100, varies=EVERYWHERE, names=BANDS_NM)] = 0.5
    after_loss_db: Annotated[Varying, number(low=0, high=100, varies=EVERYWHERE, names=BANDS_NM)] = 1.0
    pumping: Literal["core", "cladding"] = "core"
    doped_area_ratio: Annotated[Quantity | None, number(above=0, high=1, remedy="usual: 0.005")] = None
    pump_direction: Literal["forward", "backward"] = "forward"
    noise_figure_db: Annotated[Varying, number(low=-10, high=30, varies=EVERYWHERE, names=BANDS_NM)] = None
    output_power_limit_dbm: Annotated[Quantity | None, number(low=-50, high=60)] = None
    crosstalk_db: Annotated[Quantity | None, number(low=-150, high=-3)] = None

    @model_validator(mode="after")
    def _pumped_area(self) -> Self:
        if (self.pumping == "cladding") != (self.doped_area_ratio is not None):
            told = "needs one" if self.pumping == "cladding" else "belongs to pumping = 'cladding'; leave it out"
            msg = f"doped_area_ratio: got {self.doped_area_ratio}; pumping = {self.pumping!r} {told}"
            raise refused(msg)
        return self


class FixedEfficiencyAmplifier(Description):
    """An amplifier of a `Cable` that turns a fixed part of its pump light into signal.

    Parameters
    ----------
    conversion_percent
        Signal light at the output over pump light.
    noise_figure_db
        Signal-spontaneous noise figure.
    crosstalk_db
        Crosstalk of a multicore amplifier: total from all neighbours; none by default.

    Examples
    --------
    >>> FixedEfficiencyAmplifier(conversion_percent=35).noise_figure_db
    4.5
    """

    kind: Literal["fixed_efficiency"] = "fixed_efficiency"
    conversion_percent: Annotated[Quantity, number(above=0, high=100)] = 100.0
    noise_figure_db: Annotated[Varying, number(low=-10, high=30, varies=EVERYWHERE, names=BANDS_NM)] = 4.5
    crosstalk_db: Annotated[Quantity | None, number(low=-150, high=-3)] = None


def amplifier_kind(value: Any) -> str:
    """Tell which amplifier of a link a value describes: ``_restoring``, ``_erbium``."""
    kind = value.get("kind", "") if isinstance(value, dict) else getattr(value, "kind", "")
    return "_erbium" if kind == "erbium" else "_restoring"
