"""Recovery of the phase that all streams share: from known symbols, from pilots, or blind."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import fft

from mcfiber.arguments import arguments, whole
from mcfiber.kernels.equalizers import phase_distances
from mcfiber.simulation.transmitter import known_constellation
from mcfiber.typing import AnyArray, ComplexArray, FloatArray

if TYPE_CHECKING:
    from mcfiber.simulation.front_end import ReceivedField


@arguments(window=whole(low=1, high=2**30), angles=whole(low=2, high=10_000), first_block=whole(low=1, high=2**40))
@dataclass(frozen=True)
class PhaseRecovery:
    """How the phase of the lasers is recovered, together for all streams of a group of cores.

    Attributes
    ----------
    kind
        "none"; "data_aided", the mean over a window of all streams; "pilots", known symbols at an even spacing and
        a line between them; "blind", the nearest of some test angles over a window.
    window
        Symbols of the window, or between pilots.
    angles
        Test angles over a quarter of a turn.
    first_block
        Symbols of the first fit of an equaliser, short against the walk of the phase; four for each of its unknowns
        where left out.
    """

    kind: Literal["none", "data_aided", "pilots", "blind"] = "none"
    window: int = 64
    angles: int = 32
    first_block: int | None = None

    def shortest(self, unknowns: int, training: int) -> int | None:
        """Symbols of a first fit; None where the phase stands still."""
        if self.kind == "none":
            return None
        return min(training, 4 * unknowns if self.first_block is None else self.first_block)

    def known(self, outputs: ComplexArray, symbols: ComplexArray) -> FloatArray:
        """Phase from known symbols. Shape (symbol,). [rad]

        Notes
        -----
        ``arg sum_d sum_window z a*``.
        """
        return np.asarray(np.unwrap(np.angle(running_sum(np.sum(outputs * symbols.conj(), axis=0), self.window))))

    def recovered(self, outputs: ComplexArray, field: "ReceivedField") -> FloatArray:
        """Phase of all streams. Shape (symbol,). [rad]

        Parameters
        ----------
        outputs
            Of the equaliser. Shape (stream, symbol).
        field
            What was sent.

        Notes
        -----
        Blind phase search [1]_, all streams together.

        References
        ----------
        .. [1] T. Pfau, S. Hoffmann, and R. Noe, "Hardware-efficient coherent digital receiver concept with feedforward
           carrier recovery for M-QAM constellations," *J. Lightw. Technol.*, vol. 27, pp. 989-999, 2009.
        """
        if self.kind == "none":
            return np.zeros(outputs.shape[1])
        if self.kind == "data_aided":
            return self.known(outputs, field.symbols)
        if self.kind == "pilots":
            return self._from_pilots(outputs, field.symbols)
        return self._blind(outputs, field)

    def _from_pilots(self, outputs: ComplexArray, symbols: ComplexArray) -> FloatArray:
        """Phase at each pilot, all streams together, and lines between them."""
        place = np.arange(0, outputs.shape[1], self.window)
        at = np.unwrap(np.angle(np.sum(outputs[:, place] * symbols[:, place].conj(), axis=0)))
        return np.asarray(np.interp(np.arange(outputs.shape[1]), place, at))

    def _blind(self, outputs: ComplexArray, field: "ReceivedField") -> FloatArray:
        known = known_constellation(field.modulation)
        if known is None:
            msg = 'kind: got "blind"; Gaussian symbols have no points to decide for, so recover their phase from data'
            raise ValueError(msg)
        angles = (np.arange(self.angles) / self.angles - 0.5) * (0.5 * math.pi)
        distance = np.empty((self.angles, outputs.shape[1]))
        gain = np.sum(outputs * field.symbols.conj(), axis=1)
        size = np.abs(gain) / np.sum(np.abs(field.symbols) ** 2, axis=1)
        phase_distances(outputs / size[:, None], known.points, angles, distance)
        best = np.argmin(running_sum(distance, self.window).real, axis=0)
        turn = np.unwrap(angles[best], period=0.5 * math.pi)  # a quarter of a turn looks the same
        quarter = np.sum(outputs * field.symbols.conj(), axis=0) * np.exp(-1j * turn)
        return np.asarray(turn + 0.5 * math.pi * np.round(np.angle(np.sum(quarter[:256])) / (0.5 * math.pi)))


def running_sum(values: AnyArray, window: int) -> ComplexArray:
    """Sum over a window about each place of a period, along the last axis."""
    count = values.shape[-1]
    if window <= 1:
        return np.asarray(values, np.complex128)
    shape = np.zeros(count)
    shape[(np.arange(window) - window // 2) % count] += 1.0
    return np.asarray(fft.ifft(fft.fft(values, axis=-1) * fft.fft(shape).conj(), axis=-1))
