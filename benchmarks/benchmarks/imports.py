"""How long a fresh process takes until it can describe, and until it can evaluate."""


class Import:
    """Each in a process of its own; `numpy` is the unit to compare with."""

    timeout = 120

    def timeraw_numpy(self):
        return "import numpy"

    def timeraw_mcfiber(self):
        return "import mcfiber"

    def timeraw_first_fiber(self):
        return """
        import mcfiber as mcf
        mcf.MulticoreFiber(layout=mcf.HexagonalLayout(cores=7, pitch_um=42), cladding_diameter_um=187,
                           coupling="random")
        """

    def timeraw_catalogue_entry(self):
        return "import mcfiber; mcfiber.load('nict-2025-1808km')"

    def timeraw_xarray_and_numba(self):
        return "import numba, xarray"
