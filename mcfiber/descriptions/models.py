"""Which model computes what, and what goes with what."""

from typing import Annotated, Literal, Self

from pydantic import model_validator

from mcfiber.descriptions.checks import flag, number
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.record import Description
from mcfiber.typing import Real


class Models(Description):
    """Which model computes what.

    Parameters
    ----------
    amplifier_noise
        Power spectral density of amplified spontaneous emission: "exact" is ``(F G - 1) h f``;
        "excess_gain" ``F (G - 1) h f`` and "input_noise" ``F G h f`` are the approximations in circulation.
    nonlinear_interference
        "gn": closed form of the Gaussian-noise model for channels with gaps; self- and cross-phase modulation,
        at the centre of the channel, incoherent over spans.  "isrs_gn": the same along the computed power profile,
        with Raman scattering.  "gn_integral": the integral itself by quadrature, for any power profile and span
        loss; seconds instead of milliseconds.
    raman
        Raman scattering between the channels (and pumps): "none", "silica" (coupled equations with the measured
        gain of silica) or "triangular" (closed form with a linear gain).
    accumulation
        Of "isrs_gn" over the spans: "incoherent", or "coherent" for what a channel does to itself.
    format_correction
        Whether "isrs_gn" counts that the symbols of the transceiver's format are not Gaussian.
    mode_dispersion
        Whether spatial mode dispersion, where the fibre's is known, lowers the nonlinear interference of randomly
        coupled cores.
    crosstalk_probability
        Probability with which crosstalk exceeds the value that is used, given the fibre's skew; the mean is used
        where it is left out.
    """

    amplifier_noise: Literal["exact", "excess_gain", "input_noise"] = "exact"
    nonlinear_interference: Literal["gn", "isrs_gn", "gn_integral"] = "gn"
    raman: Literal["none", "silica", "triangular"] = "none"
    accumulation: Literal["incoherent", "coherent"] = "incoherent"
    format_correction: Annotated[bool, flag()] = False
    mode_dispersion: Annotated[bool, flag()] = True
    crosstalk_probability: Annotated[Real | None, number(above=0, high=0.999, remedy="1e-4 is usual")] = None

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if self.nonlinear_interference == "gn" and self.accumulation == "coherent":
            msg = 'accumulation: needs nonlinear_interference = "isrs_gn" or "gn_integral"'
            raise refused(msg)
        if self.nonlinear_interference != "isrs_gn" and self.format_correction:
            msg = 'format_correction: needs nonlinear_interference = "isrs_gn"'
            raise refused(msg)
        return self
