"""Benchmarks of mcfiber: one file a subject; `setup` compiles what a method times."""

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

RECORD = "nict-2025-1808km"


def parameterized(names: str, *params: list[Any]) -> Callable[[Any], Any]:
    """Give a class or method its parameters: ``@parameterized("cores, designs", [7, 19], [1, 1000])``."""

    def decorate(target: Any) -> Any:
        target.param_names = [name.strip() for name in names.split(",")]
        target.params = params if len(params) > 1 else params[0]
        return target

    return decorate


def axis(low: float, high: float, designs: int) -> xr.DataArray:
    """Make a labelled axis of designs, in no particular order, so that no design resembles the one before."""
    values = np.random.default_rng(1).permutation(np.linspace(low, high, designs))
    return xr.DataArray(values, dims="design")


def record() -> Any:
    """Load the system of the 1,808 km record: 19 coupled cores, 180 channels, 21 spans."""
    import mcfiber as mcf

    return mcf.load(RECORD).system


def seven_cores(channels: int = 96) -> Any:
    """Describe seven weakly coupled cores with channels on a 50 GHz grid, 20 spans of 80 km."""
    import mcfiber as mcf

    group = mcf.ChannelGroup(
        band="C", channels=channels, spacing_ghz=50, symbol_rate_gbd=32, lowest_frequency_thz=191.35
    )
    fiber = mcf.MulticoreFiber(
        layout=mcf.HexagonalLayout(cores=7, pitch_um=42),
        cladding_diameter_um=187,
        crosstalk=mcf.MeasuredCrosstalk(crosstalk_db=-50, length_km=80, definition="total_from_neighbours"),
    )
    return mcf.System(
        spectrum=mcf.Spectrum(groups=[group]),
        fiber=fiber,
        link=mcf.Link(span=mcf.Span(length_km=80), span_count=20),
        transceiver=mcf.Transceiver(format="16QAM", snr_db=20),
    )
