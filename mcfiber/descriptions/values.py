"""How a value may vary: tables against wavelength, and axes as plain tables."""

from typing import Annotated, Any, Self

import numpy as np
from pydantic import PlainValidator, model_validator

from mcfiber.descriptions.checks import each, number
from mcfiber.descriptions.errors import DescriptionError, refused
from mcfiber.descriptions.record import Description


def with_axes(value: Any) -> Any:
    """Turn the tables that `plain` makes of axes back into axes, in whatever holds them."""
    if isinstance(value, dict):
        if {"axis", "values"} <= value.keys() <= {"axis", "values", "labels"}:
            import xarray as xr

            coordinates = {value["axis"]: value["labels"]} if "labels" in value else None
            return xr.DataArray(value["values"], dims=value["axis"], coords=coordinates)
        return {key: with_axes(item) for key, item in value.items()}
    return [with_axes(item) for item in value] if isinstance(value, (list, tuple)) else value


class WavelengthTable(Description):
    """A quantity against wavelength, interpolated linearly and never extrapolated.

    Parameters
    ----------
    wavelength_nm
        Ascending wavelengths, at least two.
    value
        One value for each wavelength, in the unit of the field that holds the table.
    """

    wavelength_nm: Annotated[tuple[float, ...], each(number(low=1000, high=2000, axis=False), single=False)]
    value: Annotated[tuple[float, ...], each(number(axis=False), single=False)]

    @model_validator(mode="after")
    def _aligned(self) -> Self:
        if len(self.wavelength_nm) < 2 or np.any(np.diff(self.wavelength_nm) <= 0):
            msg = "wavelength_nm: give at least two wavelengths, ascending"
            raise refused(msg)
        if len(self.value) != len(self.wavelength_nm):
            msg = f"value: got {len(self.value)} values for {len(self.wavelength_nm)} wavelengths; give one for each"
            raise refused(msg)
        return self

    def at(self, wavelength_nm: Any) -> Any:
        """Interpolate at wavelengths in nm.

        Raises
        ------
        ValueError
            If a wavelength lies outside the table.
        """
        low, high = self.wavelength_nm[0], self.wavelength_nm[-1]
        asked = np.asarray(wavelength_nm)
        if asked.min() < low or asked.max() > high:
            msg = (
                f"the table covers {low:g} to {high:g} nm, asked for {asked.min():.2f} to {asked.max():.2f} nm; "
                "extend the table (nothing is extrapolated)"
            )
            raise ValueError(msg)
        return np.interp(asked, self.wavelength_nm, self.value)


def _table_or(inner: Any) -> PlainValidator:
    """Accept a table against wavelength as well; its values are checked like other numbers."""

    def check(value: Any, info: Any) -> Any:
        if not isinstance(value, (dict, WavelengthTable)):
            return inner.func(value, info)
        table = WavelengthTable(**value) if isinstance(value, dict) else value
        try:
            inner.func(table.value, info)
        except DescriptionError as error:
            raise DescriptionError(error.title, [(f"value.{path}", text) for path, text in error.problems]) from None
        return table

    # Plain: pydantic would look into an axis for the items of a list, one by one.
    return PlainValidator(check)


def _none_or(inner: Any) -> PlainValidator:
    return PlainValidator(lambda value, info: None if value is None else inner.func(value, info))
