"""The closed form along the Raman tilt beside GNPy's double integral and its approximation, channel by channel.

Run as ``python validation/gnpy_c_and_l.py``; the table goes to ``gnpy_c_and_l.json`` beside this file. GNPy's numbers
are those of ``tests/data`` (version and options are written there), so GNPy itself is not needed.
"""

import json
import math
import platform
from pathlib import Path
from typing import Any

import numba
import numpy as np

from mcfiber.kernels import isrs, raman, silica
from mcfiber.units import SPEED_OF_LIGHT

RECORD = Path(__file__).parents[1] / "tests" / "data" / "gnpy_3.0.1_cl_band_180x49gbd_21x86km.json"
RESULTS = Path(__file__).with_suffix(".json")


def area_of_gnpy(frequency: Any) -> Any:
    """Effective area of GNPy's default fibre: 83 um2 at 1550 nm."""
    core, index, reference = 4.2e-6, 1.468, SPEED_OF_LIGHT / 1550e-9
    wave = SPEED_OF_LIGHT / (2 * math.pi * reference * core * index)
    contrast = 0.5 * (wave * math.exp(math.pi * core**2 / 83e-12)) ** 2
    normalised = 2 * math.pi * frequency / SPEED_OF_LIGHT * core * index * math.sqrt(2 * contrast)
    return math.pi * core**2 / np.log(normalised)


def main() -> None:
    """Compute the first span both ways, and compare."""
    record = json.loads(RECORD.read_text())
    frequency = np.array(record["frequency_hz"])
    count, length = frequency.size, record["span_length_m"]
    loss, power, rate, one = (
        np.full(count, value)
        for value in (record["attenuation_per_m"], record["launch_power_w"], record["symbol_rate_hz"], 1.0)
    )
    area, panel, integration = area_of_gnpy(frequency), np.array([length]), raman.panel_integration(12)
    grid = (silica.raman_efficiency(), silica.STEP)

    def profile(photon: float) -> Any:
        return raman.raman_power(frequency, power, one, loss, area, *grid, photon, panel, np.ones(1), integration)

    def interference(exponentials: Any) -> Any:
        gamma, beta2 = np.array(record["gamma_per_w_m"]), np.array(record["beta2_s2_per_m"])
        return sum(isrs.isrs_gn_closed_form(frequency, rate, power, gamma, beta2, *exponentials))

    powers = profile(0.0)  # power is conserved, as in GNPy's matrix
    gain = np.log(powers[:, -1, -1] / power) + loss * length
    effective = -np.expm1(-loss * length) / loss
    forms = {
        "three fitted terms": isrs.fitted_profile(powers, loss, panel, integration, sizes={"term": 3}),
        "two terms, first order": isrs.tilted_profile(loss, loss, -gain / effective, sizes={"term": 2}),
    }
    chosen = record["ggn_spectrally_separated"]["channels"]
    integral = np.array(record["ggn_spectrally_separated"]["nli_after_span_1_w"])
    approximation = np.array(record["ggn_approx"]["nli_after_span_1_w"])

    def over_integral(nli: Any) -> list[float]:
        return np.round(10 * np.log10(nli[chosen] / integral), 3).tolist()

    span_loss = {
        name: -10 * np.log10(profile(photon)[:, -1, -1] / power) for name, photon in (("power", 0.0), ("photons", 1.0))
    }
    report = {
        "versions": {"numpy": np.__version__, "numba": numba.__version__, "python": platform.python_version()},
        "frequency_thz": np.round(frequency[chosen] * 1e-12, 3).tolist(),
        "db_over_ggn_spectrally_separated": {name: over_integral(interference(one)) for name, one in forms.items()}
        | {"ggn_approx": over_integral(approximation)},
        "largest_db_from_ggn_approx_over_all_channels": float(
            np.abs(10 * np.log10(interference(forms["three fitted terms"]) / approximation)).max()
        ),
        "span_loss_db": {
            f"conserving {name}": np.round(value[chosen], 4).tolist() for name, value in span_loss.items()
        },
        "largest_db_from_runge_kutta": float(np.abs(span_loss["power"] - record["span_loss_db_runge_kutta"]).max()),
        "gnpy_perturbative_largest_db_from_runge_kutta": float(
            np.abs(np.subtract(record["span_loss_db_perturbative"], record["span_loss_db_runge_kutta"])).max()
        ),
    }
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
