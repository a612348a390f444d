"""The same bits of one design: compiled or loaded, alone or in a block, whatever was computed before."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import systems
import xarray as xr

PUMPS = [{"wavelength_nm": 1450, "power_mw": 180}, {"wavelength_nm": 1480, "power_mw": 120}]
FOUR = {
    "fiber.layout": {"kind": "square", "cores": 4, "pitch_um": 20.0},
    "fiber.spatial_mode_dispersion_ps_per_sqrt_km": 3.0,
}
NINETEEN = {
    "fiber.layout": {"kind": "hexagonal", "cores": 19, "pitch_um": 42.0},
    "fiber.cladding_diameter_um": 260.0,
    "fiber.attenuation_db_per_km": 0.2,
}
RAMAN = {"models.nonlinear_interference": "isrs_gn", "models.raman": "silica"}
GRID = {"groups": [{"band": "C", "channels": 16, "spacing_ghz": 75, "symbol_rate_gbd": 64}]}
SYSTEMS = {
    "crosstalk of nineteen cores": systems.weak().replace(NINETEEN),
    "four coupled cores": systems.random().replace(FOUR),
    "groups": systems.groups(),
    "Raman": systems.weak().replace(RAMAN),
    "triangular": systems.single().replace({"spectrum": GRID, **RAMAN, "models.raman": "triangular"}),
    "pumped": systems.weak().replace({**RAMAN, "link.span.raman_pumps": PUMPS}),
    "coherent": systems.weak().replace({**RAMAN, "models.accumulation": "coherent", "models.format_correction": True}),
    "cores exchanged": systems.weak().replace({"link.core_permutation": [1, 2, 3, 4, 5, 6, 0]}),
}
# What varies in a block, and between which values.
POWER, LENGTH = {"link.launch_power_dbm": (-3.0, 3.0)}, {"link.span.length_km": (60.0, 130.0)}
VARIED = {
    "crosstalk of nineteen cores": POWER | LENGTH | {"fiber.crosstalk.crosstalk_db": (-50.0, -30.0)},
    "four coupled cores": POWER | {"fiber.spatial_mode_dispersion_ps_per_sqrt_km": (1.0, 10.0)},
    "groups": POWER | LENGTH | {"link.amplifier.output_tilt_db": (0.1, 2.0)},
    "Raman": POWER | LENGTH | {"fiber.attenuation_db_per_km": (0.15, 0.25)},
    "triangular": POWER | {"spectrum.groups.0.spacing_ghz": (70.0, 200.0)},
    "pumped": POWER | {"fiber.attenuation_db_per_km": (0.15, 0.25)},
    "coherent": POWER | LENGTH | {"fiber.dispersion_ps_per_nm_km": (15.0, 22.0)},
    "cores exchanged": LENGTH | {"link.span.fan_in_crosstalk_db": (-60.0, -50.0), "transceiver.snr_db": (15.0, 25.0)},
}
DESIGNS = 50
COMPILED = ["crosstalk of nineteen cores", "four coupled cores", "Raman"]


@cache
def drawn(name):
    random = np.random.default_rng(len(name))
    return {path: random.uniform(*limits, DESIGNS) for path, limits in VARIED[name].items()}


def block(name, designs):
    """Result of some designs, along an axis or, for a number, of one alone."""
    values = {path: numbers[designs] for path, numbers in drawn(name).items()}
    if isinstance(designs, slice):
        values = {path: xr.DataArray(numbers, dims="design") for path, numbers in values.items()}
    else:
        values = {path: float(number) for path, number in values.items()}
    return SYSTEMS[name].replace(values).evaluate().variables


@cache
def whole(name):
    return block(name, slice(None))


@pytest.mark.filterwarnings("ignore:a span's fibre loses")  # with pumps, little
@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("designs", [0, 31, slice(31, 32), slice(5, 8), slice(20, 27)], ids=str)
def test_evaluate__one_design_has_the_same_bits_in_any_block(name, designs):
    part = block(name, designs)
    compared = 0
    for key, values in whole(name).items():
        if values.dtype.kind not in "fc" or key not in part:
            continue
        expected = values.isel(design=designs) if "design" in values.dims else values
        # A block of designs may lack a dimension only where its values do not differ along it.
        found = part[key].set_dims(dict(expected.sizes)).transpose(*expected.dims)
        np.testing.assert_array_equal(found.values, expected.values, err_msg=str(key))
        compared += 1
    assert compared > 20


def bits(names):
    """Every number of the results of systems, as text that loses nothing."""
    return {
        f"{name} {key}": values.values.tobytes().hex()
        for name in names
        for key, values in SYSTEMS[name].evaluate().variables.items()
        if values.dtype.kind in "fc"
    }


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
def test_evaluate__the_same_bits_compiled_and_loaded(tmp_path):
    def of_process(*names):
        script = f"import json, test_bits; print(json.dumps(test_bits.bits({list(names)})))"
        run = subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parent,
            env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    compiled = of_process(*COMPILED)
    assert of_process(*reversed(COMPILED)) == compiled
    files = sorted(tmp_path.glob("*/*.kernel"))
    assert len(files) > 30
    for file in files[::2]:
        file.unlink()
    assert of_process(*COMPILED) == compiled  # half of the kernels compiled beside loaded ones
