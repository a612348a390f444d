"""Results: labelled datasets, and what can be asked of them."""

import json
import math
import shutil
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from mcfiber import units
from mcfiber.descriptions.groups import core_groups, group_sizes
from mcfiber.descriptions.record import Description, plain
from mcfiber.descriptions.transceiver import Transceiver
from mcfiber.fiber.channels import Channels
from mcfiber.figures.results import ResultPlots
from mcfiber.labelled import as_variable, combined, coordinates_of, from_tables, has, kept, reduced
from mcfiber.line.budget import Scene, entering, received_ratio
from mcfiber.receiver.penalty import grouped_penalty
from mcfiber.receiver.rates import achievable_rate, ladder_totals, rate_ladder, rate_totals
from mcfiber.status import FLAGS, OK
from mcfiber.typing import FloatArray, Quantity
from mcfiber.variables import lookup

PROVENANCE = "mcfiber"
"""Name of the attribute that holds versions and the system, as one JSON string."""

INDEXED = ("wavelength", "frequency")

MODE_LOSS = "mode_dependent_loss"
"""Name of the limit that multiplies the noise of the line, and so has no row in the table of noises."""


def with_totals(values: dict[str, Quantity], scene: Scene) -> dict[str, xr.Variable]:
    """Add the totals of an evaluation, and make labelled arrays of all.

    Parameters
    ----------
    values
        Variables of the table by name.
    scene
        Cores, channels and line.

    Returns
    -------
    dict
        By name, with :data:`~mcfiber.variables.total_net_rate` (bit/s), :data:`~mcfiber.variables.distance` (m),
        :data:`~mcfiber.variables.capacity_distance` (bit m/s) and :data:`~mcfiber.variables.spectral_efficiency` (1).

    Notes
    -----
    Sums over cores and channels of Eq. (5) of `mcfiber.kernels.modulation`; the spectral efficiency is over the sum of
    the symbol rates.
    """
    named = {name: as_variable(value) for name, value in values.items()}
    named["status"].attrs |= status_flags()
    return named | _totals(scene, named["net_rate"])


def status_flags() -> dict[str, Any]:
    """Attributes that tell the values of `status`, by the CF conventions."""
    return {"flag_values": list(FLAGS), "flag_meanings": " ".join(FLAGS.values())}


def pack(system: Description, scene: Scene, values: Mapping[str, xr.Variable]) -> xr.Dataset:
    """Put the variables of an evaluation into one dataset, stamped, with coordinates and provenance.

    Parameters
    ----------
    system
        The description that was evaluated.
    scene
        Its cores and channels.
    values
        What `with_totals` returns.

    Returns
    -------
    xarray.Dataset
        What `mcfiber.evaluate.evaluate` returns; NaN where the `status` is not 0.

    Raises
    ------
    DescriptionError
        If two fields of the system hold axes of one name with different labels.

    References
    ----------
    .. [1] B. Eaton et al., "NetCDF Climate and Forecast (CF) Metadata Conventions," version 1.11, 2023 (units, long
       names and flags), https://cfconventions.org.
    """
    status = values["status"]
    possible = status == OK
    marked = not bool(possible.all())
    data = {}
    for name, value in values.items():
        shown = kept(value, possible) if marked and name != "status" else value
        data[name] = xr.Variable(shown.dims, shown.data, lookup(name).attributes() | value.attrs, fastpath=True)
    frequency, bands = scene.channels.frequency, scene.channels.bands
    bits = np.ascontiguousarray(frequency.data).tobytes()
    grid = _grid(scene.medium.cores, bands, frequency.dims, frequency.shape, bits)
    dataset = xr.Dataset(data, coords=grid, attrs={PROVENANCE: provenance(system)})
    axes = {name: value for name, value in coordinates_of(system).items() if set(value.dims) <= set(dataset.dims)}
    return dataset.assign_coords(axes) if axes else dataset


def provenance(system: Description, **notes: object) -> str:
    """Versions, the system and notes, as the one JSON string that a result carries."""
    return json.dumps({"versions": versions(), "system": plain(system)} | notes, default=float, allow_nan=True)


