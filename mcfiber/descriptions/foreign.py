"""Arrays, labelled arrays and frames of other libraries, as the tables and lists that say the same.

They are known by their attributes; neither xarray nor pandas is imported.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mcfiber.descriptions.record import Description
from mcfiber.typing import AnyArray, is_axis


def unlabelled(value: object) -> Any:
    """Turn arrays, labelled arrays and frames into the tables and lists that say the same; leave free axes."""
    if isinstance(value, np.ndarray):
        return value.tolist() if value.ndim else value
    if isinstance(value, (Description, Mapping, list, tuple, str)):
        return value
    if is_axis(value):
        return _of_dataarray(value)
    if hasattr(value, "index") and hasattr(value, "to_numpy"):
        return _of_frame(value) if hasattr(value, "columns") else _of_series(value)
    return value


def _of_dataarray(value: Any) -> Any:
    if set(value.dims) == {"core_out", "core_in"}:
        return {"core_out_core_in": value.transpose("core_out", "core_in").values.tolist()}
    if len(value.dims) != 1 or value.dims[0] not in ("channel", "core", "wavelength"):
        return value
    name = value.dims[0]
    return _named(name, value.values, value[name].values if name in value.coords else None)


def _of_series(value: Any) -> Any:
    name = value.index.name
    return value.to_numpy().tolist() if name is None else _named(str(name), value.to_numpy(), value.index.to_numpy())


def _of_frame(value: Any) -> Any:
    if (value.index.name, value.columns.name) == ("core_out", "core_in"):
        return {"core_out_core_in": value.to_numpy().tolist()}
    if value.index.name is not None and len(value.columns) == 1:
        return _named(str(value.index.name), value.to_numpy()[:, 0], value.index.to_numpy())
    return {str(name): value[name].to_numpy() for name in value.columns}


def _named(name: str, values: AnyArray, labels: AnyArray | None) -> dict[str, Any]:
    """Table of values along a dimension."""
    if name in ("channel", "core"):
        return {name: _in_order(name, values, labels)}
    if name in ("wavelength", "wavelength_nm", "frequency_thz"):
        if labels is None:
            msg = "got values by wavelength without their wavelengths; give them as the coordinate, in nm"
            raise ValueError(msg)
        order = np.argsort(labels, kind="stable")
        key = "frequency_thz" if name == "frequency_thz" else "wavelength_nm"
        return {key: labels[order].tolist(), "value": values[order].tolist()}
    return {"axis": name, "values": values} | ({} if labels is None else {"labels": labels})


def _in_order(name: str, values: AnyArray, labels: AnyArray | None) -> list[Any]:
    """Values of all channels or cores by their numbers."""
    if labels is None:
        return list(values.tolist())
    order = np.argsort(labels, kind="stable")
    if not np.array_equal(labels[order], np.arange(labels.size)):
        msg = f"got labels of {name} that are not 0 to {labels.size - 1}; give a value for each, numbered from 0"
        raise ValueError(msg)
    return list(values[order].tolist())
