"""Noise of lumped amplifiers: power spectral density of both polarisations at the output.

References
----------
.. [1] R.-J. Essiambre, G. Kramer, P. J. Winzer, G. J. Foschini, B. Goebel, "Capacity limits of optical fiber
   networks," J. Lightw. Technol. 28, 662 (2010), :doi:`10.1109/JLT.2009.2039464`.
"""

from mcfiber._jit import kernel
from mcfiber.typing import FloatArray
from mcfiber.units import PLANCK


@kernel("(channel),(channel),(channel)->(channel)")
def ase_density(frequency: FloatArray, gain: FloatArray, noise_figure: FloatArray, out: FloatArray) -> None:
    """Amplified spontaneous emission, exact for a signal-spontaneous noise figure.

    (F G - 1) h nu = 2 n_sp (G - 1) h nu: Essiambre et al., J. Lightw. Technol. 28, 662 (2010), eq. (54).
    It is not clipped: F G < 1 has no meaning, and gives a negative number.

    Parameters
    ----------
    frequency, gain, noise_figure
        Linear gain and noise figure. Shape (n, channel). [Hz, 1, 1]
    out
        Shape (n, channel). [W/Hz]
    """
    for design in range(frequency.shape[0]):
        for i in range(frequency.shape[1]):
            product = noise_figure[design, i] * gain[design, i]
            out[design, i] = (product - 1.0) * PLANCK * frequency[design, i]  # Eq. (54) of [1]


@kernel("(channel),(channel),(channel)->(channel)")
def ase_density_excess_gain(frequency: FloatArray, gain: FloatArray, noise_figure: FloatArray, out: FloatArray) -> None:
    """Approximation F (G - 1) h nu, that is n_sp = F/2; too low at small gain. Shapes as `ase_density`."""
    for design in range(frequency.shape[0]):
        for i in range(frequency.shape[1]):
            excess = gain[design, i] - 1.0
            # Eq. (54) of [1], n_sp = F/2
            out[design, i] = noise_figure[design, i] * excess * PLANCK * frequency[design, i]


@kernel("(channel),(channel),(channel)->(channel)")
def ase_density_input_noise(frequency: FloatArray, gain: FloatArray, noise_figure: FloatArray, out: FloatArray) -> None:
    """Approximation F G h nu, noise added at the input as GNPy does; too high. Shapes as `ase_density`."""
    for design in range(frequency.shape[0]):
        for i in range(frequency.shape[1]):
            product = noise_figure[design, i] * gain[design, i]
            out[design, i] = product * PLANCK * frequency[design, i]  # Eq. (54) of [1], F G for F G - 1
