"""Profiles of hypothesis: `dev` is quick, `ci` looks further and repeats itself exactly."""

import os

from hypothesis import HealthCheck, settings

# No deadline: the first call of a kernel compiles it.
COMMON = {"deadline": None, "print_blob": True, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("dev", max_examples=50, **COMMON)
settings.register_profile("ci", max_examples=200, derandomize=True, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))
