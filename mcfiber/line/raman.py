"""Signal power along a span where it is more than an exponential: Raman scattering, pumps, lumped losses."""

import itertools
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mcfiber import labelled, units
from mcfiber._jit import lift
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.line import Link, Span
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.medium import Glass
from mcfiber.kernels import raman as kernels
from mcfiber.kernels import silica
from mcfiber.labelled import stacked
from mcfiber.line.line import along_spans
from mcfiber.typing import FloatArray

RamanModel = Literal["none", "silica", "triangular"]


_POWER = lift(
    kernels.raman_power,
    "(channel),(channel),(channel),(channel),(channel),(offset),(),(),(panel),(panel),(node,node_in)"
    "->(channel,panel,node)",
)


_TRIANGULAR = lift(kernels.triangular_power, "(channel),(channel),(channel),(),(node)->(channel,node)")


_NOISE = lift(
    kernels.raman_noise,
    "(channel),(channel,panel,node),(channel),(),(channel),(offset),(),(panel),(node,node_in)->(channel)",
)


@dataclass(frozen=True)
class Evolution:
    """Power along the fibre of a span, on Chebyshev panels.

    Attributes
    ----------
    power
        Of each channel, dimensions channel, panel, node. [W]
    panel, transmission
        Length of each panel, from one lumped loss to the next, and that loss (at most 1). [m, 1]
    integration
        Integrals over a panel's interpolating polynomials, see `mcfiber.kernels.raman.panel_integration`.
    noise_density
        Spontaneous Raman emission of the pumps at the end of the fibre; 0 without pumps. [W/Hz]
    """

    power: Any
    panel: Any
    transmission: Any
    integration: Any
    noise_density: Any

    @property
    def end(self) -> Any:
        """Power at the end of the fibre. [W]"""
        return self.power.isel(panel=-1, node=-1, drop=True)

    def at(self, position: FloatArray) -> FloatArray:
        """Power at distances from the start of the span; where a lumped loss sits, the power after it. [W]

        Parameters
        ----------
        position
            Shape (position,). [m]

        Returns
        -------
        FloatArray
            Position comes last.
        """
        values = np.log(self.power.transpose(..., "panel", "node").data)
        panel = np.asarray(self.panel.data if hasattr(self.panel, "dims") else self.panel, dtype=float).ravel()
        starts = np.concatenate([[0.0], np.cumsum(panel)[:-1]])
        place = np.clip(np.searchsorted(starts, position, side="right") - 1, 0, panel.size - 1)
        nodes = -np.cos(np.pi * np.arange(values.shape[-1]) / (values.shape[-1] - 1))
        coefficients = np.linalg.solve(np.polynomial.chebyshev.chebvander(nodes, nodes.size - 1), np.eye(nodes.size))
        inside = 2.0 * (position - starts[place]) / panel[place] - 1.0
        weights = np.polynomial.chebyshev.chebvander(inside, nodes.size - 1) @ coefficients
        result: FloatArray = np.exp(np.einsum("...pn,pn->...p", values[..., place, :], weights))
        return result


