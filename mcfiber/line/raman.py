"""Signal power along a span where it is more than an exponential: Raman scattering, pumps, lumped losses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from mcfiber.fiber.channels import Channels
from mcfiber.fiber.medium import FiberMedium
from mcfiber.kernels import raman as kernels
from mcfiber.kernels import silica
from mcfiber.labelled import array, compute, joined, reduced
from mcfiber.line.line import Line, Pumps
from mcfiber.typing import FloatArray, Quantity
from mcfiber.units import mapped

# On a panel, the same for all designs, so that none depends on what it is computed beside. Without pumps the
# interference is good to 1e-12 where a span loses 35 dB, and to 3e-10 where 35 mW a core lose 55 dB.
NODES = 18
NODES_WITH_PUMPS = 20

RamanModel = Literal["none", "silica", "triangular"]


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

    power: xr.Variable
    panel: Quantity
    transmission: Quantity
    integration: xr.Variable
    noise_density: Quantity

    @property
    def unsolved(self) -> xr.Variable:
        """Where the powers along the fibre could not be solved; one truth for each channel."""
        missing: xr.Variable = reduced(np.any, array(self.power.dims, np.isnan(self.power.data)), "panel", "node")
        return missing

    @property
    def end(self) -> xr.Variable:
        """Power at the end of the fibre. [W]"""
        return self.power.isel(panel=-1, node=-1)

    def fine_levels(self, points: int) -> tuple[xr.Variable, xr.Variable]:
        """Logarithms of the powers, and their places (m), between the nodes of every panel; dimension position, last.

        Parameters
        ----------
        points
            Number of places in each panel, evenly spread, both ends among them.
        """
        logs = self.power.transpose(..., "panel", "node")
        inside = np.linspace(-1.0, 1.0, points)
        nodes = -np.cos(np.pi * np.arange(logs.shape[-1]) / (logs.shape[-1] - 1))
        basis = np.linalg.inv(np.polynomial.chebyshev.chebvander(nodes, nodes.size - 1))
        weights = np.polynomial.chebyshev.chebvander(inside, nodes.size - 1) @ basis
        level = np.log(logs.data) @ weights.T
        panel = self.panel.transpose(..., "panel")
        ends = np.cumsum(panel.data, axis=-1)
        place = (ends - panel.data)[..., None] + panel.data[..., None] * (0.5 * (1.0 + inside))
        flat = (level.shape[-2] * points,)
        levels = array((*logs.dims[:-2], "position"), level.reshape(level.shape[:-2] + flat))
        return levels, array((*panel.dims[:-1], "position"), place.reshape(place.shape[:-2] + flat))

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
    line: Line, medium: FiberMedium, channels: Channels, power: Quantity, attenuation: Quantity, *, model: RamanModel
) -> Evolution:
    """Power of every channel along the fibre of a span.

    Parameters
    ----------
    line
        Lumped losses and pumps of its spans.
    medium
        Effective area.
    channels
        Channels.
    power, attenuation
        At the input of the fibre, of its glass and splices. [W, 1/m]
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
    nodes = NODES_WITH_PUMPS if line.pumps else NODES
    integration = array(("node", "node_in"), kernels.panel_integration(nodes))
    if model == "triangular":
        place = array(("node",), 0.5 * integration.data.sum(axis=1)) * line.length
        inputs = channels.frequency, power, attenuation, raman_slope(medium, channels), place
        powers = compute("signal_evolution", kernels.triangular_power, *inputs)
        return Evolution(powers.expand_dims("panel").transpose(..., "panel", "node"), line.panel, 1.0, integration, 0.0)
    efficiency = silica.raman_efficiency() * (model == "silica")
    waves = _Waves.of(line.pumps, channels, power, attenuation)
    panels = line.panel, line.transmission, integration
    inputs = waves.frequency, waves.power, waves.direction, waves.attenuation, medium.effective_area
    powers = compute("signal_evolution", kernels.raman_power, *inputs, efficiency, silica.STEP, 1.0, *panels)
    if line.pumps is None:
        return Evolution(powers, *panels, 0.0)
    emitting = (np.arange(powers.sizes["channel"]) >= channels.count).astype(float)
    gain = medium.effective_area, efficiency, silica.STEP
    noise = compute(
        "raman_noise_density",
        kernels.raman_noise,
        waves.frequency,
        powers,
        emitting,
        line.temperature,
        *gain,
        line.panel,
        integration,
    )
    signals = slice(0, channels.count)
    return Evolution(powers.isel(channel=signals), *panels, noise.isel(channel=signals))


def raman_slope(medium: FiberMedium, channels: Channels) -> Quantity:
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
    width = reduced(np.ptp, channels.frequency, "channel")
    efficiency = silica.raman_efficiency()
    offset = np.arange(efficiency.size) * silica.STEP
    # Fits over the offsets up to each one: the first is zero, and alone has no slope.
    fits = np.cumsum(efficiency[1:] * offset[1:]) / np.cumsum(offset[1:] ** 2)
    slope = mapped(lambda wide: fits[np.maximum(np.searchsorted(offset, wide, side="right") - 2, 0)], width)
    return slope * reduced(np.mean, channels.frequency, "channel") / medium.effective_area


@dataclass(frozen=True)
class _Waves:
    """Channels, followed by the pumps, along the dimension channel."""

    frequency: Quantity
    power: Quantity
    direction: Quantity
    attenuation: Quantity

    @classmethod
    def of(cls, pumps: Pumps | None, channels: Channels, power: Quantity, attenuation: Quantity) -> "_Waves":
        if pumps is None:
            return cls(channels.frequency, power, 1.0, attenuation)

        def followed(signals: Quantity, of_pumps: Sequence[Quantity]) -> xr.Variable:
            return joined([signals, *of_pumps], [channels.count, *[1] * len(of_pumps)], "channel")

        return cls(
            followed(channels.frequency, pumps.frequency),
            followed(power, pumps.power),
            followed(1.0, pumps.direction),
            followed(attenuation, pumps.attenuation),
        )
