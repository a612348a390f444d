"""What must be true of any system's result: a list of what is not, in words.

Used by `hostile.py` with thousands of random systems, and by the ordinary tests with few.
"""

import copy
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import xarray as xr

import mcfiber as mcf
from mcfiber.descriptions.formats import UNIFORM_FORMATS
from mcfiber.fiber.geometry import positions
from mcfiber.line.budget import rows_of
from mcfiber.line.closed_forms import ValidityWarning
from mcfiber.status import INNER as NO_AXES
from mcfiber.status import NOT_FINITE, OK, UNBOUNDED
from mcfiber.variables import lookup

Tables = dict[str, Any]
EXACT = 1e-12  # of sums and products that are made in one way only
REORDERED = 1e-9  # where sums are made in another order; quantiles of crosstalk are solved for to as much
RATE_ERROR = 4e-6  # bit a symbol: tables of mutual information hold their values to 1e-6
INNER = frozenset(NO_AXES)
NOTHING = 1e-100  # a signal that has drowned: below it the ratio only stays finite (`mcfiber.line.power`)
MODEL_BITS = 1.0  # bit/s, of rates that are nothing


def with_axes(tables: Any) -> Any:
    """Turn tables ``{"axis": name, "values": [...]}`` into labelled axes, in whatever holds them."""
    if isinstance(tables, dict):
        if tables.keys() == {"axis", "values"}:
            return xr.DataArray(tables["values"], dims=tables["axis"])
        return {key: with_axes(value) for key, value in tables.items()}
    return [with_axes(value) for value in tables] if isinstance(tables, list) else tables