def noted(dataset: xr.Dataset, **notes: object) -> xr.Dataset:
    """Copy with more entries in the provenance."""
    known = json.loads(dataset.attrs[PROVENANCE]) | notes
    return dataset.assign_attrs({PROVENANCE: json.dumps(known, default=float, allow_nan=True)})


def open_result(path: str | Path) -> xr.Dataset:
    """Open a result, or the store of a sweep, with its indexes; values are read when they are asked for.

    Parameters
    ----------
    path
        A NetCDF file or a Zarr folder; what a sweep has not computed yet has the `status` 255.

    Raises
    ------
    FileNotFoundError
        If there is nothing at the path.
    """
    path = Path(path)
    if not path.exists():
        msg = f"there is no result at {str(path)!r}"
        raise FileNotFoundError(msg)
    # Without chunks: the arrays are read when they are used, and no task graph stands between.
    dataset = (
        xr.open_dataset(path, engine="zarr", consolidated=False)
        if path.is_dir()
        else xr.open_dataset(path, engine="h5netcdf")
    )
    return indexed(dataset)


def write(dataset: xr.Dataset, path: str | Path) -> None:
    """Write a result as NetCDF, or as Zarr if the name ends in ``.zarr``; beside first, then renamed.

    Parameters
    ----------
    dataset
        A result.
    path
        Where to; an existing file is replaced only once the new one is whole.

    Raises
    ------
    FileExistsError
        If there is a Zarr folder of that name.
    """
    path = Path(path)
    if path.suffix == ".zarr" and path.exists():
        msg = f"{str(path)!r} exists already; remove it, or choose another name"
        raise FileExistsError(msg)
    beside = path.with_name(f".{path.name}.partial")
    plain = dataset.drop_indexes([name for name in INDEXED if name in dataset.xindexes])
    try:
        if path.suffix == ".zarr":
            plain.to_zarr(beside, mode="w", consolidated=False)
        else:
            plain.to_netcdf(beside, engine="h5netcdf")
        beside.replace(path)
    except BaseException:
        _removed(beside)
        raise


