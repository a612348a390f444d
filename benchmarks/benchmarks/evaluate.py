"""Evaluation of one system, of many designs in one block, and predictions."""

import numpy as np

import mcfiber as mcf
from benchmarks import RECORD, axis, parameterized, record, seven_cores

FIELDS = {
    "launch": {"link.launch_power_dbm": (-4.0, 4.0)},
    "line": {"link.launch_power_dbm": (-4.0, 4.0), "link.span.length_km": (60.0, 100.0)},
    "glass": {"fiber.attenuation_db_per_km": (0.16, 0.22), "fiber.dispersion_ps_per_nm_km": (16.0, 22.0)},
    "everything": {
        "link.launch_power_dbm": (-4.0, 4.0),
        "link.span.length_km": (60.0, 100.0),
        "link.amplifier.noise_figure_db": (4.0, 6.0),
        "fiber.attenuation_db_per_km": (0.16, 0.22),
        "fiber.dispersion_ps_per_nm_km": (16.0, 22.0),
        "fiber.effective_area_um2": (70.0, 120.0),
        "fiber.crosstalk.crosstalk_db": (-60.0, -40.0),
        "transceiver.snr_db": (15.0, 25.0),
    },
}


class Evaluate:
    """One design."""

    def setup(self):
        self.record, self.seven = record(), seven_cores()
        self.record.evaluate()
        self.seven.evaluate()

    def time_record_19_cores_180_channels_21_spans(self):
        self.record.evaluate()

    def time_7_cores_96_channels_20_spans(self):
        self.seven.evaluate()

    def time_replace_one_number(self):
        self.record.replace({"link.launch_power_dbm": 1.0})

    def time_limits(self):
        self.seven.evaluate().mcf.limits()


MEASURED = (
    "link.amplifier.noise_figure_db",
    "link.launch_power_dbm",
    "fiber.attenuation_db_per_km",
    "transceiver.snr_db",
)


@parameterized("field, form", list(MEASURED), ["number", "table of 2,000 wavelengths"])
class Measured:
    """A long table beside one number, 7 cores and 96 channels."""

    def setup(self, field, form):
        start = {"fiber.attenuation_db_per_km": 0.2, "link.launch_power_dbm": -1.0}.get(field, 6.0)
        wavelength = np.linspace(1400.0, 1700.0, 2000)
        table = {"wavelength_nm": wavelength.tolist(), "value": (start + 0.01 * np.sin(wavelength)).tolist()}
        self.system = seven_cores().replace({field: start if form == "number" else table})
        self.system.evaluate()

    def time_evaluate(self, field, form):
        self.system.evaluate()


@parameterized("form", ["number", "matrix"])
class Pairs:
    """Measured crosstalk of 61 cores: one number for all neighbours, or a matrix of all pairs."""

    def setup(self, form):
        matrix = np.random.default_rng(1).uniform(-60.0, -50.0, (61, 61))
        np.fill_diagonal(matrix, 0.0)
        measured = {"length_km": 80, "definition": "pair", "slope_db_per_nm": 0}
        level = -55.0 if form == "number" else matrix
        layout = {"kind": "hexagonal", "cores": 61, "pitch_um": 40}
        fiber = {"layout": layout, "cladding_diameter_um": 500, "crosstalk": {"crosstalk_db": level} | measured}
        self.system = seven_cores().replace({"fiber": fiber})
        self.system.evaluate()

    def time_evaluate(self, form):
        self.system.evaluate()


@parameterized("designs, fields", [1000], list(FIELDS))
class Block:
    """Designs in one block, 7 cores and 96 channels; what does not vary is computed once."""

    timeout = 300

    def setup(self, designs, fields):
        self.system = seven_cores().replace(
            {path: axis(low, high, designs) for path, (low, high) in FIELDS[fields].items()}
        )
        seven_cores().replace({path: axis(low, high, 2) for path, (low, high) in FIELDS[fields].items()}).evaluate()

    def time_block(self, designs, fields):
        self.system.evaluate()

    def peakmem_block(self, designs, fields):
        self.system.evaluate()


@parameterized("samples", [256, 1024])
class Predict:
    """The record, over the ranges of what is not known of it."""

    timeout = 300

    def setup(self, samples):
        self.entry = mcf.load(RECORD)
        mcf.predict(self.entry, samples=8)

    def time_predict(self, samples):
        mcf.predict(self.entry, samples=samples)

    def peakmem_predict(self, samples):
        mcf.predict(self.entry, samples=samples)