def evaluated(system: mcf.System, **options: Any) -> xr.Dataset:
    """Evaluate, without the notes on models that are used beyond their range."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ValidityWarning)
        return system.evaluate(**options)


def possible(result: xr.Dataset) -> xr.Dataset:
    """The result where its status is 0; NaN elsewhere."""
    return result.drop_vars("status").where(result["status"] == 0)


# ---------------------------------------------------------------------------------------------------------
# one result


def unsound(system: mcf.System, result: xr.Dataset) -> list[str]:
    """Tell what is wrong with one result: impossible values, a budget that does not add up, rates out of order."""
    return [*_impossible_values(result), *_broken_budget(result), *_rates_out_of_order(system, result)]


def _impossible_values(result: xr.Dataset) -> Iterator[str]:
    exists = result["status"] == 0
    for name, value in result.data_vars.items():
        if name == "status":
            continue
        if (INNER - {"draw"}) & set(value.dims) - set(lookup(str(name)).dims) or "span" in value.dims:
            yield f"{name} has the dimensions {value.dims}"
        shown = value.where(exists)
        there = exists.broadcast_like(shown)
        if bool((np.isnan(shown) & there).any()):
            yield f"{name} is NaN beside status 0"
        if bool((shown < 0.0).any()):
            yield f"{name} is negative beside status 0"
        if name not in UNBOUNDED and bool(np.isinf(shown).any()):
            yield f"{name} is infinite beside status 0"
    if bool(result["snr"].where(~exists).notnull().any()):
        yield "snr has a value where the status is not 0"


def _broken_budget(result: xr.Dataset) -> Iterator[str]:
    good = possible(result)
    rows = {where: [row for row in rows_of(where, good) if row.ratio in good] for where in ("line", "receiver")}
    line, receiver = (sum(1.0 / good[noise.ratio] for noise in rows[where]) for where in ("line", "receiver"))
    if not _close(1.0 / good["gsnr"], line):
        yield "the inverse of gsnr is not the sum of the noises of the line"
    if not _close(1.0 / good["snr"], good["mdl_penalty"] / good["gsnr"] + receiver):
        yield "the inverse of snr is not the sum of the noises at the receiver"
    for noise in rows["line"]:
        silent = np.isinf(good[noise.ratio])
        if bool((silent & (good[noise.power] > 0.0)).any()):
            yield f"{noise.ratio} is infinite where {noise.power} is not 0"
        if not _close(good[noise.power] / good["signal_power"], 1.0 / good[noise.ratio]):
            yield f"{noise.ratio} is not the signal over {noise.power}"


def _rates_out_of_order(system: mcf.System, result: xr.Dataset) -> Iterator[str]:
    good = possible(result)
    gross = 2.0 * good["symbol_rate"]
    most = entropy(system.transceiver.format)
    ladder = {
        "net rate": good["net_rate"] / gross,
        "mutual information": good["mutual_information"],
        "Shannon's capacity": np.log1p(good["snr"]) / math.log(2.0),
    }
    for lower, upper in (("net rate", "mutual information"), ("mutual information", "Shannon's capacity")):
        if bool((ladder[lower] > ladder[upper] + RATE_ERROR).any()):
            yield f"{lower} above {upper}"
    if bool((good["gmi"] > good["mutual_information"] + RATE_ERROR).any()):
        yield "generalised mutual information above mutual information"
    for name in ("net rate", "mutual information"):
        if bool((ladder[name] > most * (1.0 + 1e-9)).any()):
            yield f"{name} above the entropy of the format, {most:g} bit"
    if not _close(good["shannon"], ladder["Shannon's capacity"], within=1e-9):
        yield "shannon is not log2(1 + snr)"
    if not _close(result.mcf.total_rate().where(result["status"] == 0), good["total_net_rate"]):
        yield "the total is not the sum over cores and channels"


def entropy(form: Any) -> float:
    """Entropy of a described format, of the largest of several. [bit]"""
    match form:
        case "best":
            return max(UNIFORM_FORMATS.values())
        case str():
            return UNIFORM_FORMATS[form]
        case mcf.BestFormat():
            return max(map(entropy, form.candidates))
        case mcf.ShapedFormat():
            return form.entropy
        case mcf.GeometricFormat():
            return UNIFORM_FORMATS[form.base]
    if form.probabilities:
        return -sum(share * math.log2(share) for share in form.probabilities)
    return math.log2(len(form.points))


def _close(first: xr.DataArray, second: xr.DataArray, within: float = EXACT) -> bool:
    first, second = xr.broadcast(first, second.transpose(*(dim for dim in first.dims if dim in second.dims), ...))
    second = second.transpose(*first.dims)
    return deviation(first.values, second.values) <= within


def deviation(first: np.ndarray, second: np.ndarray) -> float:
    """Largest relative difference; infinite where one has no number, or another infinity, and the other has."""
    known = np.isfinite(first) & np.isfinite(second)
    with np.errstate(invalid="ignore"):
        if not (known | (first == second) | (np.isnan(first) & np.isnan(second))).all():
            return math.inf
    one, other = first[known], second[known]
    size = np.maximum(np.abs(one), np.abs(other))
    return float(np.max(np.abs(one - other)[size > 0] / size[size > 0], initial=0.0))


# ---------------------------------------------------------------------------------------------------------
# worse amplifiers


def worse_amplifiers(tables: Tables, system: mcf.System, by: float = 0.7) -> Tables:
    """The tables with every noise figure higher. [dB]"""

    def raised(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: item if key == "axis" else raised(item) for key, item in value.items()}
        return [raised(item) for item in value] if isinstance(value, list) else value + by

    def walked(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: raised(item) if key == "noise_figure_db" else walked(item) for key, item in value.items()}
        return [walked(item) for item in value] if isinstance(value, list) else value

    found: Tables = walked(tables)
    amplifier = found["link"].setdefault("amplifier", {})
    if "noise_figure_db" not in amplifier:
        amplifier["noise_figure_db"] = system.link.amplifier.noise_figure_db + by
    return found


def gains(result: xr.Dataset, worse: xr.Dataset) -> list[str]:
    """Tell what worse amplifiers make better."""
    both = (result["status"] == 0) & (worse["status"] == 0)
    found = []
    for name, slack in (("snr", NOTHING), ("gsnr", NOTHING), ("net_rate", MODEL_BITS), ("total_net_rate", MODEL_BITS)):
        before, after = result[name].where(both), worse[name].where(both)
        if bool((after > before * (1.0 + EXACT) + slack).any()):
            found.append(f"{name} rises with the noise figure")
    return found


# ---------------------------------------------------------------------------------------------------------
# another order of cores and channels


def plain_numbers(tables: Any) -> Any:
    """The tables with the first value of every axis in its place."""
    if isinstance(tables, dict):
        if tables.keys() == {"axis", "values"}:
            return tables["values"][0]
        return {key: plain_numbers(value) for key, value in tables.items()}
    return [plain_numbers(value) for value in tables] if isinstance(tables, list) else tables


def cores_in_order(tables: Tables, system: mcf.System, order: list[int]) -> Tables:
    """The tables (without axes) with core ``order[k]`` as core k."""
    place = {core: index for index, core in enumerate(order)}
    found = copy.deepcopy(tables)
    fiber, link = found["fiber"], found["link"]
    where = positions(system.fiber.layout).transpose("core", ...).values * 1e6
    fiber["layout"] = {"kind": "custom", "positions_um": where[order].tolist()}
    amplifiers = [link.get("amplifier", {}), link.get("loop", {}).get("amplifier", {})]
    holders = [(fiber, "attenuation_db_per_km"), (link, "core_launch_offset_db"), (link, "core_directions")]
    holders += [(one, f"core_{name}_offset_db") for one in amplifiers for name in ("noise_figure", "output")]
    if fiber.get("core", {}).get("kind") != "rings":
        holders.append((fiber.get("core", {}), "radius_um"))
    for table, key in holders:
        if isinstance(table.get(key), list):
            table[key] = [table[key][core] for core in order]
    if "groups" in fiber:
        fiber["groups"] = [[place[core] for core in group] for group in fiber["groups"]][::-1]
    if "core_permutation" in link:
        link["core_permutation"] = [place[link["core_permutation"][core]] for core in order]
    return found


def channels_in_order(tables: Tables, reorder: Callable[[list[Any]], list[Any]]) -> Tables:
    """The tables (without axes) with listed channels, or groups of channels, in another order."""
    found = copy.deepcopy(tables)
    spectrum, launch = found["spectrum"], found["link"]["launch_power_dbm"]
    if "frequency_thz" in spectrum:
        order = reorder(list(range(len(spectrum["frequency_thz"]))))
        for table, key in (
            (spectrum, "frequency_thz"),
            (spectrum, "symbol_rate_gbd"),
            (found["link"], "launch_power_dbm"),
        ):
            if isinstance(table[key], list):
                table[key] = [table[key][index] for index in order]
        return found
    order = reorder(list(range(len(spectrum["groups"]))))
    if isinstance(launch, list):
        ends = np.cumsum([group["channels"] for group in spectrum["groups"]]).tolist()
        parts = [launch[start:stop] for start, stop in zip([0, *ends], ends, strict=False)]
        found["link"]["launch_power_dbm"] = [value for index in order for value in parts[index]]
    spectrum["groups"] = [spectrum["groups"][index] for index in order]
    return found


def differences(result: xr.Dataset, other: xr.Dataset, order: list[int] | None = None) -> dict[str, float]:
    """Largest relative difference of each variable, cores of the first in the order of the second."""
    found = {}
    for name in result.data_vars:
        value = result[name].drop_vars([str(key) for key in result[name].coords])
        same = other[name].drop_vars([str(key) for key in other[name].coords])
        for dim in value.dims if order is not None else ():
            if str(dim).startswith("core"):
                value = value.isel({dim: order})
        if value.dims != same.dims or value.shape != same.shape:
            found[str(name)] = math.inf
        else:
            found[str(name)] = deviation(value.values.astype(float), same.values.astype(float))
    return found


def told(differing: Mapping[str, float], what: str) -> list[str]:
    """Name the variables that follow an order."""
    return [
        f"{name} differs by {value:.1e} with another order of {what}"
        for name, value in differing.items()
        if value > REORDERED
    ]


# ---------------------------------------------------------------------------------------------------------
# everything about one system


def judged(tables: Tables, options: Tables, shuffle: Callable[[list[Any]], list[Any]]) -> tuple[list[str], list[str]]:
    """Evaluate a system in every way that is compared, and tell what is wrong.

    Parameters
    ----------
    tables
        Of a system; an axis is a table ``{"axis": name, "values": [...]}``.
    options
        Of `System.evaluate`.
    shuffle
        Puts a list into another order.

    Returns
    -------
    tuple
        What is wrong, and the names of the comparisons that were made.

    Raises
    ------
    DescriptionError
        If the system is refused, when it is made or when it is evaluated.
    """
    system = mcf.System(**with_axes(tables))
    result = evaluated(system, **options)
    wrong, made = unsound(system, result), ["sound"]
    made += ["some points marked"] if bool((result["status"] != OK).any()) else []
    made += ["some points not finite for no known cause"] if bool((result["status"] == NOT_FINITE).any()) else []
    mean = evaluated(system) if options else result
    wrong += _compared(made, "noise figure", lambda: gains(mean, _made(worse_amplifiers(tables, system))))
    plain = plain_numbers(tables)
    single = mcf.System(**plain)
    try:
        one = evaluated(single)
    except mcf.DescriptionError:  # only other points of the axes exist
        return wrong, made
    if single.fiber.cores > 1:
        order = shuffle(list(range(single.fiber.cores)))
        other = cores_in_order(plain, single, order)
        wrong += _compared(made, "cores", lambda: told(differences(one, _made(other), order), "cores"))
    other = channels_in_order(plain, shuffle)
    wrong += _compared(made, "channels", lambda: told(differences(one, _made(other)), "channels"))
    return wrong, made


def _made(tables: Tables) -> xr.Dataset:
    return evaluated(mcf.System(**with_axes(tables)))


def _compared(made: list[str], what: str, compare: Callable[[], list[str]]) -> list[str]:
    """Compare; a variant that is refused is told, for the system itself was not."""
    try:
        found = compare()
    except mcf.DescriptionError as error:
        return [f"with another {what} the system is refused: {str(error)[:200]}"]
    made.append(what)
    return found
