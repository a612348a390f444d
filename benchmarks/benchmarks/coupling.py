"""Coupling of seven cores from profile and layout, at 96 wavelengths."""

import numpy as np

import mcfiber as mcf

WAVELENGTH_NM = np.linspace(1530, 1625, 96)
CORES = {
    "equal": mcf.TrenchAssistedCore(radius_um=4.5, delta_percent=0.36, trench_delta_percent=-0.7),
    "unlike": mcf.StepCore(radius_um=[4.7] + [4.1, 3.7] * 3, delta_percent=[0.3] + [0.4, 0.5] * 3),
}


class CoreCoupling:
    """Kappa and h of every pair."""

    params = tuple(CORES)
    param_names = ("cores",)

    def setup(self, cores):
        layout = mcf.HexagonalLayout(cores=7, pitch_um=42)
        self.fiber = mcf.MulticoreFiber(layout=layout, cladding_diameter_um=200, core=CORES[cores])
        self.time_coupling(cores)

    def time_coupling(self, cores):
        return mcf.core_coupling(self.fiber, wavelength_nm=WAVELENGTH_NM)
