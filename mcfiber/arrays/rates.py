"""From signal-to-noise ratios to rates on plain arrays: what formats carry and codes leave.

Arrays or numbers in, arrays out; all functions broadcast.  Ratios are linear: energy of a symbol over the noise of one
polarisation.  A format is its name, such as ``"16QAM"``, or ``"best"`` of them for the one with the highest net rate.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mcfiber.arguments import FORMATS, MODES, arguments, plain_array
from mcfiber.descriptions.formats import Format, candidates
from mcfiber.kernels import information as kernels
from mcfiber.kernels.budget import ratio_at_decoder
from mcfiber.kernels.mode_loss import tabulated_penalty
from mcfiber.receiver.information import format_table, stacked_tables
from mcfiber.receiver.penalty import check_receiver
from mcfiber.receiver.rates import POLARISATIONS
from mcfiber.receiver.receiver import ReceiverKind
from mcfiber.typing import FloatArray

_SNR = plain_array(low=0, infinite=True)
_SYMBOL_RATE = plain_array(above=0, high=1e15, unit="Hz")
_SHARE = plain_array(low=0, high=1)


class Information(NamedTuple):
    """What a format carries over Gaussian noise, for each symbol and polarisation.

    Shannon's limit, mutual information, generalised mutual information (GMI) of bit-metric decoding in bit, and the
    GMI normalised by the bits of a symbol.
    """

    shannon: FloatArray
    mutual_information: FloatArray
    gmi: FloatArray
    ngmi: FloatArray


@arguments(modulation=FORMATS, snr=_SNR)
def information_rates(modulation: Format, snr: ArrayLike) -> Information:
    """Shannon's limit, mutual information, GMI and NGMI of a format.

    Parameters
    ----------
    modulation
        Format; of ``"best"`` the one with the highest GMI.
    snr
        Signal-to-noise ratio at the decision. [1]

    Returns
    -------
    Information
        Each of the shape of `snr`. [bit, bit, bit, 1]

    Raises
    ------
    ValueError
        If the format is not known.

    Notes
    -----
    Eq. (1) to Eq. (4) of `mcfiber.kernels.information` [1]_, from tables with an error below 1e-6 bit.

    References
    ----------
    .. [1] A. Alvarado et al., "Achievable information rates for fiber optics: applications and computations," *J.
       Lightw. Technol.*, vol. 36, no. 2, pp. 424-439, 2018.

    Examples
    --------
    >>> information_rates("16QAM", [1.0, 10.0, 100.0]).gmi.round(4)
    array([0.8993, 3.1636, 3.9999])
    """
    return Information(*_rates(modulation, snr, 1.0)[:4])


@arguments(
    modulation=FORMATS,
    snr=_SNR,
    symbol_rate=_SYMBOL_RATE,
    fraction=plain_array(low=0, high=1),
    ngmi_gap=plain_array(low=0, high=1),
    pilot_share=_SHARE,
)
def net_rate(
    modulation: Format,
    snr: ArrayLike,
    symbol_rate: ArrayLike,
    *,
    fraction: ArrayLike = 1.0,
    ngmi_gap: ArrayLike = 0.0,
    pilot_share: ArrayLike = 0.0,
) -> FloatArray:
    """Net rate of a channel in a core with a code that follows the GMI, both polarisations.

    Parameters
    ----------
    modulation, snr
        As in `information_rates`; of ``"best"`` the format with the highest net rate.
    symbol_rate
        Symbols per second and polarisation. [Hz]
    fraction, ngmi_gap
        The code delivers ``fraction GMI - ngmi_gap bits``; an ideal one has 1 and 0. [1, 1]
    pilot_share
        Part of the symbols that carries no data. [1]

    Returns
    -------
    Shape of the inputs together. [bit/s]

    Raises
    ------
    ValueError
        If the format is not known.

    Notes
    -----
    GMI is Eq. (3) of `mcfiber.kernels.information` [1]_.

    References
    ----------
    .. [1] A. Alvarado et al., "Achievable information rates for fiber optics: applications and computations," *J.
       Lightw. Technol.*, vol. 36, no. 2, pp. 424-439, 2018.

    Examples
    --------
    >>> (net_rate("16QAM", 10.0, [32e9, 49e9]) / 1e9).round(1)
    array([202.5, 310. ])
    """
    kept = 1.0 - np.asarray(pilot_share, np.float64)
    return _rates(modulation, snr, np.asarray(symbol_rate) * kept * POLARISATIONS, fraction, ngmi_gap)[4]


@arguments(
    modulation=FORMATS,
    snr=_SNR,
    symbol_rate=_SYMBOL_RATE,
    code_rate=plain_array(above=0, high=1),
    ngmi_threshold=plain_array(above=0, high=1),
    pilot_share=_SHARE,
)
def fixed_net_rate(
    modulation: Format,
    snr: ArrayLike,
    symbol_rate: ArrayLike,
    *,
    code_rate: ArrayLike,
    ngmi_threshold: ArrayLike,
    pilot_share: ArrayLike = 0.0,
) -> FloatArray:
    """Net rate of a channel in a core with a code of one rate: all of it from a threshold on, nothing below.

    Parameters
    ----------
    modulation, snr, symbol_rate, pilot_share
        As in `net_rate`.
    code_rate
        Information bits over coded bits. [1]
    ngmi_threshold
        Normalised GMI that the code needs. [1]

    Returns
    -------
    Shape of the inputs together. [bit/s]

    Raises
    ------
    ValueError
        If the format is not known.

    Notes
    -----
    Eq. (5) of `mcfiber.kernels.information`; that one threshold of NGMI serves formats alike: [1]_.

    References
    ----------
    .. [1] A. Alvarado et al., "Achievable information rates for fiber optics: applications and computations," *J.
       Lightw. Technol.*, vol. 36, no. 2, pp. 424-439, 2018.

    Examples
    --------
    >>> fixed_net_rate("16QAM", [10.0, 20.0], 50e9, code_rate=0.8, ngmi_threshold=0.85) / 1e9
    array([  0., 320.])
    """
    kept = 1.0 - np.asarray(pilot_share, np.float64)
    gap = np.asarray(ngmi_threshold, np.float64) - np.asarray(code_rate, np.float64)
    gross = np.asarray(symbol_rate) * kept * POLARISATIONS
    return _rates(modulation, snr, gross, 1.0, gap, code_rate, steps=np.zeros((2, 1)))[4]


@arguments(snr=_SNR, loss=plain_array(low=0, high=100, unit="Np"), modes=MODES)
def mode_loss_penalty(snr: ArrayLike, loss: ArrayLike, *, modes: int, receiver: ReceiverKind = "mmse") -> FloatArray:
    """Factor by which mode-dependent loss multiplies the noise of the line.

    Parameters
    ----------
    snr
        Signal-to-noise ratio of the line. [1]
    loss
        Root sum square xi of the spans' mode-dependent loss. [Np]
    modes
        Number of modes received together, twice the number of coupled cores.
    receiver
        "mmse", "zero_forcing" or "optimal".

    Returns
    -------
    At least 1. Shape of the inputs together. [1]

    Raises
    ------
    ValueError
        If the receiver is unknown or there are fewer than two modes.

    Notes
    -----
    Eq. (1) of `mcfiber.kernels.mode_loss`, for zero forcing Eq. (3) there; rates of channels with such a loss: [1]_.

    References
    ----------
    .. [1] P. J. Winzer and G. J. Foschini, "MIMO capacities and outage probabilities in spatially multiplexed optical
       transport systems," *Opt. Express*, vol. 19, pp. 16680-16696, 2011.

    Examples
    --------
    >>> mode_loss_penalty(10.0, np.array([0.0, 0.5, 1.0]), modes=38).round(2)
    array([1.  , 1.12, 1.61])
    """
    check_receiver(receiver, modes)
    result: FloatArray = tabulated_penalty(snr, loss, receiver, modes)
    return result


@arguments(gsnr=_SNR, penalty=plain_array(low=1, infinite=True), transceiver=_SNR)
def decoder_snr(gsnr: ArrayLike, *, penalty: ArrayLike = 1.0, transceiver: ArrayLike = np.inf) -> FloatArray:
    """Signal-to-noise ratio that the decoder sees, ``1/snr = penalty/gsnr + 1/transceiver``.

    Parameters
    ----------
    gsnr
        Of the line. [1]
    penalty
        From `mode_loss_penalty`. [1]
    transceiver
        Of the transceivers back to back; infinite where they add no noise. [1]

    Returns
    -------
    Shape of the inputs together. [1]

    Notes
    -----
    Eq. (2) of :doc:`/theory/index`: noise of the transmitter passes the channel like the signal.

    Examples
    --------
    >>> decoder_snr([10.0, 100.0], transceiver=100.0).round(3)
    array([ 9.091, 50.   ])
    """
    result: FloatArray = ratio_at_decoder(gsnr, penalty, transceiver)
    return result


def _rates(
    modulation: Format,
    snr: ArrayLike,
    gross: ArrayLike,
    fraction: ArrayLike = 1.0,
    gap: ArrayLike = 0.0,
    code_rate: ArrayLike = 0.0,
    *,
    steps: FloatArray | None = None,
) -> tuple[FloatArray, ...]:
    """All that the kernel gives; without steps a code that follows the GMI."""
    formats = candidates(modulation)
    shared = *stacked_tables([format_table(one) for one in formats]), np.empty((2, 0)) if steps is None else steps
    result: tuple[FloatArray, ...] = kernels.rates(snr, gross, fraction, gap, code_rate, *shared)
    return result
