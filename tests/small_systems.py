"""A small system whose evaluation takes milliseconds, for tests of what is built around it."""

import mcfiber as mcf


def small(channels: int = 4, **fiber) -> mcf.System:
    """Seven weakly coupled cores, a few channels, two spans."""
    group = mcf.ChannelGroup(
        band="C", channels=channels, spacing_ghz=50, symbol_rate_gbd=32, lowest_frequency_thz=193.0
    )
    given = {
        "layout": mcf.HexagonalLayout(cores=7, pitch_um=40),
        "cladding_diameter_um": 150,
        "crosstalk": mcf.MeasuredCrosstalk(
            crosstalk_db=-50, length_km=80, definition="total_from_neighbours", slope_db_per_nm=0.0
        ),
    }
    return mcf.System(
        spectrum=mcf.Spectrum(groups=[group]),
        fiber=mcf.MulticoreFiber(**(given | fiber)),
        link=mcf.Link(span=mcf.Span(length_km=80), span_count=2),
        transceiver=mcf.Transceiver(format="16QAM", snr_db=20),
    )
