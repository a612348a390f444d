"""A sweep into a store, to be killed; its blocks are small and slow."""

import sys
import time
from unittest.mock import patch

import numpy as np
from small_systems import small

import mcfiber as mcf
from mcfiber.studies import outputs, sweeps

OVER = {"link.launch_power_dbm": np.linspace(-4, 4, 40), "fiber.layout.pitch_um": np.linspace(38, 45, 12)}
OUTPUTS = ("total_net_rate", "crosstalk:max", "snr:min")
POINTS = 12


def sweep(store=None, **options):
    """Sweep 480 designs in 40 blocks."""
    with patch.object(sweeps, "LARGEST_BLOCK", POINTS):
        return mcf.sweep(small(), OVER, outputs=OUTPUTS, store=store, **options)


if __name__ == "__main__":
    slow = float(sys.argv[2])
    whole = outputs.quantities

    def slowly(*arguments, **options):
        """Give the killer time."""
        time.sleep(slow)
        return whole(*arguments, **options)

    outputs.quantities = slowly
    sweep(sys.argv[1], workers=2)
