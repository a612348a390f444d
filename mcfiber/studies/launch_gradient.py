"""The noise of a line as a function of the launch powers, with exact derivatives."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mcfiber.descriptions.errors import refused
from mcfiber.dimensions import spread
from mcfiber.kernels import isrs, moments, nonlinear, raman, semi_closed, silica
from mcfiber.kernels import launch_gradient as backwards
from mcfiber.kernels.phase import cells_between, phase_cells
from mcfiber.labelled import array, has
from mcfiber.line.amplifiers import added_noise
from mcfiber.line.budget import Scene
from mcfiber.line.closed_forms import TERMS
from mcfiber.line.coupled_interference import coupled_core_factor, coupling_factor
from mcfiber.line.kerr_fast import NODES_OF_DECAY, islands_factor
from mcfiber.line.raman import Evolution
from mcfiber.typing import FloatArray, Quantity

GRADIENTS = ("gn", "isrs_gn", "kerr")
"""Models of nonlinear interference whose derivative is known here."""


def optimum_power(ase_power: Quantity, nli_coefficient: Quantity) -> Quantity:
    """Launch power that maximises ``P / (ase_power + nli_coefficient P^3)``: ``(ase/(2 eta))^(1/3)``.

    There the interference is half the amplifiers' noise, and the ratio is ``P/(1.5 ase_power)``. It holds for a
    channel alone, or for all channels with one power and one coefficient; with Raman scattering the coefficient
    depends on the power.

    Parameters
    ----------
    ase_power
        Amplified spontaneous emission. [W]
    nli_coefficient
        eta, interference over the cube of the power. [1/W^2]

    Returns
    -------
    Power. [W]

    References
    ----------
    .. [1] P. Poggiolini et al., "The GN-model of fiber non-linear propagation and its applications," *J. Lightw.
       Technol.*, vol. 32, no. 4, pp. 694-721, 2014.

    Examples
    --------
    >>> round(optimum_power(5e-6, 1000.0) * 1e3, 6)  # mW
    1.357209
    """
    return (ase_power / (2.0 * nli_coefficient)) ** (1.0 / 3.0)


@dataclass(frozen=True)
class _Fixed:
    """What does not depend on the launch powers; plain arrays of shape (core, span, channel) or (core, span)."""

    frequency: FloatArray
    symbol_rate: FloatArray
    gamma: FloatArray
    beta2: FloatArray
    attenuation: FloatArray
    area: FloatArray
    length: FloatArray
    fan_in: FloatArray
    outside: FloatArray  # span loss outside the computed evolution: all of it, or fan-in and fan-out
    noise: FloatArray  # amplifier noise in the channel for no span loss, and for each unit of it
    noise_slope: FloatArray


class NoiseOfLaunch:
    """Amplifier noise and interference of a line for any launch powers, and the derivatives back.

    Parameters
    ----------
    scene
        Channels, medium and line, none of them with axes or Raman pumps, and the models.

    Raises
    ------
    DescriptionError
        If the line has Raman pumps, a field that is an axis, or an interference model without gradient.
    """

    def __init__(self, scene: Scene) -> None:
        line, medium, channels, choices = scene.line, scene.medium, scene.channels, scene.choices
        profile = scene.power
        if choices.nonlinear_interference not in GRADIENTS:
            told = " or ".join(f'"{name}"' for name in GRADIENTS)
            msg = (
                f"models.nonlinear_interference: got {choices.nonlinear_interference!r}, which has no gradient; "
                f"optimise with {told}, then check"
            )
            raise refused(msg)
        self._model = choices.nonlinear_interference
        self._fixed = _fixed(scene)
        self._panels: _Panels | None = None
        if profile.evolution is not None:
            self._panels = _panels(profile.evolution, self._fixed)
        self._scattering = choices.raman == "silica"
        self._everything = choices.terms == "all"
        self._decay = raman.panel_integration(NODES_OF_DECAY)
        if self._model == "kerr":
            fixed = self._fixed
            cells = cells_between(float(fixed.frequency.min()), float(fixed.frequency.max()))
            waves = fixed.frequency, fixed.symbol_rate, fixed.beta2
            self._phase = phase_cells(*waves, sizes={"cell": cells, "coefficient": 6})
        self._repeat = float(line.count) if self._fixed.length.shape[1] == 1 else 1.0
        self.mixes = choices.mode_dispersion and medium.coupled_cores > 1 and medium.mode_dispersion is not None
        self._scene = scene
        self._factor = np.full((1, 1, channels.count), coupled_core_factor(medium.coupled_cores))
        self.settle(np.broadcast_to(np.asarray(profile.launch, dtype=float), (channels.count,)))
        self._growth: FloatArray | float = 1.0
        if choices.accumulation == "coherent":
            fixed = self._fixed
            exponent = isrs.coherence_exponent(fixed.symbol_rate, fixed.beta2, fixed.attenuation, fixed.length)
            self._growth = float(line.count) ** exponent
        self._state: dict[str, Any] = {}

    def settle(self, launch: FloatArray) -> None:
        """Take the effect of mode dispersion at these launch powers, on which it depends little.

        It stays so until the next call, and derivatives hold it fixed; it needs to be called only where `mixes`.

        Parameters
        ----------
        launch
            Shape (channel,). [W]
        """
        if not self.mixes:
            return
        scene = self._scene
        spread = replace(scene.power, fiber_input=array(("channel",), launch))
        if self._model == "kerr":
            factor = islands_factor(scene.medium, spread, scene.channels, terms=scene.choices.terms)
        else:
            factor = coupling_factor(scene.medium, spread, scene.channels)
        spans = factor.sizes["span"] if has(factor, "span") else 1
        self._factor = _plain(factor, {"core": 1, "span": spans, "channel": scene.channels.count})

    def __call__(self, launch: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Noise powers at launch level, for the launch power of each channel.

        Parameters
        ----------
        launch
            The same in every core. Shape (channel,). [W]

        Returns
        -------
        tuple
            Amplifier noise and interference. Shape (core, channel), with one core where all are equal. [W]
        """
        fixed = self._fixed
        power = launch / fixed.fan_in
        state: dict[str, Any] = {"power": power}
        loss = fixed.outside
        if self._panels is not None:
            state["profile"] = self._evolve(self._panels, power)
            loss = fixed.outside * (power / state["profile"][..., -1, -1])
        ase = fixed.noise + fixed.noise_slope * loss
        state |= {"loss": loss, **self._interfere(state)}
        self._state = state
        nli = state["nli"] * fixed.fan_in * self._factor
        return self._repeat * ase.sum(axis=1), self._repeat * nli.sum(axis=1)

    def pullback(self, ase_adjoint: FloatArray, nli_adjoint: FloatArray) -> FloatArray:
        """Derivative of an objective by the launch powers of the last call.

        Parameters
        ----------
        ase_adjoint, nli_adjoint
            Derivative of the objective by what the last call returned. Shape (core, channel). [1/W]

        Returns
        -------
        FloatArray
            Shape (channel,). [1/W]
        """
        fixed, state = self._fixed, self._state
        power = state["power"]
        by_loss = self._repeat * ase_adjoint[:, None, :] * fixed.noise_slope
        by_nli = self._repeat * nli_adjoint[:, None, :] * fixed.fan_in * self._factor
        if self._model == "kerr":
            by_power, by_profile = self._islands_back(by_nli)
        else:
            by_power, by_coefficient = self._interfere_back(by_nli)
        if self._panels is not None:
            if self._model != "kerr":
                by_profile = self._fit_back(self._panels, by_coefficient)
            by_profile[..., -1, -1] -= by_loss * state["loss"] / state["profile"][..., -1, -1]
            by_power = by_power + by_loss * state["loss"] / power + self._evolve_back(self._panels, by_profile)
        result: FloatArray = (by_power / fixed.fan_in).sum(axis=(0, 1))
        return result

    def _interfere(self, state: dict[str, Any]) -> dict[str, Any]:
        fixed = self._fixed
        common = (fixed.frequency, fixed.symbol_rate, state["power"], fixed.gamma, fixed.beta2)
        if self._model == "kerr":
            return self._islands(state)
        if self._model == "gn":
            return {"nli": nonlinear.gn_closed_form(*common, fixed.attenuation, fixed.length)}
        if self._panels is None:
            coefficient, decay = np.ones((*state["power"].shape, 1)), fixed.attenuation[..., None]
        else:
            panels = (self._panels.length, self._panels.integration)
            coefficient, decay = isrs.fitted_profile(
                state["profile"], fixed.attenuation, *panels, sizes={"term": TERMS}
            )
        own, cross = isrs.isrs_gn_closed_form(*common, coefficient, decay)
        return {"nli": own * self._growth + cross, "cross": cross, "coefficient": coefficient, "decay": decay}

    def _islands(self, state: dict[str, Any]) -> dict[str, Any]:
        """Interference over all islands, and what its way back needs."""
        fixed, panels = self._fixed, self._panels
        if panels is None:
            place = 0.5 * self._decay.sum(axis=-1)
            exponent = fixed.attenuation[..., None, None] * fixed.length[..., None, None, None] * place
            inputs = np.exp(-exponent), np.ones_like(state["power"]), fixed.length[..., None], self._decay
        else:
            inputs = state["profile"], state["power"], panels.length, panels.integration
        moment = moments.profile_moments(*inputs, sizes={"moment": moments.MOMENTS})
        amplitude, pole = moments.profile_poles(moment, sizes={"pole": moments.POLES})
        waves = fixed.frequency, fixed.symbol_rate, state["power"], fixed.gamma
        line = (*waves, amplitude, pole, moment, *self._phase, float(self._everything))
        return {"nli": semi_closed.semi_closed(*line), "islands": line, "shape": inputs, "moment": moment}

    def _islands_back(self, by_nli: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Derivatives by power at a fixed profile, and by the profile."""
        state = self._state
        by_power, by_amplitude, by_pole, by_moment = semi_closed.semi_closed_adjoint(*state["islands"], by_nli)
        by_moment = by_moment.real + moments.profile_poles_adjoint(state["moment"], by_amplitude, by_pole)
        by_profile, by_start = moments.profile_moments_adjoint(*state["shape"], by_moment)
        if self._panels is None:  # the relative profile does not depend on power
            return by_power.real, np.zeros_like(by_profile)
        return by_power.real + by_start, by_profile

    def _interfere_back(self, by_nli: FloatArray) -> tuple[FloatArray, FloatArray | None]:
        fixed, state = self._fixed, self._state
        common = (fixed.frequency, fixed.symbol_rate, state["power"], fixed.gamma, fixed.beta2)
        if self._model == "gn":
            return backwards.gn_closed_form_adjoint(
                *common, fixed.attenuation, fixed.length, state["nli"], by_nli
            ), None
        by_power, by_coefficient = backwards.isrs_gn_adjoint(
            *common, state["coefficient"], state["decay"], state["cross"], by_nli * self._growth, by_nli
        )
        return by_power, by_coefficient

    def _fit_back(self, panels: "_Panels", by_coefficient: FloatArray | None) -> FloatArray:
        profile = self._state["profile"]
        if by_coefficient is None:
            return np.zeros_like(profile)
        inputs = (profile, self._fixed.attenuation, panels.length, panels.integration, self._state["coefficient"])
        result: FloatArray = backwards.fitted_profile_adjoint(*inputs, by_coefficient)
        return result

    def _evolve(self, panels: "_Panels", power: FloatArray) -> FloatArray:
        fixed = self._fixed
        result: FloatArray = raman.raman_power(
            fixed.frequency,
            power,
            np.ones_like(power),
            fixed.attenuation,
            fixed.area,
            self._efficiency(),
            silica.STEP,
            1.0,
            panels.length,
            panels.transmission,
            panels.integration,
        )
        return result

    def _evolve_back(self, panels: "_Panels", by_profile: FloatArray) -> FloatArray:
        fixed, power = self._fixed, self._state["power"]
        result: FloatArray = backwards.raman_power_adjoint(
            fixed.frequency,
            power,
            np.ones_like(power),
            fixed.area,
            self._efficiency(),
            silica.STEP,
            1.0,
            panels.length,
            panels.integration,
            self._state["profile"],
            by_profile,
        )
        return result

    def _efficiency(self) -> FloatArray:
        return silica.raman_efficiency() * float(self._scattering)


@dataclass(frozen=True)
class _Panels:
    """Grid along the fibre; the first two of shape (core, span, panel)."""

    length: FloatArray
    transmission: FloatArray
    integration: FloatArray


def _panels(evolution: Evolution, fixed: _Fixed) -> _Panels:
    sizes = dict(zip(("core", "span"), fixed.length.shape, strict=True)) | {"panel": evolution.power.sizes["panel"]}
    return _Panels(
        _plain(evolution.panel, sizes), _plain(evolution.transmission, sizes), np.asarray(evolution.integration)
    )


def _fixed(scene: Scene) -> _Fixed:
    medium, channels, profile = scene.medium, scene.channels, scene.power
    span_loss = profile.span_loss
    none, one = (
        added_noise(scene.line, loss, channels, model=scene.choices.amplifier_noise) * channels.symbol_rate
        for loss in (0.0 * span_loss, 0.0 * span_loss + 1.0)
    )
    without = span_loss if profile.evolution is None else span_loss * profile.evolution.end / profile.fiber_input
    shared = [profile.launch, profile.fiber_input, profile.attenuation, profile.length, span_loss, none]
    sizes = {"core": 1, "span": 1} | {
        dim: size for value in shared for dim, size in dict(getattr(value, "sizes", {})).items()
    }
    sizes["channel"] = channels.count
    extra = set(sizes) - {"core", "span", "channel", "panel", "node"}
    if extra:
        msg = f"optimize_launch: the system has the axes {', '.join(sorted(extra))}; give numbers instead"
        raise refused(msg)

    def plain(value: Quantity, *dims: str) -> FloatArray:
        return _plain(value, {dim: sizes[dim] for dim in dims})

    each = ("core", "span", "channel")
    return _Fixed(
        frequency=plain(channels.frequency, *each),
        symbol_rate=plain(channels.symbol_rate, *each),
        gamma=plain(medium.nonlinear_coefficient, *each),
        beta2=plain(medium.group_velocity_dispersion, *each),
        attenuation=plain(profile.attenuation, *each),
        area=plain(medium.effective_area, *each),
        length=plain(profile.length, "core", "span"),
        fan_in=plain(profile.launch / profile.fiber_input, *each),
        outside=plain(without, *each),
        noise=plain(none, *each),
        noise_slope=plain(one, *each) - plain(none, *each),
    )


def _plain(value: Quantity, sizes: dict[str, int]) -> FloatArray:
    """Contiguous array along dimensions of given sizes, repeated where the value does not differ."""
    wide = np.broadcast_to(spread(value, tuple(sizes)), tuple(sizes.values()))
    return np.array(wide, dtype=np.float64, order="C")
