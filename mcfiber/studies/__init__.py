"""Many evaluations: sweeps, uncertainty, calibration, search, launch powers."""
