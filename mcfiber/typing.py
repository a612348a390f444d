"""Types shared by all rooms."""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
ComplexArray: TypeAlias = NDArray[np.complex128]
AnyArray: TypeAlias = NDArray[Any]

Quantity: TypeAlias = Any
"""A value in SI: a number, or an array with named dimensions (behind the doors an `xarray.Variable`, which has no
coordinates; in public functions a `xarray.DataArray`).  Any, because arithmetic with each of them is allowed."""

if TYPE_CHECKING:
    import xarray as xr

    Real: TypeAlias = float | xr.DataArray
    """A number, or a labelled axis of numbers (a 1-D DataArray)."""
else:
    # Descriptions are built without loading xarray; their fields are checked by `descriptions.number`.
    Real = Any


def is_axis(value: Any) -> bool:
    """Tell whether a value has named dimensions: an axis of a description, or a labelled array."""
    return hasattr(value, "dims")
