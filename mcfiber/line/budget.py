"""The budget of the line: every noise against the signal."""

from typing import Any

from mcfiber import labelled
from mcfiber._jit import lift
from mcfiber.kernels import budget as kernels

_LINE = lift(kernels.line_ratios, "(),(),(),()->(),(),(),()")


_RECEIVED = lift(kernels.received_ratio, "(),(),()->()")


def line_ratios(signal: Any, ase: Any, nli: Any, crosstalk: Any) -> tuple[Any, ...]:
    """Signal over each noise of the line and over their sum.

    Parameters
    ----------
    signal, ase, nli
        Powers of a channel in one core. [W]
    crosstalk
        Crosstalk over signal power. [1]

    Returns
    -------
    tuple
        :data:`snr_ase`, :data:`snr_nli`, :data:`snr_xt`, :data:`gsnr`.

    Notes
    -----
    Eq. (1) of :doc:`/theory/index`.
    """
    return labelled.compute(("snr_ase", "snr_nli", "snr_xt", "gsnr"), _LINE, signal, ase, nli, crosstalk)


def received_ratio(gsnr: Any, penalty: Any, transceiver: Any) -> Any:
    """Signal-to-noise ratio that the decoder sees, ``1/snr = penalty/gsnr + 1/snr_trx``.

    Parameters
    ----------
    gsnr
        Of the line. [1]
    penalty
        Of mode-dependent loss, at least 1. [1]
    transceiver
        Of the transceivers; infinite where they add no noise. [1]

    Returns
    -------
    :data:`snr`
        Dimensions of the inputs.

    Notes
    -----
    Eq. (2) of :doc:`/theory/index`.
    """
    return labelled.compute("snr", _RECEIVED, gsnr, penalty, transceiver)
