"""The first evaluation of a process: with no machine code kept, and with it."""

EMPTY_CACHE = """
import os, tempfile
os.environ["NUMBA_CACHE_DIR"] = tempfile.mkdtemp()
"""
LOAD = """
import mcfiber
system = mcfiber.load("nict-2025-1808km").system
"""


class FirstEvaluation:
    """Compilation, or loading of what was compiled, is nearly all of it."""

    timeout = 300
    repeat = (1, 3, 60.0)

    def setup_cache(self):
        import mcfiber

        mcfiber.load("nict-2025-1808km").system.evaluate()

    def timeraw_nothing_kept(self):
        return "system.evaluate()", EMPTY_CACHE + LOAD

    def timeraw_code_kept(self):
        return "system.evaluate()", LOAD

    def timeraw_whole_process_code_kept(self):
        return LOAD + "system.evaluate()"
