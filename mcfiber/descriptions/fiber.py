"""The multicore fibre, as described values."""

import math
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BeforeValidator, model_validator

from mcfiber.descriptions.checks import each, integer
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.glass import GlassLoss, named_loss
from mcfiber.descriptions.groups import Groups, core_groups
from mcfiber.descriptions.layout import Layout, distances
from mcfiber.descriptions.profile import Profile
from mcfiber.descriptions.record import Description
from mcfiber.descriptions.spectrum import BANDS_NM
from mcfiber.descriptions.values import ByList, PairMatrix, Quantity, Varying, WavelengthTable, number
from mcfiber.typing import FloatArray, is_axis

_SAME = 1e-9  # relative difference below which two lengths are the same


class MeasuredCrosstalk(Description):
    """Measured mean crosstalk between cores, from which the coupling follows.

    Parameters
    ----------
    crosstalk_db
        Mean crosstalk (of the linear ratio) after `length_km`, with all cores launched equally; or a matrix with one
        for each pair of cores, rows by the core that receives, each measured with one core lit.
    length_km
        Length that it was measured over.
    definition
        "pair": from one neighbour; "total_from_neighbours": from all neighbours of the core that has most. Where
        groups of cores are received together, neighbours are the nearest cores of other groups, and a core has the
        mean number of its group.
    wavelength_nm
        Wavelength of the measurement.
    slope_db_per_nm
        Change of the crosstalk in dB with wavelength. Left out, it is that of the fibre's `core` where there is one,
        and else 0, with a warning for channels over more than 15 nm.
    bend_radius_mm
        Mean bend radius of the measurement, such as that of a spool. Where it is given, crosstalk in the line is
        that of the fibre's own `bend_radius_mm`, such as that of a cable.
    opposite_crosstalk_db
        The same for a core whose neighbours carry light the other way, where that was measured: over the light that
        arrives in it, after `length_km`, at `wavelength_nm`. It tells what is scattered back, in place of the fibre's
        `rayleigh_db_per_km`.

    Raises
    ------
    DescriptionError
        If a matrix is given as a total.
    """

    crosstalk_db: Annotated[
        Varying, number(low=-150, high=-3, varies="axis pairs", remedy="a crosstalk ratio in dB is negative")
    ]
    length_km: Annotated[Quantity, number(above=0, high=20_000)]
    definition: Literal["pair", "total_from_neighbours"]
    wavelength_nm: Annotated[Quantity, number(low=1000, high=2000)] = 1550.0
    slope_db_per_nm: Annotated[Quantity | None, number(low=-1, high=1)] = None
    bend_radius_mm: Annotated[Quantity | None, number(low=1, high=1e6)] = None
    opposite_crosstalk_db: Annotated[
        Quantity | None, number(low=-200, high=-3, remedy="a crosstalk ratio in dB is negative")
    ] = None

    @model_validator(mode="after")
    def _matrix_of_pairs(self) -> Self:
        if isinstance(self.crosstalk_db, PairMatrix) and self.definition != "pair":
            msg = f'definition: got "{self.definition}" with a matrix, which holds one value for each pair; set "pair"'
            raise refused(msg)
        if isinstance(self.crosstalk_db, PairMatrix) and self.opposite_crosstalk_db is not None:
            msg = (
                "opposite_crosstalk_db: is one number, but crosstalk_db is a matrix; leave it out, or give the "
                "crosstalk of one pair"
            )
            raise refused(msg)
        return self


_DISPERSION = (
    "dispersion_ps_per_nm_km",
    "dispersion_slope_ps_per_nm2_km",
    "zero_dispersion_wavelength_nm",
    "zero_dispersion_slope_ps_per_nm2_km",
)
"""Fields that say the dispersion."""


