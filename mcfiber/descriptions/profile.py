"""Index profiles of cores: step, trench-assisted, W, graded, and any list of rings.

Every profile is rings of constant index around a constant or graded centre.  A ring's ``delta_percent`` is
relative to the cladding's glass, ``Delta = (n^2 - n_clad^2)/(2 n^2)`` at every wavelength, so
``n = n_clad/sqrt(1 - 2 Delta)`` exactly; or the core has a glass of its own.
Numbers may be given for each core of a fibre, as a list.
"""

from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from mcfiber.descriptions.checks import each, number
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.glass import Glass, SilicaGlass
from mcfiber.descriptions.record import Description
from mcfiber.typing import Real

PerCore = Real | tuple[Real, ...]
_RADIUS = each(number(above=0.05, high=200, remedy="radii are in um"))
_RAISED = each(number(above=0, high=10, remedy="a core guides where its index exceeds the cladding's"))
_ANY = each(number(low=-10, high=10))
_LOWERED = each(number(low=-10, high=0, remedy="the index of a trench is below the cladding's"))
_RATIO = each(number(low=1, high=20, remedy="the trench begins at this multiple of the core's radius"))
_WIDTH = each(number(low=0, high=20, remedy="the trench's width over the core's radius"))


class _Profile(Description):
    """What all profiles share."""

    cladding: Glass = SilicaGlass()

    def radius_of_cores(self) -> Any:
        """Outer radius of the ring of highest index, in um: one, or a tuple with one for each core."""
        return self.radius_um  # type: ignore[attr-defined]

    @property
    def cores(self) -> int | None:
        """Number of cores that the lists of this profile describe; None where every core is the same."""
        return next(iter(self._lists().values()), None)

    def _lists(self) -> dict[str, int]:
        """Lengths of the lists with a value for each core."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: len(value) for name, value in values.items() if isinstance(value, tuple)}

    @model_validator(mode="after")
    def _same_lengths(self) -> Self:
        lists = self._lists()
        if len(set(lists.values())) > 1:
            counts = ", ".join(f"{name} has {length} values" for name, length in lists.items())
            msg = f"{next(iter(lists))}: {counts}; give one value for each core"
            raise refused(msg)
        return self


class _Core(_Profile):
    """A core with an index difference, or a glass of its own."""

    radius_um: Annotated[PerCore, _RADIUS]
    delta_percent: Annotated[PerCore | None, _RAISED] = None
    glass: Glass | None = None

    @model_validator(mode="after")
    def _one_index(self) -> Self:
        if (self.delta_percent is None) == (self.glass is None):
            msg = (
                "delta_percent: give either the relative index difference or the core's glass, not both and not neither"
            )
            raise refused(msg)
        return self


class StepCore(_Core):
    """A core of constant index.

    Parameters
    ----------
    radius_um
        Radius: one for all cores, or one for each.
    delta_percent
        Relative index difference to the cladding in per cent.
    glass
        The core's glass, instead of `delta_percent`.
    cladding
        The cladding's glass.

    Examples
    --------
    >>> StepCore(radius_um=4.1, glass=SilicaGlass(germanium_mole_percent=3.63)).radius_um
    4.1
    """

    kind: Literal["step"] = "step"


class GradedCore(_Core):
    """A core whose squared index falls as ``1 - 2 Delta (r/a)^exponent`` to the cladding's.

    Parameters
    ----------
    radius_um, delta_percent, glass, cladding
        As for a step; index difference or glass hold on the axis.
    exponent
        2 for a parabola; the larger, the closer to a step.
    """

    kind: Literal["graded"] = "graded"
    exponent: Annotated[PerCore, each(number(low=0.5, high=1000, remedy="use a step for a constant index"))] = 2.0


class TrenchAssistedCore(_Core):
    """A core, an inner cladding at the cladding's index, and a trench of lower index around them.

    Parameters
    ----------
    radius_um, delta_percent, glass, cladding
        As for a step.
    trench_delta_percent
        Relative index difference of the trench, negative.
    trench_inner_ratio
        Inner radius of the trench over the core's radius.
    trench_width_ratio
        Width of the trench over the core's radius.

    Examples
    --------
    >>> core = TrenchAssistedCore(radius_um=4.5, delta_percent=0.36, trench_delta_percent=-0.7,
    ...                           trench_inner_ratio=2.0, trench_width_ratio=1.0)
    >>> core.trench_delta_percent
    -0.7
    """

    kind: Literal["trench"] = "trench"
    trench_delta_percent: Annotated[PerCore, _LOWERED]
    trench_inner_ratio: Annotated[PerCore, _RATIO] = 2.0
    trench_width_ratio: Annotated[PerCore, _WIDTH] = 1.0


class WCore(_Core):
    """A core with a depressed ring right around it.

    Parameters
    ----------
    radius_um, delta_percent, glass, cladding
        As for a step.
    depressed_delta_percent
        Relative index difference of the ring, negative.
    depressed_width_ratio
        Width of the ring over the core's radius.
    """

    kind: Literal["w"] = "w"
    depressed_delta_percent: Annotated[PerCore, _LOWERED]
    depressed_width_ratio: Annotated[PerCore, _WIDTH] = 1.0


class RingsCore(_Profile):
    """Any rings of constant index, as from a measured profile; every core is the same.

    Parameters
    ----------
    radius_um
        Outer radius of every ring, ascending.
    delta_percent
        Relative index difference of every ring.
    cladding
        The cladding's glass.

    Examples
    --------
    >>> len(RingsCore(radius_um=[2, 4.5], delta_percent=[0.2, 0.4]).radius_um)
    2
    """

    kind: Literal["rings"] = "rings"
    radius_um: Annotated[tuple[float, ...], _RADIUS]
    delta_percent: Annotated[tuple[float, ...], _ANY]

    @model_validator(mode="after")
    def _aligned(self) -> Self:
        radii: Any = self.radius_um
        deltas: Any = self.delta_percent
        if not isinstance(radii, tuple) or not isinstance(deltas, tuple) or len(radii) != len(deltas):
            msg = "delta_percent: give one value for each ring of radius_um, both as lists"
            raise refused(msg)
        if np.any(np.diff(radii) <= 0):
            msg = "radius_um: outer radii of rings must ascend"
            raise refused(msg)
        if max(deltas) <= 0:
            msg = "delta_percent: no ring has an index above the cladding's, so nothing is guided; raise one"
            raise refused(msg)
        return self

    def _lists(self) -> dict[str, int]:
        """None of the lists is about cores."""
        return {}

    def radius_of_cores(self) -> Any:
        """Outer radius of the ring of highest index (the outermost of equals), in um."""
        highest = max(self.delta_percent)
        return max(radius for radius, delta in zip(self.radius_um, self.delta_percent, strict=True) if delta == highest)


Profile = Annotated[StepCore | TrenchAssistedCore | WCore | GradedCore | RingsCore, Field(discriminator="kind")]