def span_evolution(
    link: Link, glass: Glass, grid: Channels, *, power: Any, attenuation: Any, length: Any, model: RamanModel
) -> Evolution:
    """Power of every channel along the fibre of a span.

    Parameters
    ----------
    link
        Lumped losses and pumps of its spans.
    glass
        Effective area.
    grid
        Channels.
    power, attenuation, length
        At the input of the fibre, of its glass and splices, of each span. [W, 1/m, m]
    model
        "silica": coupled equations with the digitised gain of silica fibre [1]_, which conserve photons;
        "triangular": a gain linear in the frequency offset, in closed form [2]_, without pumps or lumped losses;
        "none": no scattering.

    Returns
    -------
    Evolution
        In SI.

    References
    ----------
    .. [1] A. D'Amico et al., "Scalable and disaggregated GGN approximation applied to a C+L+S optical network,"
       *J. Lightw. Technol.*, vol. 40, no. 11, pp. 3499-3511, 2022.
    .. [2] M. Zirngibl, "Analytical model of Raman gain effects in massive wavelength division multiplexed
       transmission systems," *Electron. Lett.*, vol. 34, no. 8, pp. 789-790, 1998. :doi:`10.1049/el:19980555`.
    """
    import xarray as xr

    panel = along_spans(link, lambda span: _panels(span, _events(link)))
    pumps = len(_first(link).raman_pumps)
    nodes = 20 if pumps or float(np.max(attenuation * length)) > 5.0 else 12
    integration = xr.DataArray(kernels.panel_integration(nodes), dims=("node", "node_in"))
    if model == "triangular":
        place = xr.DataArray(0.5 * integration.data.sum(axis=1), dims="node") * length
        slope = raman_slope(glass, grid)
        powers = labelled.compute("signal_evolution", _TRIANGULAR, grid.frequency, power, attenuation, slope, place)
        return Evolution(powers.expand_dims("panel", -2), panel, 1.0, integration, 0.0)
    efficiency = silica.raman_efficiency() * (model == "silica")
    waves = _waves(link, glass, grid, power, attenuation)
    lumped = along_spans(link, lambda span: _transmission(span, _events(link)))
    powers = labelled.compute(
        "signal_evolution", _POWER, *waves, efficiency, silica.STEP, 1.0, panel, lumped, integration
    )
    if not pumps:
        return Evolution(powers, panel, lumped, integration, 0.0)
    emitting = np.arange(powers.sizes["channel"]) >= grid.count
    temperature = along_spans(link, lambda span: units.si(span, "temperature_k"))
    noise = labelled.compute(
        "raman_noise_density", _NOISE, waves[0], powers, emitting.astype(float), temperature, waves[4],
        efficiency, silica.STEP, panel, integration,
    )  # fmt: skip
    signals = slice(0, grid.count)
    return Evolution(powers.isel(channel=signals), panel, lumped, integration, noise.isel(channel=signals))


def is_uneven(link: Link) -> bool:
    """Tell whether a span of the link loses or wins power elsewhere than evenly."""
    return bool(_events(link) or len(_first(link).raman_pumps))


def raman_slope(glass: Glass, grid: Channels) -> Any:
    """Raman gain over frequency offset that fits silica, through the origin, over the width of the spectrum.

    The pump's frequency is taken at the centre of the spectrum. [1/(W m Hz)]

    Notes
    -----
    Least squares on the digitised gain [1]_; the slope C of Eq. (1) of `mcfiber.kernels.raman` [2]_.

    References
    ----------
    .. [1] A. D'Amico et al., "Scalable and disaggregated GGN approximation applied to a C+L+S optical network," *J.
       Lightw. Technol.*, vol. 40, no. 11, pp. 3499-3511, 2022.
    .. [2] M. Zirngibl, "Analytical model of Raman gain effects in massive wavelength division multiplexed
       transmission systems," *Electron. Lett.*, vol. 34, no. 8, pp. 789-790, 1998. :doi:`10.1049/el:19980555`
    """
    width = float((grid.frequency.max("channel") - grid.frequency.min("channel")).max())
    efficiency = silica.raman_efficiency()
    offset = np.arange(efficiency.size) * silica.STEP
    inside = offset <= max(width, silica.STEP)
    slope = float((efficiency * offset)[inside].sum() / (offset**2)[inside].sum())
    return slope * grid.frequency.mean("channel") / glass.effective_area


def _first(link: Link) -> Span:
    return link.span if isinstance(link.span, Span) else link.span[0]


def _events(link: Link) -> int:
    spans = (link.span,) if isinstance(link.span, Span) else link.span
    return max(len(span.lumped_losses) for span in spans)