class MulticoreFiber(Description):
    """A multicore fibre: layout, cladding, and what each core does to light.

    With an index profile `core`, what is left out is computed from it: attenuation, dispersion, effective area and
    the coupling of weakly coupled cores.  A value given always wins.

    Parameters
    ----------
    layout
        Where the cores sit.
    cladding_diameter_um
        Diameter of the glass.
    core
        Index profile of the cores.
    coupling
        "weak": every core carries its own signal, with crosstalk; "random": strongly and randomly coupled
        cores that are received together; "groups": both, see `groups`.
    groups
        Core numbers of each group, for the coupling "groups": the cores of one group are randomly coupled and
        received together, and weakly coupled to those of other groups, whose crosstalk is noise. Every core is in
        exactly one; sizes may differ.
    attenuation_db_per_km
        One number, one for each core (equal within a group), or a table against wavelength.
    dispersion_ps_per_nm_km, dispersion_slope_ps_per_nm2_km
        Chromatic dispersion and its slope at `reference_wavelength_nm`; with no slope, the group-velocity
        dispersion beta_2 is the same at every wavelength. A table against wavelength, or a value for each band or
        channel, is the dispersion there and has no slope beside it.
    zero_dispersion_wavelength_nm, zero_dispersion_slope_ps_per_nm2_km
        Wavelength without dispersion, and the slope there, from which standard single-mode fibre has
        ``D = S_0/4 (lambda - lambda_0^4/lambda^3)`` in place of the two numbers above (the form of ITU-T G.652).
    effective_area_um2
        Effective area of one core; one for each band or channel, or a table against wavelength.  Raman scattering takes
        the mean over the channels.
    nonlinear_index_m2_per_w
        Kerr coefficient n2.
    crosstalk
        Measured crosstalk of weakly coupled cores, or between groups.
    skew_ps_per_km, random_skew_ps_per_sqrt_km
        Skew between neighbouring weakly coupled cores: its steady part, and the standard deviation of its random
        part. They narrow the spread of crosstalk around its mean.
    rayleigh_db_per_km
        Rayleigh part of the attenuation at `reference_wavelength_nm`; what is scattered back matters where cores carry
        light both ways. With a `core`, that of its `glass_loss`.
    spatial_mode_dispersion_ps_per_sqrt_km, spatial_mode_dispersion_definition
        Spatial mode dispersion of randomly coupled cores, and what the number means: "sigma" is the standard
        deviation of the intensity impulse response, "2sigma" is twice that.
    polarization_mode_dispersion_ps_per_sqrt_km
        Mean differential group delay of the two polarisations of a core, where cores are received one by one; it
        matters to receivers with an `equalizer_window_ps`.
    bend_radius_mm, twist_rate_per_m
        Mean bend radius (140 mm is a spool; a cable has about 1 m and more) and twist (turns per metre).
    index_spread
        Standard deviation of the effective indices of cores that are equal by description; their mean power coupling
        is then over such differences.
    reference_wavelength_nm
        Wavelength of dispersion and slope.
    correlation_length_m
        Correlation length of the random structure, for the coupling computed from a profile; infinite for
        phase-matching points alone.
    elasto_optic
        Factor on the bend radius for stress-induced index changes, 1.28 in silica; 1 leaves it out.
    glass_loss
        Attenuation spectrum of the glass, or the name of a fit; for the attenuation computed from a profile.
    attenuation_offset_db_per_km
        What each core's attenuation differs from the computed one.
    coating_index
        Index of the coating, for the loss of cores near the edge.

    Raises
    ------
    DescriptionError
        If the cores do not fit the cladding or overlap, a core is in no group or in two, or weakly coupled cores have
        neither a measured crosstalk nor a profile to compute it from.

    Examples
    --------
    >>> from mcfiber.descriptions.layout import HexagonalLayout
    >>> fiber = MulticoreFiber(layout=HexagonalLayout(cores=19, pitch_um=18), coupling="random")
    >>> fiber.cores
    19
    """

    layout: Layout
    cladding_diameter_um: Annotated[Quantity, number(low=10, high=2000)] = 125.0
    core: Profile | None = None
    coupling: Literal["weak", "random", "groups"] = "weak"
    groups: Annotated[
        tuple[tuple[int, ...], ...] | None,
        each(each(integer(low=0), single=False), single=False, remedy="give the core numbers of each group"),
    ] = None
    attenuation_db_per_km: Annotated[
        Quantity | ByList | WavelengthTable,
        number(above=0, high=100, varies="axis core wavelength", remedy="attenuation is a positive loss"),
    ] = 0.2
    dispersion_ps_per_nm_km: Annotated[
        Varying, number(low=-500, high=500, varies="axis band channel wavelength", names=BANDS_NM)
    ] = 17.0
    dispersion_slope_ps_per_nm2_km: Annotated[Quantity | None, number(low=-10, high=10)] = None
    zero_dispersion_wavelength_nm: Annotated[Quantity | None, number(low=1000, high=2000)] = None
    zero_dispersion_slope_ps_per_nm2_km: Annotated[Quantity | None, number(above=0, high=10)] = None
    effective_area_um2: Annotated[
        Varying, number(above=1, high=10_000, varies="axis band channel wavelength", names=BANDS_NM)
    ] = 80.0
    nonlinear_index_m2_per_w: Annotated[Quantity, number(low=0, high=1e-17)] = 2.6e-20
    crosstalk: MeasuredCrosstalk | None = None
    skew_ps_per_km: Annotated[Quantity, number(low=0, high=1e6)] = 0.0
    random_skew_ps_per_sqrt_km: Annotated[Quantity, number(low=0, high=1e6)] = 0.0
    rayleigh_db_per_km: Annotated[Quantity, number(low=0, high=100)] = 0.14
    spatial_mode_dispersion_ps_per_sqrt_km: Annotated[Quantity | None, number(low=0, high=1e5)] = None
    spatial_mode_dispersion_definition: Literal["sigma", "2sigma"] = "sigma"
    polarization_mode_dispersion_ps_per_sqrt_km: Annotated[Quantity, number(low=0, high=1e3)] = 0.0
    bend_radius_mm: Annotated[Quantity, number(low=1, infinite=True)] = 140.0
    index_spread: Annotated[Quantity, number(low=0, high=0.01)] = 0.0
    twist_rate_per_m: Annotated[Quantity, number(low=0, high=1000)] = 0.2
    reference_wavelength_nm: Annotated[Quantity, number(low=1000, high=2000)] = 1550.0
    correlation_length_m: Annotated[Quantity, number(above=0, infinite=True)] = 0.05
    elasto_optic: Annotated[Quantity, number(low=0.5, high=2)] = 1.0
    glass_loss: Annotated[GlassLoss, BeforeValidator(named_loss)] = GlassLoss()
    attenuation_offset_db_per_km: Annotated[Quantity | ByList | None, number(low=-10, high=100, varies="axis core")] = (
        None
    )
    coating_index: Annotated[Quantity, number(low=1, high=4)] = 1.486

    @model_validator(mode="after")
    def _dispersion_said_once(self) -> Self:
        given = {name for name in _DISPERSION if name in self.model_fields_set and getattr(self, name) is not None}
        zero = {"zero_dispersion_wavelength_nm", "zero_dispersion_slope_ps_per_nm2_km"}
        if given & zero and zero - given:
            msg = f"{(zero - given).pop()}: is missing beside {(zero & given).pop()}; give both, or neither"
            raise refused(msg)
        if given & zero and (other := sorted(given - zero)):
            msg = f"{other[0]}: is given beside zero_dispersion_wavelength_nm; describe the dispersion in one way"
            raise refused(msg)
        number_alone = isinstance(self.dispersion_ps_per_nm_km, float) or is_axis(self.dispersion_ps_per_nm_km)
        if not number_alone and self.dispersion_slope_ps_per_nm2_km is not None:
            msg = "dispersion_slope_ps_per_nm2_km: is in the values of dispersion_ps_per_nm_km already; leave it out"
            raise refused(msg)
        return self

    @model_validator(mode="after")
    def _grouped(self) -> Self:
        if self.coupling != "groups":
            if self.groups is not None:
                msg = (
                    f'groups: means nothing for coupling = "{self.coupling}"; leave it out, or set coupling = "groups"'
                )
                raise refused(msg)
            return self
        if self.groups is None:
            msg = "groups: is missing; give the core numbers of each group of cores that are received together"
            raise refused(msg)
        listed = [core for group in self.groups for core in group]
        if (largest := max(listed)) >= self.cores:
            msg = f"groups: got core {largest}; allowed: 0 to {self.cores - 1}, the cores of the layout"
            raise refused(msg)
        for core in range(self.cores):
            if (times := listed.count(core)) != 1:
                msg = f"groups: core {core} is listed {times} times; allowed: every core in exactly one group"
                raise refused(msg)
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self._check_cladding()
        for name in ("attenuation_db_per_km", "attenuation_offset_db_per_km"):
            losses = getattr(self, name)
            if isinstance(losses, tuple) and len(losses) != self.cores:
                msg = f"{name}: got {len(losses)} values for {self.cores} cores; give one for each core"
                raise refused(msg)
        apart = len(self.core_groups) > 1
        self._check_matrix()
        if apart and self.crosstalk is None and self.core is None:
            msg = (
                "crosstalk: is missing; weakly coupled cores need their measured crosstalk, or an index profile `core` "
                'to compute it from (or set coupling = "random" for cores that are received together)'
            )
            raise refused(msg)
        if self.coupling != "weak" and not apart and self.crosstalk is not None:
            msg = "crosstalk: randomly coupled cores are received together, so crosstalk has no meaning; remove it"
            raise refused(msg)
        return self

    def _check_matrix(self) -> None:
        measured = None if self.crosstalk is None else self.crosstalk.crosstalk_db
        if isinstance(measured, PairMatrix) and (size := len(measured.core_out_core_in)) != self.cores:
            msg = f"crosstalk.crosstalk_db: got a matrix of {size} cores for {self.cores}; give one row and column each"
            raise refused(msg)

    def _check_cladding(self) -> None:
        diameter, pitch = self.cladding_diameter_um, self.layout.pitch_um
        if is_axis(diameter) or is_axis(pitch):
            return  # single points are marked by their status
        outermost = pitch * float(np.hypot(*self.layout.unit_positions().T).max())
        if diameter / 2 <= outermost:
            msg = (
                f"cladding_diameter_um: got {diameter:g} um, but the outermost core's centre lies "
                f"{outermost - diameter / 2:g} um outside; allowed: above {2 * outermost:g} um; "
                "widen the cladding or reduce the pitch"
            )
            raise refused(msg)

    @model_validator(mode="after")
    def _cores_fit(self) -> Self:
        if self.core is None:
            return self
        if self.core.cores not in (None, self.cores):
            msg = f"core: describes {self.core.cores} cores, but the layout has {self.cores}; give one value for each"
            raise refused(msg)
        self._check_cores(np.asarray([_or_nan(one) for one in _listed(self.core.radius_of_cores(), self.cores)]))
        return self

    def _check_cores(self, radius: FloatArray) -> None:
        """Refuse cores that overlap or that reach out of the glass; of axes (NaN) single points are marked."""
        points, pitch = self.layout.unit_positions(), _or_nan(self.layout.pitch_um)
        distance, reach = distances(points) * pitch, radius[:, None] + radius
        np.fill_diagonal(distance, np.inf)
        overlap = np.nan_to_num(reach / distance)
        first, second = np.unravel_index(np.argmax(overlap), overlap.shape)
        if overlap[first, second] > 1 + _SAME:
            apart, together = distance[first, second], reach[first, second]
            field, remedy = self.layout.place_field, "move the cores apart"
            if field == "pitch_um":
                allowed = together / (apart / pitch)
                remedy = f"allowed: a pitch of at least {allowed:g} um; raise it"
            sizes = (
                f"{radius[first]:g}" if radius[first] == radius[second] else f"{radius[first]:g} and {radius[second]:g}"
            )
            msg = (
                f"layout.{field}: cores {first} and {second} of {sizes} um radius overlap at a distance of {apart:g} "
                f"um, less than {together:g} um; {remedy} or reduce core.radius_um"
            )
            raise refused(msg)
        outermost = np.hypot(*points.T) * pitch + radius
        if (outside := np.flatnonzero(outermost > _or_nan(self.cladding_diameter_um) / 2 * (1 + _SAME))).size:
            worst = int(outside[np.argmax(outermost[outside])])
            diameter, least = self.cladding_diameter_um, 2 * outermost[worst]
            msg = (
                f"cladding_diameter_um: got {diameter:g} um, but core {worst} with its radius of {radius[worst]:g} um "
                f"reaches {(least - diameter) / 2:g} um outside; allowed: at least {least:g} um; widen the cladding or "
                "reduce the pitch or core.radius_um"
            )
            raise refused(msg)

    def computes(self, field: str) -> bool:
        """Tell whether a value was left out and is to be computed from the index profile."""
        given = field in self.model_fields_set and getattr(self, field) is not None
        return self.core is not None and not given

    @property
    def cores(self) -> int:
        """Number of cores."""
        return self.layout.cores

    @property
    def coupled_cores(self) -> int:
        """Number of cores that share their light: all where coupling is random, of the largest group, else one."""
        return max(map(len, self.core_groups))

    @property
    def core_groups(self) -> Groups:
        """Cores that are received together, group by group; each alone where coupling is weak."""
        return core_groups(self.coupling, self.groups, self.cores)


def _listed(value: Any, cores: int) -> tuple[Any, ...]:
    """One value for each core."""
    return value if isinstance(value, tuple) else (value,) * cores


def _or_nan(value: Any) -> float:
    """Take a number as it is; an axis is not one."""
    return math.nan if is_axis(value) else float(value)