def _removed(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _totals(scene: Scene, net_rate: xr.Variable) -> dict[str, xr.Variable]:
    channels, cores = scene.channels, float(scene.medium.cores)
    per_wavelength = reduced(np.sum, net_rate, "core") if has(net_rate, "core") else net_rate * cores
    total = (
        reduced(np.sum, per_wavelength, "channel")
        if has(net_rate, "channel")
        else per_wavelength * float(channels.count)
    )
    rate = as_variable(channels.symbol_rate)
    bandwidth = reduced(np.sum, rate, "channel") if has(rate, "channel") else rate * float(channels.count)
    distance = as_variable(scene.line.distance)
    return {
        "total_net_rate": total,
        "distance": distance,
        "capacity_distance": combined(np.multiply, total, distance),
        "spectral_efficiency": combined(np.divide, total, bandwidth),
    }


def coordinates(cores: int, channels: Channels) -> dict[str, xr.Variable]:
    """Coordinates of cores and channels."""
    return _coordinates(cores, channels.bands, channels.frequency)


def _coordinates(cores: int, bands: tuple[str, ...], frequency: xr.Variable) -> dict[str, xr.Variable]:
    values = {
        "channel": xr.Variable("channel", np.arange(len(bands))),
        "core": xr.Variable("core", np.arange(cores)),
        "frequency": frequency,
        "wavelength": units.wavelength(frequency) * 1e9,
        "band": xr.Variable("channel", np.array(bands, dtype=object)),
    }
    named = {name: {} if name in ("channel", "core") else lookup(name).attributes() for name in values}
    return {name: xr.Variable(value.dims, value.data, named[name]) for name, value in values.items()}


@lru_cache(maxsize=64)
def _grid(
    cores: int, bands: tuple[str, ...], dims: tuple[str, ...], shape: tuple[int, ...], bits: bytes
) -> xr.Coordinates:
    """Coordinates with their indexes, made once for each grid of channels: they cost more than an evaluation."""
    frequency = xr.Variable(dims, np.frombuffer(bits).reshape(shape))
    return indexed(xr.Dataset(coords=_coordinates(cores, bands, frequency))).coords


def indexed(dataset: xr.Dataset) -> xr.Dataset:
    """Make channels selectable by wavelength and frequency (indexes do not survive files)."""
    for name in INDEXED:
        if name in dataset.coords and dataset[name].dims == ("channel",) and name not in dataset.xindexes:
            dataset = dataset.set_xindex(name)
    return dataset


@cache
def versions() -> dict[str, str]:
    """Versions of the packages that the numbers come from."""
    found = {}
    for package in ("mcfiber", "numpy", "numba", "xarray"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # run from a checkout that is not installed
            found[package] = "unknown"
    return found


@xr.register_dataset_accessor("mcf")  # type: ignore[no-untyped-call]
class ResultAccessor:
    """What can be asked of a result: ``ds.mcf.summary()``, ``.to_db()``, ``.limits()``, ``.plot.budget()``."""

    def __init__(self, dataset: xr.Dataset) -> None:
        self._dataset = dataset

    @property
    def provenance(self) -> dict[str, Any]:
        """Versions, the system as plain tables, and what else was noted at evaluation."""
        provenance: dict[str, Any] = json.loads(self._dataset.attrs[PROVENANCE])
        return provenance

    @property
    def cores(self) -> int:
        """Number of cores."""
        return self._dataset.sizes["core"]

    def total_rate(self) -> xr.DataArray:
        """Net rate of the whole system, in bit/s, with the result's axes."""
        return self._dataset["total_net_rate"]

    def rates(self) -> xr.Dataset:
        """Net rates of each core, of each wavelength, and of the whole system, in bit/s."""
        ds = self._dataset
        return xr.Dataset(rate_totals(ds["net_rate"], cores=self.cores, channels=ds.sizes["channel"]))

    def to_db(self) -> xr.Dataset:
        """The same result with ratios in dB and powers in dBm."""
        changed = {}
        for name, array in self._dataset.data_vars.items():
            label = array.attrs.get("units")
            if label == "W":
                changed[name] = units.decibels(array) + 30.0
                changed[name].attrs = array.attrs | {"units": "dBm"}
            elif label == "1" and (str(name).startswith(("snr", "gsnr", "crosstalk")) or name == "mdl_penalty"):
                changed[name] = units.decibels(array)
                changed[name].attrs = array.attrs | {"units": "dB"}
        return self._dataset.assign(changed)

    def limits(self) -> xr.Dataset:
        """What limits each channel: the share of every noise, and the rate without it.

        Returns
        -------
        xarray.Dataset
            With dimension `limit` (every row of `mcfiber.line.budget.NOISES`, with mode_dependent_loss between those
            of the line and of the receiver): `noise_share` of the whole noise in each channel (they sum to 1), and
            `total_net_rate_without`, the system's net rate if that one were absent.  The shares are 0 in a channel
            without signal or without noise.
        """
        ds = self._dataset
        noise = {row.name: _inverse(ds[row.ratio]) for row in entering("line")}
        received = {row.name: _inverse(ds[row.ratio]) for row in entering("receiver")}
        everything = _inverse(ds["snr"])
        loss = (ds["mdl_penalty"] - 1.0) * _inverse(ds["gsnr"])
        own = noise | {MODE_LOSS: loss} | received
        shares = [xr.apply_ufunc(_share, value, everything, keep_attrs=False) for value in own.values()]
        rates = [self._rate_without(name, noise) for name in own]
        names = xr.DataArray(list(own), dims="limit", name="limit")
        table = xr.Dataset(
            {
                "noise_share": xr.concat(xr.broadcast(*shares), dim=names),
                "total_net_rate_without": xr.concat(xr.broadcast(*rates), dim=names),
            }
        )
        return self._where_possible(table)

    def _rate_without(self, absent: str, noise: Mapping[str, xr.DataArray]) -> xr.DataArray:
        """Net rate of the system if one limit were absent, given noise over signal of the line by name."""
        ds, transceiver, fiber = self._dataset, self._transceiver(), self.system["fiber"]
        gsnr = _inverse(sum(value for name, value in noise.items() if name != absent))
        penalty: Quantity = 1.0
        if absent != MODE_LOSS:
            sizes = group_sizes(core_groups(fiber.get("coupling", "weak"), fiber.get("groups"), self.cores))
            penalty = grouped_penalty(gsnr, ds["mode_dependent_loss_effective"], sizes, receiver=transceiver.receiver)
        silent = absent in {row.name for row in entering("receiver")}
        snr = received_ratio(gsnr, penalty, math.inf if silent else ds["snr_trx"])
        return self._summed(achievable_rate(transceiver, snr, ds["symbol_rate"])["net_rate"])

    def _where_possible(self, table: xr.Dataset) -> xr.Dataset:
        """Leave NaN at the points that cannot exist."""
        status = self._dataset["status"]
        return table.where(status == OK) if bool((status != OK).any()) else table

    def ladder(self) -> xr.Dataset:
        """Where the bits went: the system's rate as one limit after the other is taken into account.

        Returns
        -------
        xarray.Dataset
            `ladder_total` and `ladder_loss` with the dimension rung: amplifier noise alone (Shannon), all noise of
            the line, mode-dependent loss, transceivers, mutual information of the format, its GMI, decoded.
        """
        ds = self._dataset
        rates = rate_ladder(
            self._transceiver(),
            ds["symbol_rate"],
            snr_ase=ds["snr_ase"],
            gsnr=ds["gsnr"],
            snr=ds["snr"],
            mdl_penalty=ds["mdl_penalty"],
        )
        return self._where_possible(ladder_totals(rates, cores=self.cores, channels=ds.sizes["channel"]))

    def _transceiver(self) -> Transceiver:
        return Transceiver(**self.system.get("transceiver", {}))

    def _summed(self, rate: xr.DataArray) -> xr.DataArray:
        per_core = rate.sum("channel") if "channel" in rate.dims else rate * self._dataset.sizes["channel"]
        return per_core.sum("core") if "core" in rate.dims else per_core * self.cores

    def summary(self) -> str:
        """A few lines for a person: rate, distance, what limits."""
        ds = self._dataset
        total = ds["total_net_rate"]
        other = list(total.dims)
        lines = [
            f"{self.provenance['system'].get('name') or 'system'}: {self.cores} cores, {ds.sizes['channel']} channels"
        ]
        if other:
            low, middle, high = (float(total.quantile(q)) / 1e12 for q in (0.05, 0.5, 0.95))
            lines.append(
                f"net rate {middle:.4g} Tb/s (5-95 %: {low:.4g} to {high:.4g}) over {', '.join(map(str, other))}"
            )
        else:
            lines.append(f"net rate {float(total) / 1e12:.4g} Tb/s over {float(ds['distance']) / 1e3:.5g} km")
        snr = units.decibels(ds["snr"])
        lines.append(f"SNR {float(snr.min()):.2f} to {float(snr.max()):.2f} dB, median {float(snr.median()):.2f} dB")
        limits = self.limits()["noise_share"]
        share = limits.median([dim for dim in limits.dims if dim != "limit"])
        ranked = sorted(zip(share["limit"].values, share.values, strict=True), key=lambda pair: -pair[1])
        lines.append(
            "limited by "
            + ", ".join(f"{str(name).replace('_', ' ')} {part:.0%}" for name, part in ranked if part > 0.005)
        )
        return "\n".join(lines)

    @property
    def plot(self) -> ResultPlots:
        """Figures: ``budget``, ``spectrum``, ``cross_section``, ``crosstalk_matrix`` and others."""
        return ResultPlots(self._dataset)

    @property
    def system(self) -> dict[str, Any]:
        """The system as plain tables; where it had an axis, the table holds the axis."""
        tables: dict[str, Any] = from_tables(self.provenance["system"])
        return tables


def _share(own: FloatArray, everything: FloatArray) -> FloatArray:
    meant = (everything > 0.0) & (everything < math.inf)
    return np.where(meant, own, 0.0) / np.where(meant, everything, 1.0)


def _inverse(ratio: Quantity) -> Quantity:
    def inverse(values: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore"):
            result: FloatArray = 1.0 / np.asarray(values)
        return result

    return units.mapped(inverse, ratio)