def _panels(span: Span, events: int) -> Any:
    """Lengths from one lumped loss to the next; spans with fewer losses end in panels of no length."""
    places = [0.0, *(loss.position_km for loss in span.lumped_losses)]
    places += [span.length_km] * (1 + events - len(span.lumped_losses))
    return stacked([units.convert(after - before, "km") for before, after in itertools.pairwise(places)], "panel")


def _transmission(span: Span, events: int) -> Any:
    passed = [1.0 / units.si(loss, "loss_db") for loss in span.lumped_losses]
    return stacked([1.0, *passed, *[1.0] * (events - len(passed))], "panel")


def _waves(link: Link, glass: Glass, grid: Channels, power: Any, attenuation: Any) -> tuple[Any, ...]:
    """Frequency, power, direction, attenuation and area of the channels, followed by the pumps."""
    count = len(_first(link).raman_pumps)
    if not count:
        return grid.frequency, power, 1.0, attenuation, glass.effective_area

    def of_pumps(field: str) -> list[Any]:
        def of_one(k: int) -> Any:
            return along_spans(link, lambda span: units.si(span.raman_pumps[k], field))

        return [of_one(k) for k in range(count)]

    signs = [1.0 if pump.direction == "forward" else -1.0 for pump in _first(link).raman_pumps]
    frequency = [units.wavelength(value) for value in of_pumps("wavelength_nm")]
    return (
        _joined(grid.frequency, frequency, grid.count),
        _joined(power, of_pumps("power_mw"), grid.count),
        _joined(1.0, signs, grid.count),
        _joined(attenuation, of_pumps("attenuation_db_per_km"), grid.count),
        glass.effective_area,
    )


def _joined(signals: Any, pumps: list[Any], count: int) -> Any:
    """Values of the channels, followed by those of the pumps, along the dimension channel."""
    import xarray as xr

    channels = xr.DataArray(signals)
    if "channel" not in channels.dims:
        channels = channels.expand_dims(channel=count)
    parts = [channels, *(xr.DataArray(pump).expand_dims("channel") for pump in pumps)]
    shared = {dim: size for part in parts for dim, size in part.sizes.items() if dim != "channel"}
    parts = [part.expand_dims({dim: size for dim, size in shared.items() if dim not in part.dims}) for part in parts]
    return xr.concat(parts, dim="channel", coords="minimal", compat="override", join="override")


def check_pumps(link: Link, grid: Channels, model: RamanModel) -> None:
    """Refuse pumps that the models cannot treat.

    Raises
    ------
    DescriptionError
        If pumps lack the model "silica", differ in number between spans, or lie inside the band of the signals.

    Notes
    -----
    Only the coupled equations, Eq. (1) of :doc:`/theory/raman-scattering`, hold for pumps; the closed form has
    none.
    """
    spans = (link.span,) if isinstance(link.span, Span) else link.span
    counts = {len(span.raman_pumps) for span in spans}
    if counts == {0}:
        if model == "triangular" and _events(link):
            msg = 'models.raman: "triangular" knows no lumped losses; use "silica"'
            raise refused(msg)
        return
    if model != "silica":
        msg = f'link.span.raman_pumps: need models.raman = "silica", got {model!r}'
        raise refused(msg)
    if len(counts) > 1:
        msg = "link.span.raman_pumps: every span must have the same number of pumps; give power_mw = 0 to missing ones"
        raise refused(msg)
    low, high = float(grid.frequency.min()), float(grid.frequency.max())
    band = f"{units.wavelength(high) * 1e9:.1f} to {units.wavelength(low) * 1e9:.1f} nm"
    for span in spans:
        for k, pump in enumerate(span.raman_pumps):
            frequency = units.wavelength(units.si(pump, "wavelength_nm"))
            if np.any((frequency >= low) & (frequency <= high)):
                msg = (
                    f"link.span.raman_pumps.{k}.wavelength_nm: got {pump.wavelength_nm} nm, inside the signals' "
                    f"band of {band}; move the pump"
                )
                raise refused(msg)
