"""Raman gain of silica fibre: where the numbers come from, and the even grid that the kernels read.

The 90 digitised points are ``gamma_raman`` of ``DEFAULT_RAMAN_COEFFICIENT`` in oopt-gnpy 3.0.1
(gnpy/core/parameters.py), Copyright (c) 2018 Telecom Infra Project, BSD-3-Clause (LICENSES/oopt-gnpy.txt),
measured as described in A. D'Amico et al., J. Lightw. Technol. 40, 3499 (2022), section III.D: the gain at a
1454 nm pump times the overlap area of pump and Stokes wave.  Polarisation averaged.
"""

from typing import Final

import numpy as np

from mcfiber.typing import FloatArray

REFERENCE_PUMP: Final = 206.184634112792e12  # Hz
STEP: Final = 0.25e12  # Hz; every digitised offset is a multiple of it

# Frequency offset (THz) and gain times overlap area at the reference pump (1e-15 m/W).
# fmt: off
POINTS: Final = (
    (0, 0), (0.5, 0.852441993471), (1, 2.64356786625), (1.5, 4.41054841094), (2, 6.15342296129),
    (2.5, 7.48492470304), (3, 8.45206080835), (3.5, 9.1015493227), (4, 9.57837595159), (4.5, 10.0086426755),
    (5, 10.8657735699), (5.5, 11.3007763059), (6, 12.1432386471), (6.5, 13.2310657507), (7, 14.6249009715),
    (7.5, 16.0133305548), (8, 17.4581193593), (8.5, 19.3202413304), (9, 21.7203953929),
    (9.5, 24.1373374067), (10, 26.2816321846), (10.5, 28.0410199633), (11, 29.7231554471),
    (11.5, 31.2935353101), (12, 32.5179616332), (12.5, 33.1988394876), (12.75, 33.2952769069),
    (13, 33.1315569124), (13.25, 32.8901385215), (13.5, 32.4589171885), (14, 30.6068427794),
    (14.5, 32.6603494738), (14.75, 29.5741910966), (15, 25.188943214), (15.5, 17.3456048586),
    (16, 9.90286076161), (16.5, 7.2191763851), (17, 6.0795659904), (17.5, 5.82837306596),
    (18, 7.20580801092), (18.25, 7.56192435139), (18.5, 7.62115235233), (18.75, 6.88598867806),
    (19, 5.62918104747), (19.5, 3.67972759897), (20, 2.75558697425), (20.5, 2.48101339426),
    (21, 2.21600805324), (21.5, 2.14406260248), (22, 2.338730708), (22.5, 2.55731792986),
    (23, 3.03983904823), (23.5, 4.83371655156), (24, 5.46474318183), (24.5, 5.22918781371),
    (25, 4.51076852581), (25.5, 3.32134731306), (26, 2.2602577028), (26.5, 1.96957649587),
    (27, 1.51798539542), (27.5, 1.29539885512), (28, 1.13046721563), (28.5, 0.910004390675),
    (29, 0.843291992218), (29.5, 0.784922406901), (30, 0.782756819603), (30.5, 0.900051444065),
    (31, 1.302592646), (31.5, 1.54441089385), (32, 1.87955940631), (32.5, 1.77961301699),
    (33, 1.5938159865), (33.5, 1.15855223551), (34, 0.850704444463), (34.5, 0.762540466376),
    (35, 0.814510750926), (35.5, 0.904794469347), (36, 0.96364319017), (36.5, 0.92986338996),
    (37, 0.834973950364), (37.5, 0.748290127807), (38, 0.624079476713), (38.5, 0.500652535688),
    (39, 0.355337326369), (39.5, 0.203442177061), (40, 0.142675226423), (40.5, 0.0898001657674),
    (41, 0.0298290681818), (41.5, 0.014861959129), (42, 0.00740448211333),
)
# fmt: on


def raman_efficiency() -> FloatArray:
    """Raman gain over pump frequency times overlap area, for offsets 0, `STEP`, 2 `STEP` ... [m/(W Hz)].

    Multiply by the pump's frequency and divide by the overlap area to get the gain in 1/(W m).

    Examples
    --------
    >>> peak = float(raman_efficiency().max() * REFERENCE_PUMP / 80e-12)  # 80 um2, 1/(W m)
    >>> round(peak * 1e3, 4)  # 1/(W km)
    0.4162
    """
    offset, gain = np.array(POINTS).T
    grid = np.arange(round(offset[-1] * 1e12 / STEP) + 1) * STEP
    result: FloatArray = np.interp(grid, offset * 1e12, gain * 1e-15) / REFERENCE_PUMP
    return result
