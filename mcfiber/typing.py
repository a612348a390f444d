"""Types shared by all rooms."""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
ComplexArray: TypeAlias = NDArray[np.complex128]
AnyArray: TypeAlias = NDArray[Any]

if TYPE_CHECKING:
    import xarray as xr

    Real: TypeAlias = float | xr.DataArray
    """A number, or a labelled axis of numbers (a 1-D DataArray)."""
else:
    # Descriptions are built without loading xarray; their fields are checked by `descriptions.number`.
    Real = Any


def is_axis(value: Any) -> bool:
    """Tell whether a value of a field is a labelled axis."""
    return hasattr(value, "dims")
