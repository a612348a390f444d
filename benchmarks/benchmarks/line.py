"""Raman scattering, interference and launch powers of a C+L line."""

import numpy as np

import mcfiber as mcf
from mcfiber.kernels import isrs, nonlinear, raman, silica
from mcfiber.studies.launch import LaunchProblem, optimize_launch


class ClosedForms:
    """180 channels, one span; and 21 spans that differ in launch power."""

    def setup(self):
        one = np.ones(180)
        self.common = (186.5e12 + 50e9 * np.arange(180), 49e9 * one, 1e-3 * one, 1.2e-3 * one, -21e-27 * one)
        self.loss = 4e-5 * one
        self.exponentials = np.tile([1.1, -0.2, 0.1], (180, 1)), self.loss[:, None] * np.arange(1, 4)
        self.powers = np.linspace(0.5e-3, 1.5e-3, 21)[:, None] * one
        self.time_gn()
        self.time_isrs_gn()

    def time_gn(self):
        return nonlinear.gn_closed_form(*self.common, self.loss, 86.1e3)

    def time_gn_21_powers(self):
        frequency, rate, _, gamma, beta2 = self.common
        return nonlinear.gn_closed_form(frequency, rate, self.powers, gamma, beta2, self.loss, 86.1e3)

    def time_isrs_gn(self):
        return isrs.isrs_gn_closed_form(*self.common, *self.exponentials)


class Scattering:
    """Coupled equations of 180 channels, and of the same with three backward pumps."""

    def setup(self):
        self.gain = silica.raman_efficiency()
        self.channels = 186.5e12 + 50e9 * np.arange(180)
        self.pumps = np.array([202e12, 204e12, 206e12])
        self.time_channels()

    def run(self, frequency, power, direction, nodes):
        one = np.ones(frequency.size)
        integration = raman.panel_integration(nodes)
        return raman.raman_power(
            frequency, power, direction, 4.3e-5 * one, 80e-12 * one, self.gain, silica.STEP, 1.0,
            np.array([86.1e3]), np.ones(1), integration,
        )  # fmt: skip

    def time_channels(self):
        return self.run(self.channels, np.full(180, 1e-3), np.ones(180), 18)

    def time_backward_pumps(self):
        frequency = np.concatenate([self.channels, self.pumps])
        power = np.concatenate([np.full(180, 1e-3), np.full(3, 0.15)])
        return self.run(frequency, power, np.concatenate([np.ones(180), -np.ones(3)]), 20)


class Launch:
    """Powers of 180 channels, with scattering."""

    def setup(self):
        changes = {"models.nonlinear_interference": "isrs_gn", "models.raman": "silica"}
        self.system = mcf.load("nict-2025-1808km").system.replace(changes)
        self.problem = LaunchProblem(self.system, "shannon")
        self.time_gradient()

    def time_gradient(self):
        return self.problem.value_and_gradient(self.problem.start)

    def time_optimum(self):
        return optimize_launch(self.system)
