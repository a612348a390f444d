"""Crosstalk between cores."""

import numpy as np

from mcfiber._jit import lift
from mcfiber.kernels import crosstalk as kernels


def hexagon(rings):
    points = [(q, r) for q in range(-rings, rings + 1) for r in range(-rings, rings + 1) if abs(q + r) <= rings]
    x = np.array([q + r / 2 for q, r in points])
    y = np.array([r * 3**0.5 / 2 for q, r in points])
    return (np.abs(np.hypot(x[:, None] - x, y[:, None] - y) - 1.0) < 1e-9).astype(float)


class MeanCrosstalk:
    """Nineteen cores, 180 channels."""

    def setup(self):
        self.h = hexagon(2) * np.geomspace(1e-9, 1e-8, 180)[:, None, None]
        self.loss = np.full(19, 4e-5)
        self.transfer = lift(kernels.coupled_power_transfer, "(core_out,core_in),(core_out),()->(core_out,core_in)")
        self.repeated = lift(
            kernels.repeated_crosstalk, "(core_out,core_in),(core_out),(core_out),()->(core_out,core_in)"
        )
        self.one = np.ones(1)
        self.span = self.time_transfer()
        self.time_twenty_one_spans()

    def time_transfer(self):
        return self.transfer(self.h, self.loss, 86.1e3)

    def time_twenty_one_spans(self):
        return self.repeated(self.span, self.one, self.one, 21.0)
