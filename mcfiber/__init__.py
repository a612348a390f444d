"""Physics-informed modelling of multicore-fibre channels: from the glass to the net rate.

The public names load lazily: ``import mcfiber`` loads neither Numba nor xarray.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = "0.1.0"
